// Bytes as a client might send them, through framing, both query protocols and what is answered
// here, over a SQL service that gives back what it is given.
#include <cstddef>
#include <cstdint>

#include "base/env.h"
#include "base/logger.h"
#include "cancel_keys.h"
#include "client.h"
#include "jobs/canned_sql.h"
#include "memory_wire.h"
#include "type_map.h"

namespace dataflow::postgres {
namespace {

// Statements of the seeds: each type of a parameter, and of a result.
void fill(jobs::CannedSql& sql) {
  jobs::Canned canned;
  canned.columns.emplace();
  for (const uint32_t oid :
       {16, 17, 20, 21, 23, 25, 114, 700, 701, 1082, 1083, 1114, 1184, 1700, 1007, 1009}) {
    canned.parameters.push_back(*type_of_oid(oid));
    canned.columns->push_back({"c", canned.parameters.back(), true});
  }
  canned.parameters.push_back(Type::millis());
  canned.columns->push_back({"c", Type::millis(), true});
  canned.echoes = true;
  sql.on("SELECT abc", canned);
  sql.on("SELECT n", jobs::canned_numbers(10));
}

void run_one(std::string_view input) {
  jobs::CannedSql sql;
  fill(sql);
  CancelKeys keys(posix_env(), 1);
  constexpr size_t kMostBytes = 1 << 16;
  const size_t piece = 1 + static_cast<uint8_t>(input.front()) * size_t{16};
  MemoryWire wire(input.substr(1), piece);
  Client client(wire, {sql, nullptr, keys, kMostBytes});
  client.serve();
}

}  // namespace
}  // namespace dataflow::postgres

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const bool quiet = [] {
    dataflow::set_log_level(dataflow::LogLevel::kOff);
    return true;
  }();
  if (!quiet || size == 0) return 0;
  dataflow::postgres::run_one({reinterpret_cast<const char*>(data), size});
  return 0;
}
