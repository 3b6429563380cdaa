// Reading: find the batch that holds an offset, and how far whole batches reach from there.
//
// A reader takes a view under the lock (which segment, how far it may read) and then walks bytes
// that no longer change. Bytes that this process has neither written nor checked yet are checked
// first.
#include <algorithm>

#include "log/fault.h"
#include "log_partition.h"
#include "types/record.h"

namespace dataflow::log {
namespace {

constexpr uint32_t kColdReadBytes = 1 << 20;
constexpr size_t kMaxUncompressedBytes = size_t{1} << 30;

// The offset behind a slice that holds nothing but the gaps that compaction left; nothing if there
// is a record in it. A gap is a header alone, so that most slices are told by their length.
Result<std::optional<Offset>> behind_gaps(const LogSlice& slice) {
  std::optional<Offset> next;
  if (slice.length == 0 || slice.length % kBatchHeaderBytes != 0) return next;
  BatchWalker walker(*slice.file, slice.position, slice.position + slice.length);
  while (true) {
    DF_ASSIGN_OR_RETURN(std::optional<BatchHeader> batch, walker.peek());
    if (!batch) return next;
    if (batch->record_count > 0) return std::optional<Offset>();
    next = batch->next_offset();
    walker.skip(*batch);
  }
}

}  // namespace

struct LogPartition::ReadView {
  std::shared_ptr<Segment> segment;
  uint64_t limit = 0;   // position in the segment
  Offset limit_offset;  // the offset there
  Offset upper;         // of the isolation level
  IndexEntry start{};   // where to begin to walk for the offset asked
  bool start_known = false;
  bool exact = false;  // start is the very batch
  Offset found;        // what locate() came to: the base offset that must stand there
};

Offset LogPartition::last_stable_locked() const {
  const std::optional<Offset> open = producers_.first_open();
  // DeleteRecords may have taken the beginning of an open transaction away.
  return open ? std::max(log_start_, std::min(*open, high_)) : high_;
}

Result<LogPartition::ReadView> LogPartition::view_locked(Offset from, Isolation isolation) const {
  if (from < log_start_ || from > end_) {
    return fault(Fault::kOffsetOutOfRange, StatusCode::kOutOfRange,
                 "offset " + std::to_string(from.value()) + " of " + spec_.name.topic + "-" +
                     std::to_string(spec_.name.partition.value()) + " is outside of " +
                     std::to_string(log_start_.value()) + " to " + std::to_string(end_.value()));
  }
  ReadView view;
  view.upper = isolation == Isolation::kReadCommitted ? last_stable_locked() : high_;
  if (from >= view.upper) return view;
  auto it = std::upper_bound(segments_.begin(), segments_.end(), from,
                             [](Offset o, const auto& s) { return o < s->base(); });
  if (it == segments_.begin()) return view;
  view.segment = *std::prev(it);
  if (view.segment->base() == high_place_.segment) {
    view.limit = high_place_.position;
    view.limit_offset = high_;
  } else {
    view.limit = view.segment->bytes();
    view.limit_offset = view.segment->summary().next_offset;
  }
  for (const Place& place : places_) {
    if (place.offset == from && place.segment == view.segment.get()) {
      view.start = {static_cast<uint32_t>(from - view.segment->base()),
                    static_cast<uint32_t>(place.position), 0};
      view.start_known = view.exact = true;
      return view;
    }
  }
  if (view.segment->has_active_index()) {
    view.start = view.segment->active_index()->floor_offset(
        static_cast<uint32_t>(from - view.segment->base()));
    view.start_known = true;
  }
  return view;
}

// The position of the batch that holds `offset`, or of the first one behind it. Base offsets are
// outside of the CRC, so each batch on the way must stand where the one before it ends.
Result<uint64_t> LogPartition::locate(ReadView& view, Offset offset) {
  const auto delta = static_cast<uint32_t>(offset - view.segment->base());
  uint64_t position = view.start.position;
  if (!view.start_known || view.start.offset_delta > delta) {
    DF_ASSIGN_OR_RETURN(std::shared_ptr<const SegmentIndex> index, view.segment->index());
    view.start = index->floor_offset(delta);
    view.start_known = true;
    position = view.start.position;
  }
  view.found = view.segment->base() + view.start.offset_delta;
  if (view.exact && view.start.offset_delta == delta) return position;
  DF_ASSIGN_OR_RETURN(std::shared_ptr<File> file, view.segment->file());
  BatchWalker walker(*file, position, view.limit);
  // The headers on the way are not checked: a length that is wrong shows only behind it.
  uint64_t last_position = position;
  Offset last_found = view.found;
  while (true) {
    Result<std::optional<BatchHeader>> batch = walker.peek();
    if (batch.ok() && *batch && (*batch)->base_offset != view.found) {
      batch =
          Status::corrupt("offset " + std::to_string((*batch)->base_offset.value()) +
                          " stands where " + std::to_string(view.found.value()) + " comes next");
    }
    if (!batch.ok()) {
      if (batch.status().code() != StatusCode::kCorrupt) return batch.status();
      DF_ASSIGN_OR_RETURN(
          Segment::ScanEnd last,
          view.segment->scan(last_position, walker.position(), last_found,
                             [](const BatchHeader&, std::string_view) { return Status(); }));
      if (last.clean) last_position = walker.position();
      if (!last.clean) view.found = last_found;
      DF_ASSIGN_OR_RETURN(last_position,
                          pass_damage(view, last_position, offset, batch.status().message()));
      last_found = view.found;
      walker.go_to(last_position);
      continue;
    }
    if (!*batch || (*batch)->last_offset() >= offset) return walker.position();
    last_position = walker.position();
    last_found = view.found;
    view.found = (*batch)->next_offset();
    walker.skip(**batch);
  }
}

// The batch at `position`, which should begin with offset view.found, is broken: reports that, and
// gives the place of the next sound batch if `offset` is not lost in between.
Result<uint64_t> LogPartition::pass_damage(ReadView& view, uint64_t position, Offset offset,
                                           const std::string& what) {
  report_damage(*view.segment, position, view.found, what);
  DF_ASSIGN_OR_RETURN(std::optional<uint64_t> next,
                      view.segment->find_sound_batch(position + 1, view.limit, view.found));
  if (next) {
    DF_ASSIGN_OR_RETURN(std::shared_ptr<File> file, view.segment->file());
    DF_ASSIGN_OR_RETURN(std::optional<BatchHeader> batch,
                        BatchWalker(*file, *next, view.limit).peek());
    if (batch && batch->base_offset <= offset) {
      view.found = batch->base_offset;
      return *next;
    }
  }
  return fault(Fault::kDamagedData, StatusCode::kCorrupt,
               "offset " + std::to_string(offset.value()) + " of " + spec_.name.topic + "-" +
                   std::to_string(spec_.name.partition.value()) + " is damaged on disk: " + what);
}

// How far whole batches reach from `start` within max_bytes; `next` gets the offset there, or -1 if
// it is not known.
Result<uint64_t> LogPartition::slice_end(ReadView& view, uint64_t start, uint32_t max_bytes,
                                         bool at_least_one, Offset* next) {
  *next = Offset(-1);
  if (view.limit - start <= max_bytes) {
    *next = view.limit_offset;
    return view.limit;
  }
  IndexEntry entry{};
  bool active = false;
  {
    std::lock_guard lock(mutex_);
    active = view.segment->has_active_index();
    if (active) {
      entry =
          view.segment->active_index()->floor_position(static_cast<uint32_t>(start + max_bytes));
    }
  }
  if (!active) {
    DF_ASSIGN_OR_RETURN(std::shared_ptr<const SegmentIndex> index, view.segment->index());
    entry = index->floor_position(
        static_cast<uint32_t>(std::min<uint64_t>(start + max_bytes, UINT32_MAX)));
  }
  if (entry.position > start) {
    *next = view.segment->base() + entry.offset_delta;
    return uint64_t{entry.position};
  }
  DF_ASSIGN_OR_RETURN(std::shared_ptr<File> file, view.segment->file());
  BatchWalker walker(*file, start, view.limit);
  while (true) {
    Result<std::optional<BatchHeader>> batch = walker.peek();
    // Damage behind the first batch is met by the read that begins there.
    if (!batch.ok() || !*batch) break;
    const bool first = walker.position() == start;
    const uint64_t behind = walker.position() + (*batch)->total_bytes();
    if (behind - start > max_bytes && !(first && at_least_one)) break;
    walker.skip(**batch);
    *next = (*batch)->next_offset();
  }
  return walker.position();
}

// Checks the batches from start to *end before anybody is given them; moves *end to the first one
// that is not sound.
Status LogPartition::verify_cold(ReadView& view, uint64_t start, uint64_t* end, Offset from) {
  if (view.segment->is_verified(start, *end)) return {};
  DF_ASSIGN_OR_RETURN(std::shared_ptr<File> file, view.segment->file());
  DF_ASSIGN_OR_RETURN(uint64_t file_bytes, file->size());
  DF_ASSIGN_OR_RETURN(std::string head, [&]() -> Result<std::string> {
    std::string bytes(kBatchHeaderBytes, '\0');
    DF_ASSIGN_OR_RETURN(size_t got, file->read_at(start, {bytes.data(), bytes.size()}));
    bytes.resize(got);
    return bytes;
  }());
  Result<BatchHeader> first = parse_batch_header(head);
  Segment::ScanEnd sound{start, false, "no batch header"};
  if (first.ok() && first->base_offset == view.found && first->last_offset() >= from) {
    const uint64_t until =
        std::min(std::min(*end, file_bytes),
                 std::max<uint64_t>(start + first->total_bytes(), start + kColdReadBytes));
    uint64_t checked = start;
    auto check = [&](const BatchHeader& batch, std::string_view bytes) {
      DF_RETURN_IF_ERROR(check_epoch(batch));
      checked += bytes.size();
      return Status();
    };
    Result<Segment::ScanEnd> scanned = view.segment->scan(start, until, view.found, check);
    if (scanned.ok()) {
      sound = *scanned;
    } else if (scanned.status().code() == StatusCode::kCorrupt) {
      sound = {checked, false, scanned.status().message()};
    } else {
      return scanned.status();
    }
    // A batch that only passes the piece looked at is not broken.
    if (!sound.clean && sound.position > start && until < *end) sound.clean = true;
  }
  if (sound.position > start) view.segment->mark_verified(start, sound.position);
  *end = sound.position;
  if (sound.clean || sound.position > start) return {};
  report_damage(*view.segment, start, from, sound.what);
  return fault(Fault::kDamagedData, StatusCode::kCorrupt,
               "offset " + std::to_string(from.value()) + " of " + spec_.name.topic + "-" +
                   std::to_string(spec_.name.partition.value()) +
                   " is damaged on disk: " + sound.what);
}

// `from` lies below the readable end, and the segment that should hold it ends before.
Status LogPartition::missing(const ReadView& view, uint64_t position, Offset from) {
  const std::string what = "offset " + std::to_string(from.value()) + " of " + spec_.name.topic +
                           "-" + std::to_string(spec_.name.partition.value()) + " is missing";
  report_damage(*view.segment, position, from, what);
  return fault(Fault::kDamagedData, StatusCode::kCorrupt, what);
}

uint64_t LogPartition::segments_gone() const {
  std::lock_guard lock(mutex_);
  return segments_gone_;
}

// A reader may come to the file of a segment only after retention has removed it. It looks again
// then: at a segment that is still there, or the offset is out of range.
template <typename Read>
auto LogPartition::read_what_is_left(Read read) -> decltype(read()) {
  while (true) {
    const uint64_t gone = segments_gone();
    auto outcome = read();
    if (outcome.ok() || outcome.status().code() != StatusCode::kNotFound) return outcome;
    if (gone == segments_gone()) return outcome;
  }
}

// A client that gets no record, because compaction left nothing there, believes that its fetch size
// is too small, and gives up after some answers of that kind. So gaps are answered only where
// nothing readable lies behind them: there they move the client on to the end.
Result<ReadOutcome> LogPartition::read(Offset from, uint32_t max_bytes, Isolation isolation,
                                       bool at_least_one) {
  Offset next{-1};
  DF_ASSIGN_OR_RETURN(ReadOutcome outcome, read_what_is_left([&] {
                        return read_slice(from, max_bytes, isolation, at_least_one, &next);
                      }));
  while (true) {
    DF_ASSIGN_OR_RETURN(std::optional<Offset> behind, behind_gaps(outcome.slice));
    const Offset readable =
        isolation == Isolation::kReadCommitted ? outcome.last_stable : outcome.high_offset;
    if (!behind || *behind >= readable) return outcome;
    Result<ReadOutcome> further = read_slice(*behind, max_bytes, isolation, at_least_one, &next);
    // What is wrong behind the gap is told to the read that begins there.
    if (!further.ok()) return outcome;
    outcome = std::move(*further);
  }
}

// *next: the offset behind what is read, or -1 if that is not known.
Result<ReadOutcome> LogPartition::read_slice(Offset from, uint32_t max_bytes, Isolation isolation,
                                             bool at_least_one, Offset* next) {
  ReadOutcome outcome;
  ReadView view;
  uint64_t aborted_forgotten = 0;
  {
    std::lock_guard lock(mutex_);
    DF_ASSIGN_OR_RETURN(view, view_locked(from, isolation));
    aborted_forgotten = aborted_forgotten_;
    outcome.high_offset = high_;
    outcome.last_stable = last_stable_locked();
    outcome.log_start = log_start_;
  }
  if (!view.segment) return outcome;
  DF_ASSIGN_OR_RETURN(uint64_t start, locate(view, from));
  if (view.upper < view.limit_offset) {
    ReadView stable = view;
    DF_ASSIGN_OR_RETURN(view.limit, locate(stable, view.upper));
    view.limit_offset = view.upper;
  }
  uint64_t end = 0;
  uint64_t wanted = 0;
  while (true) {
    if (start >= view.limit) return missing(view, start, from);
    const bool cold =
        !view.segment->is_verified(start, std::min<uint64_t>(view.limit, start + max_bytes));
    DF_ASSIGN_OR_RETURN(
        end, slice_end(view, start, cold ? std::min(max_bytes, kColdReadBytes) : max_bytes,
                       at_least_one, next));
    if (end == start) return outcome;
    wanted = end;
    Status sound = verify_cold(view, start, &end, from);
    if (sound.ok()) break;
    if (fault_of(sound) != Fault::kDamagedData) return sound;
    // Its header may claim offsets that lie in a sound batch behind it.
    DF_ASSIGN_OR_RETURN(uint64_t behind, pass_damage(view, start, from, sound.message()));
    view.start = {static_cast<uint32_t>(view.found - view.segment->base()),
                  static_cast<uint32_t>(behind), 0};
    view.exact = false;
    DF_ASSIGN_OR_RETURN(start, locate(view, from));
  }
  DF_ASSIGN_OR_RETURN(outcome.slice.file, view.segment->file());
  outcome.slice.position = start;
  outcome.slice.length = static_cast<uint32_t>(end - start);
  if (end != wanted) *next = Offset(-1);
  if (next->value() >= 0) remember_place(*next, view.segment.get(), end);
  if (isolation == Isolation::kReadCommitted) {
    std::unique_lock lock(mutex_);
    if (aborted_forgotten != aborted_forgotten_) {
      // The bytes may be of a segment that still had what a transaction had written.
      lock.unlock();
      return read_slice(from, max_bytes, isolation, at_least_one, next);
    }
    const Offset upper = next->value() >= 0 ? *next : view.limit_offset;
    outcome.aborted = producers_.aborted_between(from, upper);
  }
  return outcome;
}

void LogPartition::remember_place(Offset offset, const Segment* segment, uint64_t position) {
  std::lock_guard lock(mutex_);
  // A segment that went meanwhile would leave its address behind, for another one to take.
  const bool there = std::any_of(segments_.begin(), segments_.end(),
                                 [&](const auto& s) { return s.get() == segment; });
  if (!there) return;
  for (const Place& place : places_) {
    if (place.offset == offset && place.segment == segment) return;
  }
  places_[next_place_++ % places_.size()] = {offset, segment, position};
}

Result<std::optional<OffsetAtTime>> LogPartition::find_in_batch(Segment& segment, uint64_t position,
                                                                const BatchHeader& header,
                                                                Timestamp time, Offset lowest) {
  DF_ASSIGN_OR_RETURN(std::shared_ptr<File> file, segment.file());
  std::string bytes(header.total_bytes(), '\0');
  DF_ASSIGN_OR_RETURN(size_t got, file->read_at(position, {bytes.data(), bytes.size()}));
  if (got < bytes.size() || !batch_crc_ok(bytes)) {
    report_damage(segment, position, header.base_offset, "a batch that fails its checksum");
    return fault(Fault::kDamagedData, StatusCode::kCorrupt, "a batch fails its checksum");
  }
  if (header.is_log_append_time()) {
    return std::optional(OffsetAtTime{std::max(header.base_offset, lowest), header.max_timestamp,
                                      header.leader_epoch});
  }
  DF_ASSIGN_OR_RETURN(RecordReader reader, RecordReader::open(bytes, kMaxUncompressedBytes));
  Record record;
  while (true) {
    DF_ASSIGN_OR_RETURN(bool more, reader.next(record));
    if (!more) return std::optional<OffsetAtTime>();
    if (record.timestamp >= time && record.offset >= lowest) {
      return std::optional(OffsetAtTime{record.offset, record.timestamp, header.leader_epoch});
    }
  }
}

Result<std::optional<OffsetAtTime>> LogPartition::find_by_time(Timestamp time,
                                                               Isolation isolation) {
  return read_what_is_left([&] { return search_by_time(time, isolation); });
}

Result<std::optional<OffsetAtTime>> LogPartition::search_by_time(Timestamp time,
                                                                 Isolation isolation) {
  struct Candidate {
    std::shared_ptr<Segment> segment;
    uint64_t limit;
    std::optional<IndexEntry> start;
  };
  std::vector<Candidate> candidates;
  Offset upper, lowest;
  {
    std::lock_guard lock(mutex_);
    upper = isolation == Isolation::kReadCommitted ? last_stable_locked() : high_;
    lowest = log_start_;
    for (const auto& segment : segments_) {
      if (segment->summary().max_time < time || segment->base() >= upper) continue;
      const bool last = segment->base() == high_place_.segment;
      Candidate c{segment, last ? high_place_.position : segment->bytes(), std::nullopt};
      if (segment->has_active_index()) c.start = segment->active_index()->floor_time(time);
      candidates.push_back(std::move(c));
    }
  }
  for (Candidate& c : candidates) {
    if (!c.start) {
      DF_ASSIGN_OR_RETURN(std::shared_ptr<const SegmentIndex> index, c.segment->index());
      c.start = index->floor_time(time);
    }
    DF_ASSIGN_OR_RETURN(std::shared_ptr<File> file, c.segment->file());
    BatchWalker walker(*file, c.start->position, c.limit);
    Offset expected = c.segment->base() + c.start->offset_delta;
    while (true) {
      Result<std::optional<BatchHeader>> batch = walker.peek();
      if (batch.ok() && *batch && (*batch)->base_offset != expected) {
        batch = Status::corrupt("a batch with the wrong base offset");
      }
      if (!batch.ok()) {
        if (batch.status().code() != StatusCode::kCorrupt) return batch.status();
        report_damage(*c.segment, walker.position(), expected, batch.status().message());
        return fault(Fault::kDamagedData, StatusCode::kCorrupt, batch.status().message());
      }
      if (!*batch || (*batch)->base_offset >= upper) break;
      if ((*batch)->max_timestamp >= time && (*batch)->last_offset() >= lowest) {
        DF_ASSIGN_OR_RETURN(std::optional<OffsetAtTime> found,
                            find_in_batch(*c.segment, walker.position(), **batch, time, lowest));
        if (found && found->offset < upper) return found;
      }
      expected = (*batch)->next_offset();
      walker.skip(**batch);
    }
  }
  return std::optional<OffsetAtTime>();
}

Result<std::optional<OffsetAtTime>> LogPartition::find_max_time() {
  std::vector<std::pair<std::shared_ptr<Segment>, uint64_t>> segments;  // with their limit
  Timestamp max = kNoTimestamp;
  Offset lowest, upper;
  {
    std::lock_guard lock(mutex_);
    lowest = log_start_;
    upper = high_;
    for (const auto& segment : segments_) {
      if (segment->base() >= upper) break;
      max = std::max(max, segment->summary().max_time);
      const bool last = segment->base() == high_place_.segment;
      segments.emplace_back(segment, last ? high_place_.position : segment->bytes());
    }
  }
  DF_ASSIGN_OR_RETURN(std::optional<OffsetAtTime> found,
                      find_by_time(max, Isolation::kReadUncommitted));
  if (found) return found;
  // The batch with that timestamp is not readable: it is deleted, not synced, or was cut off.
  max = kNoTimestamp;
  for (const auto& [segment, limit] : segments) {
    DF_ASSIGN_OR_RETURN(std::shared_ptr<File> file, segment->file());
    BatchWalker walker(*file, 0, limit);
    while (true) {
      DF_ASSIGN_OR_RETURN(std::optional<BatchHeader> batch, walker.peek());
      if (!batch || batch->base_offset >= upper) break;
      if (batch->base_offset >= lowest) max = std::max(max, batch->max_timestamp);
      walker.skip(*batch);
    }
  }
  if (max == kNoTimestamp) return std::optional<OffsetAtTime>();
  return find_by_time(max, Isolation::kReadUncommitted);
}

}  // namespace dataflow::log
