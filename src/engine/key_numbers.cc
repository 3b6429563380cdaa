#include "key_numbers.h"

#include <algorithm>

#include "memory_of.h"

namespace dataflow::engine {

void KeyNumbers::find(std::span<const uint64_t> hashes, std::span<const std::string_view> keys,
                      std::vector<Key>& found) {
  if (zeros_.size() < keys.size()) zeros_.resize(keys.size());
  found.resize(keys.size());
  made_.clear();
  keys_.upsert_all(hashes, keys, std::span(zeros_).first(keys.size()), found, &made_);
  for (const Key key : made_) {
    if (key >= used_.size()) used_.resize(std::max<size_t>(key + 1, 2 * used_.size()));
    used_[key] = 1;
  }
}

void KeyNumbers::release(Key key) {
  used_[key] = 0;
  keys_.erase(key);
}

void KeyNumbers::clear() {
  for (Key key = 0; key < used_.size(); ++key) {
    if (used_[key] != 0) keys_.erase(key);
  }
  used_.clear();
}

size_t KeyNumbers::memory_bytes() const { return keys_.memory_bytes() + memory_of(used_); }

}  // namespace dataflow::engine
