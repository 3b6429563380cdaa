#include "segment_index.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/crc32c.h"

namespace dataflow::log {
namespace {

constexpr uint32_t kMagic = 0x58494644;  // "DFIX"
constexpr uint32_t kVersion = 1;
constexpr size_t kEntryBytes = 16;
constexpr size_t kHeadCrcAt = 56;

}  // namespace

void SegmentIndex::note_batch(uint32_t offset_delta, uint32_t position, Timestamp max_time_before,
                              int64_t interval) {
  const uint32_t last = entries_.empty() ? 0 : entries_.back().position;
  if (position - last < static_cast<uint64_t>(std::max<int64_t>(interval, 1))) return;
  entries_.push_back({offset_delta, position, max_time_before.value()});
}

IndexEntry SegmentIndex::floor_offset(uint32_t offset_delta) const {
  auto it = std::upper_bound(entries_.begin(), entries_.end(), offset_delta,
                             [](uint32_t d, const IndexEntry& e) { return d < e.offset_delta; });
  if (it == entries_.begin()) return {0, 0, kNoTimestamp.value()};
  return *std::prev(it);
}

IndexEntry SegmentIndex::floor_time(Timestamp time) const {
  auto it = std::lower_bound(entries_.begin(), entries_.end(), time.value(),
                             [](const IndexEntry& e, int64_t t) { return e.max_time_before < t; });
  if (it == entries_.begin()) return {0, 0, kNoTimestamp.value()};
  return *std::prev(it);
}

IndexEntry SegmentIndex::floor_position(uint32_t position) const {
  auto it = std::upper_bound(entries_.begin(), entries_.end(), position,
                             [](uint32_t p, const IndexEntry& e) { return p < e.position; });
  if (it == entries_.begin()) return {0, 0, kNoTimestamp.value()};
  return *std::prev(it);
}

void SegmentIndex::cut(uint32_t position) {
  while (!entries_.empty() && entries_.back().position >= position) entries_.pop_back();
}

std::string SegmentIndex::encode(const SegmentSummary& summary) const {
  std::string body;
  body.reserve(entries_.size() * kEntryBytes);
  for (const IndexEntry& e : entries_) {
    append_le32(body, e.offset_delta);
    append_le32(body, e.position);
    append_le64(body, static_cast<uint64_t>(e.max_time_before));
  }
  std::string file;
  file.reserve(kIndexHeadBytes + body.size());
  append_le32(file, kMagic);
  append_le32(file, kVersion);
  append_le64(file, static_cast<uint64_t>(summary.base_offset.value()));
  append_le64(file, static_cast<uint64_t>(summary.next_offset.value()));
  append_le64(file, summary.bytes);
  append_le64(file, static_cast<uint64_t>(summary.max_time.value()));
  append_le64(file, static_cast<uint64_t>(summary.last_append.value()));
  append_le32(file, static_cast<uint32_t>(entries_.size()));
  append_le32(file, crc32c(body));
  append_le32(file, crc32c(file));
  append_le32(file, 0);
  file += body;
  return file;
}

std::optional<SegmentSummary> decode_index_head(std::string_view head, uint32_t* entries) {
  if (head.size() < kIndexHeadBytes) return std::nullopt;
  const char* p = head.data();
  if (load_le32(p) != kMagic || load_le32(p + 4) != kVersion) return std::nullopt;
  if (load_le32(p + kHeadCrcAt) != crc32c(head.substr(0, kHeadCrcAt))) return std::nullopt;
  SegmentSummary summary;
  summary.base_offset = Offset(static_cast<int64_t>(load_le64(p + 8)));
  summary.next_offset = Offset(static_cast<int64_t>(load_le64(p + 16)));
  summary.bytes = load_le64(p + 24);
  summary.max_time = Timestamp(static_cast<int64_t>(load_le64(p + 32)));
  summary.last_append = Timestamp(static_cast<int64_t>(load_le64(p + 40)));
  *entries = load_le32(p + 48);
  return summary;
}

std::optional<SegmentIndex> decode_index(std::string_view file) {
  uint32_t count = 0;
  if (!decode_index_head(file, &count)) return std::nullopt;
  std::string_view body = file.substr(kIndexHeadBytes);
  if (body.size() != static_cast<uint64_t>(count) * kEntryBytes) return std::nullopt;
  if (load_le32(file.data() + 52) != crc32c(body)) return std::nullopt;
  SegmentIndex index;
  for (const char* p = body.data(); p != body.data() + body.size(); p += kEntryBytes) {
    index.note_batch(load_le32(p), load_le32(p + 4),
                     Timestamp(static_cast<int64_t>(load_le64(p + 8))), 1);
  }
  return index;
}

}  // namespace dataflow::log
