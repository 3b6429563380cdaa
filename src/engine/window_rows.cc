#include "window_rows.h"

#include <algorithm>

namespace dataflow::engine {
namespace {

using Entry = WindowRows::Entry;

constexpr size_t kMostLate = 256;

bool by_hash(const Entry& a, const Entry& b) { return a.hash < b.hash; }

}  // namespace

void WindowRows::sort(const state::KeyedTable& table) {
  std::ranges::sort(rows_, [](const Entry& a, const Entry& b) {
    return a.hash != b.hash ? a.hash < b.hash : a.row < b.row;
  });
  // Two keys of one hash, which hardly happens.
  for (size_t i = 0; i < rows_.size();) {
    const std::string_view key = table.key(rows_[i].row);
    size_t end = i + 1;
    bool one_key = true;
    for (; end < rows_.size() && rows_[end].hash == rows_[i].hash; ++end) {
      one_key = one_key && table.key(rows_[end].row) == key;
    }
    if (!one_key) {
      std::ranges::sort(std::span(rows_).subspan(i, end - i), [&](const Entry& a, const Entry& b) {
        const int order = table.key(a.row).compare(table.key(b.row));
        return order != 0 ? order < 0 : a.row < b.row;
      });
    }
    i = end;
  }
}

void WindowRows::add_to_sorted(uint64_t hash, Row row) {
  late_.push_back({hash, row});
  if (late_.size() < kMostLate) return;
  std::ranges::sort(late_, by_hash);
  const auto middle = std::ssize(rows_);
  rows_.insert(rows_.end(), late_.begin(), late_.end());
  std::inplace_merge(rows_.begin(), rows_.begin() + middle, rows_.end(), by_hash);
  late_.clear();
}

void WindowRows::put_if_of(const state::KeyedTable& table, const WindowKey& key, const Entry& entry,
                           std::vector<Row>& found) {
  if (entry.hash == key.hash && table.key(entry.row) == key.key) found.push_back(entry.row);
}

void WindowRows::find(const state::KeyedTable& table, const WindowKey& key,
                      std::vector<Row>& found) const {
  auto it = std::ranges::lower_bound(rows_, key.hash, {}, &Entry::hash);
  for (; it != rows_.end() && it->hash == key.hash; ++it) put_if_of(table, key, *it, found);
  for (const Entry& entry : late_) put_if_of(table, key, entry, found);
}

KeyRuns::KeyRuns(const WindowRows& rows, const state::KeyedTable& table)
    : table_(table), left_(rows.sorted()) {
  next();
}

std::strong_ordering KeyRuns::compare(const KeyRuns& other) const {
  if (at_end() || other.at_end()) return at_end() <=> other.at_end();
  if (key_.hash != other.key_.hash) return key_.hash <=> other.key_.hash;
  return key_.key <=> other.key_.key;
}

void KeyRuns::next() {
  run_.clear();
  if (left_.empty()) return;
  key_ = {left_.front().hash, table_.key(left_.front().row)};
  size_t count = 0;
  while (count < left_.size() && left_[count].hash == key_.hash &&
         table_.key(left_[count].row) == key_.key) {
    run_.push_back(left_[count++].row);
  }
  left_ = left_.subspan(count);
}

}  // namespace dataflow::engine
