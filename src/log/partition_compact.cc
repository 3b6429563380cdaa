// Compaction of a partition: a pass that finds the newest offset of each key in the part that was
// not compacted yet, a pass that rewrites the sealed segments without the records that are
// superseded, and last the joining of neighbours that have become small.
//
// A segment is written whole under another name and synced before it takes the place of the old
// ones (segment_join.h has the order for several). Readers that hold an old segment go on reading
// it. A checkpoint is written first, so that it never points into a segment that is being
// rewritten, and never tells of an aborted transaction whose end goes.
#include <algorithm>

#include "base/logger.h"
#include "compactor.h"
#include "log_partition.h"
#include "segment_join.h"

namespace dataflow::log {
namespace {

constexpr size_t kPendingBytes = 1 << 20;

uint64_t bytes_of(const std::vector<std::shared_ptr<Segment>>& segments) {
  uint64_t bytes = 0;
  for (const auto& segment : segments) bytes += segment->bytes();
  return bytes;
}

// When the newest record was written, as far as the records say.
Timestamp newest_time(const Segment& segment) {
  const SegmentSummary& s = segment.summary();
  return s.max_time.value() >= 0 ? s.max_time : s.last_append;
}

// That of the segment's first batch, or of its last append if there is none in it.
Timestamp oldest_time(Segment& segment) {
  Result<std::shared_ptr<File>> file = segment.file();
  if (file.ok()) {
    Result<std::optional<BatchHeader>> first = BatchWalker(**file, 0, segment.bytes()).peek();
    if (first.ok() && *first && (*first)->max_timestamp.value() > 0) return (*first)->max_timestamp;
  }
  return segment.summary().last_append;
}

// Neighbours that fit into one segment together.
std::vector<std::vector<std::shared_ptr<Segment>>> group_segments(
    const std::vector<std::shared_ptr<Segment>>& segments, const TopicConfig& config) {
  std::vector<std::vector<std::shared_ptr<Segment>>> groups;
  uint64_t bytes = 0;
  for (const auto& segment : segments) {
    bytes += segment->bytes();
    const bool fits =
        !groups.empty() && bytes <= static_cast<uint64_t>(config.segment_bytes) &&
        segment->summary().next_offset - groups.back().front()->base() <= kMaxSegmentOffsets;
    if (!fits) {
      groups.emplace_back();
      bytes = segment->bytes();
    }
    groups.back().push_back(segment);
  }
  return groups;
}

// One segment out of several, written to a file that is not part of the log yet.
class FreshSegment {
 public:
  FreshSegment(File& file, Segment& segment, int64_t index_interval)
      : file_(file), segment_(segment), index_interval_(index_interval) {
    segment_.start_index();
  }

  Status add(std::string_view batch, Timestamp appended) {
    DF_ASSIGN_OR_RETURN(BatchHeader header, parse_batch_header(batch));
    segment_.note(header, written_ + pending_.size(), appended, index_interval_);
    pending_.append(batch);
    return pending_.size() < kPendingBytes ? Status() : flush();
  }
  Status finish() {
    DF_RETURN_IF_ERROR(flush());
    return file_.sync();
  }

 private:
  Status flush() {
    DF_RETURN_IF_ERROR(file_.write_at(written_, pending_));
    written_ += pending_.size();
    pending_.clear();
    return {};
  }

