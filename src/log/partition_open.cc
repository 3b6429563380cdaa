// Recovery: from the files of a partition's folder to a partition that may be read and written.
//
// The checkpoint stands for the log below its end. From there on every batch is read and checked.
// Segments below it are trusted by their index files and checked when they are first read.
#include <algorithm>
#include <map>
#include <set>

#include "base/durable_dirs.h"
#include "base/logger.h"
#include "checkpoint.h"
#include "log/fault.h"
#include "log_partition.h"
#include "recovery.h"
#include "segment_join.h"
#include "types/batch_builder.h"

namespace dataflow::log {
namespace {

constexpr size_t kMaxCheckpointBytes = size_t{1} << 30;
constexpr size_t kCopyChunk = 1 << 20;

}  // namespace

struct LogPartition::Recovery {
  Checkpoint checkpoint;
  bool has_checkpoint = false;
  Offset synced{0};  // the bound
  std::vector<Offset> bases;
  Offset reached{0};  // behind the last sound batch so far
  // Where each segment begins to hold batches above the bound, if it has any.
  std::map<std::shared_ptr<Segment>, uint64_t> unproven;
  bool cut = false;  // everything behind has been set aside
};

Result<std::shared_ptr<LogPartition>> LogPartition::open(LogContext& context, PartitionSpec spec) {
  const std::string where = "opening " + spec.name.topic + "-" +
                            std::to_string(spec.name.partition.value()) + " in " + spec.dir;
  std::shared_ptr<LogPartition> partition(new LogPartition(context, std::move(spec)));
  Status recovered = partition->recover();
  if (!recovered.ok()) return recovered.with_context(where);
  return partition;
}

Status LogPartition::recover() {
  Recovery recovery;
  DF_RETURN_IF_ERROR(context_.env.create_dirs(spec_.dir));
  DF_RETURN_IF_ERROR(find_segments(recovery));
  // A partition has at least one segment from its creation on. None is made in place of those that
  // are lost: the next start must see the damage again.
  if (spec_.must_exist && recovery.bases.empty()) {
    const Segment none(context_.env, spec_.dir, spec_.log_start);
    report_damage(none, 0, spec_.log_start,
                  "the partition's segments in " + spec_.dir + " are missing");
  }
  DF_RETURN_IF_ERROR(read_bounds(recovery));
  for (size_t i = 0; i < recovery.bases.size() && !recovery.cut; ++i) {
    DF_RETURN_IF_ERROR(load_segment(recovery, i));
  }
  return finish_recovery(recovery);
}

Status LogPartition::find_segments(Recovery& recovery) {
  DF_ASSIGN_OR_RETURN(std::vector<DirEntry> entries, context_.env.list_dir(spec_.dir));
  for (const DirEntry& entry : entries) {
    if (!JoinedRange::parse(entry.name)) continue;
    DF_RETURN_IF_ERROR(finish_joins(context_.env, spec_.dir));
    DF_ASSIGN_OR_RETURN(entries, context_.env.list_dir(spec_.dir));
    break;
  }
  std::set<std::string> logs;
  for (const DirEntry& entry : entries) {
    std::optional<Offset> base = parse_segment_file_name(entry.name);
    if (!base) continue;
    recovery.bases.push_back(*base);
    logs.insert(entry.name.substr(0, 20));
  }
  std::sort(recovery.bases.begin(), recovery.bases.end());
  for (const DirEntry& entry : entries) {
    const bool temporary = entry.name.ends_with(".tmp") || entry.name.ends_with(".cleaned");
    const bool orphan = entry.name.ends_with(".index") && !logs.contains(entry.name.substr(0, 20));
    if (temporary || orphan) {
      DF_RETURN_IF_ERROR(context_.env.remove_file(spec_.dir + "/" + entry.name));
    }
  }
  return {};
}

Status LogPartition::read_bounds(Recovery& recovery) {
  std::optional<SyncedBound> bound;
  DF_ASSIGN_OR_RETURN(synced_file_, SyncedFile::open(context_.env, spec_.dir + "/synced", &bound));
  if (bound) recovery.synced = bound->offset;
  Result<std::string> bytes =
      context_.env.read_file(spec_.dir + "/checkpoint", kMaxCheckpointBytes);
  if (bytes.ok()) {
    Result<Checkpoint> checkpoint = decode_checkpoint(*bytes);
    if (checkpoint.ok()) {
      recovery.checkpoint = std::move(*checkpoint);
      recovery.has_checkpoint = true;
      recovery.synced = std::max(recovery.synced, recovery.checkpoint.end);
    } else if (checkpoint.status().code() == StatusCode::kUnsupported) {
      return checkpoint.status();
    } else {
      log_warn("a checkpoint cannot be used; the whole log is read instead",
               {{"topic", spec_.name.topic},
                {"partition", spec_.name.partition.value()},
                {"why", checkpoint.status().message()}});
    }
  } else if (bytes.status().code() != StatusCode::kNotFound) {
    return bytes.status();
  }
  producers_ = recovery.checkpoint.producers;
  checkpoint_end_ = recovery.checkpoint.end;
  recovery.reached = recovery.bases.empty() ? spec_.log_start : recovery.bases.front();
  return {};
}

Status LogPartition::load_segment(Recovery& recovery, size_t i) {
  const Offset base = recovery.bases[i];
  auto segment = std::make_shared<Segment>(context_.env, spec_.dir, base);
  DF_ASSIGN_OR_RETURN(uint64_t file_bytes, context_.env.file_size(segment->log_path()));
  segments_.push_back(segment);
  if (base != recovery.reached) {
    const std::string what =
        "offsets are missing before segment " + segment_file_name(base, ".log");
    if (judge_seam(recovery.reached, base, recovery.synced) == Verdict::kTornTail) {
      return cut_log(recovery, i, 0, what);
    }
    report_damage(*segment, 0, recovery.reached, what);
  }
  const bool below_checkpoint = recovery.has_checkpoint && base < recovery.checkpoint.segment;
  if (below_checkpoint && segment->load_summary(file_bytes)) {
    recovery.reached = segment->summary().next_offset;
    return {};
  }
  uint64_t from = 0;
  Offset expected = base;
  segment->start_index();
  if (recovery.has_checkpoint && base == recovery.checkpoint.segment &&
      recovery.checkpoint.position <= file_bytes) {
    Result<std::string> bytes = context_.env.read_file(segment->index_path(), size_t{256} << 20);
    uint32_t entries = 0;
    std::optional<SegmentSummary> summary;
    std::optional<SegmentIndex> index;
    if (bytes.ok()) {
      summary = decode_index_head(*bytes, &entries);
      index = decode_index(*bytes);
    }
    if (index && summary->base_offset == base && summary->bytes >= recovery.checkpoint.position) {
      from = recovery.checkpoint.position;
      expected = recovery.checkpoint.end;
      index->cut(static_cast<uint32_t>(from));
      segment->adopt_index(std::move(*index));
      // max_time may be that of a batch behind the checkpoint which is gone: a bound that is too
      // high makes a search by time begin earlier, never miss.
      summary->bytes = from;
      summary->next_offset = expected;
      segment->set_summary(*summary);
      segment->set_first_append(summary->last_append);
    }
  }
  return scan_segment(recovery, i, from, expected);
}

Status LogPartition::note_scanned(Recovery& recovery, Segment& segment, const BatchHeader& batch,
                                  std::string_view bytes) {
  if (batch.leader_epoch != epoch_of_locked(batch.base_offset)) {
    return Status::corrupt("a batch with the wrong leader epoch");
  }
  const uint64_t position = segment.bytes();
  segment.note(batch, position, context_.env.now(), config_->index_interval_bytes);
  segment.mark_verified(position, position + batch.total_bytes());
  bytes_since_checkpoint_ += static_cast<int64_t>(batch.total_bytes());
  if (batch.next_offset() > recovery.synced) {
    recovery.unproven.try_emplace(segments_.back(), position);
  }
  if (batch.base_offset < recovery.checkpoint.end || !batch.has_producer_id()) return {};
  if (!batch.is_control()) {
    producers_.apply(batch, batch.is_log_append_time() ? batch.max_timestamp : kNoTimestamp,
                     context_.env.now());
    return {};
  }
  Result<ControlRecord> end = parse_control_batch(bytes);
  if (end.ok()) {
    producers_.apply_marker(batch.producer_id, batch.producer_epoch,
                            end->type == ControlType::kCommit, end->coordinator_epoch,
                            batch.base_offset, context_.env.now());
  }
  return {};
}

Status LogPartition::scan_segment(Recovery& recovery, size_t i, uint64_t from, Offset expected) {
  Segment& segment = *segments_.back();
  DF_ASSIGN_OR_RETURN(uint64_t file_bytes, context_.env.file_size(segment.log_path()));
  recovery.reached = expected;
  while (true) {
    Segment::ScanEnd end{from, false, {}};
    Result<Segment::ScanEnd> scanned = segment.scan(
        from, file_bytes, expected, [&](const BatchHeader& batch, std::string_view bytes) {
          DF_RETURN_IF_ERROR(note_scanned(recovery, segment, batch, bytes));
          recovery.reached = batch.next_offset();
          return Status();
        });
    if (scanned.ok()) {
      end = *scanned;
    } else if (scanned.status().code() == StatusCode::kCorrupt) {
      end.position = std::max(from, segment.bytes());
      end.what = scanned.status().message();
    } else {
      return scanned.status();
    }
    if (end.clean) return {};
    DF_ASSIGN_OR_RETURN(const uint64_t used, segment.find_zeros(end.position, file_bytes));
    if (used == end.position) {
      const bool last = i + 1 == recovery.bases.size();
      const auto next = last ? std::nullopt : std::optional(recovery.bases[i + 1]);
      if (judge_zeros(recovery.reached, next, recovery.synced) == Verdict::kSound) {
        return cut_zeros(segment, used, last);
      }
    }
    if (judge_break(recovery.reached, recovery.synced) == Verdict::kTornTail) {
      return cut_log(recovery, i, end.position, end.what);
    }
    report_damage(segment, end.position, recovery.reached, end.what);
    DF_ASSIGN_OR_RETURN(std::optional<uint64_t> next,
                        segment.find_sound_batch(end.position + 1, file_bytes, recovery.reached));
    SegmentSummary summary = segment.summary();
    summary.bytes = next.value_or(used);
    if (!next) {
      summary.next_offset = i + 1 < recovery.bases.size()
                                ? recovery.bases[i + 1]
                                : std::max(recovery.reached, recovery.synced);
      recovery.reached = summary.next_offset;
      segment.set_summary(summary);
      return {};
    }
    segment.set_summary(summary);
    char head[kBatchHeaderBytes];
    DF_ASSIGN_OR_RETURN(std::shared_ptr<File> file, segment.file());
    DF_ASSIGN_OR_RETURN(size_t got, file->read_at(*next, head));
    DF_ASSIGN_OR_RETURN(BatchHeader batch, parse_batch_header({head, got}));
    // An entry right at the sound batch, so that readers behind the damage never walk through it.
    segment.active_index()->note_batch(static_cast<uint32_t>(batch.base_offset - segment.base()),
                                       static_cast<uint32_t>(*next), summary.max_time, 1);
    from = *next;
    expected = batch.base_offset;
  }
}

// For the last segment without a sync: zeros that a power loss brings back are its end once more.
Status LogPartition::cut_zeros(const Segment& segment, uint64_t position, bool last) {
  DF_ASSIGN_OR_RETURN(std::unique_ptr<File> file,
                      context_.env.open(segment.log_path(), OpenMode::kReadWrite));
  DF_RETURN_IF_ERROR(file->truncate(position));
  return last ? Status() : file->sync();
}

// The bytes go to a file beside the log, for whoever wants to know what was lost.
Status LogPartition::set_aside(const Segment& segment, File& file, uint64_t position,
                               uint64_t bytes) {
  const std::string folder = context_.options.dir + "/cut";
  DF_RETURN_IF_ERROR(create_dirs_durably(context_.env, folder));
  const std::string path = folder + "/" + spec_.topic_id.to_string() + "-" +
                           std::to_string(spec_.name.partition.value()) + "-" +
                           std::to_string(segment.base().value()) + "-" + std::to_string(position) +
                           "-" + std::to_string(context_.env.now().value()) + ".bytes";
  DF_ASSIGN_OR_RETURN(std::unique_ptr<File> out, context_.env.open(path, OpenMode::kTruncate));
  std::string chunk;
  for (uint64_t done = 0; done < bytes;) {
    chunk.resize(std::min<uint64_t>(kCopyChunk, bytes - done));
    DF_ASSIGN_OR_RETURN(size_t got, file.read_at(position + done, {chunk.data(), chunk.size()}));
    if (got == 0) break;
    DF_RETURN_IF_ERROR(out->write_at(done, std::string_view(chunk).substr(0, got)));
    done += got;
  }
  log_warn("bytes behind the log's last whole batch were cut off and kept aside",
           {{"topic", spec_.name.topic},
            {"partition", spec_.name.partition.value()},
            {"segment", segment.base().value()},
            {"position", position},
            {"bytes", bytes},
            {"kept_in", path}});
  DF_RETURN_IF_ERROR(out->sync());
  return context_.env.sync_dir(folder);
}

Status LogPartition::cut_log(Recovery& recovery, size_t i, uint64_t position,
                             const std::string& what) {
  log_info("the log ends in something that was never acknowledged",
           {{"topic", spec_.name.topic},
            {"partition", spec_.name.partition.value()},
            {"offset", recovery.reached.value()},
            {"what", what}});
  recovery.cut = true;
  // From the back, so that a crash in between leaves a log that ends earlier, not one with a hole.
  for (size_t n = recovery.bases.size(); n-- > i;) {
    Segment segment(context_.env, spec_.dir, recovery.bases[n]);
    DF_RETURN_IF_ERROR(segment.open_for_append());
    DF_ASSIGN_OR_RETURN(std::shared_ptr<File> file, segment.file());
    DF_ASSIGN_OR_RETURN(uint64_t size, file->size());
    const uint64_t keep = n == i ? position : 0;
    DF_ASSIGN_OR_RETURN(const uint64_t used, segment.find_zeros(keep, size));
    Status aside = used > keep ? set_aside(segment, *file, keep, used - keep) : Status();
    // On a full disk recovery matters more than a copy of bytes that nobody was promised.
    if (!aside.ok() && aside.code() != StatusCode::kNoSpace) return aside;
    if (n == i && (position > 0 || i == 0)) {
      DF_RETURN_IF_ERROR(file->truncate(keep));
      DF_RETURN_IF_ERROR(file->sync());
      continue;
    }
    DF_RETURN_IF_ERROR(context_.env.remove_file(segment.log_path()));
    if (context_.env.exists(segment.index_path())) {
      DF_RETURN_IF_ERROR(context_.env.remove_file(segment.index_path()));
    }
  }
  if (position == 0 && i > 0) segments_.pop_back();
  return {};
}

// What the scan found whole may be in the page cache only, and readers must not see it before it is
// on disk. A sync alone does not prove that: if one failed in the process before, the kernel counts
// those pages as clean, and the next sync passes over them. So they are written once more.
Status LogPartition::make_durable(Segment& segment, uint64_t position) {
  DF_RETURN_IF_ERROR(segment.open_for_append());
  DF_ASSIGN_OR_RETURN(std::shared_ptr<File> file, segment.file());
  std::string chunk;
  while (position < segment.bytes()) {
    chunk.resize(std::min<uint64_t>(kCopyChunk, segment.bytes() - position));
    DF_ASSIGN_OR_RETURN(size_t got, file->read_at(position, {chunk.data(), chunk.size()}));
    if (got < chunk.size()) return Status::io_error("reading the log's end again: it is gone");
    DF_RETURN_IF_ERROR(file->write_at(position, chunk));
    position += got;
  }
  return file->sync();
}

Status LogPartition::finish_recovery(Recovery& recovery) {
  if (judge_end(recovery.reached, recovery.synced) == Verdict::kDamage) {
    const Segment none(context_.env, spec_.dir, recovery.reached);
    report_damage(segments_.empty() ? none : *segments_.back(), 0, recovery.reached,
                  "the log ends here although offsets below " +
                      std::to_string(recovery.synced.value()) + " were on disk");
    recovery.reached = recovery.synced;
  }
  end_ = recovery.reached;
  compacted_to_ = std::min(recovery.checkpoint.compacted_to, end_);
  if (segments_.empty()) {
    segments_.push_back(std::make_shared<Segment>(context_.env, spec_.dir, end_));
    if (health_ == PartitionHealth::kWritable) DF_RETURN_IF_ERROR(segments_.back()->create());
    segments_.back()->mark_verified(0, UINT64_MAX);
  } else {
    Segment& active = *segments_.back();
    DF_RETURN_IF_ERROR(active.open_for_append());
    // The last segment was below the checkpoint only if later ones are gone; then it is indexed
    // anew.
    if (!active.has_active_index()) {
      DF_ASSIGN_OR_RETURN(std::shared_ptr<const SegmentIndex> index, active.index());
      active.adopt_index(*index);
    }
    active.mark_verified(active.bytes(), UINT64_MAX);
  }
  for (const auto& [segment, position] : recovery.unproven) {
    DF_RETURN_IF_ERROR(make_durable(*segment, position));
  }
  // After a clean stop all names are on disk, and nothing is above the bound.
  if (!spec_.clean) DF_RETURN_IF_ERROR(context_.env.sync_dir(spec_.dir));
  high_ = end_;
  high_place_ = {end_, segments_.back()->base(), segments_.back()->bytes()};
  log_start_ = std::max(spec_.log_start, segments_.front()->base());
  if (log_start_ > end_) log_start_ = end_;
  if (health_ == PartitionHealth::kWritable && recovery.synced < end_) {
    DF_RETURN_IF_ERROR(synced_file_->write(high_place_));
  }
  return {};
}

}  // namespace dataflow::log
