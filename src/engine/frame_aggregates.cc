#include "frame_aggregates.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "base/hash.h"
#include "expr/bound.h"
#include "plan/aggregate.h"

namespace dataflow::engine {

using state::KeyedTable;
using state::RowNumber;

namespace {

// Rows of scratch: what came since, the frame as a whole, and from there on what was merged.
constexpr size_t kBack = 0;
constexpr size_t kBoth = 1;
constexpr size_t kMerged = 2;

}  // namespace

bool FrameAggregates::merges_exactly(const plan::Aggregate& aggregate, const Schema& input) {
  if (aggregate.distinct) return false;
  using Kind = plan::AggregateKind;
  switch (plan::find_aggregate(aggregate.function)->kind) {
    case Kind::kCount:
    case Kind::kMin:
    case Kind::kMax:
    case Kind::kBoolAnd:
    case Kind::kBoolOr:
    case Kind::kFirstValue:
    case Kind::kLastValue: return true;
    case Kind::kSum:
    case Kind::kAvg: {
      const auto bound = expr::bind(aggregate.argument, input);
      return bound.ok() && !(*bound)->type().is_float();
    }
    default: return false;
  }
}

Result<std::unique_ptr<FrameAggregates>> FrameAggregates::make(
    const std::vector<plan::Aggregate>& aggregates, const Schema& input, const Schema& output,
    std::vector<state::ValueKind> leading, bool beginning_moves) {
  DF_ASSIGN_OR_RETURN(WindowAggregates bound,
                      WindowAggregates::bind(aggregates, input, output, std::move(leading)));
  const bool merges = beginning_moves && std::ranges::all_of(aggregates, [&](const auto& one) {
                        return merges_exactly(one, input);
                      });
  return std::unique_ptr<FrameAggregates>(
      new FrameAggregates(std::move(bound), aggregates.size(), merges));
}

Result<std::vector<uint8_t>> FrameAggregates::evaluate(OperatorContext& context,
                                                       const Batch& batch) {
  DF_RETURN_IF_ERROR(aggregates_.evaluate(context, batch));
  std::vector<uint8_t> faulty;
  for (int32_t row = 0; row < batch.rows; ++row) {
    if (!aggregates_.is_faulty(row)) continue;
    faulty.resize(static_cast<size_t>(batch.rows));
    faulty[static_cast<size_t>(row)] = 1;
  }
  return faulty;
}

RowNumber FrameAggregates::scratch_row(size_t i) {
  while (scratch_rows_.size() <= i) {
    scratch_rows_.push_back(
        scratch_.upsert(hash64(""), "", static_cast<int64_t>(scratch_rows_.size())));
  }
  return scratch_rows_[i];
}

RowNumber FrameAggregates::cleared(size_t i) {
  const RowNumber row = scratch_row(i);
  aggregates_.clear(scratch_, row);
  return row;
}

Status FrameAggregates::add(KeyedTable& table, RowNumber group, size_t begin, size_t end) {
  if (begin >= end) return {};
  rows_.resize(end - begin);
  std::iota(rows_.begin(), rows_.end(), static_cast<int32_t>(begin));
  row_groups_.assign(rows_.size(), group);
  return aggregates_.add(table, rows_, row_groups_);
}

Status FrameAggregates::merge_from_the_back(const Frame& frame) {
  first_merged_ = frame.begin;
  for (size_t row = frame.end; row-- > frame.begin;) {
    const RowNumber merged = cleared(kMerged + row - first_merged_);
    DF_RETURN_IF_ERROR(add(scratch_, merged, row, row + 1));
    if (row + 1 == frame.end) continue;
    const RowNumber behind = scratch_row(kMerged + row + 1 - first_merged_);
    DF_RETURN_IF_ERROR(
        aggregates_.merge(scratch_, std::span(&merged, 1), scratch_, std::span(&behind, 1)));
  }
  split_ = end_ = frame.end;
  back_ = cleared(kBack);
  return {};
}

Status FrameAggregates::move_to(const Frame& frame) {
  const bool moved = frame.begin > begin_;
  begin_ = frame.begin;
  if (moved && merges_ && begin_ >= split_) return merge_from_the_back(frame);
  if (moved && !merges_) {
    back_ = cleared(kBack);
    split_ = end_ = begin_;
  }
  const size_t from = end_;
  end_ = frame.end;
  return add(*table_, back_, from, frame.end);
}

Status FrameAggregates::put_results(size_t times, std::span<ColumnWriter* const> writers) {
  KeyedTable* table = table_;
  RowNumber result = back_;
  if (begin_ < split_) {
    table = &scratch_;
    result = scratch_row(kMerged + begin_ - first_merged_);
    if (end_ > split_) {
      const std::array<RowNumber, 2> parts = {result, back_};
      result = cleared(kBoth);
      const std::array<RowNumber, 2> both = {result, result};
      DF_RETURN_IF_ERROR(aggregates_.merge(scratch_, both, scratch_, parts));
    }
  }
  row_groups_.assign(times, result);
  for (size_t i = 0; i < count_; ++i) {
    DF_RETURN_IF_ERROR(aggregates_.results(i, *table, row_groups_, *writers[i]));
  }
  return {};
}

Status FrameAggregates::run(const std::vector<Frame>& frames, std::optional<RowNumber> group,
                            std::span<ColumnWriter* const> writers) {
  if (frames.empty()) return {};
  begin_ = split_ = end_ = frames.front().begin;
  table_ = group ? groups_ : &scratch_;
  back_ = group ? *group : cleared(kBack);
  for (size_t i = 0; i < frames.size();) {
    size_t same = i + 1;
    while (same < frames.size() && frames[same] == frames[i]) ++same;
    DF_RETURN_IF_ERROR(move_to(frames[i]));
    DF_RETURN_IF_ERROR(put_results(same - i, writers));
    i = same;
  }
  return {};
}

}  // namespace dataflow::engine
