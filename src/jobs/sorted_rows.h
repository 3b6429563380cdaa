// SortedRows: rows as bytes in the order of their keys, compared as bytes. A row is one piece of
// memory (key and row behind each other); leaves of pointers to these, of which one list says where
// to look. Who uses it from several threads locks.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace dataflow::jobs {

class SortedRows {
 public:
  SortedRows() = default;
  SortedRows(const SortedRows&) = delete;
  SortedRows& operator=(const SortedRows&) = delete;
  ~SortedRows();

  // The row of that key from now on.
  void put(std::string_view key, std::string_view row);
  void erase(std::string_view key);
  void clear();

  // Valid until the next change.
  std::optional<std::string_view> find(std::string_view key) const;
  // Those with from <= key < to, in order, while `taken` says true; without a `to` all from there.
  void visit(std::string_view from, std::optional<std::string_view> to,
             const std::function<bool(std::string_view row)>& taken) const;

  size_t size() const { return count_; }
  // With what an allocator adds, about.
  int64_t bytes() const;

 private:
  struct Entry;
  using Leaf = std::vector<Entry*>;
  struct Place {
    size_t leaf;
    size_t entry;
    bool found;
  };

  static Entry* make_entry(std::string_view key, std::string_view row);
  static std::string_view key_of(const Entry* entry);
  static std::string_view row_of(const Entry* entry);
  void free_entry(Entry* entry);
  // Where the key stands, or would.
  Place place_of(std::string_view key) const;
  void insert(Place place, Entry* entry);

  std::vector<std::unique_ptr<Leaf>> leaves_;  // none of them empty
  size_t count_ = 0;
  int64_t entry_bytes_ = 0;
};

}  // namespace dataflow::jobs
