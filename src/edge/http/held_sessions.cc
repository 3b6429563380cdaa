#include "held_sessions.h"

#include <pthread.h>

#include <algorithm>
#include <charconv>
#include <system_error>

#include "base/units.h"
#include "base/uuid.h"

namespace dataflow::http {
namespace {

constexpr int64_t kNanosPerMs = 1'000'000;
constexpr int64_t kCancelAgainMs = 50;
constexpr int64_t kMostSweepMs = 15'000;

Status stopping() { return Status::unavailable("the server is stopping"); }

}  // namespace

std::string HeldSession::next_id() {
  const std::lock_guard lock(mutex_);
  return std::to_string(++last_id_);
}

Status HeldSession::add(std::shared_ptr<HeldStatement> statement) {
  std::shared_ptr<HeldStatement> gone;  // its rows take their time
  const std::lock_guard lock(mutex_);
  if (ended_) return Status::not_found("the session has ended");
  if (statements_.size() >= max_results_) {
    const auto read = std::ranges::find_if(
        statements_, [](const auto& entry) { return !entry.second->unread(); });
    if (read == statements_.end()) {
      return Status::conflict("the session holds " + std::to_string(max_results_) +
                              " results that nobody has read to their end; read or DELETE them");
    }
    gone = std::move(read->second);
    statements_.erase(read);
  }
  uint64_t number = 0;
  const std::string& id = statement->id();
  std::from_chars(id.data(), id.data() + id.size(), number);
  statements_[number] = std::move(statement);
  return {};
}

Result<std::shared_ptr<HeldStatement>> HeldSession::find(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [number, statement] : statements_) {
    if (statement->id() == id) return statement;
  }
  return Status::not_found("there is no statement `" + id + "` in this session, or not any more");
}

void HeldSession::remove(const std::string& id) {
  std::shared_ptr<HeldStatement> gone;
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find_if(
      statements_, [&](const auto& entry) { return entry.second->id() == id; });
  if (found == statements_.end()) return;
  gone = std::move(found->second);
  statements_.erase(found);
}

std::vector<std::shared_ptr<HeldStatement>> HeldSession::statements() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<HeldStatement>> all;
  for (const auto& [number, statement] : statements_) all.push_back(statement);
  return all;
}

std::vector<std::shared_ptr<HeldStatement>> HeldSession::end() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  return statements();
}

void HeldSession::touch(int64_t nanos) {
  const std::lock_guard lock(mutex_);
  touched_nanos_ = std::max(touched_nanos_, nanos);
}

std::shared_ptr<void> HeldSession::reader() {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<void> held = reading_.lock();
  if (held == nullptr) {
    held = std::make_shared<int>();
    reading_ = held;
  }
  return held;
}

bool HeldSession::idle_since(int64_t nanos) const {
  const std::lock_guard lock(mutex_);
  return reading_.expired() && touched_nanos_ <= nanos;
}

HeldSessions::HeldSessions(const SqlHttpOptions& options, jobs::SqlService& service, Env& env,
                           TimerQueue& timers)
    : options_(options), service_(service), env_(env), timers_(timers) {}

void HeldSessions::watch() {
  const int64_t sweep_ms = std::clamp(options_.idle_ms / 4, int64_t{1}, kMostSweepMs);
  timers_.schedule_after(sweep_ms * kNanosPerMs, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    // What goes with a session may take its time. The task holds nothing: stop() waits for it.
    if (self->worker_.post([sessions = self.get()] { sessions->sweep(); })) self->watch();
  });
}

Result<std::shared_ptr<HeldSession>> HeldSessions::open() {
  const std::lock_guard lock(mutex_);
  if (stopped_) return stopping();
  if (sessions_.size() >= options_.max_sessions) {
    return Status::unavailable("there are " + std::to_string(options_.max_sessions) +
                               " SQL sessions over HTTP, which is the limit; DELETE one, or try "
                               "again later: idle ones end by themselves");
  }
  auto session = std::make_shared<HeldSession>(Uuid::random(env_).to_string(),
                                               service_.open_session(), options_.max_results);
  session->touch(env_.monotonic_nanos());
  sessions_[session->id()] = session;
  std::erase_if(uses_, [](const auto& one) { return one.expired(); });
  uses_.push_back(session->use());
  return session;
}

Result<std::shared_ptr<HeldSession>> HeldSessions::find(const std::string& id) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return stopping();
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) {
    return Status::not_found("there is no session `" + id +
                             "`, or not any more: one that is asked nothing for " +
                             format_duration_ms(options_.idle_ms) + " ends");
  }
  found->second->touch(env_.monotonic_nanos());
  return found->second;
}

Status HeldSessions::end(const std::string& id) {
  DF_ASSIGN_OR_RETURN(const std::shared_ptr<HeldSession> session, find(id));
  end_all(*session);
  return {};
}

