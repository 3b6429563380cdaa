#include "task.h"

#include <algorithm>
#include <chrono>

namespace dataflow::engine {
namespace {

constexpr int kEventsInAStep = 8;

int64_t steady_nanos() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Task::Task(size_t index, std::string name, Scheduler& scheduler, TimerQueue& timers,
           TaskListener& listener)
    : index_(index),
      name_(std::move(name)),
      scheduler_(scheduler),
      timers_(timers),
      listener_(listener),
      waker_(std::make_shared<TaskWaker>(scheduler, *this)) {}

Task::~Task() { stop(); }

void Task::set_up(std::unique_ptr<Chain> chain, std::unique_ptr<SourceDriver> source,
                  std::unique_ptr<Gate> gate, CheckpointId last) {
  last_barrier_ = last;
  chain_ = std::move(chain);
  source_ = std::move(source);
  gate_ = std::move(gate);
}

Status Task::open() {
  DF_RETURN_IF_ERROR(chain_->open());
  return source_ ? source_->open() : Status();
}

void Task::request_barrier(CheckpointId id, bool last) {
  wanted_is_last_.store(last, std::memory_order_relaxed);
  wanted_barrier_.store(id.value(), std::memory_order_release);
  if (source_ || last) wake();
}

void Task::stop() {
  waker_->forget();
  scheduler_.remove(*this);
  timers_.cancel(wake_up_);
}

TaskTimes Task::times() const { return clock_.read(steady_nanos()); }

Runnable::Next Task::run() {
  if (over_) return Next::kWait;
  clock_.step_begins(steady_nanos());
  outputs_full_ = false;
  Result<Next> next = step();
  over_ |= !next.ok();
  const bool ready = next.ok() && *next == Next::kAgain;
  clock_.step_ends(steady_nanos(), over_           ? TaskClock::Then::kOver
                                   : ready         ? TaskClock::Then::kReady
                                   : outputs_full_ ? TaskClock::Then::kBlocked
                                                   : TaskClock::Then::kIdle);
  if (!next.ok()) {
    listener_.on_failure(index_, next.status());
    return Next::kWait;
  }
  if (over_) return Next::kWait;
  staged_.store(chain_->staged_bytes(), std::memory_order_relaxed);
  if (*next == Next::kWait && !is_behind_last_barrier()) set_wake_up();
  return *next;
}

Result<Runnable::Next> Task::step() {
  if (is_behind_last_barrier()) return Next::kWait;
  DF_RETURN_IF_ERROR(chain_->run_timers(chain_->now_millis()));
  return source_ ? source_step() : gate_step();
}

Result<Runnable::Next> Task::source_step() {
  DF_RETURN_IF_ERROR(source_->begin(*chain_));
  const CheckpointId wanted(wanted_barrier_.load(std::memory_order_acquire));
  if (wanted > last_barrier_) {
    last_barrier_ = wanted;
    TaskPart part;
    source_->collect(part);
    DF_RETURN_IF_ERROR(chain_->barrier(wanted, part));
    listener_.on_part(index_, wanted, std::move(part));
  }
  if (wanted_is_last_.load(std::memory_order_relaxed)) return Next::kWait;
  if ((outputs_full_ = chain_->outputs_full())) return Next::kWait;
  DF_ASSIGN_OR_RETURN(const SourceDriver::Step step, source_->step(*chain_));
  if (step == SourceDriver::Step::kWorked) return Next::kAgain;
  if (step == SourceDriver::Step::kIdle) return Next::kWait;
  DF_RETURN_IF_ERROR(chain_->watermark(kEndOfTime));
  DF_RETURN_IF_ERROR(finish());
  return Next::kWait;
}

Result<Runnable::Next> Task::gate_step() {
  for (int i = 0; i < kEventsInAStep; ++i) {
    if ((outputs_full_ = chain_->outputs_full())) return Next::kWait;
    if (chain_->has_more()) {
      DF_RETURN_IF_ERROR(chain_->go_on());
      continue;
    }
    std::optional<GateEvent> event = gate_->next();
    if (!event) return Next::kWait;
    DF_RETURN_IF_ERROR(handle(*event));
    if (over_) return Next::kWait;
  }
  return Next::kAgain;
}

Status Task::handle(GateEvent& event) {
  switch (event.kind) {
    case GateEvent::Kind::kBatch: return chain_->batch(event.input, event.batch);
    case GateEvent::Kind::kWatermark: return chain_->watermark(Watermark(event.number));
    case GateEvent::Kind::kIdle:
    case GateEvent::Kind::kActive:
      chain_->send_idle(event.kind == GateEvent::Kind::kIdle);
      return {};
    case GateEvent::Kind::kCaughtUp: return chain_->caught_up(event.input, gate_->caught_up());
    case GateEvent::Kind::kBarrier: {
      last_barrier_ = CheckpointId(event.number);
      TaskPart part;
      DF_RETURN_IF_ERROR(chain_->barrier(last_barrier_, part));
      listener_.on_part(index_, last_barrier_, std::move(part));
      return {};
    }
    case GateEvent::Kind::kEnd: return finish();
  }
  return {};
}

Status Task::finish() {
  TaskPart part;
  if (source_) source_->collect(part);
  DF_RETURN_IF_ERROR(chain_->end(last_barrier_ + 1, part));
  over_ = true;
  listener_.on_end(index_, std::move(part));
  return {};
}

void Task::set_wake_up() {
  int64_t moment = chain_->next_timer().value_or(INT64_MAX);
  if (source_) moment = std::min(moment, source_->next_timer().value_or(INT64_MAX));
  if (moment == wake_up_at_ && !wake_up_fired_->load()) return;
  timers_.cancel(wake_up_);
  wake_up_at_ = moment;
  if (moment == INT64_MAX) return;
  wake_up_fired_->store(false);
  const int64_t millis = std::max<int64_t>(moment - chain_->now_millis(), 0);
  wake_up_ = timers_.schedule_after(millis * 1000000, [waker = waker_, fired = wake_up_fired_] {
    fired->store(true);
    waker->wake();
  });
}

}  // namespace dataflow::engine
