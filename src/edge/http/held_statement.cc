#include "held_statement.h"

#include <algorithm>
#include <utility>

namespace dataflow::http {
namespace {

constexpr size_t kRowsAtOnce = 256;
constexpr size_t kMaxWaitingRows = 4096;
constexpr size_t kMaxBytes = 4u << 20;  // of a page, and of rows that wait
// So that a page of a query that is under way is worth its request; no longer, because who reads
// holds a thread of the server.
constexpr int64_t kMomentMs = 200;
constexpr int64_t kNanosPerMs = 1'000'000;

Status told_to_end() { return Status::cancelled("the statement was cancelled"); }

}  // namespace

Result<jobs::SqlSession*> SessionUse::take() {
  const std::lock_guard lock(mutex_);
  if (sql_ == nullptr) return Status::not_found("the session has ended");
  if (taken_) {
    return Status::conflict(
        "a statement of this session runs: a session does one at a time; wait for its end, cancel "
        "it, or open another session");
  }
  taken_ = true;
  return sql_.get();
}

void SessionUse::release() {
  const std::lock_guard lock(mutex_);
  taken_ = false;
  if (sql_ != nullptr) transaction_ = sql_->transaction();
}

void SessionUse::cancel() {
  const std::lock_guard lock(mutex_);
  if (sql_ != nullptr) sql_->cancel();
}

jobs::StatementProgress SessionUse::progress() const {
  const std::lock_guard lock(mutex_);
  return sql_ != nullptr ? sql_->progress() : jobs::StatementProgress();
}

jobs::TransactionState SessionUse::transaction() const {
  const std::lock_guard lock(mutex_);
  return transaction_;
}

bool SessionUse::taken() const {
  const std::lock_guard lock(mutex_);
  return taken_;
}

void SessionUse::close() {
  const std::lock_guard lock(mutex_);
  sql_.reset();
}

const char* state_word(StatementState state) {
  switch (state) {
    case StatementState::kRunning: return "running";
    case StatementState::kFinished: return "finished";
    case StatementState::kFailed: return "failed";
    case StatementState::kCancelled: return "cancelled";
  }
  return "";
}

std::shared_ptr<void> Bell::listen(bool rows, bool already, std::function<void()> wake) {
  const auto held = std::make_shared<int>();
  const std::lock_guard lock(mutex_);
  std::erase_if(listeners_, [](const Listener& one) { return one.held.expired(); });
  if (already && !(rows && awaits_rows_)) {
    wake();
  } else {
    listeners_.push_back({held, rows, std::move(wake)});
  }
  return held;
}

void Bell::await_rows() {
  const std::lock_guard lock(mutex_);
  awaits_rows_ = true;
}

void Bell::ring(bool rows) {
  const std::lock_guard lock(mutex_);
  awaits_rows_ = false;
  for (Listener& one : listeners_) {
    if (rows && !one.rows) continue;
    if (const auto held = one.held.lock()) one.wake();
    one.held.reset();
  }
  std::erase_if(listeners_, [](const Listener& one) { return one.held.expired(); });
}

HeldStatement::HeldStatement(std::string id, std::shared_ptr<SessionUse> session, Env& env,
                             std::unique_ptr<jobs::PreparedStatement> prepared, bool follows)
    : id_(std::move(id)),
      session_(std::move(session)),
      env_(env),
      follows_(follows),
      columns_(prepared->columns()),
      began_nanos_(env.monotonic_nanos()),
      prepared_(std::move(prepared)) {}

void HeldStatement::run(const std::vector<Value>& parameters) {
  Status status;
  try {
    status = cancelled_ ? told_to_end() : execute(parameters);
  } catch (const std::exception& thrown) {
    status = Status::internal(std::string("the statement failed: ") + thrown.what());
  }
  end(status);
}

Status HeldStatement::execute(const std::vector<Value>& parameters) {
  DF_ASSIGN_OR_RETURN(jobs::StatementAnswer answer, prepared_->execute(parameters));
  {
    const std::lock_guard lock(mutex_);
    facts_.tag = std::move(answer.tag);
    facts_.warnings = std::move(answer.warnings);
  }
  if (answer.rows == nullptr) return {};
  return follows_ ? follow(*answer.rows) : keep(std::move(answer.rows));
}

// They are read while the session does something else.
Status HeldStatement::keep(std::shared_ptr<jobs::RowStream> rows) {
  rows->detach();
  const std::lock_guard lock(mutex_);
  if (cancelled_) return told_to_end();
  rows_ = std::move(rows);
  more_ = true;
  return {};
}

void HeldStatement::fail(const Status& status) { end(status); }

// Rows are taken as fast as somebody reads them.
Status HeldStatement::follow(jobs::RowStream& rows) {
  while (true) {
    if (cancelled_) return told_to_end();
    DF_ASSIGN_OR_RETURN(std::vector<jobs::Row> part, rows.next(kRowsAtOnce));
    if (part.empty()) return {};
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] {
      return cancelled_ || (waiting_.size() < kMaxWaitingRows && waiting_bytes_ < kMaxBytes);
    });
    for (jobs::Row& row : part) {
      waiting_bytes_ += jobs::bytes_of(row);
      waiting_.push_back(std::move(row));
    }
    bell_->ring(true);
  }
}

