// One thread of the listener: it owns its connections, their long polls and their timers. Other
// threads reach it only through post().
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/env.h"

namespace boost::asio {
class io_context;
}

namespace dataflow::kafka {

class Connection;

// Something to do on an io thread. run() is called exactly once for each post(); the task sees to
// its own life.
class IoTask {
 public:
  virtual ~IoTask() = default;
  virtual void run() = 0;
};

class IoTimer {
 public:
  virtual ~IoTimer() = default;
  virtual void on_timer() = 0;
};

using TimerKey = std::pair<int64_t, uint64_t>;  // deadline, a serial number
inline constexpr TimerKey kNoTimer{0, 0};

class IoThread : public std::enable_shared_from_this<IoThread> {
 public:
  static constexpr size_t kScratchBytes = 256u << 10;

  IoThread(Env& env, int index, int64_t idle_timeout_ms);
  ~IoThread();

  void start();
  // Closes the connections and joins. Tasks posted from then on run on the thread that posts them,
  // and find their connection closed.
  void stop();

  // From any thread. One wake-up for all tasks that come while the thread is busy.
  void post(IoTask* task);
  void post(std::function<void()> what);

  // The rest on this thread only.
  boost::asio::io_context& context();
  bool is_current() const { return std::this_thread::get_id() == id_; }
  int64_t now() const { return env_.monotonic_nanos(); }

  TimerKey add_timer(int64_t deadline, std::shared_ptr<IoTimer> timer);
  void cancel_timer(TimerKey key);

  void add(std::shared_ptr<Connection> connection);
  void remove(const std::shared_ptr<Connection>& connection);
  // Has output to write when the current turn ends.
  void mark_dirty(std::shared_ptr<Connection> connection);
  void end_turn();

  // For a read that is consumed before anything else runs, and for bytes on their way out.
  std::span<char> read_scratch();
  std::span<char> write_scratch();

  // Without start(): runs what is ready on the calling thread. For tests and fuzzing.
  void poll();

 private:
  struct Loop;

  void run();
  void drain();
  void fire_timers();
  void arm_timer();
  void close_idle();
  void arm_idle_check();
  void close_all();

  Env& env_;
  const int index_;
  const int64_t idle_timeout_nanos_;
  std::unique_ptr<Loop> loop_;
  std::thread thread_;
  std::atomic<std::thread::id> id_{};

  std::mutex mutex_;
  std::vector<IoTask*> posted_;  // guarded by mutex_
  bool stopped_ = false;         // guarded by mutex_

  std::vector<IoTask*> draining_;
  bool stopping_ = false;
  std::map<TimerKey, std::shared_ptr<IoTimer>> timers_;
  uint64_t next_timer_ = 1;
  int64_t armed_for_ = 0;  // 0: not armed
  std::unordered_set<std::shared_ptr<Connection>> connections_;
  std::vector<std::shared_ptr<Connection>> dirty_;
  std::vector<std::shared_ptr<Connection>> flushing_;
  std::unique_ptr<char[]> read_scratch_;
  std::unique_ptr<char[]> write_scratch_;
};

}  // namespace dataflow::kafka
