// Reads one partition of a topic, whole record batches at a time.
#include <atomic>
#include <limits>

#include "base/logger.h"
#include "log/fault.h"
#include "log_chunk.h"
#include "log_committable.h"
#include "log_source.h"
#include "topic_names.h"

namespace dataflow::connect {
namespace {

constexpr uint32_t kChunkBytes = 256 << 10;
constexpr Offset kNoStop{std::numeric_limits<int64_t>::max()};

// Hands the log's one call on; at most once, also where wake() is called beside it.
class Waker final : public log::AdvanceListener {
 public:
  explicit Waker(std::function<void()> wake) : wake_(std::move(wake)) {}
  void on_advance() override {
    if (!told_.exchange(true)) wake_();
  }
  void disarm() { told_ = true; }

 private:
  std::atomic<bool> told_{false};
  const std::function<void()> wake_;
};

class LogSplitReader final : public engine::SplitReader {
 public:
  LogSplitReader(log::Log& log, std::shared_ptr<const LogSourceSpec> spec,
                 std::shared_ptr<log::Partition> partition, Offset next, Offset stop)
      : log_(log),
        spec_(std::move(spec)),
        partition_(std::move(partition)),
        next_(next),
        stop_(stop) {}
  ~LogSplitReader() override { stop_listening(); }

  Result<engine::Polled> poll(engine::Chunk& chunk) override;
  void wake_when_ready(std::function<void()> wake) override;
  std::string position() const override { return position_text(next_, spec_->topic_id); }
  int64_t lag() const override {
    return std::max<int64_t>(0, std::min(readable_end(), stop_) - next_);
  }

 private:
  Offset readable_end() const {
    return spec_->read_committed ? partition_->last_stable() : partition_->high_offset();
  }
  std::string words() const { return partition_words(spec_->topic, partition_->name().partition); }
  // Why nothing more can come; ok while the topic is there.
  Status check_topic() const;
  // After a read that failed: goes on behind what retention took, where the spec allows it.
  Status pass_missing(const Status& failure);
  // What somebody is about to write, a batch at a time.
  Result<engine::Polled> poll_staged(engine::Chunk& chunk);
  Status find_staged();
  void stop_listening();