void HeldStatement::end(const Status& status) {
  const std::lock_guard lock(mutex_);
  // Who hears of the end may use the session at once; and what cancels this one does not find the
  // next one in its place.
  facts_.progress = session_->progress();
  session_->release();
  facts_.elapsed_ms = (env_.monotonic_nanos() - began_nanos_) / kNanosPerMs;
  facts_.error = status;
  const bool was_cancelled = status.code() == StatusCode::kCancelled;
  facts_.state = status.ok()     ? StatementState::kFinished
                 : was_cancelled ? StatementState::kCancelled
                                 : StatementState::kFailed;
  bell_->ring(false);
}

std::shared_ptr<jobs::RowStream> HeldStatement::take_rows_locked() {
  more_ = false;
  return std::exchange(rows_, nullptr);
}

void HeldStatement::cancel() {
  std::shared_ptr<jobs::RowStream> rows;  // lets go of its job behind the lock
  {
    const std::lock_guard lock(mutex_);
    if (facts_.state == StatementState::kRunning) {
      cancelled_ = true;
      session_->cancel();
    } else {
      rows = take_rows_locked();
      if (rows == nullptr) return;
      facts_.state = StatementState::kCancelled;
      facts_.error = told_to_end();
    }
  }
  room_.notify_all();
  if (rows == nullptr) return;
  rows->cancel();
  bell_->ring(false);
}

StatementFacts HeldStatement::facts() const {
  const std::lock_guard lock(mutex_);
  StatementFacts facts = facts_;
  if (facts.state == StatementState::kRunning) {
    facts.elapsed_ms = (env_.monotonic_nanos() - began_nanos_) / kNanosPerMs;
    facts.progress = session_->progress();
  }
  return facts;
}

bool HeldStatement::unread() const {
  const std::lock_guard lock(mutex_);
  return facts_.state == StatementState::kRunning || !waiting_.empty() || more_;
}

uint64_t HeldStatement::next_page() const {
  const std::lock_guard lock(mutex_);
  return next_page_;
}

std::shared_ptr<void> HeldStatement::listen(bool rows, std::function<void()> wake) {
  const std::lock_guard lock(mutex_);
  const bool ended = facts_.state != StatementState::kRunning;
  return bell_->listen(rows, ended || (rows && !waiting_.empty()), std::move(wake));
}

Result<PulledRows> HeldStatement::pull(size_t most) {
  const std::lock_guard lock(reading_);
  return follows_ ? pull_followed(most) : pull_stream(most);
}

