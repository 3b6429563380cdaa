// RankChanges: what the rows of one batch changed among the rows that a rank shows: those at the
// places `first` to `last` of each partition.
//
// What stood before the batch is not kept: it is what stands now without the rows that came, and
// with those that went, which are erased only when all has been said.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"
#include "engine/operator.h"
#include "memory_of.h"
#include "rank_output.h"
#include "rank_rows.h"

namespace dataflow::engine {

struct RankPlaces {
  size_t first = 1, last = SIZE_MAX;
  bool hold(size_t place) const { return place >= first && place <= last; }
};

class RankChanges {
 public:
  using Partition = RankRows::Partition;

  RankChanges(RankRows& rows, RankPlaces places, RankOutput& output)
      : rows_(rows), places_(places), output_(output) {}

  // A batch begins: rows that are made from here on are new.
  void begin() { first_number_ = rows_.next_number(); }
  void on_added(Partition partition, const RankRows::Added& added);
  void on_taken(Partition partition, const RankRows::Taken& taken);
  // With a number: of each place that another row took -U and +U, or +I or -D where there is only
  // one of the two. Without: -D of each row that left the places, +I of each that came to them.
  Status emit(Collector& out);
  size_t memory_bytes() const { return memory_of(touched_of_) + memory_of(touched_); }

 private:
  using Entry = RankRows::Entry;
  struct Touched {
    Partition partition;
    size_t lowest;            // the first place where anything changed
    size_t added;             // rows that are new and stand
    std::vector<Entry> gone;  // that stood before
  };

  bool is_new(state::RowNumber row) const { return rows_.number(row) >= first_number_; }
  Touched& touched(Partition partition, size_t place);
  void take_away(Touched& touched, const Entry& entry);
  template <class Visit>
  void for_each_place(Touched& touched, Visit&& visit);
  size_t next_crossing(size_t place, ptrdiff_t moved) const;
  Status emit_by_place(Touched& touched, Collector& out);
  Status emit_by_row(Touched& touched, Collector& out);
  Status emit_rows(RowKind kind, std::span<const state::RowNumber> rows, Collector& out);

  RankRows& rows_;
  const RankPlaces places_;
  RankOutput& output_;
  int64_t first_number_ = 0;
  std::vector<Touched> touched_;  // of the batch the first count_
  size_t count_ = 0;
  std::vector<uint32_t> touched_of_;            // by partition: where it stands there and 1, or 0
  std::vector<state::RowNumber> before_, now_;  // of one partition, used again
};

}  // namespace dataflow::engine
