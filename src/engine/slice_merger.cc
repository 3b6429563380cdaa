#include "slice_merger.h"

#include <algorithm>

namespace dataflow::engine {

using state::KeyedTable;
using state::RowNumber;

SliceMerger::SliceMerger(WindowAggregates& aggregates)
    : aggregates_(aggregates), scratch_({"merged", 1, aggregates.columns()}) {}

void SliceMerger::on_made(KeyedTable& state, std::span<const RowNumber> rows) {
  hashes_.clear();
  keys_.clear();
  for (const RowNumber row : rows) {
    hashes_.push_back(state.hash(row));
    keys_.push_back(state.key(row));
    if (row >= key_of_.size()) key_of_.resize(std::max<size_t>(row + 1, 2 * key_of_.size()));
  }
  numbers_.assign(rows.size(), 0);
  to_.resize(rows.size());
  scratch_.upsert_all(hashes_, keys_, numbers_, to_, nullptr);
  for (size_t i = 0; i < rows.size(); ++i) {
    const RowNumber key = to_[i];
    if (key >= uses_.size()) {
      uses_.resize(std::max<size_t>(key + 1, 2 * uses_.size()));
      window_of_.resize(uses_.size());
    }
    key_of_[rows[i]] = key;
    ++uses_[key];
  }
}

void SliceMerger::on_erase(RowNumber row) {
  const RowNumber key = key_of_[row];
  if (--uses_[key] > 0) return;
  window_of_[key] = 0;
  aggregates_.erase(scratch_, key);
}

void SliceMerger::begin() {
  ++window_;
  groups_.clear();
}

Status SliceMerger::add(KeyedTable& state, std::span<const RowNumber> rows) {
  to_.clear();
  for (const RowNumber row : rows) {
    const RowNumber key = key_of_[row];
    to_.push_back(key);
    if (window_of_[key] == window_) continue;
    window_of_[key] = window_;
    aggregates_.clear(scratch_, key);
    groups_.push_back(key);
  }
  return aggregates_.merge(scratch_, to_, state, rows);
}

}  // namespace dataflow::engine
