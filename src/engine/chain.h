// Chain: the operators of one task, as a tree that rows run through by plain calls, and the outputs
// to other tasks at its leaves.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/env.h"
#include "dead_letters.h"
#include "engine/operator.h"
#include "output.h"
#include "state/memory_budget.h"
#include "task_part.h"

namespace dataflow::engine {

// Where what an operator emits goes: to an operator of this chain, or out of the task.
struct Target {
  bool is_output = false;
  size_t index = 0;  // of the slot or the output
  size_t input = 0;  // of the slot's operator
};

struct TableCounters {
  explicit TableCounters(std::string of) : name(std::move(of)) {}
  const std::string name;
  std::atomic<uint64_t> rows{0}, bytes{0};
};

// Read from other threads once the chain is open.
struct SlotCounters {
  std::atomic<uint64_t> rows_in{0}, rows_out{0}, dead{0}, late{0};
  std::atomic<uint64_t> state_rows{0}, state_bytes{0}, index_bytes{0};
  std::atomic<int64_t> watermark{kNoWatermark.value()};
  std::vector<std::unique_ptr<TableCounters>> tables;  // made while it is opened

  std::optional<OpenWindows> windows() const {
    const std::lock_guard lock(mutex);
    return open;
  }
  void set_windows(const std::optional<OpenWindows>& windows) {
    const std::lock_guard lock(mutex);
    open = windows;
  }

 private:
  mutable std::mutex mutex;
  std::optional<OpenWindows> open;
};

// What a slot is made of.
struct SlotPlan {
  std::string operator_id;
  std::string kind;  // for people: "window"
  std::unique_ptr<Operator> op;
  std::vector<std::vector<Target>> targets;  // of each of its outputs
};

struct ChainContext {
  Env* env = nullptr;
  state::JobStore* store = nullptr;
  state::MemoryBudget* state_memory = nullptr;
  int task = 0;
  int parallelism = 1;
  std::function<void()> wake;  // of the task
};

class Chain {
 public:
  // Slots stand behind those that feed them. `entry` is where rows come in.
  Chain(ChainContext context, std::vector<SlotPlan> slots, std::vector<Target> entry,
        std::vector<std::unique_ptr<Output>> outputs, std::unique_ptr<DeadLetters> dead_letters);
  ~Chain();

  Status open();
  Status batch(size_t input, const Batch& batch);
  Status watermark(Watermark watermark);
  // Whether the first operator broke off in the last call, and must go on before anything else
  // comes.
  bool has_more() const;
  Status go_on();
  Status barrier(CheckpointId id, TaskPart& part);
  // An input has; `all`: so have all, and those behind are told once nothing is left to leave.
  Status caught_up(size_t input, bool all);
  // Behind the watermark kEndOfTime. What is left to commit goes into `part`.
  Status end(CheckpointId next, TaskPart& part);
  void send_idle(bool idle);
  void send_caught_up();
  // Fires what is due. The next moment at which something will be, if any.
  Status run_timers(int64_t now_millis);
  std::optional<int64_t> next_timer() const;

  // Other tasks, or whom a sink gives its rows to, have as much as they can take.
  bool outputs_full();
  int64_t staged_bytes() const;
  Status dead_row(DeadRow row);
  int64_t now_millis() const;

  struct SlotView {
    const std::string* operator_id;
    const std::string* kind;
    const SlotCounters* counters;
  };
  std::vector<SlotView> slots() const;
  const DeadLetters& dead_letters() const { return *dead_letters_; }

 private:
  class Slot;

  Status emit(const std::vector<Target>& targets, const Batch& batch);
  Status pass_watermark(const std::vector<Target>& targets, Watermark watermark);
  Status collect(CheckpointId id, TaskPart& part);

  const ChainContext context_;
  const std::vector<Target> entry_;
  std::set<std::pair<int64_t, size_t>> timers_;  // moment, slot
  bool caught_up_ = false;                       // which those behind do not know yet
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<std::unique_ptr<Output>> outputs_;
  std::unique_ptr<DeadLetters> dead_letters_;
};

}  // namespace dataflow::engine
