#include "rank_changes.h"

#include <algorithm>

namespace dataflow::engine {

using state::RowNumber;

RankChanges::Touched& RankChanges::touched(Partition partition, size_t place) {
  if (partition >= touched_of_.size()) {
    touched_of_.resize(std::max<size_t>(partition + 1, 2 * touched_of_.size()));
  }
  uint32_t& at = touched_of_[partition];
  if (at == 0) {
    if (count_ == touched_.size()) touched_.emplace_back();
    Touched& begun = touched_[count_++];
    begun.partition = partition;
    begun.lowest = place;
    begun.added = 0;
    begun.gone.clear();
    at = static_cast<uint32_t>(count_);
  }
  Touched& found = touched_[at - 1];
  found.lowest = std::min(found.lowest, place);
  return found;
}

void RankChanges::on_added(Partition partition, const RankRows::Added& added) {
  Touched& of = touched(partition, added.place);
  ++of.added;
  if (added.pushed_out) take_away(of, *added.pushed_out);
}

void RankChanges::on_taken(Partition partition, const RankRows::Taken& taken) {
  take_away(touched(partition, taken.place), taken.entry);
}

// What came and went within the batch never stood.
void RankChanges::take_away(Touched& touched, const Entry& entry) {
  if (!is_new(entry.row)) {
    touched.gone.push_back(entry);
    return;
  }
  --touched.added;
  rows_.erase(entry.row);
}

// visit(row, its place before, its place now), 0 for none, in order, from the first that changed to
// the last that may have. Rows in between that stayed among those shown, or outside, may be left
// out where places are not told.
template <class Visit>
void RankChanges::for_each_place(Touched& touched, Visit&& visit) {
  const OrderedRows& rows = rows_.rows(touched.partition);
  std::ranges::sort(touched.gone, [&](const Entry& one, const Entry& other) {
    return rows_.stands_before(one, other);
  });
  auto gone = touched.gone.begin();
  size_t added = touched.added;
  size_t before = touched.lowest;
  size_t now = touched.lowest;
  auto at = rows.at_place(now - 1);
  while (before <= places_.last || now <= places_.last) {
    if (gone != touched.gone.end() && (at == rows.end() || rows_.stands_before(*gone, rows[at]))) {
      visit((gone++)->row, before++, 0);
      continue;
    }
    if (at == rows.end()) return;
    if (gone == touched.gone.end() && added == 0) {
      // All rows behind moved by as much.
      if (before == now) return;
      if (!output_.numbered()) {
        const auto moved = static_cast<ptrdiff_t>(now - before);
        const size_t next = next_crossing(now, moved);
        if (next > rows.size()) return;
        if (next > now) at = rows.at_place(next - 1);
        before += next - now;
        now = next;
      }
    }
    const RowNumber row = rows[at].row;
    at = rows.next(at);
    if (added > 0 && is_new(row)) {
      --added;
      visit(row, 0, now++);
    } else {
      visit(row, before++, now++);
    }
  }
}

// The first place from `place` on whose row came over one end of those shown, if all moved by as
// much; SIZE_MAX: none.
size_t RankChanges::next_crossing(size_t place, ptrdiff_t moved) const {
  size_t next = SIZE_MAX;
  const auto look_at = [&](size_t end) {  // the first place on its far side
    const auto there = static_cast<ptrdiff_t>(end);
    const auto from = static_cast<size_t>(std::max<ptrdiff_t>(std::min(there, there + moved), 1));
    const auto to = static_cast<size_t>(std::max<ptrdiff_t>(std::max(there, there + moved), 1));
    if (place < to) next = std::min(next, std::max(from, place));
  };
  look_at(places_.first);
  if (places_.last != SIZE_MAX) look_at(places_.last + 1);
  return next;
}

Status RankChanges::emit(Collector& out) {
  for (size_t i = 0; i < count_; ++i) {
    DF_RETURN_IF_ERROR(output_.numbered() ? emit_by_place(touched_[i], out)
                                          : emit_by_row(touched_[i], out));
  }
  DF_RETURN_IF_ERROR(output_.flush(out));
  for (size_t i = 0; i < count_; ++i) {
    for (const Entry& entry : touched_[i].gone) rows_.erase(entry.row);
    touched_of_[touched_[i].partition] = 0;
  }
  count_ = 0;
  return {};
}

Status RankChanges::emit_by_place(Touched& touched, Collector& out) {
  before_.clear();
  now_.clear();
  for_each_place(touched, [&](RowNumber row, size_t before, size_t now) {
    if (places_.hold(before)) before_.push_back(row);
    if (places_.hold(now)) now_.push_back(row);
  });
  const size_t first = std::max(touched.lowest, places_.first);
  for (size_t i = 0; i < before_.size() || i < now_.size(); ++i) {
    const bool stood = i < before_.size();
    const bool stands = i < now_.size();
    if (stood && stands && rows_.bytes_of(before_[i]) == rows_.bytes_of(now_[i])) continue;
    const size_t place = first + i;
    if (stood) {
      DF_RETURN_IF_ERROR(output_.add(stands ? RowKind::kUpdateBefore : RowKind::kDelete,
                                     rows_.bytes_of(before_[i]), place, out));
    }
    if (stands) {
      DF_RETURN_IF_ERROR(output_.add(stood ? RowKind::kUpdateAfter : RowKind::kInsert,
                                     rows_.bytes_of(now_[i]), place, out));
    }
  }
  return {};
}

Status RankChanges::emit_by_row(Touched& touched, Collector& out) {
  before_.clear();
  now_.clear();
  for_each_place(touched, [&](RowNumber row, size_t before, size_t now) {
    const bool stood = places_.hold(before);
    const bool stands = places_.hold(now);
    if (stood && !stands) before_.push_back(row);
    if (stands && !stood) now_.push_back(row);
  });
  DF_RETURN_IF_ERROR(emit_rows(RowKind::kDelete, before_, out));
  return emit_rows(RowKind::kInsert, now_, out);
}

Status RankChanges::emit_rows(RowKind kind, std::span<const RowNumber> rows, Collector& out) {
  for (const RowNumber row : rows) {
    DF_RETURN_IF_ERROR(output_.add(kind, rows_.bytes_of(row), 0, out));
  }
  return {};
}

}  // namespace dataflow::engine
