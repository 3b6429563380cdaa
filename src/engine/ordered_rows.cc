#include "ordered_rows.h"

namespace dataflow::engine {
namespace {

constexpr size_t kMost = 512;    // entries of a block
constexpr size_t kFew = 64;      // with so few it joins the next one,
constexpr size_t kJoined = 256;  // if both have so many

}  // namespace

size_t OrderedRows::place_of(At at, size_t most) const {
  size_t place = at.in_block;
  for (size_t i = 0; i < at.block && place <= most; ++i) place += blocks_[i].size();
  return place;
}

OrderedRows::At OrderedRows::at_place(size_t place) const {
  if (place >= size_) return end();
  size_t block = 0;
  while (place >= blocks_[block].size()) place -= blocks_[block++].size();
  return {block, place};
}

void OrderedRows::insert(At at, Entry entry) {
  ++size_;
  const bool last = at == end();
  if (last) {
    // Rows often come in their order: full blocks then stay full.
    if (blocks_.empty() || blocks_.back().size() >= kMost) blocks_.emplace_back();
    blocks_.back().push_back(entry);
    return;
  }
  Block& block = blocks_[at.block];
  block.insert(block.begin() + static_cast<ptrdiff_t>(at.in_block), entry);
  if (block.size() <= kMost) return;
  const auto half = block.begin() + static_cast<ptrdiff_t>(block.size() / 2);
  Block behind(half, block.end());
  block.erase(half, block.end());
  blocks_.insert(blocks_.begin() + static_cast<ptrdiff_t>(at.block) + 1, std::move(behind));
}

void OrderedRows::erase(At at) {
  --size_;
  Block& block = blocks_[at.block];
  block.erase(block.begin() + static_cast<ptrdiff_t>(at.in_block));
  const auto here = blocks_.begin() + static_cast<ptrdiff_t>(at.block);
  if (block.empty()) {
    blocks_.erase(here);
    return;
  }
  if (block.size() > kFew || here + 1 == blocks_.end()) return;
  Block& next = *(here + 1);
  if (block.size() + next.size() > kJoined) return;
  block.insert(block.end(), next.begin(), next.end());
  blocks_.erase(here + 1);
}

void OrderedRows::pop_back() { erase({blocks_.size() - 1, blocks_.back().size() - 1}); }

}  // namespace dataflow::engine
