#include "version_index.h"

#include <algorithm>

#include "memory_of.h"
#include "timed_rows.h"

namespace dataflow::engine {

VersionIndex::Row VersionIndex::number_of(uint64_t hash, std::string_view key) {
  const Row number = keys_.upsert(hash, key, 0);
  if (number >= lanes_.size()) lanes_.resize(std::max<size_t>(number + 1, 2 * lanes_.size()));
  return number;
}

VersionIndex::Row& VersionIndex::taken_back(uint64_t hash, std::string_view key) {
  return lanes_[number_of(hash, key)].taken_back;
}

void VersionIndex::put(uint64_t hash, std::string_view key, int64_t micros, Row row) {
  const Row number = number_of(hash, key);
  std::vector<Version>& versions = lanes_[number].versions;
  // Rows come nearly in their order: nearly always it is the last.
  auto place = versions.end();
  if (!versions.empty() && versions.back().micros >= micros) {
    place = std::ranges::lower_bound(versions, micros, {}, &Version::micros);
    if (place->micros == micros) {
      place->row = row;
      return;
    }
  }
  place = versions.insert(place, {micros, row});
  if (versions.size() == 1) return;
  // The one before it is replaced then; or it is, when the next one begins.
  const int64_t replaced = place == versions.begin() ? std::next(place)->micros : micros;
  due_.push_back({TimedRows::millis_of(replaced), number});
  std::ranges::push_heap(due_, std::greater<>());
}

std::optional<VersionIndex::Row> VersionIndex::find(uint64_t hash, std::string_view key,
                                                    int64_t micros, bool strictly_before) const {
  const auto number = keys_.find(hash, key, 0);
  if (!number) return std::nullopt;
  const std::vector<Version>& versions = lanes_[*number].versions;
  const auto behind = strictly_before
                          ? std::ranges::lower_bound(versions, micros, {}, &Version::micros)
                          : std::ranges::upper_bound(versions, micros, {}, &Version::micros);
  if (behind == versions.begin()) return std::nullopt;
  return std::prev(behind)->row;
}

void VersionIndex::take_replaced(Watermark watermark, std::vector<Row>& rows) {
  rows.clear();
  while (!due_.empty() && due_.front().millis <= watermark.value()) {
    Lane& lane = lanes_[due_.front().key];
    std::vector<Version>& versions = lane.versions;
    std::ranges::pop_heap(due_, std::greater<>());
    due_.pop_back();
    const auto ahead = std::ranges::upper_bound(
        versions, watermark.value(), {},
        [](const Version& version) { return TimedRows::millis_of(version.micros); });
    if (ahead == versions.begin()) continue;
    const auto last = std::prev(ahead);
    for (auto gone = versions.begin(); gone != last; ++gone) {
      rows.push_back(gone->row);
      if (gone->row == lane.taken_back) lane.taken_back = kNone;
    }
    versions.erase(versions.begin(), last);
  }
}

size_t VersionIndex::memory_bytes(size_t rows) const {
  return keys_.memory_bytes() + memory_of(lanes_) + memory_of(due_) + rows * sizeof(Version);
}

}  // namespace dataflow::engine
