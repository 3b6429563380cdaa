#include "key_merger.h"

#include <string>
#include <utility>

namespace dataflow::engine {

using state::KeyedTable;

KeyMerger::Row KeyMerger::make_row(KeyedTable& state, Row slice) {
  const std::string key(state.key(slice));
  rows_.push_back(table_.upsert(state.hash(slice), key, static_cast<int64_t>(rows_.size() + 1)));
  return rows_.back();
}

Status KeyMerger::add(Row to, KeyedTable& table, Row from) {
  return aggregates_.merge(table_, std::span(&to, 1), table, std::span(&from, 1));
}

Result<KeyMerger::Row> KeyMerger::merge_forward(KeyedTable& state, std::span<const Row> slices) {
  const Row row = make_row(state, slices.front());
  to_.assign(slices.size(), row);
  DF_RETURN_IF_ERROR(aggregates_.merge(table_, to_, state, slices));
  return row;
}

// Each part is a slice and the part behind it.
Result<KeyMerger::Row> KeyMerger::merge_backward(KeyedTable& state, std::span<const Row> slices) {
  Row part = make_row(state, slices.front());
  DF_RETURN_IF_ERROR(add(part, state, slices.back()));
  if (slices.size() == 1) return part;
  Row longer = make_row(state, slices.front());
  for (size_t i = slices.size() - 1; i-- > 0; std::swap(part, longer)) {
    aggregates_.clear(table_, longer);
    DF_RETURN_IF_ERROR(add(longer, state, slices[i]));
    DF_RETURN_IF_ERROR(add(longer, table_, part));
  }
  return part;
}

Result<KeyMerger::Row> KeyMerger::merge(KeyedTable& state, std::span<const Row> slices,
                                        std::optional<size_t> in_block) {
  if (!in_block) return merge_forward(state, slices);
  const Row row = make_row(state, slices.front());
  if (*in_block > 0) {
    DF_ASSIGN_OR_RETURN(const Row part, merge_backward(state, slices.first(*in_block)));
    DF_RETURN_IF_ERROR(add(row, table_, part));
  }
  if (*in_block < slices.size()) {
    DF_ASSIGN_OR_RETURN(const Row behind, merge_forward(state, slices.subspan(*in_block)));
    DF_RETURN_IF_ERROR(add(row, table_, behind));
  }
  return row;
}

void KeyMerger::clear() {
  for (const Row row : rows_) aggregates_.erase(table_, row);
  rows_.clear();
}

}  // namespace dataflow::engine