  log::Log& log_;
  std::shared_ptr<const LogSourceSpec> spec_;
  std::shared_ptr<log::Partition> partition_;
  Offset next_;
  Offset stop_;  // of a bounded run; else kNoStop
  Offset seen_high_{-1};
  Offset seen_stable_{-1};
  bool gone_ = false;  // nobody tells any more when the partition moves
  std::shared_ptr<Waker> waker_;
  std::optional<std::vector<BatchPiece>> staged_;  // of this partition; none: nobody looked yet
  size_t staged_given_ = 0;
  Offset staged_next_;
};

Status LogSplitReader::check_topic() const {
  const std::optional<log::TopicInfo> topic = log_.topic(spec_->topic);
  if (topic && topic->id == spec_->topic_id) return {};
  const std::string what = topic ? "was deleted and made anew" : "was deleted";
  return Status::not_found(spec_->where + ": topic `" + spec_->topic + "` " + what +
                           " while it was read; start the job anew, without its state");
}

Status LogSplitReader::pass_missing(const Status& failure) {
  DF_RETURN_IF_ERROR(check_topic());
  const Offset log_start = partition_->log_start();
  if (log::fault_of(failure) != log::Fault::kOffsetOutOfRange) {
    return failure.with_context(spec_->where);
  }
  if (next_ > log_start) {
    return failure.with_context(spec_->where + ": the topic ends before the job's position");
  }
  if (!spec_->skip_missing) {
    return Status::out_of_range(
        spec_->where + ": " + words() + " begins with offset " + std::to_string(log_start.value()) +
        ", and the job stands at " + std::to_string(next_.value()) +
        ": retention took what it had not read; option `on_missing`=`earliest` goes on there");
  }
  log_warn("records were deleted before they were read",
           {{"source", spec_->where}, {"partition", words()}, {"from", next_}, {"to", log_start}});
  next_ = log_start;
  return {};
}

Result<engine::Polled> LogSplitReader::poll(engine::Chunk& chunk) {
  if (next_ >= stop_) return poll_staged(chunk);
  Result<log::ReadOutcome> outcome = partition_->read(next_, kChunkBytes, spec_->isolation(), true);
  if (!outcome.ok()) {
    DF_RETURN_IF_ERROR(pass_missing(outcome.status()));
    outcome = partition_->read(next_, kChunkBytes, spec_->isolation(), true);
    if (!outcome.ok()) return outcome.status().with_context(spec_->where);
  }
  seen_high_ = outcome->high_offset;
  seen_stable_ = outcome->last_stable;
  if (outcome->slice.length == 0) {
    DF_RETURN_IF_ERROR(check_topic());
    if (gone_) return Status::unavailable(spec_->where + ": the log is being closed");
    return engine::Polled::kIdle;
  }
  std::string_view rest;
  DF_ASSIGN_OR_RETURN(chunk, make_log_chunk(*outcome, next_, stop_, &rest));
  while (!rest.empty()) {
    DF_ASSIGN_OR_RETURN(BatchHeader header, parse_batch_header(rest));
    if (header.total_bytes() > rest.size()) {
      return Status::corrupt(spec_->where + ": reading " + words() + ": a record batch is cut");
    }
    next_ = std::max(next_, header.next_offset());
    rest.remove_prefix(header.total_bytes());
  }
  next_ = std::min(next_, stop_);
  return engine::Polled::kMore;
}

Status LogSplitReader::find_staged() {
  staged_.emplace();
  staged_next_ = stop_;
  if (spec_->staged == nullptr) return {};
  for (const std::string& bytes : spec_->staged->committables) {
    DF_ASSIGN_OR_RETURN(const LogCommittable staged, parse_committable(bytes));
    if (staged.topic_id != spec_->topic_id || staged.partition != partition_->name().partition) {
      continue;
    }
    DF_ASSIGN_OR_RETURN(const std::vector<BatchPiece> pieces, split_batches(staged.batches));
    staged_->insert(staged_->end(), pieces.begin(), pieces.end());
  }
  return {};
}

Result<engine::Polled> LogSplitReader::poll_staged(engine::Chunk& chunk) {
  if (!staged_) DF_RETURN_IF_ERROR(find_staged());
  if (staged_given_ == staged_->size()) return engine::Polled::kEnd;
  const BatchPiece& piece = (*staged_)[staged_given_++];
  std::string bytes(piece.bytes);
  set_base_offset(bytes.data(), staged_next_);
  const Offset behind = staged_next_ + (piece.header.last_offset_delta + 1);
  chunk = make_log_chunk(bytes, staged_next_, behind);
  staged_next_ = behind;
  return engine::Polled::kMore;
}

void LogSplitReader::wake_when_ready(std::function<void()> wake) {
  stop_listening();
  auto waker = std::make_shared<Waker>(std::move(wake));
  if (partition_->listen(seen_high_, seen_stable_, waker)) {
    waker_ = std::move(waker);
    return;
  }
  // The ends only rise: they are where they were, so that it was not for them.
  gone_ = partition_->high_offset() == seen_high_ && partition_->last_stable() == seen_stable_;
  waker->on_advance();
}

void LogSplitReader::stop_listening() {
  if (waker_ == nullptr) return;
  partition_->forget(waker_.get());
  waker_->disarm();
  waker_.reset();
}

}  // namespace

Result<std::unique_ptr<engine::SplitReader>> open_log_split(
    log::Log& log, std::shared_ptr<const LogSourceSpec> spec, const engine::Split& split) {
  DF_ASSIGN_OR_RETURN(PartitionIndex index, partition_of_split(split.id));
  Result<LogPosition> position = parse_position(split.position);
  if (!position.ok()) return position.status().with_context(spec->where + ": " + split.id);
  std::shared_ptr<log::Partition> partition = log.partition(spec->topic, index);
  if (partition == nullptr) {
    return Status::not_found(spec->where + ": there is no partition " + split.id);
  }
  const bool other = partition->topic_id() != spec->topic_id;
  if (other || (position->topic_id && *position->topic_id != spec->topic_id)) {
    return Status::conflict(spec->where + ": topic `" + spec->topic +
                            "` was deleted and made anew since the job's last checkpoint, whose "
                            "offsets mean nothing in it; start the job anew, without its state");
  }
  const Offset next = position->offset.value_or(partition->log_start());
  const Offset end = spec->read_committed ? partition->last_stable() : partition->high_offset();
  return std::unique_ptr<engine::SplitReader>(
      std::make_unique<LogSplitReader>(log, spec, partition, next, spec->bounded ? end : kNoStop));
}

}  // namespace dataflow::connect
