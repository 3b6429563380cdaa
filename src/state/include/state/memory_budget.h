// MemoryBudget: how much memory the keyed state of a process may take. Whoever holds tables tells
// it what they take; it adds up. What is to happen beyond it is for the holders to decide.
#pragma once

#include <atomic>
#include <cstddef>

namespace dataflow::state {

// Thread-safe.
class MemoryBudget {
 public:
  explicit MemoryBudget(size_t limit = 0) : limit_(limit) {}  // 0: none
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  size_t limit() const { return limit_; }
  size_t used() const { return used_.load(std::memory_order_relaxed); }
  bool is_exceeded() const { return limit_ > 0 && used() > limit_; }

  // What one holder takes; given back when it goes. Used by one thread at a time.
  class Share {
   public:
    explicit Share(MemoryBudget* budget) : budget_(budget) {}
    ~Share() { (void)set(0); }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

    size_t bytes() const { return bytes_; }
    // False if it takes more than before, and all of them more than the budget.
    bool set(size_t bytes) {
      if (budget_ == nullptr || bytes == bytes_) return true;
      const bool more = bytes > bytes_;
      budget_->used_.fetch_add(bytes - bytes_, std::memory_order_relaxed);
      bytes_ = bytes;
      return !more || !budget_->is_exceeded();
    }

   private:
    MemoryBudget* const budget_;
    size_t bytes_ = 0;
  };

 private:
  const size_t limit_;
  std::atomic<size_t> used_{0};
};

}  // namespace dataflow::state
