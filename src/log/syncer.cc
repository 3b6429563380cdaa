#include "syncer.h"

#include <pthread.h>

namespace dataflow::log {

Syncer::Syncer(int threads) {
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back([this] {
      pthread_setname_np(pthread_self(), "log-sync");
      run();
    });
  }
}

void Syncer::enqueue(std::shared_ptr<Syncable> item) {
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return;
    queue_.push_back(std::move(item));
  }
  wake_.notify_one();
}

void Syncer::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& t : threads_) {
    if (t.joinable()) t.join();
  }
}

void Syncer::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    std::shared_ptr<Syncable> item = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    const bool again = item->sync_appended();
    lock.lock();
    if (again) queue_.push_back(std::move(item));
  }
}

}  // namespace dataflow::log
