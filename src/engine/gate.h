// Gate: the inputs of one task as one sequence of events. Aligns barriers (a channel whose barrier
// has come waits for the others), merges watermarks, and counts ends. An input has caught up when
// each of its channels has, or has ended.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "channel.h"

namespace dataflow::engine {

struct GateEvent {
  enum class Kind : uint8_t { kBatch, kWatermark, kBarrier, kIdle, kActive, kCaughtUp, kEnd };
  Kind kind = Kind::kBatch;
  size_t input = 0;    // of a batch, or that has caught up
  int64_t number = 0;  // watermark or checkpoint
  Batch batch;
};

class Gate {
 public:
  // `timed`: the input whose watermarks count; absent: all inputs'.
  explicit Gate(std::vector<std::shared_ptr<Channel>> channels,
                std::optional<size_t> timed = std::nullopt);

  // Nothing: every channel is empty or waits for a barrier.
  std::optional<GateEvent> next();
  bool ended() const { return ended_; }
  // Of all inputs it has been told.
  bool caught_up() const { return std::ranges::none_of(behind_, std::identity()); }

 private:
  struct Lane {
    std::shared_ptr<Channel> channel;
    Watermark watermark = kNoWatermark;
    bool idle = false;
    bool at_barrier = false;
    bool caught_up = false;
    bool ended = false;
  };

  // The next message of a lane that does not wait; null if there is none.
  Lane* pop_next(std::optional<Message>& message);
  void take(Lane& lane, const Message& message);
  // One of the events that the lanes' changes bring about; to be called until there is none.
  std::optional<GateEvent> follow_up();
  std::optional<GateEvent> barrier_if_aligned();
  std::optional<GateEvent> input_that_caught_up();
  std::optional<GateEvent> progress();

  const std::optional<size_t> timed_;
  std::vector<Lane> lanes_;
  std::vector<bool> behind_;  // inputs that have not caught up
  size_t turn_ = 0;
  Watermark watermark_ = kNoWatermark;
  CheckpointId barrier_{0};  // that some lane waits at; 0: none
  bool idle_ = false;
  bool ended_ = false;
  bool changed_ = false;  // follow_up() has not been asked since
};

}  // namespace dataflow::engine
