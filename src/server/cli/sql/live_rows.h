// What a stream of changes has left: the rows that stand now, each at its place.
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <string>
#include <unordered_map>
#include <vector>

namespace dataflow::cli {

class LiveRows {
 public:
  using Cells = std::vector<std::string>;

  // `change` is +I, -U, +U or -D. What is new stands behind all others; what replaces a row (-U,
  // then +U) stands where that stood. A row that goes and was not there changes nothing.
  void apply(const std::string& change, Cells cells);

  size_t size() const { return size_; }
  uint64_t changes() const { return changes_; }
  // The first ones, `most` at the most.
  std::vector<const Cells*> first(size_t most) const;

 private:
  struct Place {
    Cells cells;
    bool empty = false;  // its row was taken back; what replaces it comes next
  };
  using Places = std::list<Place>;

  void add(Places::iterator place, Cells cells);
  void remove(const Cells& cells, bool keeps_place);

  Places places_;
  std::unordered_multimap<std::string, Places::iterator> by_cells_;
  std::deque<Places::iterator> waiting_;  // places that are empty, the oldest first
  size_t size_ = 0;
  uint64_t changes_ = 0;
};

}  // namespace dataflow::cli
