// Compaction of a partition: a pass that finds the newest offset of each key in the part that was
// not compacted yet, and a pass that rewrites every sealed segment without the records that are
// superseded.
//
// Each segment is written whole under another name, synced, and renamed over the old one. Readers
// that hold the old file go on reading it. A crash leaves either; what is left under the other name
// is removed by the next start. The checkpoint is written first, so that it never points into a
// segment that is being rewritten.
#include <algorithm>

#include "base/logger.h"
#include "compactor.h"
#include "log_partition.h"

namespace dataflow::log {

struct LogPartition::CompactionPlan {
  std::vector<std::shared_ptr<Segment>> segments;  // those to rewrite, from the log's start
  std::vector<AbortedSpan> aborted;
  std::shared_ptr<const TopicConfig> config;
  Offset dirty_from;
  Offset mapped_to;  // behind the last batch whose keys are all known
};

bool LogPartition::plan_compaction(CompactionPlan& plan) const {
  std::lock_guard lock(mutex_);
  if (closed_ || health_ != PartitionHealth::kWritable || !config_->cleanup_compact) return false;
  const Timestamp now = context_.env.now();
  const Offset stable = last_stable_locked();
  uint64_t clean = 0;
  uint64_t dirty = 0;
  bool overdue = false;
  for (size_t i = 0; i + 1 < segments_.size(); ++i) {
    const auto& segment = segments_[i];
    if (segments_[i + 1]->base() > stable) break;
    const SegmentSummary& summary = segment->summary();
    const Timestamp newest = std::max(summary.max_time, summary.last_append);
    if (config_->min_compaction_lag_ms > 0 && now - newest < config_->min_compaction_lag_ms) break;
    plan.segments.push_back(segment);
    if (segment->base() < compacted_to_) {
      clean += segment->bytes();
      continue;
    }
    dirty += segment->bytes();
    overdue = overdue || now - summary.last_append > config_->max_compaction_lag_ms;
  }
  if (dirty == 0) return false;
  const double ratio = static_cast<double>(dirty) / static_cast<double>(clean + dirty);
  if (ratio < config_->min_cleanable_dirty_ratio && !overdue) return false;
  plan.aborted = producers_.aborted();
  plan.config = config_;
  plan.dirty_from = std::max(compacted_to_, plan.segments.front()->base());
  plan.mapped_to = plan.dirty_from;
  return true;
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
  return {};
}

Status LogPartition::rewrite_segment(const std::shared_ptr<Segment>& old,
                                     const CompactionRules& rules) {
  const std::string cleaned = old->log_path() + ".cleaned";
  auto fresh = std::make_shared<Segment>(context_.env, spec_.dir, old->base());
  DF_ASSIGN_OR_RETURN(std::unique_ptr<File> out, context_.env.open(cleaned, OpenMode::kTruncate));
  fresh->start_index();
  std::string pending;
  uint64_t written = 0;
  auto flush = [&]() -> Status {
    DF_RETURN_IF_ERROR(out->write_at(written, pending));
    written += pending.size();
    pending.clear();
    return {};
  };
  BatchFilter filter(rules, [&](std::string_view batch) -> Status {
    DF_ASSIGN_OR_RETURN(BatchHeader header, parse_batch_header(batch));
    fresh->note(header, written + pending.size(), old->summary().last_append,
                config_snapshot()->index_interval_bytes);
    pending.append(batch);
    return pending.size() < (1 << 20) ? Status() : flush();
  });
  DF_ASSIGN_OR_RETURN(Segment::ScanEnd end,
                      old->scan(0, old->bytes(), old->base(),
                                [&](const BatchHeader& header, std::string_view batch) {
                                  return filter.add(batch, header);
                                }));
  if (!end.clean) {
    report_damage(*old, end.position, old->base(), end.what);
    return Status::corrupt(end.what);
  }
  DF_RETURN_IF_ERROR(filter.finish());
  DF_RETURN_IF_ERROR(flush());
  if (written == old->bytes()) return context_.env.remove_file(cleaned);
  DF_RETURN_IF_ERROR(out->sync());
  return swap_segment(old, fresh, cleaned);
}

Status LogPartition::swap_segment(const std::shared_ptr<Segment>& old,
                                  const std::shared_ptr<Segment>& fresh,
                                  const std::string& cleaned) {
  // Whoever holds the old segment must find its file and index in memory: by their names they are
  // gone.
  DF_RETURN_IF_ERROR(old->file().status());
  DF_RETURN_IF_ERROR(old->index().status());
  std::lock_guard lock(mutex_);
  auto it = std::find(segments_.begin(), segments_.end(), old);
  // Retention or the topic's deletion was faster.
  if (closed_ || it == segments_.end()) return context_.env.remove_file(cleaned);
  DF_RETURN_IF_ERROR(context_.env.rename(cleaned, fresh->log_path()));
  // The old index does not fit the new file; until the new one is there a start makes it from the
  // log.
  DF_RETURN_IF_ERROR(fresh->write_index(fresh->summary(), *fresh->active_index()));
  fresh->mark_verified(0, fresh->bytes());
  fresh->drop_index();
  *it = fresh;
  places_.fill(Place{});
  return {};
}

Status LogPartition::compact() {
  CompactionPlan plan;
  if (!plan_compaction(plan)) return {};
  DF_RETURN_IF_ERROR(write_checkpoint());
  NewestOffsets newest(static_cast<size_t>(context_.options.clean_memory_bytes));
  DF_RETURN_IF_ERROR(map_newest(plan, newest));
  CompactionRules rules{&newest, &plan.aborted, context_.env.now(),
                        plan.config->delete_retention_ms};
  uint64_t before = 0;
  uint64_t after = 0;
  for (const auto& segment : plan.segments) {
    if (segment->base() >= plan.mapped_to) break;
    before += segment->bytes();
    DF_RETURN_IF_ERROR(rewrite_segment(segment, rules));
    std::lock_guard lock(mutex_);
    for (const auto& now : segments_) {
      if (now->base() == segment->base()) after += now->bytes();
    }
  }
  DF_RETURN_IF_ERROR(context_.env.sync_dir(spec_.dir));
  {
    std::lock_guard lock(mutex_);
    compacted_to_ = std::max(compacted_to_, plan.mapped_to);
  }
  log_info("compacted", {{"topic", spec_.name.topic},
                         {"partition", spec_.name.partition.value()},
                         {"keys", newest.size()},
                         {"bytes_before", before},
                         {"bytes_after", after}});
  return {};
}

}  // namespace dataflow::log
