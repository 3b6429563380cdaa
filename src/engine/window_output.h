// The rows that a window aggregation emits: which of its columns is what, and how they are made of
// state.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "aggregate.h"
#include "plan/plan.h"
#include "state/keyed_table.h"
#include "types/batch.h"

namespace dataflow::engine {

// An aggregate of the node, with where its accumulator begins.
struct BoundAggregate {
  std::unique_ptr<AggregateFunction> function;
  size_t first = 0;
};

struct WindowBounds {
  int64_t start_ms = 0;
  int64_t end_ms = 0;
};

class WindowOutput {
 public:
  static Result<WindowOutput> make(const plan::WindowSpec& spec, const Schema& input,
                                   SchemaPtr output);

  // The result of one group of one window.
  Status add(state::KeyedTable& table, state::RowNumber group, WindowBounds window,
             const std::vector<BoundAggregate>& aggregates, RowKind kind);
  int64_t rows() const { return static_cast<int64_t>(kinds_.size()); }
  Result<Batch> take();

 private:
  enum class What : uint8_t { kStart, kEnd, kTime, kKey, kAggregate };
  struct Column {
    What what;
    size_t index;  // of the key or aggregate
  };

  SchemaPtr schema_;
  std::vector<Column> columns_;
  std::vector<Type> key_types_;
  std::vector<std::vector<Value>> values_;
  std::vector<RowKind> kinds_;
  bool any_kind_ = false;
};

}  // namespace dataflow::engine
