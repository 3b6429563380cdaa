// Row of `reservations`, version 1: the next free value i64.
#include "reservation.h"

#include "coordinator_tables.h"
#include "meta/codec.h"

namespace dataflow::log {

namespace {
constexpr uint8_t kRowVersion = 1;
}

Result<int64_t> read_reservation(meta::Store& store, std::string_view name) {
  DF_ASSIGN_OR_RETURN(const std::optional<std::string> bytes, store.get(kReservationsTable, name));
  if (!bytes) return int64_t{0};
  DF_ASSIGN_OR_RETURN(meta::RowReader row,
                      meta::RowReader::open(*bytes, kRowVersion, "reservation row"));
  DF_ASSIGN_OR_RETURN(const int64_t next, row.i64());
  DF_RETURN_IF_ERROR(row.finish());
  return next;
}

void put_reservation(meta::WriteBatch& batch, std::string_view name, int64_t next) {
  batch.put(kReservationsTable, name, meta::RowWriter(kRowVersion).i64(next).bytes());
}

}  // namespace dataflow::log
