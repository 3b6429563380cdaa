#include "io_thread.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>

#include "connection.h"

namespace dataflow::kafka {

namespace asio = boost::asio;

namespace {

class PostedFunction final : public IoTask {
 public:
  explicit PostedFunction(std::function<void()> what) : what_(std::move(what)) {}
  void run() override {
    std::unique_ptr<PostedFunction> self(this);
    what_();
  }

 private:
  std::function<void()> what_;
};

constexpr int64_t kIdleCheckSeconds = 5;

// sendfile has no flag against SIGPIPE; a blocked one stays pending and hurts nobody.
void block_sigpipe() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

}  // namespace

struct IoThread::Loop {
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> guard{context.get_executor()};
  asio::steady_timer timer{context};
  asio::steady_timer idle_timer{context};
};

IoThread::IoThread(Env& env, int index, int64_t idle_timeout_ms)
    : env_(env),
      index_(index),
      idle_timeout_nanos_(idle_timeout_ms * 1'000'000),
      loop_(std::make_unique<Loop>()),
      read_scratch_(new char[kScratchBytes]),
      write_scratch_(new char[kScratchBytes]) {}

IoThread::~IoThread() { stop(); }

void IoThread::start() {
  arm_idle_check();
  thread_ = std::thread([this] { run(); });
}

void IoThread::run() {
  id_ = std::this_thread::get_id();
  block_sigpipe();
  pthread_setname_np(pthread_self(), ("kafka-io-" + std::to_string(index_)).c_str());
  loop_->context.run();
}

void IoThread::stop() {
  if (thread_.joinable()) {
    // With everything closed and cancelled the loop runs out of work, and every handler has let go
    // of what it held.
    asio::post(loop_->context, [this] {
      stopping_ = true;
      close_all();
      loop_->idle_timer.cancel();
      loop_->timer.cancel();
      loop_->guard.reset();
    });
    thread_.join();
  } else {
    close_all();
  }
  std::vector<IoTask*> rest;
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    rest.swap(posted_);
  }
  for (IoTask* task : rest) task->run();
}

void IoThread::post(IoTask* task) {
  bool wake = false;
  bool run_here = false;
  {
    std::lock_guard lock(mutex_);
    if (stopped_) {
      run_here = true;
    } else {
      wake = posted_.empty();
      posted_.push_back(task);
    }
  }
  if (run_here) return task->run();
  if (wake) asio::post(loop_->context, [this] { drain(); });
}

void IoThread::post(std::function<void()> what) { post(new PostedFunction(std::move(what))); }

void IoThread::drain() {
  {
    std::lock_guard lock(mutex_);
    draining_.swap(posted_);
  }
  for (IoTask* task : draining_) task->run();
  draining_.clear();
  end_turn();
}

asio::io_context& IoThread::context() { return loop_->context; }

std::span<char> IoThread::read_scratch() { return {read_scratch_.get(), kScratchBytes}; }
std::span<char> IoThread::write_scratch() { return {write_scratch_.get(), kScratchBytes}; }

TimerKey IoThread::add_timer(int64_t deadline, std::shared_ptr<IoTimer> timer) {
  TimerKey key{deadline, next_timer_++};
  timers_.emplace(key, std::move(timer));
  arm_timer();
  return key;
}

void IoThread::cancel_timer(TimerKey key) { timers_.erase(key); }

// The timer is left armed when its deadline is cancelled: most long polls end early, and one
// needless expiry costs less than setting the clock for each of them.
void IoThread::arm_timer() {
  if (timers_.empty()) return;
  int64_t first = timers_.begin()->first.first;
  if (armed_for_ != 0 && armed_for_ <= first) return;
  armed_for_ = first;
  loop_->timer.expires_after(std::chrono::nanoseconds(std::max<int64_t>(0, first - now())));
  loop_->timer.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    armed_for_ = 0;
    fire_timers();
  });
}

void IoThread::fire_timers() {
  int64_t at = now();
  while (!timers_.empty() && timers_.begin()->first.first <= at) {
    std::shared_ptr<IoTimer> timer = std::move(timers_.begin()->second);
    timers_.erase(timers_.begin());
    timer->on_timer();
  }
  arm_timer();
  end_turn();
}

void IoThread::add(std::shared_ptr<Connection> connection) {
  connections_.insert(std::move(connection));
}

void IoThread::remove(const std::shared_ptr<Connection>& connection) {
  connections_.erase(connection);
}

void IoThread::mark_dirty(std::shared_ptr<Connection> connection) {
  dirty_.push_back(std::move(connection));
}

void IoThread::end_turn() {
  while (!dirty_.empty()) {
    flushing_.swap(dirty_);
    for (const auto& connection : flushing_) connection->flush();
    flushing_.clear();
  }
}

void IoThread::arm_idle_check() {
  if (stopping_) return;
  loop_->idle_timer.expires_after(std::chrono::seconds(kIdleCheckSeconds));
  loop_->idle_timer.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    close_idle();
    arm_idle_check();
  });
}

void IoThread::close_idle() {
  int64_t at = now();
  std::vector<std::shared_ptr<Connection>> all(connections_.begin(), connections_.end());
  for (const auto& connection : all) connection->check_idle(at, idle_timeout_nanos_);
  end_turn();
}

void IoThread::close_all() {
  std::vector<std::shared_ptr<Connection>> all(connections_.begin(), connections_.end());
  for (const auto& connection : all) connection->close({});
  timers_.clear();
}

void IoThread::poll() {
  id_ = std::this_thread::get_id();
  loop_->context.restart();
  loop_->context.poll();
}

}  // namespace dataflow::kafka
