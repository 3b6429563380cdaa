// TimeLanes: of each key the rows of both sides of a join, each side's in the order of their times,
// and when which of them is over. Not state: made anew from it. A key is looked up once for a row
// of input, for both sides.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "key_numbers.h"
#include "memory_of.h"
#include "state/keyed_table.h"

namespace dataflow::engine {

class TimeLanes {
 public:
  using Row = state::RowNumber;
  using Key = KeyNumbers::Key;
  struct Entry {
    int64_t micros;
    Row row;
  };

  // A row of side s is over when time reaches its own + reach_ms[s].
  explicit TimeLanes(std::array<int64_t, 2> reach_ms) : reach_ms_(reach_ms) {}

  // A number for each key, `keys`; valid until it is released.
  void find_keys(std::span<const uint64_t> hashes, std::span<const std::string_view> keys,
                 std::vector<Key>& found);
  // Before rows of these keys are looked at or put in: so that their cache misses overlap.
  void prefetch(std::span<const Key> keys) const;
  // Forgets those of the keys that have no rows.
  void release_unused(std::span<const Key> keys);

  // The side's rows with times in [from, to]. Stays until rows of the key come or go.
  std::span<const Entry> between(Key key, size_t side, int64_t from, int64_t to) const;
  void insert(Key key, size_t side, Entry entry);
  // Takes out the side's rows of which gone(row) is true, in one pass.
  template <class Gone>
  void remove_if(Key key, size_t side, Gone&& gone) {
    Lane& lane = lanes_[key][side];
    const auto begin = lane.entries.begin() + static_cast<ptrdiff_t>(lane.head);
    const auto is_gone = [&](const Entry& entry) { return gone(entry.row); };
    lane.entries.erase(std::remove_if(begin, lane.entries.end(), is_gone), lane.entries.end());
  }

  int64_t moment_of(size_t side, int64_t micros) const;
  struct Over {
    size_t side;
    Row row;
  };
  // Takes rows that are over at `time`, of some keys, and releases keys that have none left. False:
  // there was none.
  bool take_over(int64_t time, size_t about, std::vector<Over>& rows);

  // With so many rows in all lanes.
  size_t memory_bytes(size_t rows) const {
    return keys_.memory_bytes() + memory_of(lanes_) + memory_of(due_) + rows * sizeof(Entry);
  }

 private:
  struct Lane {
    std::vector<Entry> entries;
    size_t head = 0;             // what lies before it is gone
    int64_t moment = INT64_MAX;  // at which it is to be looked at; INT64_MAX: never

    bool empty() const { return head == entries.size(); }
  };
  using Lanes = std::array<Lane, 2>;
  struct Due {
    int64_t moment;
    Key key;
    uint32_t side;
    bool operator>(const Due& other) const { return moment > other.moment; }
  };

  // Takes what is due next at `time`, up to some.
  void take_due(int64_t time);
  void take_from_lane(const Due& due, int64_t time, size_t about, std::vector<Over>& rows);
  void look_at(Key key, size_t side, int64_t moment);
  void release_if_unused(Key key);

  const std::array<int64_t, 2> reach_ms_;
  KeyNumbers keys_;
  std::vector<Lanes> lanes_;  // by key
  std::vector<Due> due_;      // a heap, the earliest on top; what no longer holds is passed over
  std::vector<Due> taken_;    // of it, and not looked at yet
};

}  // namespace dataflow::engine
