#include "commit_queue.h"

#include <string>

namespace dataflow::log {

void CommitQueue::submit(meta::WriteBatch batch, Done done) {
  const std::lock_guard lock(mutex_);
  ++unfinished_;
  entries_.push_back({std::move(batch), std::move(done)});
}

void CommitQueue::flush() {
  std::unique_lock lock(mutex_);
  if (flushing_) return;
  flushing_ = true;
  while (!entries_.empty()) {
    Entry entry = std::move(entries_.front());
    entries_.pop_front();
    lock.unlock();
    store_.commit_async(std::move(entry.batch),
                        [this, done = std::move(entry.done)](Status status) mutable {
                          done(std::move(status));
                          // What the callback holds may go back to this queue's owner: let go of it
                          // first.
                          done = nullptr;
                          const std::lock_guard finished(mutex_);
                          if (--unfinished_ == 0) idle_.notify_all();
                        });
    lock.lock();
  }
  flushing_ = false;
  idle_.notify_all();
}

void CommitQueue::wait_idle() {
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [&] { return unfinished_ == 0 && !flushing_; });
}

Status store_unavailable(const Status& cause, std::string_view doing) {
  return Status::unavailable(std::string(doing) + ": the metadata store did not take it: " +
                             cause.to_string() + "; try again");
}

}  // namespace dataflow::log
