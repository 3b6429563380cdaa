// Operator: one step of a pipeline inside a task. Calls to one operator are never concurrent and
// come in this order: open, then any of on_batch, on_watermark, on_timer, on_barrier; on_end once
// after the last input ended, on_barrier perhaps once more, close by destruction.
//
// Backpressure, alignment of barriers, merging of watermarks and restoring of state are done around
// it. An error ends the job's attempt; rows that cannot be used are given to dead_letter() instead.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "state/ids.h"
#include "state/keyed_table.h"
#include "types/batch.h"

namespace dataflow::engine {

using state::CheckpointId;

// Event time in milliseconds: no row with an earlier or equal time will follow (but late ones).
using Watermark = NamedId<struct WatermarkTag, int64_t>;
inline constexpr Watermark kNoWatermark{INT64_MIN};
inline constexpr Watermark kEndOfTime{INT64_MAX};

// Takes what an operator emits; output 0 is the main one.
class Collector {
 public:
  virtual ~Collector() = default;
  virtual Status emit(Batch batch, size_t output = 0) = 0;
};

// Why rows left the pipeline without a result.
enum class DeadReason : uint8_t { kDecode, kLate, kExpression, kTime, kSink };
inline constexpr size_t kDeadReasons = 5;
std::string_view dead_reason_name(DeadReason reason);  // "late", …

class OperatorContext {
 public:
  virtual ~OperatorContext() = default;

  virtual const std::string& operator_id() const = 0;
  virtual int task() const = 0;
  virtual int parallelism() const = 0;
  virtual int64_t now_millis() = 0;  // processing time: of the job's clock, which a test may turn

  // Declared at open() only, once each; comes back filled with what the last checkpoint holds of
  // this task's key groups. Its changes go with every checkpoint.
  virtual Result<state::KeyedTable*> table(state::TableSpec spec) = 0;
  // Named bytes of this operator, of all tasks, from the last checkpoint.
  virtual Result<std::map<std::string, std::string>> named_state() = 0;
  // Goes with the next checkpoint; empty bytes forget the name.
  virtual void put_named_state(const std::string& name, std::string bytes) = 0;

  // on_timer() is called at or behind this moment of processing time. Timers are not kept over a
  // restart: open() sets them again from state. Of several for one moment one fires.
  virtual void set_timer(int64_t processing_millis) = 0;

  // The row goes to the dead letters (counted, and written with the next checkpoint), or fails the
  // job where the pipeline says so.
  virtual Status dead_letter(const Batch& batch, int64_t row, DeadReason reason,
                             std::string_view field, std::string_view words) = 0;
};

// What an operator that closes windows of time has open.
struct OpenWindows {
  // Of those that have rows the one that is closed next, and how many rows of state it has; 0 where
  // that would have to be counted. It may be closed already, and be kept for late rows.
  int64_t oldest_start_ms = 0, oldest_end_ms = 0;
  uint64_t oldest_rows = 0;
  int64_t newest_end_ms = INT64_MIN;  // INT64_MIN: not known
};

class Operator {
 public:
  virtual ~Operator() = default;

  virtual Status open(OperatorContext& /*context*/) { return {}; }
  // `input` counts the node's inputs in the plan.
  virtual Status on_batch(size_t input, const Batch& batch, Collector& out) = 0;
  // The least over all inputs; rises. What it makes is emitted before the watermark goes on.
  virtual Status on_watermark(Watermark /*watermark*/, Collector& /*out*/) { return {}; }
  // Whether on_batch(), on_watermark() or on_caught_up() broke off because a lot leaves. Then
  // nothing but go_on() is called, whenever those behind have room again, until it has not; a
  // watermark goes on when it is done with. Only of operators that begin a task: those with several
  // inputs.
  virtual bool has_more() const { return false; }
  virtual Status go_on(Collector& /*out*/) { return {}; }
  virtual Status on_timer(int64_t /*processing_millis*/, Collector& /*out*/) { return {}; }
  // The input's sources have given all that they had when this run began, or have ended. Once a
  // run, before kEndOfTime; of operators that begin a task.
  virtual Status on_caught_up(size_t /*input*/, Collector& /*out*/) { return {}; }
  // State is handed over right after it returns; what it emits belongs to this checkpoint.
  virtual Status on_barrier(CheckpointId /*id*/, Collector& /*out*/) { return {}; }
  // After the watermark kEndOfTime.
  virtual Status on_end(Collector& /*out*/) { return {}; }
  // The watermark that may go on to what follows, given the one that came in: an operator that
  // still holds rows of the past (an interval join) keeps it back.
  virtual Watermark forwarded(Watermark watermark) const { return watermark; }

  // What it holds in memory beside its tables and in proportion to them: it counts with them.
  virtual size_t index_bytes() const { return 0; }
  // Nothing: none is open, or it has no windows of time. Asked often.
  virtual std::optional<OpenWindows> open_windows() { return std::nullopt; }
  // Bytes that wait for a checkpoint to leave.
  virtual int64_t staged_bytes() const { return 0; }
  // What a sink hands over behind on_barrier().
  virtual std::vector<std::string> take_committables() { return {}; }
};

}  // namespace dataflow::engine
