// Sources whose rows hang on nothing but their number: whoever makes a row, and whenever, makes the
// same one.
//
// Row n of the whole is row n / splits of split n % splits. The splits are fixed in number, so that
// neither parallelism nor a restart changes any row.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/timer_queue.h"
#include "engine/connectors.h"

namespace dataflow::connect {

inline constexpr int64_t kMostNumberedRows = int64_t{1} << 50;
inline constexpr double kMostNumberedRate = 1e9;

struct NumberedRows {
  std::string where;  // begins every message: "source `orders`"
  SchemaPtr schema;   // of what is read
  int64_t splits = 1;
  std::optional<int64_t> rows;  // of all splits
  double rate = 0;              // rows a second of all splits; 0: no limit
};

// Thread-safe.
class RowMaker {
 public:
  virtual ~RowMaker() = default;
  // Rows first, first + stride, …, as the schema has them; `began_ms`: when the job first began.
  virtual Result<std::vector<ColumnPtr>> make(int64_t first, int64_t stride, int64_t rows,
                                              int64_t began_ms) const = 0;
};

// `timers` may be null where there is no rate.
std::unique_ptr<engine::Source> make_numbered_source(Env& env, TimerQueue* timers,
                                                     NumberedRows spec,
                                                     std::shared_ptr<const RowMaker> maker);

}  // namespace dataflow::connect
