#include "base/worker.h"

#include <pthread.h>

#include <utility>

namespace dataflow {
namespace {

constexpr size_t kLongestThreadName = 15;

void run_task(const Worker::Task& task) noexcept { task(); }

}  // namespace

Worker::Worker(const std::string& name) : thread_([this] { run(); }), id_(thread_.get_id()) {
  pthread_setname_np(thread_.native_handle(), name.substr(0, kLongestThreadName).c_str());
}

bool Worker::post(Task task) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return false;
    tasks_.push_back(std::move(task));
    if (tasks_.size() > 1) return true;  // it was woken for the first one
  }
  changed_.notify_one();
  return true;
}

void Worker::stop() {
  std::thread thread;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    thread.swap(thread_);
  }
  changed_.notify_one();
  if (thread.joinable()) thread.join();
}

void Worker::run() {
  std::vector<Task> batch;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
      if (tasks_.empty()) return;
      batch.swap(tasks_);
    }
    for (Task& task : batch) {
      run_task(task);
      task = nullptr;  // what it holds is let go before the next one runs
    }
    batch.clear();
  }
}

}  // namespace dataflow
