// Channel: what one task sends to another, in order. The producer never blocks: it looks at full()
// before a step, and is woken when there is room again.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>

#include "engine/operator.h"
#include "types/batch.h"

namespace dataflow::engine {

struct Message {
  enum class Kind : uint8_t {
    kBatch,
    kWatermark,  // number: event time in ms
    kBarrier,    // number: the checkpoint's id
    kIdle,       // no watermark is to be expected of this channel until kActive
    kActive,
    kCaughtUp,  // all that its sources had when this run began lies before; once a run
    kEnd,       // the last message
  };

  Kind kind = Kind::kBatch;
  int64_t number = 0;
  Batch batch;

  static Message of(Batch batch) { return {Kind::kBatch, 0, std::move(batch)}; }
  static Message of(Watermark watermark) { return {Kind::kWatermark, watermark.value(), {}}; }
  static Message barrier(CheckpointId id) { return {Kind::kBarrier, id.value(), {}}; }
  static Message plain(Kind kind) { return {kind, 0, {}}; }
};

class Channel {
 public:
  // `wake_consumer` after a push into an empty channel, `wake_producer` when a full one has room.
  Channel(size_t capacity, size_t input, std::function<void()> wake_consumer,
          std::function<void()> wake_producer)
      : capacity_(capacity),
        input_(input),
        wake_consumer_(std::move(wake_consumer)),
        wake_producer_(std::move(wake_producer)) {}

  // Of the consumer's plan node.
  size_t input() const { return input_; }

  void push(Message message);
  std::optional<Message> pop();
  // If so, the producer will be woken.
  bool full();

 private:
  const size_t capacity_;
  const size_t input_;
  const std::function<void()> wake_consumer_;
  const std::function<void()> wake_producer_;
  std::mutex mutex_;
  std::deque<Message> messages_;
  size_t batches_ = 0;
  bool producer_waits_ = false;
};

}  // namespace dataflow::engine
