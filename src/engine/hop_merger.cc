#include "hop_merger.h"

#include <algorithm>

#include "base/hash.h"

namespace dataflow::engine {

using state::KeyedTable;

HopMerger::HopMerger(WindowAggregates& aggregates, const Slices& slices, KeyedTable& table,
                     const std::vector<Row>& key_of)
    : aggregates_(aggregates),
      slices_(slices),
      table_(table),
      key_of_(key_of),
      parts_({"parts", 1, aggregates.columns()}) {}

HopMerger::Key& HopMerger::key_at(Row key) {
  if (key >= by_key_.size()) by_key_.resize(std::max<size_t>(key + 1, 2 * by_key_.size()));
  Key& entry = by_key_[key];
  if (!entry.listed) {
    entry.listed = true;
    keys_.push_back(key);
  }
  return entry;
}

HopMerger::Row HopMerger::take_part() {
  if (parts_used_ == part_rows_.size()) {
    const uint64_t number = part_rows_.size();
    part_rows_.push_back(parts_.upsert(hash64(number), {}, static_cast<int64_t>(number)));
    return part_rows_[parts_used_++];
  }
  const Row row = part_rows_[parts_used_++];
  aggregates_.clear(parts_, row);
  return row;
}

void HopMerger::clear() {
  for (const Row key : keys_) by_key_[key] = {};
  keys_.clear();
  block_.clear();
  parts_used_ = 0;
}

Status HopMerger::merge(KeyedTable& state, const RowsOfSlices& rows, int64_t window) {
  const int64_t start = slices_.window_start(window);
  const WindowBounds block = slices_.block_of(window);
  if (stale_ || merged_to_ == INT64_MIN || group_ != block.start_ms) {
    DF_RETURN_IF_ERROR(begin_group(state, rows, block, start));
  }
  leave_slices(start);
  DF_RETURN_IF_ERROR(merge_behind(state, rows, window));
  return gather();
}

// The block from the back to where the window begins: earlier slices may have left the state.
Status HopMerger::begin_group(KeyedTable& state, const RowsOfSlices& rows, WindowBounds block,
                              int64_t from) {
  clear();
  stale_ = false;
  group_ = block.start_ms;
  merged_to_ = block.end_ms;
  const auto first = rows.upper_bound(from);
  for (auto it = rows.upper_bound(block.end_ms); it != first;) {
    --it;
    BlockSlice& slice = block_.emplace_back();
    slice.end = it->first;
    from_.clear();
    to_.clear();
    parts_from_.clear();
    parts_to_.clear();
    for (const Row row : it->second) {
      const Row key = key_of_[row];
      const Row part = take_part();
      Key& entry = key_at(key);
      slice.parts.push_back({key, part, entry.end_of_block});
      from_.push_back(row);
      to_.push_back(part);
      if (entry.end_of_block != kNone) {
        parts_from_.push_back(entry.end_of_block);
        parts_to_.push_back(part);
      }
      entry.end_of_block = part;
    }
    DF_RETURN_IF_ERROR(aggregates_.merge(parts_, to_, state, from_));
    DF_RETURN_IF_ERROR(aggregates_.merge(parts_, parts_to_, parts_, parts_from_));
  }
  return {};
}

Status HopMerger::merge_behind(KeyedTable& state, const RowsOfSlices& rows, int64_t to) {
  for (auto it = rows.upper_bound(merged_to_); it != rows.end() && it->first <= to; ++it) {
    to_.clear();
    for (const Row row : it->second) {
      Row& behind = key_at(key_of_[row]).behind_block;
      if (behind == kNone) behind = take_part();
      to_.push_back(behind);
    }
    DF_RETURN_IF_ERROR(aggregates_.merge(parts_, to_, state, it->second));
  }
  merged_to_ = std::max(merged_to_, to);
  return {};
}

void HopMerger::leave_slices(int64_t up_to) {
  while (!block_.empty() && block_.back().end <= up_to) {
    for (const Part& part : block_.back().parts) by_key_[part.key].end_of_block = part.before;
    block_.pop_back();
  }
}

Status HopMerger::gather() {
  groups_.clear();
  from_.clear();
  to_.clear();
  parts_from_.clear();
  parts_to_.clear();
  size_t kept = 0;
  for (const Row key : keys_) {
    const Key& entry = by_key_[key];
    if (entry.end_of_block == kNone && entry.behind_block == kNone) {
      by_key_[key].listed = false;
      continue;
    }
    keys_[kept++] = key;
    aggregates_.clear(table_, key);
    if (entry.end_of_block != kNone) {
      from_.push_back(entry.end_of_block);
      to_.push_back(key);
    }
    if (entry.behind_block != kNone) {
      parts_from_.push_back(entry.behind_block);
      parts_to_.push_back(key);
    }
  }
  keys_.resize(kept);
  groups_ = keys_;
  DF_RETURN_IF_ERROR(aggregates_.merge(table_, to_, parts_, from_));
  return aggregates_.merge(table_, parts_to_, parts_, parts_from_);
}

}  // namespace dataflow::engine
