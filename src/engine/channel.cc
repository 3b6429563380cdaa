#include "channel.h"

namespace dataflow::engine {

void Channel::push(Message message) {
  bool was_empty = false;
  {
    const std::lock_guard lock(mutex_);
    was_empty = messages_.empty();
    if (message.kind == Message::Kind::kBatch) ++batches_;
    messages_.push_back(std::move(message));
  }
  if (was_empty) wake_consumer_();
}

std::optional<Message> Channel::pop() {
  std::optional<Message> message;
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (messages_.empty()) return std::nullopt;
    message = std::move(messages_.front());
    messages_.pop_front();
    if (message->kind == Message::Kind::kBatch) --batches_;
    if (producer_waits_ && batches_ < capacity_) {
      producer_waits_ = false;
      wake = true;
    }
  }
  if (wake) wake_producer_();
  return message;
}

bool Channel::full() {
  const std::lock_guard lock(mutex_);
  producer_waits_ = batches_ >= capacity_;
  return producer_waits_;
}

}  // namespace dataflow::engine
