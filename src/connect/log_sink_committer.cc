// The log sink's committer: gives the output of a checkpoint its producer id and sequences, and
// appends it once the checkpoint is durable.
#include <future>
#include <map>

#include "base/logger.h"
#include "commit_decision.h"
#include "log/fault.h"
#include "log_committable.h"
#include "log_sink.h"
#include "producer_trace.h"
#include "topic_names.h"

namespace dataflow::connect {
namespace {

using engine::CheckpointId;

// The output of one checkpoint for one partition, in order.
struct PartitionOutput {
  std::shared_ptr<log::Partition> partition;
  Offset begin;  // none of it lies before
  std::vector<BatchPiece> batches;
  Offset wait_for;  // on disk before it is committed
};

class LogSinkCommitter final : public engine::SinkCommitter {
 public:
  LogSinkCommitter(LogSinkParts parts, const LogSinkSpec& spec) : parts_(parts), spec_(spec) {}

  Status restore(const std::map<std::string, std::string>&) override { return {}; }
  Status prepare(CheckpointId id, std::vector<std::string>& committables,
                 std::map<std::string, std::string>& named_state) override;
  Status commit(CheckpointId id, const std::vector<std::string>& committables,
                bool after_restart) override;

 private:
  using Outputs = std::map<int32_t, PartitionOutput>;

  Status take_producer_id();
  // False: the committable is passed over, as the spec says.
  Result<bool> may_append(CheckpointId id, const LogCommittable& committable, Offset* begin) const;
  Result<Outputs> by_partition(CheckpointId id, const std::vector<std::string>& committables) const;
  Status append(PartitionOutput& output, bool look_first);
  Status await_all(const Outputs& outputs);
  Status say(CheckpointId id, const Status& status) const;