void HeldSessions::end_all(HeldSession& session) {
  {
    const std::lock_guard lock(mutex_);
    sessions_.erase(session.id());
  }
  for (const std::shared_ptr<HeldStatement>& statement : session.end()) {
    cancel(statement);
    session.remove(statement->id());
  }
}

void HeldSessions::abandon(std::shared_ptr<HeldSession> session) {
  // The task is the last to hold it, whether it runs or not.
  (void)worker_.post([this, held = std::move(session)] { end_all(*held); });
}

void HeldSessions::abandon(std::shared_ptr<HeldSession> session,
                           std::shared_ptr<HeldStatement> statement) {
  (void)worker_.post([this, held = std::move(session), gone = std::move(statement)] {
    cancel(gone);
    held->remove(gone->id());
  });
}

void HeldSessions::reap_locked(std::vector<std::thread>& ended) {
  for (auto entry = running_.begin(); entry != running_.end();) {
    if (!entry->second.ended) {
      ++entry;
      continue;
    }
    ended.push_back(std::move(entry->second.thread));
    entry = running_.erase(entry);
  }
}

Status HeldSessions::run(const std::shared_ptr<HeldStatement>& statement,
                         std::vector<Value> parameters) {
  std::vector<std::thread> ended;
  const auto start = [&]() -> Status {
    const std::lock_guard lock(mutex_);
    if (stopped_) return stopping();
    reap_locked(ended);
    if (running_.size() >= options_.max_running) {
      return Status::unavailable(std::to_string(options_.max_running) +
                                 " statements run over HTTP, which is the limit; wait for the end "
                                 "of one, or cancel one");
    }
    std::erase_if(held_, [](const auto& one) { return one.expired(); });
    held_.push_back(statement);
    const uint64_t run = next_run_++;
    Running& made = running_[run];
    made.statement = statement;
    try {
      made.thread = std::thread([this, run, statement, given = std::move(parameters)] {
        pthread_setname_np(pthread_self(), "sql-http");
        statement->run(given);
        const std::lock_guard ended_lock(mutex_);
        running_.at(run).ended = true;
        running_.at(run).statement.reset();
        ended_one_.notify_all();
      });
    } catch (const std::system_error& thrown) {
      running_.erase(run);
      return Status::unavailable(std::string("the machine has no thread for it (") + thrown.what() +
                                 "); try again later");
    }
    return {};
  };
  const Status started = start();
  for (std::thread& thread : ended) thread.join();
  if (!started.ok()) statement->fail(started);
  return started;
}

void HeldSessions::cancel(const std::shared_ptr<HeldStatement>& statement) {
  statement->cancel();
  const std::lock_guard lock(mutex_);
  if (again_ || stopped_) return;
  again_ = true;
  timers_.schedule_after(kCancelAgainMs * kNanosPerMs, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->cancel_again();
  });
}

// One that was just about to begin has not heard of it.
void HeldSessions::cancel_again() {
  std::shared_ptr<HeldStatement> found;
  {
    const std::lock_guard lock(mutex_);
    again_ = false;
    for (const auto& [run, running] : running_) {
      if (running.statement != nullptr && running.statement->cancelled()) {
        running.statement->cancel();
        found = running.statement;
      }
    }
  }
  if (found != nullptr) cancel(found);
}

void HeldSessions::sweep() {
  const int64_t before = env_.monotonic_nanos() - options_.idle_ms * kNanosPerMs;
  std::vector<std::shared_ptr<HeldSession>> idle;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, session] : sessions_) {
      if (session->idle_since(before)) idle.push_back(session);
    }
  }
  for (const std::shared_ptr<HeldSession>& session : idle) end_all(*session);
}

void HeldSessions::stop() {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    stopped_ = true;
  }
  worker_.stop();
  std::vector<std::thread> ended;
  std::map<std::string, std::shared_ptr<HeldSession>> sessions;
  std::vector<std::weak_ptr<SessionUse>> uses;
  std::vector<std::weak_ptr<HeldStatement>> held;
  {
    std::unique_lock lock(mutex_);
    const auto over = [this] {
      return std::ranges::all_of(running_, [](const auto& one) { return one.second.ended; });
    };
    while (!over()) {
      for (auto& [run, running] : running_) {
        if (running.statement != nullptr) running.statement->cancel();
      }
      ended_one_.wait_for(lock, std::chrono::milliseconds(kCancelAgainMs), over);
    }
    reap_locked(ended);
    sessions.swap(sessions_);
    uses.swap(uses_);
    held.swap(held_);
  }
  for (std::thread& thread : ended) thread.join();
  for (const std::weak_ptr<HeldStatement>& weak : held) {
    if (const auto statement = weak.lock()) statement->close();
  }
  for (const std::weak_ptr<SessionUse>& weak : uses) {
    if (const auto use = weak.lock()) use->close();
  }
}

}  // namespace dataflow::http
