// OverFunctions: what a node of OverSpec puts beside its rows: aggregates over frames, and places,
// shares and neighbours in the whole partition.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/operator.h"
#include "expr/bound.h"
#include "frame_aggregates.h"
#include "plan/over_function.h"
#include "plan/plan.h"
#include "range_frames.h"
#include "types/batch.h"

namespace dataflow::engine {

// Rows of a batch in the order of the node, partition after partition.
struct OverPart {
  // Rows [begin, fresh) have left already, and are only looked at.
  size_t begin, fresh, end;
  // In a stream: the row of state with what was counted and added up before `fresh`.
  std::optional<state::RowNumber> group;
};
struct OverRows {
  Batch batch;
  // A row's place in the order of its partition: rising, equal where the order is. In streams these
  // are microseconds.
  std::vector<int64_t> places;
  std::vector<OverPart> parts;
  std::vector<state::RowNumber> rows;  // of state

  // Without those rows, a byte for each.
  Status drop(const std::vector<uint8_t>& gone);
};

class OverFunctions {
 public:
  // `streaming`: rows leave as they come, and what is behind them is in state.
  static Result<std::unique_ptr<OverFunctions>> make(const plan::OverSpec& spec,
                                                     const Schema& input, SchemaPtr output,
                                                     bool streaming);

  // Of a stream: whether partitions have a row of state, and its columns.
  bool has_groups() const { return counts_ || adds_up_; }
  std::vector<state::ValueKind> group_columns() const;
  // And how many rows, or milliseconds, those that are to come look back, beside that.
  int64_t rows_back() const { return rows_back_; }
  std::optional<int64_t> millis_back() const { return millis_back_; }

  // `groups`: the table of state; null if there is none.
  Status open(OperatorContext& context, state::KeyedTable* groups);
  // Rows that leave with what is beside them. Those that fail become dead letters, and are dropped
  // from `rows`.
  Status emit(OverRows& rows, Collector& out);
  void before_barrier();
  size_t memory_bytes() const;

 private:
  using Frame = FrameAggregates::Frame;
  struct Function {
    plan::OverFunctionKind kind;
    int64_t number = 0;             // NTILE's parts, how far LAG and LEAD go
    expr::BoundPtr value;           // of LAG and LEAD
    ColumnPtr instead;              // of one value, where there is no such row
    size_t output = 0;              // which of the node's aggregates it is
    std::vector<int32_t> chosen{};  // of LAG, LEAD and NTH_VALUE: by row that leaves
  };
  struct Frames {
    std::unique_ptr<FrameAggregates> aggregates;
    std::vector<size_t> outputs;
    std::vector<ColumnWriter*> writers;
  };

  OverFunctions(const plan::OverSpec& spec, SchemaPtr output, bool streaming);

  Status add_frames(const std::vector<size_t>& outputs, const Schema& input);
  Status add_function(const plan::Aggregate& aggregate, size_t output, const Schema& input);
  bool beginning_moves() const { return spec_.preceding != plan::kWithoutBound; }

  Result<bool> evaluate(OverRows& rows);
  void find_peers(const OverRows& rows, const OverPart& part);
  void find_frames(const OverRows& rows, const OverPart& part);
  Frame frame_of_rows(const OverPart& part, size_t row) const;
  Status compute(const OverRows& rows);
  void put_places(const OverPart& part);
  void put_place(const Function& function, const OverPart& part, ColumnWriter& writer) const;
  void choose(Function& function, const OverRows& rows, const OverPart& part) const;
  static Result<ColumnPtr> chosen_of(const Function& function, const ColumnPtr& values,
                                     const OverRows& rows);
  Status leave(const OverRows& rows, Collector& out);

  const plan::OverSpec spec_;
  const SchemaPtr schema_;
  const bool streaming_;
  size_t first_output_;  // in the schema
  int64_t rows_back_ = 0;
  std::optional<int64_t> millis_back_;
  bool counts_ = false;   // rows and places are counted on in state
  bool adds_up_ = false;  // so are frames
  std::vector<Function> functions_;
  std::vector<Frames> frames_;
  std::unique_ptr<RangeFrames> ranges_;  // of bounded jobs, where frames go by distances
  bool takes_nth_ = false;

  OperatorContext* context_ = nullptr;
  state::KeyedTable* groups_ = nullptr;

  // Of the rows at hand, used again.
  expr::EvalContext eval_;
  std::vector<ColumnPtr> values_;  // by function
  std::vector<ColumnWriter> writers_;
  std::vector<size_t> peers_begin_, peers_end_;  // by row
  std::vector<int64_t> dense_;                   // by row: places up to it
  std::vector<Frame> of_part_;
};

}  // namespace dataflow::engine
