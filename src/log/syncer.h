// The threads that bring appended bytes to disk. A partition with unsynced bytes stands in the
// queue once; whoever takes it syncs everything appended until then, so that appends which arrive
// during a fdatasync share the next one (group commit).
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace dataflow::log {

class Syncable {
 public:
  virtual ~Syncable() = default;
  // Never runs on two threads at once. True: more was appended meanwhile, queue it again.
  virtual bool sync_appended() = 0;
};

class Syncer {
 public:
  explicit Syncer(int threads);
  ~Syncer() { stop(); }

  // The caller makes sure that an item is queued once until sync_appended() has returned false.
  void enqueue(std::shared_ptr<Syncable> item);
  // Waits for what is queued, then ends the threads. Later items are not taken.
  void stop();

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::shared_ptr<Syncable>> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace dataflow::log
