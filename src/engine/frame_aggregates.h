// FrameAggregates: aggregates over frames of rows that stand in an order, each frame from one row
// of a batch to another, where neither end ever goes back.
//
// What a frame takes: rows that come to it are added to what is there. Where rows leave it at its
// beginning, either it is computed anew of all its rows; or, where merging is exact, the rows at
// hand were merged from the back: so the rest of them is known for each beginning, what came since
// is added up beside, and the frame is both merged. Then a row costs two merges and two additions,
// however long frames are.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/operator.h"
#include "plan/plan.h"
#include "window_aggregates.h"

namespace dataflow::engine {

class FrameAggregates {
 public:
  // `beginning_moves`: of some frame that follows another.
  static Result<std::unique_ptr<FrameAggregates>> make(
      const std::vector<plan::Aggregate>& aggregates, const Schema& input, const Schema& output,
      std::vector<state::ValueKind> leading, bool beginning_moves);
  // Whether merging gives the same whatever was merged with what: not so of sums of floats.
  static bool merges_exactly(const plan::Aggregate& aggregate, const Schema& input);

  const std::vector<state::ValueKind>& columns() const { return aggregates_.columns(); }
  // With a table of state frames may go on where those of the batch before ended.
  Status open(OperatorContext& context, state::KeyedTable& groups) {
    groups_ = &groups;
    return aggregates_.open(context, groups);
  }
  // The batch that frames are of. Rows that fail become dead letters, and are told then: a byte a
  // row, none where no row failed.
  Result<std::vector<uint8_t>> evaluate(OperatorContext& context, const Batch& batch);
  void before_barrier() { aggregates_.before_barrier(); }
  size_t memory_bytes() const { return aggregates_.memory_bytes() + scratch_.memory_bytes(); }

  struct Frame {
    size_t begin, end;  // rows of the batch
    bool operator==(const Frame&) const = default;
  };
  // Puts the results of each frame, one after the other, into the writers, one for each aggregate.
  // With a group of the table of state its rows stand before all of them.
  Status run(const std::vector<Frame>& frames, std::optional<state::RowNumber> group,
             std::span<ColumnWriter* const> writers);

 private:
  FrameAggregates(WindowAggregates aggregates, size_t count, bool merges)
      : aggregates_(std::move(aggregates)),
        count_(count),
        merges_(merges),
        scratch_({"frame", 1, aggregates_.columns()}) {}

  state::RowNumber scratch_row(size_t i);
  state::RowNumber cleared(size_t i);
  Status add(state::KeyedTable& table, state::RowNumber group, size_t begin, size_t end);
  Status move_to(const Frame& frame);
  Status merge_from_the_back(const Frame& frame);
  Status put_results(size_t times, std::span<ColumnWriter* const> writers);

  WindowAggregates aggregates_;
  size_t count_;
  bool merges_;
  state::KeyedTable* groups_ = nullptr;
  state::KeyedTable scratch_;
  std::vector<state::RowNumber> scratch_rows_;

  // The frame at hand: rows [begin_, split_) are merged in the scratch row of begin_, those of
  // [split_, end_) in `back_` of `table_`.
  size_t begin_ = 0, split_ = 0, end_ = 0;
  size_t first_merged_ = 0;  // the row that scratch row kMerged is of
  state::KeyedTable* table_ = nullptr;
  state::RowNumber back_ = 0;

  // Used again.
  std::vector<int32_t> rows_;
  std::vector<state::RowNumber> row_groups_;
};

}  // namespace dataflow::engine
