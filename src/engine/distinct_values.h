// DistinctValues: which values each group of a KeyedTable has had. An index in memory (value and
// group to a row), and for state the values in chunks: a table of rows under the group's key, each
// with many values of one group, so that a checkpoint costs what is new and every row lies in the
// key group of its key.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/operator.h"
#include "memory_of.h"
#include "state/keyed_table.h"

namespace dataflow::engine {

class DistinctValues {
 public:
  using Row = state::RowNumber;

  DistinctValues() : index_({"values", 1, {}}) {}

  // From now on the values are kept as state, in a table `name`, for the groups of `owner`. Takes
  // in those that the last checkpoint has.
  Status open(OperatorContext& context, state::KeyedTable& owner, const std::string& name);

  // Which of the values are new to their groups: positions, rising. A value that stands there twice
  // for one group is new once.
  void add(std::span<const uint64_t> hashes, std::span<const std::string_view> values,
           std::span<const Row> groups, std::vector<size_t>& fresh);
  // The values of a group, the last to come first, also after a restore: a sum of floats hangs on
  // the order. Valid until values are added or a group is cleared.
  void append_values(Row group, std::vector<std::string_view>& values,
                     std::vector<uint64_t>& hashes) const;
  void clear(Row group);

  // Puts what is new since the last call into the state.
  void save();

  size_t memory_bytes() const {  // without the table that is state
    return index_.memory_bytes() + memory_of(first_) + memory_of(next_) + memory_of(first_chunk_) +
           memory_of(next_chunk_) + memory_of(unsaved_at_) + memory_of(unsaved_);
  }

 private:
  static constexpr Row kNone = UINT32_MAX;

  void link(Row value, Row group);
  void append_to_chunk(Row group, std::string_view value);
  Status load_chunk(Row chunk);

  state::KeyedTable index_;  // key: the value, number: the group's row
  std::vector<Row> first_;   // by group: a row of the index
  std::vector<Row> next_;    // by row of the index: another value of the group
  std::vector<int64_t> numbers_;
  std::vector<Row> rows_, made_;

  // Of state.
  state::KeyedTable* owner_ = nullptr;
  state::KeyedTable* chunks_ = nullptr;
  std::vector<Row> first_chunk_;  // by group: the one that grows
  std::vector<Row> next_chunk_;   // by chunk
  // In the order in which they came. A row that was erased and made again stands there twice.
  std::vector<Row> unsaved_;
  std::vector<Row>
      unsaved_at_;  // by row of the index: where it stands, + 1; 0: it is saved or gone
  int64_t next_number_ = 0;
};

}  // namespace dataflow::engine
