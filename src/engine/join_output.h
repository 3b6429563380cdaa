// JoinOutput: the rows that a join emits, put together from rows of its two sides as they are kept.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "engine/operator.h"
#include "plan/plan.h"
#include "row_codec.h"
#include "types/batch.h"

namespace dataflow::engine {

// Rows of one batch that a join makes, and bytes of them: what is larger leaves in parts.
inline constexpr size_t kJoinedRows = 8192;
inline constexpr size_t kJoinedBytes = size_t{64} << 20;
// Of these rows at once, or less of long ones; then the join breaks off, so that what follows can
// take them.
inline constexpr size_t kLeavesAtOnce = 8 * kJoinedRows;
// As how many rows one of so many bytes counts.
inline size_t weight_of(size_t bytes) { return 1 + bytes * kLeavesAtOnce / kJoinedBytes; }

// What a kind of join does with rows.
struct JoinShape {
  explicit JoinShape(plan::JoinKind kind)
      : pairs(kind != plan::JoinKind::kSemi && kind != plan::JoinKind::kAnti),
        semi(kind == plan::JoinKind::kSemi),
        anti(kind == plan::JoinKind::kAnti),
        alone{kind == plan::JoinKind::kLeft || kind == plan::JoinKind::kFull || anti,
              kind == plan::JoinKind::kRight || kind == plan::JoinKind::kFull} {}

  const bool pairs;     // rows of both sides, beside each other
  const bool semi;      // rows of the left that have a partner
  const bool anti;      // rows of the left that have none
  const bool alone[2];  // whether a side's rows without partner leave
};

class JoinOutput {
 public:
  // With windows three columns stand in front: start, end and time.
  JoinOutput(plan::JoinKind kind, const RowCodec& left, const RowCodec& right, SchemaPtr schema,
             int64_t window_ms)
      : only_left_(!JoinShape(kind).pairs),
        left_(left),
        right_(right),
        schema_(std::move(schema)),
        window_ms_(window_ms) {}

  // The bytes must stay until the next flush(); a default view: that side is missing.
  Status add(std::string_view left, std::string_view right, RowKind kind, int64_t window_end,
             Collector& out) {
    left_rows_.push_back(left);
    if (!only_left_) right_rows_.push_back(right);
    if (window_ms_ > 0) ends_.push_back(window_end);
    if (kind != RowKind::kInsert && kinds_.empty()) {
      kinds_.resize(left_rows_.size() - 1, RowKind::kInsert);
    }
    if (kind != RowKind::kInsert || !kinds_.empty()) kinds_.push_back(kind);
    bytes_ += left.size() + right.size();
    return left_rows_.size() < kJoinedRows && bytes_ < kJoinedBytes ? Status() : flush(out);
  }
  // A row of one side with nothing beside it.
  Status add_alone(size_t side, std::string_view row, RowKind kind, int64_t window_end,
                   Collector& out) {
    return side == 0 ? add(row, {}, kind, window_end, out) : add({}, row, kind, window_end, out);
  }
  // What waits leaves.
  Status flush(Collector& out);

 private:
  void put_windows(Batch& batch) const;

  const bool only_left_;
  const RowCodec& left_;
  const RowCodec& right_;
  const SchemaPtr schema_;
  const int64_t window_ms_;  // 0: none
  std::vector<std::string_view> left_rows_, right_rows_;
  std::vector<int64_t> ends_;
  std::vector<RowKind> kinds_;  // none: all are insertions
  size_t bytes_ = 0;
};

}  // namespace dataflow::engine
