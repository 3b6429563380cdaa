#include "log/repair.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "checkpoint.h"
#include "log_tables.h"
#include "recovery.h"
#include "segment.h"
#include "segment_join.h"
#include "synced_file.h"
#include "types/batch_builder.h"

namespace dataflow::log {
namespace {

constexpr size_t kMaxCheckpointBytes = size_t{1} << 30;
constexpr size_t kCopyChunk = 1 << 20;

// A part of a segment's file, or of where it should be.
struct Piece {
  enum class Kind { kSound, kLost, kTail };
  Kind kind = Kind::kSound;
  uint64_t from = 0;
  uint64_t to = 0;
  size_t damage = 0;  // of kLost: its place in the check's list
};

struct SegmentPlan {
  Offset base{0};
  uint64_t file_bytes = 0;
  std::vector<Piece> pieces;

  bool damaged() const {
    return std::any_of(pieces.begin(), pieces.end(),
                       [](const Piece& p) { return p.kind == Piece::Kind::kLost; });
  }
};

// Goes through all segments in order, as recovery does, and notes what each one consists of.
class Walk {
 public:
  Walk(Env& env, const StoredPartition& partition, const CheckProgress& progress)
      : env_(env), partition_(partition), progress_(progress) {}

  Status run();
  Status repair(const std::string& aside_dir);
  PartitionCheck& check() { return check_; }

 private:
  Status find_segments();
  Status read_bound();
  Status walk_segment(size_t i);
  Result<std::optional<BatchHeader>> next_sound(Segment& segment, SegmentPlan& plan, uint64_t from,
                                                Offset upper, uint64_t& position);
  LeaderEpoch epoch_of(Offset offset) const;
  void add_lost(SegmentPlan& plan, uint64_t from, uint64_t to, Offset end, const std::string& what);
  uint64_t lost_end(const SegmentPlan& plan, uint64_t zeros) const;
  void end_in_zeros(SegmentPlan& plan, uint64_t position);
  void end_in_tail(size_t i, uint64_t position);
  Status copy(File& from, uint64_t position, uint64_t bytes, File& to, uint64_t& to_position);
  Status keep_aside(const Segment& segment, File& log, const Piece& piece,
                    const std::string& aside_dir);
  Status rewrite(const SegmentPlan& plan, const std::string& aside_dir);
  Status write_fillers(const DamagedRange& lost, File& out, uint64_t& position);

