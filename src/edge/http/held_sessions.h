// The SQL sessions of HTTP's clients, the threads that their statements run on, and their end.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/worker.h"
#include "edge/http/sql.h"
#include "held_statement.h"

namespace dataflow::http {

class HeldSession {
 public:
  HeldSession(std::string id, std::unique_ptr<jobs::SqlSession> sql, size_t max_results)
      : id_(std::move(id)),
        max_results_(max_results),
        use_(std::make_shared<SessionUse>(std::move(sql))) {}

  const std::string& id() const { return id_; }
  const std::shared_ptr<SessionUse>& use() const { return use_; }

  std::string next_id();
  // Those that have ended and been read make room; kConflict where there are too many others,
  // kNotFound behind end().
  Status add(std::shared_ptr<HeldStatement> statement);
  Result<std::shared_ptr<HeldStatement>> find(const std::string& id) const;
  void remove(const std::string& id);
  std::vector<std::shared_ptr<HeldStatement>> statements() const;
  // None is added any more; those that there are.
  std::vector<std::shared_ptr<HeldStatement>> end();

  void touch(int64_t nanos);
  // One that reads a result keeps the session as long as it is held.
  std::shared_ptr<void> reader();
  bool idle_since(int64_t nanos) const;

 private:
  const std::string id_;
  const size_t max_results_;
  const std::shared_ptr<SessionUse> use_;
  mutable std::mutex mutex_;
  bool ended_ = false;
  uint64_t last_id_ = 0;
  std::map<uint64_t, std::shared_ptr<HeldStatement>> statements_;
  int64_t touched_nanos_ = 0;
  std::weak_ptr<void> reading_;
};

class HeldSessions : public std::enable_shared_from_this<HeldSessions> {
 public:
  HeldSessions(const SqlHttpOptions& options, jobs::SqlService& service, Env& env,
               TimerQueue& timers);
  ~HeldSessions() { stop(); }
  HeldSessions(const HeldSessions&) = delete;
  HeldSessions& operator=(const HeldSessions&) = delete;

  // Behind the constructor: idle sessions end in their time.
  void watch();
  Result<std::shared_ptr<HeldSession>> open();
  // Whoever asks for one uses it.
  Result<std::shared_ptr<HeldSession>> find(const std::string& id);
  Status end(const std::string& id);
  // From any thread, at once: the rest is done on a thread of its own.
  void abandon(std::shared_ptr<HeldSession> session);
  void abandon(std::shared_ptr<HeldSession> session, std::shared_ptr<HeldStatement> statement);

  // The session is taken; it is released at the statement's end.
  Status run(const std::shared_ptr<HeldStatement>& statement, std::vector<Value> parameters);
  // Again and again until it has heard of it.
  void cancel(const std::shared_ptr<HeldStatement>& statement);

  // Ends the sessions that nobody has asked anything of for long.
  void sweep();
  void stop();

  const SqlHttpOptions& options() const { return options_; }
  jobs::SqlService& service() const { return service_; }
  Env& env() const { return env_; }

 private:
  struct Running {
    std::shared_ptr<HeldStatement> statement;
    std::thread thread;
    bool ended = false;
  };

  void end_all(HeldSession& session);
  void reap_locked(std::vector<std::thread>& ended);
  void cancel_again();

  const SqlHttpOptions options_;
  jobs::SqlService& service_;
  Env& env_;
  TimerQueue& timers_;
  std::mutex mutex_;
  std::condition_variable ended_one_;
  bool stopped_ = false;
  bool again_ = false;  // cancel_again() is to come
  std::map<std::string, std::shared_ptr<HeldSession>> sessions_;
  // Also those that are not found any more.
  std::vector<std::weak_ptr<SessionUse>> uses_;
  std::vector<std::weak_ptr<HeldStatement>> held_;
  uint64_t next_run_ = 0;
  std::map<uint64_t, Running> running_;
  Worker worker_{"sql-http-ends"};
};

}  // namespace dataflow::http
