// The memory that all requests together may take while they are received or wait for their turn. A
// connection that gets none stops reading until some is given back; nobody is thrown out for it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace dataflow::kafka {

// Told (on any thread, with no lock held) that asking again may succeed.
class MemoryWaiter {
 public:
  virtual ~MemoryWaiter() = default;
  virtual void on_memory() = 0;
};

class RequestMemory {
 public:
  explicit RequestMemory(size_t limit) : limit_(limit) {}

  bool exhausted() const { return used_.load(std::memory_order_relaxed) >= limit_; }
  size_t used() const { return used_.load(std::memory_order_relaxed); }

  bool take(size_t bytes);
  // Bytes that are here already and have to stay somewhere.
  void take_anyway(size_t bytes) { used_.fetch_add(bytes, std::memory_order_relaxed); }
  void give_back(size_t bytes);

  // When half-received requests hold all of it, none could ever be completed: so one holder at a
  // time may go on past the limit until it gives the privilege back.
  bool acquire_overdraft(const void* holder);
  bool holds_overdraft(const void* holder) const { return overdraft_.load() == holder; }
  void release_overdraft(const void* holder);

  // Kept until it is told, once.
  void wait(std::weak_ptr<MemoryWaiter> waiter);

 private:
  void wake();

  const size_t limit_;
  std::atomic<size_t> used_{0};
  std::atomic<const void*> overdraft_{nullptr};
  std::atomic<bool> has_waiters_{false};
  std::mutex mutex_;
  std::vector<std::weak_ptr<MemoryWaiter>> waiters_;  // guarded by mutex_
};

// Room for a decoded request of `request_bytes`, given back when the last copy of the pointer goes;
// nullptr if there is none. The first one always finds room. `memory` must outlive it.
std::shared_ptr<void> take_queue_room(RequestMemory& memory, size_t request_bytes);

// The bytes of requests that could not be answered at once: one partly received frame, or whole
// frames that wait for their turn. Grows as bytes arrive, never to what a length field merely
// promises.
class InputBuffer {
 public:
  explicit InputBuffer(RequestMemory& memory) : memory_(memory) {}
  ~InputBuffer() { release(); }
  InputBuffer(const InputBuffer&) = delete;
  InputBuffer& operator=(const InputBuffer&) = delete;

  char* data() { return data_.get() + start_; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // Bytes that may be read in behind data() + size().
  size_t room() const { return capacity_ - start_ - size_; }
  void added(size_t bytes) { size_ += bytes; }
  // Drops the first bytes; the last one gives all memory back.
  void consume(size_t bytes);

  // Makes room for bytes of a frame of `frame_bytes` (the one at the front). False if the budget
  // has none; `past_limit` takes it all the same.
  bool grow_for(size_t frame_bytes, bool past_limit);
  // Takes the bytes in, whatever the budget says.
  void append(const char* from, size_t bytes);
  void release();

 private:
  bool reallocate(size_t capacity, bool past_limit);

  RequestMemory& memory_;
  std::unique_ptr<char[]> data_;
  size_t capacity_ = 0;
  size_t start_ = 0;
  size_t size_ = 0;
};

}  // namespace dataflow::kafka
