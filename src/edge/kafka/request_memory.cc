#include "request_memory.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace dataflow::kafka {

namespace {

constexpr size_t kFirstBuffer = 4096;
// A frame up to this size gets its memory in one piece; a larger one has to show bytes first.
constexpr size_t kTrustedFrame = 1u << 20;
// How much a message of many short strings grows when it is decoded.
constexpr size_t kDecodedFactor = 16;

}  // namespace

bool RequestMemory::take(size_t bytes) {
  size_t used = used_.load(std::memory_order_relaxed);
  do {
    if (used + bytes > limit_) return false;
  } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  return true;
}

void RequestMemory::give_back(size_t bytes) {
  used_.fetch_sub(bytes);
  if (has_waiters_.load()) wake();
}

bool RequestMemory::acquire_overdraft(const void* holder) {
  const void* nobody = nullptr;
  return overdraft_.compare_exchange_strong(nobody, holder) || nobody == holder;
}

void RequestMemory::release_overdraft(const void* holder) {
  const void* expected = holder;
  if (overdraft_.compare_exchange_strong(expected, nullptr)) wake();
}

void RequestMemory::wait(std::weak_ptr<MemoryWaiter> waiter) {
  {
    std::lock_guard lock(mutex_);
    waiters_.push_back(std::move(waiter));
    has_waiters_ = true;
  }
  // What was given back before the flag stood would have woken nobody.
  if (!exhausted() && overdraft_.load() == nullptr) wake();
}

void RequestMemory::wake() {
  std::vector<std::weak_ptr<MemoryWaiter>> told;
  {
    std::lock_guard lock(mutex_);
    told.swap(waiters_);
    has_waiters_ = false;
  }
  for (const auto& weak : told) {
    if (auto waiter = weak.lock()) waiter->on_memory();
  }
}

std::shared_ptr<void> take_queue_room(RequestMemory& memory, size_t request_bytes) {
  size_t bytes = std::max<size_t>(request_bytes, 1) * kDecodedFactor;
  if (!memory.take(bytes)) {
    if (memory.used() > 0) return nullptr;
    memory.take_anyway(bytes);
  }
  return {&memory, [bytes](RequestMemory* from) { from->give_back(bytes); }};
}

void InputBuffer::consume(size_t bytes) {
  start_ += bytes;
  size_ -= bytes;
  if (size_ == 0) release();
}

void InputBuffer::release() {
  if (capacity_ == 0) return;
  data_.reset();
  memory_.give_back(std::exchange(capacity_, 0));
  start_ = 0;
  size_ = 0;
}

bool InputBuffer::grow_for(size_t frame_bytes, bool past_limit) {
  if (start_ > 0) {
    std::memmove(data_.get(), data_.get() + start_, size_);
    start_ = 0;
  }
  size_t trusted = std::max(kTrustedFrame, 2 * size_);
  size_t wanted = std::max(std::min(frame_bytes, trusted), kFirstBuffer);
  if (wanted <= capacity_) return room() > 0;
  return reallocate(wanted, past_limit);
}

void InputBuffer::append(const char* from, size_t bytes) {
  if (room() < bytes) {
    if (start_ > 0) std::memmove(data_.get(), data_.get() + start_, size_);
    start_ = 0;
    if (room() < bytes) reallocate(size_ + bytes, true);
  }
  std::memcpy(data_.get() + start_ + size_, from, bytes);
  size_ += bytes;
}

bool InputBuffer::reallocate(size_t capacity, bool past_limit) {
  size_t more = capacity - capacity_;
  if (!memory_.take(more)) {
    if (!past_limit) return false;
    memory_.take_anyway(more);
  }
  std::unique_ptr<char[]> grown(new char[capacity]);
  if (size_ > 0) std::memcpy(grown.get(), data_.get() + start_, size_);
  data_ = std::move(grown);
  start_ = 0;
  capacity_ = capacity;
  return true;
}

}  // namespace dataflow::kafka
