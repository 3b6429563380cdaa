#include "sorted_rows.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

namespace dataflow::jobs {
namespace {

// Half of a leaf that is split moves; a list of a million leaves has room for sixty million rows.
constexpr size_t kLeafEntries = 128;
// What malloc() keeps beside a piece, and rounds it up by, about.
constexpr int64_t kPieceBytes = 16;

}  // namespace

struct SortedRows::Entry {
  uint32_t key_bytes;
  uint32_t row_bytes;
  char* data() { return reinterpret_cast<char*>(this + 1); }
  const char* data() const { return reinterpret_cast<const char*>(this + 1); }
  int64_t bytes() const {
    return kPieceBytes + static_cast<int64_t>(sizeof(Entry)) + key_bytes + row_bytes;
  }
};

SortedRows::~SortedRows() { clear(); }

SortedRows::Entry* SortedRows::make_entry(std::string_view key, std::string_view row) {
  void* const memory = std::malloc(sizeof(Entry) + key.size() + row.size());
  if (memory == nullptr) throw std::bad_alloc();
  auto* const entry =
      new (memory) Entry{static_cast<uint32_t>(key.size()), static_cast<uint32_t>(row.size())};
  std::memcpy(entry->data(), key.data(), key.size());
  std::memcpy(entry->data() + key.size(), row.data(), row.size());
  return entry;
}

std::string_view SortedRows::key_of(const Entry* entry) {
  return {entry->data(), entry->key_bytes};
}
std::string_view SortedRows::row_of(const Entry* entry) {
  return {entry->data() + entry->key_bytes, entry->row_bytes};
}

void SortedRows::free_entry(Entry* entry) {
  entry_bytes_ -= entry->bytes();
  std::free(entry);
}

int64_t SortedRows::bytes() const {
  constexpr auto kLeafBytes =
      static_cast<int64_t>(sizeof(Leaf) + kLeafEntries * sizeof(Entry*)) + 2 * kPieceBytes + 8;
  return entry_bytes_ + std::ssize(leaves_) * kLeafBytes;
}

SortedRows::Place SortedRows::place_of(std::string_view key) const {
  if (leaves_.empty()) return {0, 0, false};
  // The last leaf that begins at the key or before it.
  const auto behind = std::upper_bound(
      leaves_.begin(), leaves_.end(), key,
      [](std::string_view sought, const auto& leaf) { return sought < key_of(leaf->front()); });
  const auto at = behind == leaves_.begin() ? behind : behind - 1;
  const Leaf& leaf = **at;
  const auto entry = std::lower_bound(
      leaf.begin(), leaf.end(), key,
      [](const Entry* each, std::string_view sought) { return key_of(each) < sought; });
  const bool found = entry != leaf.end() && key_of(*entry) == key;
  return {static_cast<size_t>(at - leaves_.begin()), static_cast<size_t>(entry - leaf.begin()),
          found};
}

void SortedRows::insert(Place place, Entry* entry) {
  ++count_;
  if (leaves_.empty()) {
    leaves_.push_back(std::make_unique<Leaf>());
    leaves_.back()->reserve(kLeafEntries);
  }
  Leaf* leaf = leaves_[place.leaf].get();
  if (leaf->size() == kLeafEntries) {
    // Keys that only rise fill their leaves.
    const bool at_end = place.leaf + 1 == leaves_.size() && place.entry == leaf->size();
    const size_t kept = at_end ? kLeafEntries : kLeafEntries / 2;
    auto upper = std::make_unique<Leaf>();
    upper->reserve(kLeafEntries);
    const auto from = leaf->begin() + static_cast<std::ptrdiff_t>(kept);
    upper->assign(from, leaf->end());
    leaf->erase(from, leaf->end());
    leaves_.insert(leaves_.begin() + static_cast<std::ptrdiff_t>(place.leaf) + 1, std::move(upper));
    if (place.entry > kept || at_end) {
      ++place.leaf;
      place.entry -= kept;
      leaf = leaves_[place.leaf].get();
    }
  }
  leaf->insert(leaf->begin() + static_cast<std::ptrdiff_t>(place.entry), entry);
}

void SortedRows::put(std::string_view key, std::string_view row) {
  const Place place = place_of(key);
  if (!place.found) {
    Entry* const entry = make_entry(key, row);
    entry_bytes_ += entry->bytes();
    insert(place, entry);
    return;
  }
  Entry*& entry = (*leaves_[place.leaf])[place.entry];
  if (entry->row_bytes == row.size()) {
    std::memcpy(entry->data() + entry->key_bytes, row.data(), row.size());
    return;
  }
  Entry* const made = make_entry(key, row);
  entry_bytes_ += made->bytes();
  free_entry(std::exchange(entry, made));
}

void SortedRows::erase(std::string_view key) {
  const Place place = place_of(key);
  if (!place.found) return;
  Leaf& leaf = *leaves_[place.leaf];
  free_entry(leaf[place.entry]);
  leaf.erase(leaf.begin() + static_cast<std::ptrdiff_t>(place.entry));
  --count_;
  if (leaf.empty()) leaves_.erase(leaves_.begin() + static_cast<std::ptrdiff_t>(place.leaf));
}

void SortedRows::clear() {
  for (const auto& leaf : leaves_) {
    for (Entry* entry : *leaf) free_entry(entry);
  }
  leaves_.clear();
  count_ = 0;
}

std::optional<std::string_view> SortedRows::find(std::string_view key) const {
  const Place place = place_of(key);
  if (!place.found) return std::nullopt;
  return row_of((*leaves_[place.leaf])[place.entry]);
}

void SortedRows::visit(std::string_view from, std::optional<std::string_view> to,
                       const std::function<bool(std::string_view row)>& taken) const {
  Place place = place_of(from);
  for (; place.leaf < leaves_.size(); ++place.leaf, place.entry = 0) {
    const Leaf& leaf = *leaves_[place.leaf];
    for (; place.entry < leaf.size(); ++place.entry) {
      const Entry* const entry = leaf[place.entry];
      if (to && key_of(entry) >= *to) return;
      if (!taken(row_of(entry))) return;
    }
  }
}

}  // namespace dataflow::jobs