  Env& env_;
  const StoredPartition& partition_;
  const CheckProgress& progress_;
  PartitionCheck check_;
  std::vector<SegmentPlan> plans_;
  uint64_t total_ = 0;
  uint64_t done_ = 0;
  Offset synced_{0};
  SyncedBound synced_place_;  // where it lies
  Offset reached_{0};
  bool ended_ = false;  // in a torn tail
};

LeaderEpoch Walk::epoch_of(Offset offset) const {
  LeaderEpoch epoch{0};
  for (const auto& [one, start] : partition_.epochs) {
    if (start <= offset) epoch = one;
  }
  return epoch;
}

Status Walk::find_segments() {
  if (!env_.exists(partition_.dir)) return {};
  DF_RETURN_IF_ERROR(finish_joins(env_, partition_.dir));
  DF_ASSIGN_OR_RETURN(std::vector<DirEntry> entries, env_.list_dir(partition_.dir));
  for (const DirEntry& entry : entries) {
    const std::optional<Offset> base = parse_segment_file_name(entry.name);
    if (!base) continue;
    SegmentPlan plan;
    plan.base = *base;
    DF_ASSIGN_OR_RETURN(plan.file_bytes, env_.file_size(partition_.dir + "/" + entry.name));
    total_ += plan.file_bytes;
    plans_.push_back(std::move(plan));
  }
  std::sort(plans_.begin(), plans_.end(),
            [](const SegmentPlan& a, const SegmentPlan& b) { return a.base < b.base; });
  return {};
}

Status Walk::read_bound() {
  if (!env_.exists(partition_.dir)) return {};
  const std::string synced = partition_.dir + "/synced";
  if (env_.exists(synced)) {
    std::optional<SyncedBound> bound;
    DF_RETURN_IF_ERROR(SyncedFile::open(env_, synced, &bound).status());
    if (bound) synced_ = bound->offset;
    if (bound) synced_place_ = *bound;
  }
  Result<std::string> bytes = env_.read_file(partition_.dir + "/checkpoint", kMaxCheckpointBytes);
  if (!bytes.ok()) return {};
  Result<Checkpoint> checkpoint = decode_checkpoint(*bytes);
  if (checkpoint.ok() && checkpoint->end > synced_) {
    synced_ = checkpoint->end;
    synced_place_ = {checkpoint->end, checkpoint->segment, checkpoint->position};
  }
  return {};
}

void Walk::add_lost(SegmentPlan& plan, uint64_t from, uint64_t to, Offset end,
                    const std::string& what) {
  DamagedRange range;
  range.file = Segment(env_, partition_.dir, plan.base).log_path();
  range.position = from;
  range.bytes = to - from;
  range.first = reached_;
  range.end = std::max(end, reached_);
  range.what = what;
  plan.pieces.push_back({Piece::Kind::kLost, from, to, check_.damage.size()});
  check_.damage.push_back(std::move(range));
  reached_ = std::max(end, reached_);
}

// Damage behind which there is no sound batch reaches to the zeros at the file's end. Below the
// bound zeros are what a batch ends in, not what was written ahead.
uint64_t Walk::lost_end(const SegmentPlan& plan, uint64_t zeros) const {
  if (synced_place_.segment != plan.base) return zeros;
  return std::max(zeros, std::min(synced_place_.position, plan.file_bytes));
}

// The zeros are no part of the log: nobody is told of them, and a rewritten segment has none.
void Walk::end_in_zeros(SegmentPlan& plan, uint64_t position) {
  const uint64_t zeros = plan.file_bytes - position;
  check_.bytes -= zeros;
  done_ += zeros;
  plan.file_bytes = position;
}

// What follows was never promised to anybody; it stays for the next start to cut.
void Walk::end_in_tail(size_t i, uint64_t position) {
  ended_ = true;
  SegmentPlan& plan = plans_[i];
  if (position < plan.file_bytes)
    plan.pieces.push_back({Piece::Kind::kTail, position, plan.file_bytes, 0});
  check_.torn_tail_bytes += plan.file_bytes - position;
  for (size_t n = i + 1; n < plans_.size(); ++n) check_.torn_tail_bytes += plans_[n].file_bytes;
}

// The next batch that can be one of this log's: whole, of the right epoch, and before `upper`.
Result<std::optional<BatchHeader>> Walk::next_sound(Segment& segment, SegmentPlan& plan,
                                                    uint64_t from, Offset upper,
                                                    uint64_t& position) {
  DF_ASSIGN_OR_RETURN(std::shared_ptr<File> file, segment.file());
  while (true) {
    DF_ASSIGN_OR_RETURN(std::optional<uint64_t> found,
                        segment.find_sound_batch(from, plan.file_bytes, reached_ - 1));
    if (!found) return std::optional<BatchHeader>();
    char head[kBatchHeaderBytes];
    DF_ASSIGN_OR_RETURN(size_t got, file->read_at(*found, head));
    DF_ASSIGN_OR_RETURN(BatchHeader header, parse_batch_header({head, got}));
    const bool ours =
        header.leader_epoch == epoch_of(header.base_offset) && header.base_offset <= upper;
    if (ours) {
      position = *found;
      return std::optional<BatchHeader>(header);
    }
    from = *found + 1;
  }
}

Status Walk::walk_segment(size_t i) {
  SegmentPlan& plan = plans_[i];
  Segment segment(env_, partition_.dir, plan.base);
  const bool last = i + 1 == plans_.size();
  const Offset upper = last ? synced_ : plans_[i + 1].base;
  uint64_t from = 0;
  while (true) {
    uint64_t sound_to = from;
    std::string what;
    auto take = [&](const BatchHeader& batch, std::string_view bytes) -> Status {
      if (batch.leader_epoch != epoch_of(batch.base_offset))
        return Status::corrupt("a batch with the wrong leader epoch");
      sound_to += bytes.size();
      done_ += bytes.size();
      reached_ = batch.next_offset();
      ++check_.batches;
      if (!batch.is_control()) check_.records += batch.record_count;
      if (progress_) progress_(done_, total_);
      return {};
    };
    Result<Segment::ScanEnd> end = segment.scan(from, plan.file_bytes, reached_, take);
    if (!end.ok() && end.status().code() != StatusCode::kCorrupt) return end.status();
    if (sound_to > from) plan.pieces.push_back({Piece::Kind::kSound, from, sound_to, 0});
    if (end.ok() && end->clean) return {};
    what = end.ok() ? end->what : end.status().message();
    DF_ASSIGN_OR_RETURN(const uint64_t used, segment.find_zeros(sound_to, plan.file_bytes));
    if (used == sound_to) {
      const auto next = last ? std::nullopt : std::optional(plans_[i + 1].base);
      if (judge_zeros(reached_, next, synced_) == Verdict::kSound) {
        end_in_zeros(plan, used);
        return {};
      }
    }
    if (judge_break(reached_, synced_) == Verdict::kTornTail) {
      end_in_zeros(plan, used);
      end_in_tail(i, sound_to);
      return {};
    }
    uint64_t position = lost_end(plan, used);
    DF_ASSIGN_OR_RETURN(std::optional<BatchHeader> next,
                        next_sound(segment, plan, sound_to + 1, upper, position));
    done_ += position - sound_to;
    add_lost(plan, sound_to, position, next ? next->base_offset : upper, what);
    if (!next) {
      end_in_zeros(plan, position);
      return {};
    }
    from = position;
  }
}

Status Walk::run() {
  check_.name = partition_.name;
  DF_RETURN_IF_ERROR(find_segments());
  DF_RETURN_IF_ERROR(read_bound());
  check_.bytes = total_;
  reached_ = plans_.empty() ? partition_.log_start : plans_.front().base;
  check_.start = reached_;
  for (size_t i = 0; i < plans_.size() && !ended_; ++i) {
    SegmentPlan& plan = plans_[i];
    const std::string name = segment_file_name(plan.base, ".log");
    if (plan.base < reached_) {
      return Status::corrupt("segment " + name +
                             " begins before the end of the one in front of it; this "
                             "cannot be repaired here: move the file away by hand");
    }
    if (plan.base > reached_) {
      if (judge_seam(reached_, plan.base, synced_) == Verdict::kTornTail) {
        end_in_tail(i, 0);
        break;
      }
      SegmentPlan& before = plans_[i - 1];
      add_lost(before, before.file_bytes, before.file_bytes, plan.base,
               "offsets are missing before segment " + name);
    }
    DF_RETURN_IF_ERROR(walk_segment(i));
  }
  if (!ended_ && judge_end(reached_, synced_) == Verdict::kDamage) {
    if (plans_.empty()) plans_.push_back({reached_, 0, {}});
    SegmentPlan& plan = plans_.back();
    add_lost(plan, plan.file_bytes, plan.file_bytes, synced_, "the log ends too early");
  }
  check_.end = reached_;
  return {};
}

Status Walk::copy(File& from, uint64_t position, uint64_t bytes, File& to, uint64_t& to_position) {
  std::string chunk;
  for (uint64_t done = 0; done < bytes;) {
    chunk.resize(std::min<uint64_t>(kCopyChunk, bytes - done));
    DF_ASSIGN_OR_RETURN(size_t got, from.read_at(position + done, {chunk.data(), chunk.size()}));
    if (got == 0) return Status::io_error("a segment became shorter while it was copied");
    DF_RETURN_IF_ERROR(to.write_at(to_position, std::string_view(chunk).substr(0, got)));
    to_position += got;
    done += got;
  }
  return {};
}

Status Walk::keep_aside(const Segment& segment, File& log, const Piece& piece,
                        const std::string& aside_dir) {
  DamagedRange& range = check_.damage[piece.damage];
  if (range.bytes == 0) return {};
  DF_RETURN_IF_ERROR(env_.create_dirs(aside_dir));
  range.kept_in = aside_dir + "/" + partition_.topic_id.to_string() + "-" +
                  std::to_string(partition_.name.partition.value()) + "-" +
                  std::to_string(segment.base().value()) + "-" + std::to_string(piece.from) + "-" +
                  std::to_string(env_.now().value()) + ".bytes";
  DF_ASSIGN_OR_RETURN(std::unique_ptr<File> out, env_.open(range.kept_in, OpenMode::kTruncate));
  uint64_t written = 0;
  DF_RETURN_IF_ERROR(copy(log, piece.from, range.bytes, *out, written));
  DF_RETURN_IF_ERROR(out->sync());
  return env_.sync_dir(aside_dir);
}

// Empty batches over the lost offsets, each as long as a batch may be.
Status Walk::write_fillers(const DamagedRange& lost, File& out, uint64_t& position) {
  constexpr int64_t kLongest = std::numeric_limits<int32_t>::max();
  for (Offset first = lost.first; first < lost.end;) {
    const Offset last = std::min(lost.end - 1, first + (kLongest - 1));
    BatchOptions options;
    options.base_offset = first;
    options.leader_epoch = epoch_of(first);
    BatchBuilder builder(options);
    DF_RETURN_IF_ERROR(builder.extend_to(last));
    const std::string batch = builder.finish();
    DF_RETURN_IF_ERROR(out.write_at(position, batch));
    position += batch.size();
    first = last + 1;
  }
  return {};
}

Status Walk::rewrite(const SegmentPlan& plan, const std::string& aside_dir) {
  Segment segment(env_, partition_.dir, plan.base);
  // The name that recovery removes, should this end in the middle.
  const std::string temporary = segment.log_path() + ".tmp";
  DF_ASSIGN_OR_RETURN(std::unique_ptr<File> log,
                      env_.open(segment.log_path(), OpenMode::kReadWrite));
  DF_ASSIGN_OR_RETURN(std::unique_ptr<File> out, env_.open(temporary, OpenMode::kTruncate));
  uint64_t position = 0;
  for (const Piece& piece : plan.pieces) {
    if (piece.kind == Piece::Kind::kLost) {
      DF_RETURN_IF_ERROR(keep_aside(segment, *log, piece, aside_dir));
      DF_RETURN_IF_ERROR(write_fillers(check_.damage[piece.damage], *out, position));
    } else {
      DF_RETURN_IF_ERROR(copy(*log, piece.from, piece.to - piece.from, *out, position));
    }
  }
  DF_RETURN_IF_ERROR(out->sync());
  // Durably gone before the log changes: positions in it are those of the old file, and recovery
  // goes by a checkpoint's position only where the index is there.
  if (env_.exists(segment.index_path())) DF_RETURN_IF_ERROR(env_.remove_file(segment.index_path()));
  DF_RETURN_IF_ERROR(env_.sync_dir(partition_.dir));
  DF_RETURN_IF_ERROR(env_.rename(temporary, segment.log_path()));
  return env_.sync_dir(partition_.dir);
}

Status Walk::repair(const std::string& aside_dir) {
  DF_RETURN_IF_ERROR(env_.create_dirs(partition_.dir));
  for (const SegmentPlan& plan : plans_) {
    if (plan.damaged()) DF_RETURN_IF_ERROR(rewrite(plan, aside_dir));
  }
  return {};
}

std::string words_of(const StoredPartition& partition) {
  return partition.name.topic + "-" + std::to_string(partition.name.partition.value()) + " in " +
         partition.dir;
}

}  // namespace

Result<std::vector<StoredPartition>> stored_partitions(meta::Store& store,
                                                       const std::string& log_dir) {
  std::vector<TopicInfo> topics;
  Status bad;
  DF_RETURN_IF_ERROR(store.scan(kTopicsTable, "", [&](std::string_view key, std::string_view row) {
    Result<TopicInfo> topic = decode_topic(key, row);
    if (!topic.ok()) bad = topic.status().with_context("reading topic " + std::string(key));
    if (topic.ok()) topics.push_back(std::move(*topic));
    return bad.ok();
  }));
  DF_RETURN_IF_ERROR(bad);
  std::vector<StoredPartition> out;
  for (const TopicInfo& topic : topics) {
    for (int32_t i = 0; i < topic.partitions; ++i) {
      StoredPartition partition;
      partition.name = {topic.name, PartitionIndex(i)};
      partition.topic_id = topic.id;
      partition.dir = log_dir + "/topics/" + topic.id.to_string() + "/" + std::to_string(i);
      DF_ASSIGN_OR_RETURN(partition.log_start, get_log_start(store, topic.id, PartitionIndex(i)));
      DF_ASSIGN_OR_RETURN(std::vector<EpochStart> epochs,
                          get_epochs(store, topic.id, PartitionIndex(i)));
      for (const EpochStart& epoch : epochs)
        partition.epochs.emplace_back(epoch.epoch, epoch.start);
      out.push_back(std::move(partition));
    }
  }
  return out;
}

Result<PartitionCheck> check_partition(Env& env, const StoredPartition& partition,
                                       const CheckProgress& progress) {
  Walk walk(env, partition, progress);
  Status walked = walk.run();
  if (!walked.ok()) return walked.with_context("checking " + words_of(partition));
  return std::move(walk.check());
}

Result<PartitionCheck> repair_partition(Env& env, const StoredPartition& partition,
                                        const std::string& aside_dir,
                                        const CheckProgress& progress) {
  Walk walk(env, partition, progress);
  Status status = walk.run();
  if (status.ok()) status = walk.repair(aside_dir);
  if (!status.ok()) return status.with_context("repairing " + words_of(partition));
  return std::move(walk.check());
}

}  // namespace dataflow::log
