// One named thread with a queue of tasks.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace dataflow {

// Tasks run one after the other in the order of their posting. A task that throws ends the process.
class Worker {
 public:
  using Task = std::function<void()>;

  // The name shows in top and gdb, of which the system keeps 15 characters.
  explicit Worker(const std::string& name);
  ~Worker() { stop(); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // False, and the task is dropped, once stop() was called.
  bool post(Task task);
  // Runs what was posted before, then ends the thread. Not from a task of its own; may be called
  // again.
  void stop();
  // Whether the calling thread is this worker's.
  bool is_current() const { return std::this_thread::get_id() == id_; }

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Task> tasks_;
  bool stopping_ = false;
  std::thread thread_;
  std::thread::id id_;
};

}  // namespace dataflow