  File& file_;
  Segment& segment_;
  const int64_t index_interval_;
  std::string pending_;
  uint64_t written_ = 0;
};

}  // namespace

struct LogPartition::CompactionPlan {
  Segments segments;  // those to rewrite, from the log's start
  size_t first_dirty = 0;
  std::vector<AbortedSpan> aborted;
  std::unordered_map<ProducerId, LastOfProducer> producers;
  std::shared_ptr<const TopicConfig> config;
  Offset dirty_from;
  Offset mapped_to;  // behind the last batch whose keys are all known
};

bool LogPartition::plan_compaction(CompactionPlan& plan) const {
  const Timestamp now = context_.env.now();
  {
    std::lock_guard lock(mutex_);
    if (closed_ || health_ != PartitionHealth::kWritable || !config_->cleanup_compact) return false;
    const Offset stable = last_stable_locked();
    for (size_t i = 0; i + 1 < segments_.size(); ++i) {
      const auto& segment = segments_[i];
      if (segments_[i + 1]->base() > stable) break;
      if (segment->summary().next_offset <= compacted_to_) {
        plan.first_dirty = i + 1;
      } else if (config_->min_compaction_lag_ms > 0 &&
                 now - newest_time(*segment) < config_->min_compaction_lag_ms) {
        break;
      }
      plan.segments.push_back(segment);
    }
    if (plan.segments.size() == plan.first_dirty) return false;
    plan.aborted = producers_.aborted();
    plan.producers = producers_.last_batches();
    plan.config = config_;
    plan.dirty_from = std::max(compacted_to_, plan.segments.front()->base());
    plan.mapped_to = plan.dirty_from;
  }
  const auto dirty_begin = plan.segments.begin() + static_cast<ptrdiff_t>(plan.first_dirty);
  const double all = static_cast<double>(bytes_of(plan.segments));
  const double dirty = static_cast<double>(bytes_of({dirty_begin, plan.segments.end()}));
  if (dirty > all * plan.config->min_cleanable_dirty_ratio) return true;
  const int64_t longest = plan.config->max_compaction_lag_ms;
  return longest < INT64_MAX &&
         std::any_of(dirty_begin, plan.segments.end(),
                     [&](const auto& segment) { return now - oldest_time(*segment) > longest; });
}

Status LogPartition::map_newest(CompactionPlan& plan, NewestOffsets& newest) {
  bool room = true;
  for (const auto& segment : plan.segments) {
    if (segment->summary().next_offset <= plan.dirty_from || !room) continue;
    DF_ASSIGN_OR_RETURN(
        Segment::ScanEnd end,
        segment->scan(0, segment->bytes(), segment->base(),
                      [&](const BatchHeader& header, std::string_view batch) -> Status {
                        if (!room || header.next_offset() <= plan.dirty_from) return {};
                        DF_ASSIGN_OR_RETURN(room, note_keys(batch, header, plan.aborted, newest));
                        if (room) plan.mapped_to = header.next_offset();
                        return {};
                      }));
    if (!end.clean) {
      report_damage(*segment, end.position, segment->base(), end.what);
      return Status::corrupt(end.what);
    }
  }
  if (plan.mapped_to == plan.dirty_from) {
    return Status::too_large("the keys of the batch at offset " +
                             std::to_string(plan.dirty_from.value()) +
                             " alone are more than the memory for compaction holds");
  }
  std::erase_if(plan.segments, [&](const auto& s) { return s->base() >= plan.mapped_to; });
  return {};
}

Status LogPartition::write_fresh(const Segments& group, BatchRules rules, File& file,
                                 Segment& fresh, bool* changed) {
  FreshSegment writer(file, fresh, config_snapshot()->index_interval_bytes);
  Timestamp appended;
  BatchFilter filter(rules.compaction, rules.trace,
                     [&](std::string_view batch) { return writer.add(batch, appended); });
  for (const auto& old : group) {
    appended = old->summary().last_append;
    DF_ASSIGN_OR_RETURN(Segment::ScanEnd end,
                        old->scan(0, old->bytes(), old->base(),
                                  [&](const BatchHeader& header, std::string_view batch) {
                                    return filter.add(batch, header);
                                  }));
    if (!end.clean) {
      report_damage(*old, end.position, old->base(), end.what);
      return Status::corrupt(end.what);
    }
  }
  DF_RETURN_IF_ERROR(filter.finish());
  if (fresh.summary().next_offset != group.back()->summary().next_offset) {
    return Status::internal("compaction would lose offsets behind " +
                            std::to_string(fresh.summary().next_offset.value()));
  }
  *changed = filter.changed() || group.size() > 1;
  return *changed ? writer.finish() : Status();
}

Status LogPartition::rewrite(const Segments& group, BatchRules rules) {
  auto fresh = std::make_shared<Segment>(context_.env, spec_.dir, group.front()->base());
  const std::string cleaned = fresh->log_path() + ".cleaned";
  bool changed = false;
  Status done = [&]() -> Status {
    DF_ASSIGN_OR_RETURN(std::unique_ptr<File> file,
                        context_.env.open(cleaned, OpenMode::kTruncate));
    DF_RETURN_IF_ERROR(write_fresh(group, rules, *file, *fresh, &changed));
    if (rules.trace != nullptr) forget_aborted(rules.trace->take_empty());
    return changed ? swap_segments(group, fresh, cleaned) : Status();
  }();
  // It takes space, which a full disk needs.
  if (context_.env.exists(cleaned)) {
    Status removed = context_.env.remove_file(cleaned);
    if (done.ok()) done = removed;
  }
  return done;
}

void LogPartition::forget_aborted(const std::vector<Offset>& markers) {
  if (markers.empty()) return;
  std::lock_guard lock(mutex_);
  producers_.forget_aborted(markers);
  ++aborted_forgotten_;
  ++compactions_;
}

// Whether these segments are still the log's and nobody else touches them.
bool LogPartition::can_swap_locked(const Segments& old) const {
  if (closed_ || health_ != PartitionHealth::kWritable) return false;
  if (high_place_.segment <= old.back()->base()) return false;
  auto at = std::find(segments_.begin(), segments_.end(), old.front());
  return static_cast<size_t>(segments_.end() - at) > old.size() &&
         std::equal(old.begin(), old.end(), at);
}

Status LogPartition::swap_segments(const Segments& old, const std::shared_ptr<Segment>& fresh,
                                   const std::string& cleaned) {
  // Whoever holds an old segment must find its file and index in memory: by their names they will
  // be gone.
  for (const auto& segment : old) {
    DF_RETURN_IF_ERROR(segment->file().status());
    DF_RETURN_IF_ERROR(segment->index().status());
  }
  std::lock_guard folder(folder_mutex_);
  {
    std::lock_guard lock(mutex_);
    // Retention or the topic's deletion was faster.
    if (!can_swap_locked(old)) return {};
  }
  DF_RETURN_IF_ERROR(put_in_place(old, *fresh, cleaned));
  fresh->mark_verified(0, fresh->bytes());
  // Without the file the next checkpoint writes it, or a start makes it from the log.
  if (fresh->write_index(fresh->summary(), *fresh->active_index()).ok()) fresh->drop_index();
  std::lock_guard lock(mutex_);
  auto at = std::find(segments_.begin(), segments_.end(), old.front());
  *at = fresh;
  ++compactions_;
  segments_.erase(at + 1, at + static_cast<ptrdiff_t>(old.size()));
  places_.fill(Place{});
  return {};
}

Status LogPartition::put_in_place(const Segments& old, const Segment& fresh,
                                  const std::string& cleaned) {
  Env& env = context_.env;
  if (old.size() == 1) {
    // It is trusted by the size of its log, and the new log may have the size of the old one.
    if (env.exists(fresh.index_path())) DF_RETURN_IF_ERROR(env.remove_file(fresh.index_path()));
    return env.rename(cleaned, fresh.log_path());
  }
  const JoinedRange range{fresh.base(), fresh.summary().next_offset};
  DF_RETURN_IF_ERROR(env.rename(cleaned, spec_.dir + "/" + range.file_name()));
  Status finished = env.sync_dir(spec_.dir);
  if (finished.ok()) finished = finish_join(env, spec_.dir, range);
  if (finished.ok()) return {};
  // The next start would finish the join, whatever was done to the old segments until then.
  std::lock_guard lock(mutex_);
  fail_locked(PartitionHealth::kSyncFailed,
              "joining segments was interrupted: " + finished.message());
  return finished;
}

LogPartition::Segments LogPartition::sealed_below(Offset end) const {
  std::lock_guard lock(mutex_);
  Segments found;
  for (size_t i = 0; i + 1 < segments_.size() && segments_[i]->base() < end; ++i) {
    found.push_back(segments_[i]);
  }
  return found;
}

// Until no neighbours fit into one segment: there are fewer segments after each round.
Status LogPartition::join_small(Offset end, const TopicConfig& config) {
  Segments now = sealed_below(end);
  for (size_t before = now.size() + 1; now.size() < before; now = sealed_below(end)) {
    before = now.size();
    for (const Segments& group : group_segments(now, config)) {
      if (group.size() > 1) DF_RETURN_IF_ERROR(rewrite(group, {}));
    }
  }
  return {};
}

Status LogPartition::compact() {
  CompactionPlan plan;
  if (!plan_compaction(plan)) return {};
  DF_RETURN_IF_ERROR(write_checkpoint());
  NewestOffsets newest(static_cast<size_t>(context_.options.clean_memory_bytes));
  DF_RETURN_IF_ERROR(map_newest(plan, newest));
  const CompactionRules rules{&newest, &plan.aborted, &plan.producers, plan.config.get(),
                              context_.env.now()};
  const Offset end = plan.segments.back()->summary().next_offset;
  const uint64_t before = bytes_of(plan.segments);
  TransactionTrace trace;
  for (const Segments& group : group_segments(plan.segments, *plan.config)) {
    DF_RETURN_IF_ERROR(rewrite(group, {&rules, &trace}));
  }
  DF_RETURN_IF_ERROR(join_small(end, *plan.config));
  DF_RETURN_IF_ERROR(context_.env.sync_dir(spec_.dir));
  {
    std::lock_guard lock(mutex_);
    compacted_to_ = std::max(compacted_to_, plan.mapped_to);
    ++compactions_;
  }
  const Segments left = sealed_below(end);
  log_info("compacted", {{"topic", spec_.name.topic},
                         {"partition", spec_.name.partition.value()},
                         {"keys", newest.size()},
                         {"segments_before", plan.segments.size()},
                         {"segments_after", left.size()},
                         {"bytes_before", before},
                         {"bytes_after", bytes_of(left)}});
  // So that a start knows how far it is compacted.
  return write_checkpoint();
}

}  // namespace dataflow::log
