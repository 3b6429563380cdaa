#include "statement.h"

#include <algorithm>
#include <iterator>

#include "type_map.h"

namespace dataflow::postgres {
namespace {

class KnownRows final : public jobs::RowStream {
 public:
  explicit KnownRows(std::vector<jobs::Row> rows) : rows_(std::move(rows)) {}

  Result<std::vector<jobs::Row>> next(size_t most) override {
    const size_t count = std::min(most, rows_.size() - at_);
    const auto from = rows_.begin() + static_cast<std::ptrdiff_t>(at_);
    at_ += count;
    return std::vector<jobs::Row>(
        std::make_move_iterator(from),
        std::make_move_iterator(from + static_cast<std::ptrdiff_t>(count)));
  }

 private:
  std::vector<jobs::Row> rows_;
  size_t at_ = 0;
};

}  // namespace

const std::vector<sql::OutputColumn>* Statement::columns() const {
  if (!prepared || copy || !prepared->columns()) return nullptr;
  return &*prepared->columns();
}

uint32_t Statement::oid_of_column(size_t column) const {
  if (column < column_oids.size() && column_oids[column] != 0) return column_oids[column];
  return oid_of((*prepared->columns())[column].type);
}

WireFormat Portal::format_of(size_t column) const {
  if (formats.empty()) return WireFormat::kText;
  return formats.size() == 1 ? formats[0] : formats[column];
}

std::unique_ptr<jobs::RowStream> stream_of(std::vector<jobs::Row> rows) {
  return std::make_unique<KnownRows>(std::move(rows));
}

}  // namespace dataflow::postgres