  LogSinkParts parts_;
  const LogSinkSpec spec_;
  std::optional<ProducerId> producer_;
  std::map<int32_t, int32_t> next_sequence_;  // by partition
  bool failed_ = false;                       // a commit failed: what it appended is not known
  std::string scratch_;
};

Status LogSinkCommitter::say(CheckpointId id, const Status& status) const {
  return status.with_context("sink `" + spec_.node + "`: committing checkpoint " +
                             std::to_string(id.value()) + " to topic `" + spec_.topic + "`");
}

Status LogSinkCommitter::take_producer_id() {
  if (producer_) return {};
  // Shared: the caller of the callback may still be in it when the value is there.
  auto told = std::make_shared<std::promise<Result<ProducerId>>>();
  parts_.producer_ids.next([told](Result<ProducerId> id) { told->set_value(std::move(id)); });
  DF_ASSIGN_OR_RETURN(producer_, told->get_future().get());
  return {};
}

Status LogSinkCommitter::prepare(CheckpointId id, std::vector<std::string>& committables,
                                 std::map<std::string, std::string>& /*named_state*/) {
  for (std::string& bytes : committables) {
    DF_RETURN_IF_ERROR(take_producer_id());
    DF_ASSIGN_OR_RETURN(LogCommittable committable, parse_committable(bytes));
    const auto partition = parts_.log.partition(committable.topic, committable.partition);
    if (partition == nullptr || partition->topic_id() != committable.topic_id) {
      return say(id, Status::conflict("the topic was deleted while the job ran; the job starts "
                                      "again from its last checkpoint"));
    }
    DF_RETURN_IF_ERROR(stamp_committable(bytes, partition->high_offset(), *producer_,
                                         next_sequence_[committable.partition.value()]));
  }
  return {};
}

Result<bool> LogSinkCommitter::may_append(CheckpointId id, const LogCommittable& committable,
                                          Offset* begin) const {
  *begin = committable.end_before;
  const std::optional<log::TopicInfo> topic = parts_.log.topic(committable.topic);
  if (topic && topic->id == committable.topic_id) return true;
  if (topic && spec_.on_recreated == OnRecreated::kAppend) {
    *begin = Offset(0);
    return true;
  }
  const std::string what =
      topic ? "the topic was deleted and made anew since then" : "the topic was deleted since then";
  if (spec_.on_recreated == OnRecreated::kSkip) {
    log_warn("output of a checkpoint is let go", {{"sink", spec_.node},
                                                  {"topic", committable.topic},
                                                  {"partition", committable.partition.value()},
                                                  {"checkpoint", id},
                                                  {"why", what}});
    return false;
  }
  return Status::conflict(what +
                          ", and the checkpoint has output for it; set the sink's option "
                          "`on_recreated` to `skip` to let that go, or to `append` to write "
                          "it to the topic of that name");
}

Result<LogSinkCommitter::Outputs> LogSinkCommitter::by_partition(
    CheckpointId id, const std::vector<std::string>& committables) const {
  Outputs outputs;
  for (const std::string& bytes : committables) {
    DF_ASSIGN_OR_RETURN(LogCommittable committable, parse_committable(bytes));
    Offset begin;
    DF_ASSIGN_OR_RETURN(bool wanted, may_append(id, committable, &begin));
    if (!wanted) continue;
    DF_ASSIGN_OR_RETURN(std::vector<BatchPiece> batches, split_batches(committable.batches));
    PartitionOutput& output = outputs[committable.partition.value()];
    if (output.partition == nullptr) {
      output.partition = parts_.log.partition(committable.topic, committable.partition);
      output.begin = begin;
    }
    if (output.partition == nullptr) {
      return Status::not_found(
          "there is no partition " +
          partition_words(std::string(committable.topic), committable.partition));
    }
    output.begin = std::min(output.begin, begin);
    output.batches.insert(output.batches.end(), batches.begin(), batches.end());
  }
  return outputs;
}

Status LogSinkCommitter::append(PartitionOutput& output, bool look_first) {
  size_t there = 0;
  if (look_first && !output.batches.empty()) {
    std::vector<SequenceRange> ranges;
    const ProducerId producer = output.batches.front().header.producer_id;
    for (const BatchPiece& batch : output.batches) {
      if (batch.header.producer_id != producer || batch.header.base_sequence < 0) {
        return Status::corrupt("its output carries no producer id, or two of them");
      }
      ranges.push_back({batch.header.base_sequence, batch.header.last_sequence()});
    }
    DF_ASSIGN_OR_RETURN(ProducerTrace trace,
                        trace_producer(*output.partition, producer, output.begin));
    DF_ASSIGN_OR_RETURN(there, batches_in_log(ranges, trace));
    // What is there may not be on disk yet.
    if (there > 0) output.wait_for = output.partition->stats().end;
  }
  for (size_t i = there; i < output.batches.size(); ++i) {
    scratch_.assign(output.batches[i].bytes);
    // Not as a client: what a topic asks of clients was seen to when the batch was built, and a
    // checkpoint that is durable must not be refused for what changed since.
    DF_ASSIGN_OR_RETURN(log::AppendOutcome outcome,
                        output.partition->append({scratch_.data(), scratch_.size()}, false));
    output.wait_for = std::max(output.wait_for, outcome.next_offset);
  }
  return {};
}

// All partitions wait for the disk at once.
Status LogSinkCommitter::await_all(const Outputs& outputs) {
  std::vector<std::future<Status>> told;
  for (const auto& [index, output] : outputs) {
    auto mine = std::make_shared<std::promise<Status>>();
    told.push_back(mine->get_future());
    output.partition->await_synced(output.wait_for,
                                   [mine](Status s) { mine->set_value(std::move(s)); });
  }
  Status worst;
  for (std::future<Status>& each : told) {
    Status status = each.get();
    if (!status.ok()) worst = std::move(status);
  }
  return worst;
}

Status LogSinkCommitter::commit(CheckpointId id, const std::vector<std::string>& committables,
                                bool after_restart) {
  const bool look_first = after_restart || failed_;
  failed_ = true;
  Result<Outputs> outputs = by_partition(id, committables);
  if (!outputs.ok()) return say(id, outputs.status());
  Status first;
  for (auto& [index, output] : *outputs) {
    Status appended = append(output, look_first);
    if (appended.ok()) continue;
    first = appended.with_context(partition_words(spec_.topic, PartitionIndex(index)));
    break;
  }
  if (!first.ok()) return say(id, first);
  Status synced = await_all(*outputs);
  if (!synced.ok()) return say(id, synced);
  failed_ = false;
  return {};
}

}  // namespace

std::unique_ptr<engine::SinkCommitter> make_log_sink_committer(LogSinkParts parts,
                                                               const LogSinkSpec& spec) {
  return std::make_unique<LogSinkCommitter>(parts, spec);
}

}  // namespace dataflow::connect
