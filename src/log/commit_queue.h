// Hands batches to the store in the order of submit(), from outside of the submitter's locks: the
// store may call back on the thread that commits, which would then wait for its own lock.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string_view>

#include "meta/store.h"

namespace dataflow::log {

class CommitQueue {
 public:
  using Done = std::function<void(Status)>;

  explicit CommitQueue(meta::Store& store) : store_(store) {}
  ~CommitQueue() { wait_idle(); }
  CommitQueue(const CommitQueue&) = delete;
  CommitQueue& operator=(const CommitQueue&) = delete;

  // Only queues; the submitter calls flush() once it has let go of its locks. Callbacks run in the
  // order of submit().
  void submit(meta::WriteBatch batch, Done done);
  void flush();
  // Until the callbacks of all that was submitted have returned. Not from a callback.
  void wait_idle();

 private:
  struct Entry {
    meta::WriteBatch batch;
    Done done;
  };

  meta::Store& store_;
  std::mutex mutex_;
  std::condition_variable idle_;
  std::deque<Entry> entries_;
  size_t unfinished_ = 0;
  bool flushing_ = false;  // one thread hands over at a time, which keeps the order
};

// How a client hears of a store that fails: not now, and why.
Status store_unavailable(const Status& cause, std::string_view doing);

}  // namespace dataflow::log
