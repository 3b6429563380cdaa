// A statement from when it was taken to when it is let go of: what it is doing, and its rows.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/env.h"
#include "edge/http/server.h"
#include "jobs/sql_session.h"
#include "sql_rows.h"

namespace dataflow::http {

// A session as its statements hold it. It does one thing at a time.
class SessionUse {
 public:
  explicit SessionUse(std::unique_ptr<jobs::SqlSession> sql) : sql_(std::move(sql)) {}

  // kConflict while a statement runs; else the session is the caller's until release().
  Result<jobs::SqlSession*> take();
  void release();
  void cancel();
  jobs::StatementProgress progress() const;
  // As of the last release().
  jobs::TransactionState transaction() const;
  bool taken() const;
  // Behind all use of it.
  void close();

 private:
  mutable std::mutex mutex_;
  std::unique_ptr<jobs::SqlSession> sql_;
  bool taken_ = false;
  jobs::TransactionState transaction_ = jobs::TransactionState::kNone;
};

// Tells who waits for rows, or for the end. It may outlive the statement.
class Bell {
 public:
  // `already`: there is something, unless rows are wanted and awaited.
  std::shared_ptr<void> listen(bool rows, bool already, std::function<void()> wake);
  // Rows that nobody has at hand: ring() tells of them.
  void await_rows();
  // `rows`: only of these.
  void ring(bool rows);

 private:
  struct Listener {
    std::weak_ptr<void> held;
    bool rows;
    std::function<void()> wake;
  };
  std::mutex mutex_;
  bool awaits_rows_ = false;
  std::vector<Listener> listeners_;
};

enum class StatementState : uint8_t { kRunning, kFinished, kFailed, kCancelled };
const char* state_word(StatementState state);

struct StatementFacts {
  StatementState state = StatementState::kRunning;
  std::string tag;
  std::vector<std::string> warnings;
  Status error;
  int64_t elapsed_ms = 0;
  jobs::StatementProgress progress;  // up to its end, or to its first rows
};

// Rows in the order of their coming. `end`: they are the last ones.
struct PulledRows {
  std::vector<jobs::Row> rows;
  bool pending = false;  // there are none yet
  bool end = false;
};

struct ResultPage {
  uint64_t number = 0;
  Batch batch;
  bool last = false;
};

class HeldStatement {
 public:
  HeldStatement(std::string id, std::shared_ptr<SessionUse> session, Env& env,
                std::unique_ptr<jobs::PreparedStatement> prepared, bool follows);

  const std::string& id() const { return id_; }
  // SUBSCRIBE: its first column says what became of the row.
  bool follows() const { return follows_; }
  // None: it gives no rows.
  const std::optional<OutputColumns>& columns() const { return columns_; }

  // On a thread of its own; the session is taken, and released at its end.
  void run(const std::vector<Value>& parameters);
  // It could not be run.
  void fail(const Status& status);
  // From any thread, and again until it has heard of it. Of one that has ended the rows that nobody
  // has read are let go of.
  void cancel();
  bool cancelled() const { return cancelled_; }

  StatementFacts facts() const;
  // Rows that nobody has read yet may be held.
  bool unread() const;
  uint64_t next_page() const;

  // Waits for no more than a moment. An error is the statement's own.
  Result<PulledRows> pull(size_t most);
  // The page that comes next, or the last one again; none: its rows are not there yet. kOutOfRange:
  // it is not to be had any more; kNotFound: it comes later.
  Result<std::shared_ptr<const ResultPage>> page(uint64_t number, size_t max_rows);

  // Tells of its end, or also of rows.
  std::shared_ptr<void> listen(bool rows, std::function<void()> wake);
  // Behind its end: lets go of all that it holds.
  void close();

 private:
  Status execute(const std::vector<Value>& parameters);
  Status follow(jobs::RowStream& rows);
  Status keep(std::shared_ptr<jobs::RowStream> rows);
  void end(const Status& status);
  std::shared_ptr<jobs::RowStream> take_rows_locked();
  bool wait_a_moment(jobs::RowStream& rows, int64_t until_nanos);
  Result<PulledRows> pull_followed(size_t most);
  Result<PulledRows> pull_stream(size_t most);
  Status break_off(const Status& why);

  const std::string id_;
  const std::shared_ptr<SessionUse> session_;
  Env& env_;
  const bool follows_;
  const std::optional<OutputColumns> columns_;
  const int64_t began_nanos_;
  const std::shared_ptr<Bell> bell_ = std::make_shared<Bell>();
  std::atomic<bool> cancelled_ = false;

  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::unique_ptr<jobs::PreparedStatement> prepared_;
  StatementFacts facts_;
  std::shared_ptr<jobs::RowStream> rows_;  // asked by who reads; cancelled by anybody
  bool more_ = false;                      // rows that nobody has read may come
  uint64_t next_page_ = 0;
  std::deque<jobs::Row> waiting_;  // of a following one
  size_t waiting_bytes_ = 0;

  mutable std::mutex reading_;    // before mutex_
  std::vector<jobs::Row> ahead_;  // so that the last page is known to be it
  std::shared_ptr<const ResultPage> last_page_;
};

}  // namespace dataflow::http
