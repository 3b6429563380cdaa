#include "rows_behind.h"

#include <algorithm>

#include "memory_of.h"
#include "timed_rows.h"

namespace dataflow::engine {
namespace {

constexpr uint8_t kStateVersion = 1;
// So many entries that are gone are worth moving the others.
constexpr size_t kMostGone = 32;

}  // namespace

Status RowsBehind::open(OperatorContext& context, const std::string& table) {
  using state::ValueKind;
  DF_ASSIGN_OR_RETURN(
      table_, context.table({table, kStateVersion, {ValueKind::kInt64, ValueKind::kBytes}}));
  std::vector<Row> rows;
  table_->for_each([&](Row row) {
    rows.push_back(row);
    next_number_ = std::max(next_number_, table_->number(row) + 1);
  });
  const int64_t* const micros = table_->ints(kMicros);
  std::ranges::sort(rows, [&](Row a, Row b) {
    return micros[a] != micros[b] ? micros[a] < micros[b] : table_->number(a) < table_->number(b);
  });
  std::vector<Row> keys;
  for (const Row row : rows) {
    keys.push_back(0);
    lane_of(table_->hash(row), table_->key(row), keys.back()).entries.push_back({micros[row], row});
  }
  for (const Row key : keys) {
    if (lanes_[key].moment == INT64_MAX) trim_lane(key, kNoWatermark);
  }
  return {};
}

RowsBehind::Lane& RowsBehind::lane_of(uint64_t hash, std::string_view key, Row& number) {
  number = keys_.upsert(hash, key, 0);
  if (number >= lanes_.size()) lanes_.resize(std::max<size_t>(number + 1, 2 * lanes_.size()));
  return lanes_[number];
}

std::span<const RowsBehind::Entry> RowsBehind::of(uint64_t hash, std::string_view key) const {
  const auto number = keys_.find(hash, key, 0);
  if (!number) return {};
  const Lane& lane = lanes_[*number];
  return std::span(lane.entries).subspan(lane.head);
}

void RowsBehind::add(uint64_t hash, std::string_view key, int64_t micros, std::string_view bytes) {
  const Row row = table_->upsert(hash, key, next_number_++);
  table_->ints(kMicros)[row] = micros;
  table_->bytes(kRow)[row] = bytes;
  table_->note_bytes(std::ssize(bytes));
  Row of_key = 0;
  lane_of(hash, key, of_key).entries.push_back({micros, row});
}

int64_t RowsBehind::moment_of(const Entry& entry) const {
  return millis_ ? TimedRows::millis_of(entry.micros) + *millis_ : INT64_MIN;
}

void RowsBehind::trim(uint64_t hash, std::string_view key, Watermark watermark) {
  Row number = 0;
  lane_of(hash, key, number);
  trim_lane(number, watermark);
}

void RowsBehind::trim_lane(Row key, Watermark watermark) {
  Lane& lane = lanes_[key];
  while (std::cmp_greater(lane.size(), most_) &&
         moment_of(lane.entries[lane.head]) <= watermark.value()) {
    table_->erase(lane.entries[lane.head++].row);
  }
  if (lane.size() == 0) {
    // A word of it that is still due finds nothing, or another key, and does no harm.
    lane = {};
    keys_.erase(key);
    return;
  }
  if (lane.head > kMostGone && 2 * lane.head > lane.entries.size()) {
    lane.entries.erase(lane.entries.begin(),
                       lane.entries.begin() + static_cast<ptrdiff_t>(lane.head));
    lane.head = 0;
  }
  // Others go only when more of the key have come.
  if (std::cmp_less_equal(lane.size(), most_)) return;
  const int64_t moment = moment_of(lane.entries[lane.head]);
  if (lane.moment <= moment) return;
  lane.moment = moment;
  due_.push_back({moment, key});
  std::ranges::push_heap(due_, std::greater<>());
}

void RowsBehind::expire(Watermark watermark) {
  while (!due_.empty() && due_.front().moment <= watermark.value()) {
    const Due due = due_.front();
    std::ranges::pop_heap(due_, std::greater<>());
    due_.pop_back();
    if (lanes_[due.key].moment != due.moment) continue;
    lanes_[due.key].moment = INT64_MAX;
    trim_lane(due.key, watermark);
  }
}

size_t RowsBehind::memory_bytes() const {
  return keys_.memory_bytes() + memory_of(lanes_) + memory_of(due_) +
         (table_ == nullptr ? 0 : table_->size() * sizeof(Entry));
}

}  // namespace dataflow::engine
