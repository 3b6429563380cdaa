#include "time_lanes.h"

#include <algorithm>

#include "base/floor_div.h"

namespace dataflow::engine {
namespace {

constexpr int64_t kMicrosInMilli = 1000;
// Of a lane that is empty so much memory is kept for the next rows, in entries.
constexpr size_t kKeptEntries = 8;
// So many entries that are gone are worth moving the others.
constexpr size_t kMostGone = 32;
// Lanes that are looked at together.
constexpr size_t kLookedAt = 256;
constexpr size_t kLanesInCache = 4096;

}  // namespace

void TimeLanes::find_keys(std::span<const uint64_t> hashes, std::span<const std::string_view> keys,
                          std::vector<Key>& found) {
  keys_.find(hashes, keys, found);
  if (lanes_.size() < keys_.limit()) lanes_.resize(keys_.limit());
}

void TimeLanes::prefetch(std::span<const Key> keys) const {
  if (lanes_.size() < kLanesInCache) return;
  for (const Key key : keys) __builtin_prefetch(&lanes_[key]);
  for (const Key key : keys) {
    for (const Lane& lane : lanes_[key]) __builtin_prefetch(lane.entries.data() + lane.head);
  }
}

void TimeLanes::release_if_unused(Key key) {
  Lanes& lanes = lanes_[key];
  if (!keys_.is_used(key) || !lanes[0].empty() || !lanes[1].empty()) return;
  for (Lane& lane : lanes) {
    lane.entries.clear();
    if (lane.entries.capacity() > kKeptEntries) lane.entries.shrink_to_fit();
    lane.head = 0;
    lane.moment = INT64_MAX;
  }
  keys_.release(key);
}

void TimeLanes::release_unused(std::span<const Key> keys) {
  for (const Key key : keys) release_if_unused(key);
}

std::span<const TimeLanes::Entry> TimeLanes::between(Key key, size_t side, int64_t from,
                                                     int64_t to) const {
  const Lane& lane = lanes_[key][side];
  const auto begin =
      std::lower_bound(lane.entries.begin() + static_cast<ptrdiff_t>(lane.head), lane.entries.end(),
                       from, [](const Entry& entry, int64_t time) { return entry.micros < time; });
  const auto end =
      std::upper_bound(begin, lane.entries.end(), to,
                       [](int64_t time, const Entry& entry) { return time < entry.micros; });
  return {begin, end};
}

void TimeLanes::insert(Key key, size_t side, Entry entry) {
  Lane& lane = lanes_[key][side];
  std::vector<Entry>& entries = lane.entries;
  // Rows come nearly in their order: nearly always it is the last.
  size_t at = entries.size();
  if (at > lane.head && entries.back().micros > entry.micros) {
    const auto place = std::upper_bound(
        entries.begin() + static_cast<ptrdiff_t>(lane.head), entries.end(), entry.micros,
        [](int64_t time, const Entry& other) { return time < other.micros; });
    at = static_cast<size_t>(place - entries.begin());
  }
  entries.insert(entries.begin() + static_cast<ptrdiff_t>(at), entry);
  if (at == lane.head) look_at(key, side, moment_of(side, entry.micros));
}

int64_t TimeLanes::moment_of(size_t side, int64_t micros) const {
  return floor_div(micros, kMicrosInMilli) + reach_ms_[side];
}

// A lane is looked at when its first row is over; an earlier word of it holds no more.
void TimeLanes::look_at(Key key, size_t side, int64_t moment) {
  Lane& lane = lanes_[key][side];
  if (lane.moment <= moment) return;
  lane.moment = moment;
  due_.push_back({moment, key, static_cast<uint32_t>(side)});
  std::ranges::push_heap(due_, std::greater<>());
}

void TimeLanes::take_due(int64_t time) {
  taken_.clear();
  while (!due_.empty() && due_.front().moment <= time && taken_.size() < kLookedAt) {
    taken_.push_back(due_.front());
    std::ranges::pop_heap(due_, std::greater<>());
    due_.pop_back();
    __builtin_prefetch(&lanes_[taken_.back().key][taken_.back().side]);
  }
  for (const Due& due : taken_) {
    const Lane& lane = lanes_[due.key][due.side];
    __builtin_prefetch(lane.entries.data() + lane.head);
  }
}

void TimeLanes::take_from_lane(const Due& due, int64_t time, size_t about,
                               std::vector<Over>& rows) {
  Lane& lane = lanes_[due.key][due.side];
  if (lane.moment != due.moment) return;
  lane.moment = INT64_MAX;
  while (!lane.empty() && rows.size() < about) {
    const Entry& first = lane.entries[lane.head];
    if (moment_of(due.side, first.micros) > time) break;
    rows.push_back({due.side, first.row});
    ++lane.head;
  }
  if (lane.head > kMostGone && 2 * lane.head > lane.entries.size()) {
    lane.entries.erase(lane.entries.begin(),
                       lane.entries.begin() + static_cast<ptrdiff_t>(lane.head));
    lane.head = 0;
  }
  if (lane.empty()) {
    release_if_unused(due.key);
  } else {
    look_at(due.key, due.side, moment_of(due.side, lane.entries[lane.head].micros));
  }
}

bool TimeLanes::take_over(int64_t time, size_t about, std::vector<Over>& rows) {
  rows.clear();
  while (rows.size() < about) {
    take_due(time);
    if (taken_.empty()) break;
    // One that finds the rows full stays as it is, and is due again.
    for (const Due& due : taken_) take_from_lane(due, time, about, rows);
  }
  return !rows.empty();
}

}  // namespace dataflow::engine
