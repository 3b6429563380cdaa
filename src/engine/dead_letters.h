// DeadLetters: the rows of one task that left the pipeline without a result. Each is counted, and
// written to the pipeline's dead-letter sink where it has one; both go with the checkpoint.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/job.h"
#include "engine/operator.h"
#include "engine/sink.h"
#include "task_part.h"

namespace dataflow::engine {

struct DeadRow {
  std::string operator_id;
  DeadReason reason = DeadReason::kDecode;
  std::string field;
  std::string words;
  std::string source;  // empty behind the first stateful operator
  std::string split;
  int64_t offset = -1;
  std::string row;
};

class DeadLetters {
 public:
  // `writer` may be null. `fail` turns the first dead row into the job's error.
  DeadLetters(std::string pipeline, int task, std::unique_ptr<SinkWriter> writer, bool fail)
      : pipeline_(std::move(pipeline)), task_(task), writer_(std::move(writer)), fail_(fail) {}

  Status add(DeadRow row, int64_t now_millis);
  // The counts so far of this task, by "operator/reason", from the checkpoint's named state
  // `name`. A name that is not this task's own (of a task that is no more) is taken over.
  void restore(const std::string& name, const std::map<std::string, uint64_t>& counts);
  // To the counts of operators since this run began: those of earlier runs. Safe from other
  // threads.
  void add_earlier(std::vector<OperatorStats>& operators) const;
  std::string own_name() const { return "counts/" + std::to_string(task_); }
  Status on_barrier(CheckpointId id, TaskPart& part);

  // Safe from other threads.
  uint64_t total() const;
  uint64_t total(DeadReason reason) const {
    return totals_[static_cast<size_t>(reason)].load(std::memory_order_relaxed);
  }

 private:
  Status write_out();

  const std::string pipeline_;
  const int task_;
  const std::unique_ptr<SinkWriter> writer_;
  const bool fail_;
  std::vector<std::vector<Value>> rows_;
  std::map<std::string, uint64_t> counts_;
  std::map<std::string, uint64_t> earlier_;  // of counts_, when this run began
  bool counts_changed_ = false;
  std::vector<std::string> taken_over_;
  std::array<std::atomic<uint64_t>, kDeadReasons> totals_{};
};

// "name=3\n…": how counts are kept.
std::string encode_counts(const std::map<std::string, uint64_t>& counts);
std::map<std::string, uint64_t> decode_counts(const std::string& bytes);

}  // namespace dataflow::engine
