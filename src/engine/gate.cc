#include "gate.h"

#include <algorithm>

namespace dataflow::engine {

using Kind = GateEvent::Kind;

Gate::Gate(std::vector<std::shared_ptr<Channel>> channels, std::optional<size_t> timed)
    : timed_(timed) {
  for (std::shared_ptr<Channel>& channel : channels) {
    if (channel->input() >= behind_.size()) behind_.resize(channel->input() + 1, true);
    lanes_.push_back({std::move(channel)});
  }
}

std::optional<GateEvent> Gate::next() {
  while (!ended_) {
    if (changed_) {
      if (std::optional<GateEvent> event = follow_up()) return event;
      changed_ = false;
    }
    std::optional<Message> message;
    Lane* lane = pop_next(message);
    if (lane == nullptr) return std::nullopt;
    if (message->kind == Message::Kind::kBatch) {
      return GateEvent{Kind::kBatch, lane->channel->input(), 0, std::move(message->batch)};
    }
    take(*lane, *message);
    changed_ = true;
  }
  return std::nullopt;
}

Gate::Lane* Gate::pop_next(std::optional<Message>& message) {
  for (size_t i = 0; i < lanes_.size(); ++i) {
    Lane& lane = lanes_[turn_];
    turn_ = (turn_ + 1) % lanes_.size();
    if (lane.ended || lane.at_barrier) continue;
    message = lane.channel->pop();
    if (message) return &lane;
  }
  return nullptr;
}

void Gate::take(Lane& lane, const Message& message) {
  switch (message.kind) {
    case Message::Kind::kBatch: break;
    case Message::Kind::kWatermark:
      lane.watermark = std::max(lane.watermark, Watermark(message.number));
      break;
    case Message::Kind::kIdle:
    case Message::Kind::kActive: lane.idle = message.kind == Message::Kind::kIdle; break;
    case Message::Kind::kBarrier:
      lane.at_barrier = true;
      barrier_ = CheckpointId(message.number);
      break;
    case Message::Kind::kCaughtUp: lane.caught_up = true; break;
    case Message::Kind::kEnd: lane.ended = true; break;
  }
}

std::optional<GateEvent> Gate::follow_up() {
  // All that an ended lane ever sent lies before the barrier.
  if (std::optional<GateEvent> event = barrier_if_aligned()) return event;
  if (std::optional<GateEvent> event = input_that_caught_up()) return event;
  if (!std::all_of(lanes_.begin(), lanes_.end(), [](const Lane& l) { return l.ended; })) {
    return progress();
  }
  // The end of time comes first, so that windows close.
  if (watermark_ != kEndOfTime) {
    watermark_ = kEndOfTime;
    return GateEvent{Kind::kWatermark, 0, kEndOfTime.value()};
  }
  ended_ = true;
  return GateEvent{Kind::kEnd};
}

std::optional<GateEvent> Gate::barrier_if_aligned() {
  if (barrier_ == CheckpointId(0)) return std::nullopt;
  for (const Lane& lane : lanes_) {
    if (!lane.ended && !lane.at_barrier) return std::nullopt;
  }
  for (Lane& lane : lanes_) lane.at_barrier = false;
  const CheckpointId id = barrier_;
  barrier_ = CheckpointId(0);
  return GateEvent{Kind::kBarrier, 0, id.value()};
}

std::optional<GateEvent> Gate::input_that_caught_up() {
  for (size_t input = 0; input < behind_.size(); ++input) {
    if (!behind_[input]) continue;
    behind_[input] = std::ranges::any_of(lanes_, [&](const Lane& lane) {
      return lane.channel->input() == input && !lane.caught_up && !lane.ended;
    });
    if (!behind_[input]) return GateEvent{Kind::kCaughtUp, input};
  }
  return std::nullopt;
}

std::optional<GateEvent> Gate::progress() {
  Watermark least = kEndOfTime;
  bool any_active = false;
  for (const Lane& lane : lanes_) {
    if (lane.ended || lane.idle) continue;
    if (timed_ && lane.channel->input() != *timed_) continue;
    any_active = true;
    least = std::min(least, lane.watermark);
  }
  if (any_active == idle_) {
    idle_ = !any_active;
    return GateEvent{idle_ ? Kind::kIdle : Kind::kActive};
  }
  if (!any_active || least <= watermark_) return std::nullopt;
  watermark_ = least;
  return GateEvent{Kind::kWatermark, 0, least.value()};
}

}  // namespace dataflow::engine
