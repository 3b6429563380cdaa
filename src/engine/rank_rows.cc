#include "rank_rows.h"

#include <algorithm>

#include "base/hash.h"
#include "memory_of.h"
#include "order_key.h"

namespace dataflow::engine {
namespace {

using state::RowNumber;
using state::ValueKind;

constexpr uint8_t kStateVersion = 1;
// So many sweeps look at every one of many partitions once.
constexpr size_t kSweeps = 64;
constexpr size_t kLeastSwept = 4096;

uint32_t mark_of(std::string_view bytes) { return static_cast<uint32_t>(hash64(bytes)); }

}  // namespace

Status RankRows::open(OperatorContext& context) {
  state::TableSpec spec{"rows", kStateVersion, {ValueKind::kBytes, ValueKind::kBytes}};
  if (keeping_.by_window) spec.columns.push_back(ValueKind::kInt64);
  DF_ASSIGN_OR_RETURN(table_, context.table(std::move(spec)));
  if (keeping_.ttl_ms > 0) {
    DF_ASSIGN_OR_RETURN(partitions_,
                        context.table({"partitions", kStateVersion, {ValueKind::kInt64}}));
  }
  index_rows(context.now_millis());
  return {};
}

void RankRows::index_rows(int64_t now_ms) {
  partitions_->for_each([&](Partition partition) { make_room(partition); });
  struct Kept {
    Partition partition;
    Entry entry;
    int64_t number;
  };
  std::vector<RowNumber> rows;
  table_->for_each([&](RowNumber row) { rows.push_back(row); });
  std::vector<Kept> kept;
  kept.reserve(rows.size());
  for (const RowNumber row : rows) {
    const int64_t time = keeping_.by_window ? table_->ints(kTime)[row] : 0;
    const std::string_view key = table_->key(row);
    auto partition = partitions_->find(table_->hash(row), key, time);
    if (!partition) {
      partition = partitions_->upsert(table_->hash(row), key, time);
      make_room(*partition);
      touch(*partition, now_ms);
    }
    const int64_t number = table_->number(row);
    next_number_ = std::max(next_number_, number + 1);
    kept.push_back(
        {*partition, {order_key_head(order_of(row)), row, mark_of(bytes_of(row))}, number});
  }
  std::ranges::sort(kept, [&](const Kept& a, const Kept& b) {
    if (a.partition != b.partition) return a.partition < b.partition;
    return stands_before(a.entry, b.entry);
  });
  for (const Kept& row : kept) rows_[row.partition].append(row.entry);
}

void RankRows::make_room(Partition partition) {
  if (partition >= rows_.size()) {
    rows_.resize(std::max<size_t>(partition + 1, 2 * rows_.size()));
    is_there_.resize(rows_.size());
  }
  is_there_[partition] = 1;
}

bool RankRows::is_expired(Partition partition, int64_t now_ms) const {
  return keeping_.ttl_ms > 0 && partitions_->ints(kTouched)[partition] <= now_ms - keeping_.ttl_ms;
}

void RankRows::touch(Partition partition, int64_t now_ms) {
  if (keeping_.ttl_ms == 0) return;
  partitions_->ints(kTouched)[partition] = now_ms;
  partitions_->mark_changed(partition);
}

void RankRows::find_partitions(std::span<const uint64_t> hashes,
                               std::span<const std::string_view> keys,
                               std::span<const int64_t> times, int64_t now_ms,
                               std::vector<Partition>& found) {
  if (times.empty()) {
    if (zeros_.size() < keys.size()) zeros_.resize(keys.size());
    times = std::span<const int64_t>(zeros_).first(keys.size());
  }
  found.resize(keys.size());
  made_.clear();
  partitions_->upsert_all(hashes, keys, times, found, &made_);
  for (const Partition partition : made_) {
    make_room(partition);
    touch(partition, now_ms);
  }
  if (keeping_.ttl_ms == 0) return;
  for (const Partition partition : found) {
    if (!is_expired(partition, now_ms)) continue;
    erase_rows(partition);
    touch(partition, now_ms);
  }
}

bool RankRows::stands_before(const Entry& one, const Entry& other) const {
  if (one.head != other.head) return one.head < other.head;
  const auto order = order_of(one.row) <=> order_of(other.row);
  if (order != 0) return order < 0;
  return table_->number(one.row) < table_->number(other.row);
}

RowNumber RankRows::keep(const Came& came) {
  const RowNumber row = table_->upsert(came.hash, came.key, next_number_++);
  table_->bytes(kOrder)[row] = came.order;
  table_->bytes(kRow)[row] = came.bytes;
  if (keeping_.by_window) table_->ints(kTime)[row] = came.time;
  table_->note_bytes(std::ssize(came.order) + std::ssize(came.bytes));
  return row;
}

std::optional<RankRows::Added> RankRows::add(Partition partition, const Came& came) {
  OrderedRows& rows = rows_[partition];
  const uint64_t head = order_key_head(came.order);
  // Behind its equals, which came before it.
  const auto not_behind_it = [&](const Entry& entry) {
    return entry.head != head ? entry.head < head : order_of(entry.row) <= came.order;
  };
  const bool full = keeping_.best > 0 && rows.size() >= keeping_.best;
  if (full && not_behind_it(rows.back())) return std::nullopt;
  const OrderedRows::At at = rows.first_not(not_behind_it);
  Added added{rows.place_of(at, keeping_.shown) + 1, std::nullopt};
  rows.insert(at, {head, keep(came), mark_of(came.bytes)});
  if (!full) return added;
  added.pushed_out = rows.back();
  rows.pop_back();
  return added;
}

std::optional<RankRows::Taken> RankRows::take_out(Partition partition, const Came& came) {
  OrderedRows& rows = rows_[partition];
  const uint64_t head = order_key_head(came.order);
  const uint32_t mark = mark_of(came.bytes);
  OrderedRows::At at = rows.first_not([&](const Entry& entry) {
    return entry.head != head ? entry.head < head : order_of(entry.row) < came.order;
  });
  for (; at != rows.end() && rows[at].head == head; at = rows.next(at)) {
    const Entry entry = rows[at];
    if (entry.mark != mark || bytes_of(entry.row) != came.bytes) continue;
    const size_t place = rows.place_of(at, keeping_.shown) + 1;
    rows.erase(at);
    return Taken{place, entry};
  }
  return std::nullopt;
}

void RankRows::erase_rows(Partition partition) {
  OrderedRows& rows = rows_[partition];
  for (auto at = rows.begin(); at != rows.end(); at = rows.next(at)) table_->erase(rows[at].row);
  rows.clear();
}

void RankRows::erase_partition(Partition partition) {
  erase_rows(partition);
  partitions_->erase(partition);
  is_there_[partition] = 0;
}

void RankRows::release_empty(std::span<const Partition> partitions) {
  for (const Partition partition : partitions) {
    if (is_there_[partition] != 0 && rows_[partition].size() == 0) erase_partition(partition);
  }
}

void RankRows::sweep(int64_t now_ms) {
  if (keeping_.ttl_ms == 0 || rows_.empty()) return;
  const size_t most = std::max(kLeastSwept, rows_.size() / kSweeps + 1);
  for (size_t left = std::min(most, rows_.size()); left > 0; --left) {
    if (swept_ >= rows_.size()) swept_ = 0;
    const Partition partition = swept_++;
    if (is_there_[partition] != 0 && is_expired(partition, now_ms)) erase_partition(partition);
  }
}

size_t RankRows::index_bytes() const {
  // Blocks are three quarters full on the average.
  const size_t entries = table_->size() * sizeof(Entry) * 4 / 3;
  const size_t partitions = keeping_.ttl_ms > 0 ? 0 : own_partitions_.memory_bytes();
  return entries + partitions + memory_of(rows_) + memory_of(is_there_);
}

}  // namespace dataflow::engine
