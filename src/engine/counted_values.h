// CountedValues: which values each group of a KeyedTable has, and how often each: what can be taken
// back. State: a row for each value under its group's key, with the value and how often it is
// there. In memory an index (value and group to that row), and of each group its values, in a heap
// if the least or the greatest is asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/operator.h"
#include "memory_of.h"
#include "state/keyed_table.h"

namespace dataflow::engine {

class CountedValues {
 public:
  using Row = state::RowNumber;
  // By their bytes.
  enum class Top : uint8_t { kNone, kLeast, kGreatest };

  explicit CountedValues(Top top);

  // The values are kept in a table `name`, for the groups of `owner`, whose numbers are 0. Takes in
  // those that the last checkpoint has.
  Status open(OperatorContext& context, state::KeyedTable& owner, const std::string& name);

  // True: the group did not have the value before. `hash` is hash64(value).
  bool add(uint64_t hash, std::string_view value, Row group);
  // True: the group does not have it any more. What is not there is passed over.
  bool take_back(uint64_t hash, std::string_view value, Row group);
  // The least or greatest; valid until values come or go.
  std::optional<std::string_view> top(Row group) const;
  void clear(Row group);

  size_t memory_bytes() const {  // without the table that is state
    return index_.memory_bytes() + memory_of(values_) + memory_of(place_) +
           index_.size() * sizeof(Row);
  }

 private:
  Status load(Row kept);
  void link(Row value, Row group);
  void unlink(Row value);
  bool is_above(Row a, Row b) const;
  void put_at(std::vector<Row>& heap, size_t place, Row value) {
    heap[place] = value;
    place_[value] = static_cast<Row>(place);
  }
  void rise(std::vector<Row>& heap, size_t place);
  void sink(std::vector<Row>& heap, size_t place);

  const Top top_;
  state::KeyedTable index_;  // key: the value, number: the group's row; the row of state
  std::vector<std::vector<Row>> values_;  // by group: rows of the index
  std::vector<Row> place_;                // by row of the index: where it stands there
  state::KeyedTable* owner_ = nullptr;
  state::KeyedTable* kept_ = nullptr;
  int64_t next_number_ = 0;
};

}  // namespace dataflow::engine
