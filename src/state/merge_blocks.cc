#include "merge_blocks.h"

#include <bit>
#include <vector>

#include "base/bytes.h"
#include "base/hash.h"

namespace dataflow::state {

namespace {

// A row of a group, as the newest block that has it says.
struct Found {
  uint32_t tag;  // of the hash of key and number
  uint32_t block;
  uint32_t row;
  uint32_t put;  // index of its values
};

class GroupMerge {
 public:
  GroupMerge(std::span<const DeltaReader* const> blocks, bool keep_erased)
      : blocks_(blocks), keep_erased_(keep_erased) {}

  void run(int group, DeltaRows& to) {
    size_t most = 0;
    for (const DeltaReader* block : blocks_) most += rows_in(*block, group);
    if (most == 0) return;
    slots_.assign(std::bit_ceil(2 * most), 0);
    found_.clear();
    for (size_t i = blocks_.size(); i-- > 0;) add_block(static_cast<uint32_t>(i), group);
    emit(group, to);
  }

 private:
  static size_t rows_in(const DeltaReader& block, int group) {
    return block.group_begin(group + 1) - block.group_begin(group);
  }

  // Blocks come newest first: what is there already is newer.
  void add_block(uint32_t index, int group) {
    const DeltaReader& block = *blocks_[index];
    uint32_t put = block.first_put(group);
    for (uint32_t row = block.group_begin(group); row < block.group_begin(group + 1); ++row) {
      const bool is_put = block.is_put(row);
      add({0, index, row, put}, block.key(row), block.number(row));
      put += is_put ? 1 : 0;
    }
  }

  void add(Found row, std::string_view key, int64_t number) {
    const uint64_t mixed = hash_combine(hash64(key), static_cast<uint64_t>(number));
    row.tag = static_cast<uint32_t>(mixed >> 32);
    const size_t mask = slots_.size() - 1;
    size_t at = mixed & mask;
    for (; slots_[at] != 0; at = (at + 1) & mask) {
      const Found& other = found_[slots_[at] - 1];
      if (other.tag != row.tag) continue;
      const DeltaReader& block = *blocks_[other.block];
      if (block.number(other.row) == number && block.key(other.row) == key) return;
    }
    found_.push_back(row);
    slots_[at] = static_cast<uint32_t>(found_.size());
  }

  void emit(int group, DeltaRows& to) {
    size_t kept = 0;
    for (const Found& row : found_) {
      const DeltaReader& block = *blocks_[row.block];
      const bool put = block.is_put(row.row);
      if (!put && !keep_erased_) continue;
      const std::string_view key = block.key(row.row);
      to.put.push_back(put);
      to.key_lengths.push_back(static_cast<uint32_t>(key.size()));
      to.keys.append(key);
      to.numbers.push_back(block.number(row.row));
      ++to.group_rows[static_cast<size_t>(group)];
      if (put) found_[kept++] = row;
    }
    found_.resize(kept);
    for (size_t i = 0; i < to.columns.size(); ++i) {
      DeltaRows::Column& column = to.columns[i];
      const bool fixed = fixed_width(blocks_.front()->spec().columns[i]) > 0;
      for (const Found& row : found_) {
        const std::string_view value = blocks_[row.block]->value(i, row.put);
        if (!fixed) column.lengths.push_back(static_cast<uint32_t>(value.size()));
        column.values.append(value);
      }
    }
  }

  const std::span<const DeltaReader* const> blocks_;
  const bool keep_erased_;
  std::vector<Found> found_;
  std::vector<uint32_t> slots_;  // index of found_ + 1
};

}  // namespace

Result<std::optional<DeltaBlock>> merge_blocks(std::span<const DeltaReader* const> oldest_first,
                                               KeyGroupRange range, bool keep_erased) {
  if (oldest_first.empty()) return std::optional<DeltaBlock>();
  TableSpec spec = oldest_first.front()->spec();
  for (const DeltaReader* block : oldest_first) {
    if (block->spec().columns != spec.columns || block->spec().name != spec.name) {
      return Status::unsupported(
          "its blocks have different columns; forget the operator's state, or go back to the "
          "older plan");
    }
    spec.version = std::max(spec.version, block->spec().version);
  }
  DeltaRows rows;
  rows.columns.resize(spec.columns.size());
  GroupMerge merge(oldest_first, keep_erased);
  for (int group = range.begin; group < range.end; ++group) merge.run(group, rows);
  if (rows.put.empty()) return std::optional<DeltaBlock>();
  return std::optional<DeltaBlock>(encode_delta(spec, rows));
}

}  // namespace dataflow::state
