// Gate: the inputs of one task as one sequence of events. Aligns barriers (a channel whose barrier
// has come waits for the others), merges watermarks, and counts ends.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "channel.h"

namespace dataflow::engine {

struct GateEvent {
  enum class Kind : uint8_t { kBatch, kWatermark, kBarrier, kIdle, kActive, kEnd };
  Kind kind = Kind::kBatch;
  size_t input = 0;    // of a batch
  int64_t number = 0;  // watermark or checkpoint
  Batch batch;
};

class Gate {
 public:
  explicit Gate(std::vector<std::shared_ptr<Channel>> channels);

  // Nothing: every channel is empty or waits for a barrier.
  std::optional<GateEvent> next();
  bool ended() const { return ended_; }

 private:
  struct Lane {
    std::shared_ptr<Channel> channel;
    Watermark watermark = kNoWatermark;
    bool idle = false;
    bool at_barrier = false;
    bool ended = false;
  };

  // The next message of a lane that does not wait; null if there is none.
  Lane* pop_next(std::optional<Message>& message);
  void take(Lane& lane, const Message& message);
  // One of the events that the lanes' changes bring about; to be called until there is none.
  std::optional<GateEvent> follow_up();
  std::optional<GateEvent> barrier_if_aligned();
  std::optional<GateEvent> progress();

  std::vector<Lane> lanes_;
  size_t turn_ = 0;
  Watermark watermark_ = kNoWatermark;
  CheckpointId barrier_{0};  // that some lane waits at; 0: none
  bool idle_ = false;
  bool ended_ = false;
  bool changed_ = false;  // follow_up() has not been asked since
};

}  // namespace dataflow::engine