Result<PulledRows> HeldStatement::pull_followed(size_t most) {
  const std::lock_guard lock(mutex_);
  PulledRows pulled;
  while (!waiting_.empty() && pulled.rows.size() < most) {
    waiting_bytes_ -= jobs::bytes_of(waiting_.front());
    pulled.rows.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  room_.notify_all();
  if (!waiting_.empty()) return pulled;
  const bool runs = facts_.state == StatementState::kRunning;
  if (!runs && pulled.rows.empty() && facts_.state == StatementState::kFailed) return facts_.error;
  pulled.pending = runs && pulled.rows.empty();
  pulled.end = !runs && facts_.state != StatementState::kFailed;
  return pulled;
}

// False: not within it, and the bell rings when there may be something.
bool HeldStatement::wait_a_moment(jobs::RowStream& rows, int64_t until_nanos) {
  const int64_t left = std::max<int64_t>(0, until_nanos - env_.monotonic_nanos()) / kNanosPerMs;
  bell_->await_rows();
  if (!rows.await(left, [bell = bell_] { bell->ring(true); })) return false;
  // Also for who began to listen meanwhile.
  bell_->ring(true);
  return true;
}

Status HeldStatement::break_off(const Status& why) {
  std::shared_ptr<jobs::RowStream> rows;
  const std::lock_guard lock(mutex_);
  rows = take_rows_locked();
  // Unless it was cancelled, which then is why.
  if (!facts_.error.ok()) return facts_.error;
  facts_.state = StatementState::kFailed;
  facts_.error = why;
  return why;
}

Result<PulledRows> HeldStatement::pull_stream(size_t most) {
  PulledRows pulled;
  std::shared_ptr<jobs::RowStream> rows;
  {
    const std::lock_guard lock(mutex_);
    pulled.pending = facts_.state == StatementState::kRunning;
    if (pulled.pending) return pulled;
    if (!facts_.error.ok()) return facts_.error;
    rows = rows_;
  }
  const int64_t until = env_.monotonic_nanos() + kMomentMs * kNanosPerMs;
  size_t bytes = 0;
  while (true) {
    if (ahead_.empty() && rows != nullptr) {
      if (!wait_a_moment(*rows, until)) {
        pulled.pending = pulled.rows.empty();
        return pulled;
      }
      Result<std::vector<jobs::Row>> more = rows->next(kRowsAtOnce);
      if (!more.ok()) return break_off(more.status());
      ahead_ = std::move(*more);
    }
    if (ahead_.empty()) {
      pulled.end = true;
      const std::lock_guard lock(mutex_);
      (void)take_rows_locked();
      return pulled;
    }
    size_t count = 0;
    for (; count < ahead_.size() && pulled.rows.size() < most && bytes < kMaxBytes; ++count) {
      bytes += jobs::bytes_of(ahead_[count]);
      pulled.rows.push_back(std::move(ahead_[count]));
    }
    ahead_.erase(ahead_.begin(), ahead_.begin() + static_cast<std::ptrdiff_t>(count));
    if (!ahead_.empty()) return pulled;
  }
}

Result<std::shared_ptr<const ResultPage>> HeldStatement::page(uint64_t number, size_t max_rows) {
  using Page = std::shared_ptr<const ResultPage>;
  const std::lock_guard lock(reading_);
  if (last_page_ != nullptr && last_page_->number == number) return last_page_;
  if (number < next_page_) {
    return Status::out_of_range("page " + std::to_string(number) +
                                " is not to be had any more: only the last one that was read, " +
                                std::to_string(next_page_ - 1) + ", is kept");
  }
  if (number > next_page_ || (last_page_ != nullptr && last_page_->last)) {
    return Status::not_found("there is no page " + std::to_string(number) +
                             (last_page_ != nullptr && last_page_->last
                                  ? ": the last one is " + std::to_string(last_page_->number)
                                  : " yet: pages are read one behind the other, the next one is " +
                                        std::to_string(next_page_)));
  }
  DF_ASSIGN_OR_RETURN(PulledRows pulled,
                      follows_ ? pull_followed(max_rows) : pull_stream(max_rows));
  if (pulled.pending) return Page();
  auto page = std::make_shared<ResultPage>();
  page->number = number;
  page->last = pulled.end;
  DF_ASSIGN_OR_RETURN(page->batch, batch_of(schema_of(*columns_), pulled.rows));
  last_page_ = std::move(page);
  const std::lock_guard counting(mutex_);
  ++next_page_;
  return last_page_;
}

void HeldStatement::close() {
  std::shared_ptr<jobs::RowStream> rows;
  {
    const std::lock_guard lock(mutex_);
    rows = take_rows_locked();
    if (facts_.error.ok()) facts_.error = Status::cancelled("the session has ended");
  }
  // Who reads holds them for another moment.
  if (rows != nullptr) rows->cancel();
  bell_->ring(false);
  const std::lock_guard reading(reading_);
  const std::lock_guard lock(mutex_);
  ahead_.clear();
  waiting_.clear();
  prepared_.reset();
  last_page_.reset();
}

}  // namespace dataflow::http
