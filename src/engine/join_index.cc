#include "join_index.h"

#include <algorithm>
#include <utility>

#include "memory_of.h"

namespace dataflow::engine {
namespace {

constexpr size_t kKeysInCache = 4096;

}  // namespace

void JoinIndex::find_keys(std::span<const uint64_t> hashes, std::span<const std::string_view> keys,
                          std::vector<Key>& found) {
  keys_.find(hashes, keys, found);
  if (lists_.size() < keys_.limit()) lists_.resize(keys_.limit());
}

void JoinIndex::prefetch(std::span<const Key> keys) const {
  if (lists_.size() < kKeysInCache) return;
  for (const Key key : keys) __builtin_prefetch(&lists_[key]);
  for (const Key key : keys) {
    for (const size_t side : {0, 1}) {
      const Row row = lists_[key][side].first;
      if (row != kNone) __builtin_prefetch(&links_[side][row]);
    }
  }
}

void JoinIndex::release_if_unused(Key key) {
  const Lists& lists = lists_[key];
  if (!keys_.is_used(key) || lists[0].first != kNone || lists[1].first != kNone) return;
  lists_[key] = {};
  keys_.release(key);
}

void JoinIndex::release_unused(std::span<const Key> keys) {
  for (const Key key : keys) release_if_unused(key);
  for (const Key key : emptied_) release_if_unused(key);
  emptied_.clear();
}

void JoinIndex::link(Key key, size_t side, Row row) {
  std::vector<Link>& links = links_[side];
  if (row >= links.size()) links.resize(std::max<size_t>(row + 1, links.size() * 3 / 2));
  if (links[row].key != kNone) unlink(side, row);
  List& list = lists_[key][side];
  links[row] = {list.last, kNone, key};
  if (list.first == kNone) {
    list.first = row;
  } else {
    links[list.last].next = row;
  }
  list.last = row;
}

void JoinIndex::unlink(size_t side, Row row) {
  std::vector<Link>& links = links_[side];
  const Link link = std::exchange(links[row], {});
  List& list = lists_[link.key][side];
  const bool is_first = list.first == row;
  const bool is_last = list.last == row;
  if (is_first && is_last) {
    list.first = list.last = kNone;
    emptied_.push_back(link.key);
    return;
  }
  if (is_first) {
    list.first = link.next;
  } else {
    links[link.previous].next = link.next;
  }
  if (is_last) {
    list.last = link.previous;
  } else {
    links[link.next].previous = link.previous;
  }
}

void JoinIndex::clear() {
  keys_.clear();
  lists_.clear();
  for (std::vector<Link>& links : links_) links.clear();
  emptied_.clear();
}

size_t JoinIndex::memory_bytes() const {
  return keys_.memory_bytes() + memory_of(lists_) + memory_of(links_[0]) + memory_of(links_[1]) +
         memory_of(emptied_);
}

}  // namespace dataflow::engine
