// ArrivedValues: the values of each group of a KeyedTable in the order of their arrival, of which
// any can be taken back. State: a row for each under its group's key, numbered by its arrival. In
// memory these are chained, all of a group and the equal ones of a group.
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

class ArrivedValues {
 public:
  using Row = state::RowNumber;

  ArrivedValues();

  // The values are kept in a table `name`, for the groups of `owner`, whose numbers are 0. Takes in
  // those that the last checkpoint has.
  Status open(OperatorContext& context, state::KeyedTable& owner, const std::string& name);

  // Arrivals rise. `hash` is hash64(value).
  void add(uint64_t hash, std::string_view value, Row group, int64_t arrival);
  // Of equal ones the first to arrive, as in Flink. What is not there is passed over.
  void take_back(uint64_t hash, std::string_view value, Row group);
  // Valid until values come or go.
  std::optional<std::string_view> first(Row group) const;
  std::optional<std::string_view> last(Row group) const;
  int64_t last_arrival(Row group) const;  // -1: there is none
  // All of a group, in the order of their arrival.
  void append_values(Row group, std::vector<std::string_view>& values) const;
  void clear(Row group);

  size_t memory_bytes() const {  // without the table that is state
    return index_.memory_bytes() + memory_of(groups_) + memory_of(links_);
  }

 private:
  static constexpr Row kNone = UINT32_MAX;
  struct Ends {
    Row first = kNone, last = kNone;
  };
  struct Links {
    Row before = kNone, next = kNone;  // of the group
    Row next_equal = kNone;
  };

  void link(Row kept, uint64_t hash, std::string_view value, Row group);
  void unlink(Row kept, Row group);
  std::optional<std::string_view> value_of(Row kept) const;

  state::KeyedTable index_;   // key: the value, number: the group's row; the first and last row
  std::vector<Ends> groups_;  // by group
  std::vector<Links> links_;  // by row of state
  state::KeyedTable* owner_ = nullptr;
  state::KeyedTable* kept_ = nullptr;
};

}  // namespace dataflow::engine
