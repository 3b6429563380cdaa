#include "query_rows.h"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <utility>

#include "final_rows.h"
#include "jobs/run_once.h"
#include "statement_error.h"

namespace dataflow::jobs {
namespace {

// How long it takes at most until a cancelled one hears of it.
constexpr int64_t kLookMs = 20;
constexpr int64_t kTellNanos = 200'000'000;
constexpr size_t kAtOnce = 1024;
// More at hand makes no reader faster.
constexpr size_t kRestRows = 16 * 1024;
constexpr size_t kRestBytes = size_t{4} << 20;

class QueryRows final : public RowStream {
 public:
  QueryRows(SqlClient& client, std::string job, const QueryShape& shape)
      : client_(&client),
        server_(client.server),
        name_(std::move(job)),
        dir_(server_.parts().dir + "/" + name_),
        shape_(shape),
        skip_(static_cast<size_t>(shape.offset)),
        left_(shape.limit ? static_cast<size_t>(*shape.limit) : SIZE_MAX),
        rows_(std::make_shared<FollowedRows>(
            QueueBounds{kRestRows, kRestBytes, result_memory(client.settings)})) {}
  ~QueryRows() override { end(); }

  Status start(plan::Plan plan);
  Status fill();
  Result<std::vector<Row>> next(size_t most) override;
  bool may_wait() const override { return at_ == ahead_.size() && !over_; }
  bool await(int64_t wait_ms, const std::function<void()>& wake) override;
  void cancel() override { cancelled_ = true; }
  void detach() override { client_ = nullptr; }

 private:
  bool told_to_end() const { return cancelled_ || (client_ != nullptr && client_->cancelled); }
  // What comes within that time, if it is not passed over.
  Status take_some(int64_t wait_ms);
  void end();
  void tell_progress();
  void keep(std::vector<FollowedRows::Change> changes);

  SqlClient* client_;  // none: detached
  SqlServer& server_;
  const std::string name_;
  const std::string dir_;
  const QueryShape shape_;
  size_t skip_;
  size_t left_;
  const std::shared_ptr<FollowedRows> rows_;
  std::shared_ptr<engine::Job> job_;
  plan::Plan plan_;
  int64_t told_nanos_ = 0;
  bool over_ = true;
  std::atomic<bool> cancelled_ = false;
  Status failed_;           // before anybody asked
  std::vector<Row> ahead_;  // from `at_`
  size_t at_ = 0;
};

Status QueryRows::start(plan::Plan plan) {
  const SqlParts& parts = server_.parts();
  over_ = false;
  parts.connectors.send(name_, rows_);
  engine::JobConfig config;
  config.name = name_;
  plan_ = plan;
  config.plan = std::move(plan);
  config.state_dir = dir_;
  // One without an end goes on from its state when a topic gets more partitions.
  config.forgets = plan_.job.bounded;
  config.on_end = [rows = rows_](engine::JobState state, const Status& why) {
    const bool fine = state == engine::JobState::kFinished;
    rows->end(fine ? Status() : why.ok() ? Status::cancelled("the query was ended") : why);
  };
  DF_ASSIGN_OR_RETURN(job_, parts.engine.start(std::move(config)));
  return {};
}

// As long as the session waits for it.
void QueryRows::tell_progress() {
  const int64_t now = server_.parts().env.monotonic_nanos();
  if (client_ == nullptr || job_ == nullptr || now - told_nanos_ < kTellNanos) return;
  told_nanos_ = now;
  RunReport so_far;
  so_far.last = job_->status();
  count_rows(plan_, so_far);
  client_->rows_read = so_far.rows_read;
}

// What it holds goes with the last row, and not with who holds the stream.
void QueryRows::end() {
  if (over_) return;
  over_ = true;
  if (job_ != nullptr) job_->cancel();
  job_.reset();
  server_.parts().connectors.forget(name_);
  (void)server_.parts().env.remove_tree(dir_);
}

void QueryRows::keep(std::vector<FollowedRows::Change> changes) {
  const size_t passed = std::min(skip_, changes.size());
  skip_ -= passed;
  for (size_t i = passed; i < changes.size(); ++i) {
    FollowedRows::Change& change = changes[i];
    change.row.resize(shape_.columns);
    if (shape_.says_change) {
      change.row.insert(change.row.begin(), Value::string(std::string(row_kind_name(change.kind))));
    }
    ahead_.push_back(std::move(change.row));
  }
}

Status QueryRows::take_some(int64_t wait_ms) {
  // The rows in front of the first one are read and passed over.
  const size_t most = left_ < kAtOnce ? left_ + std::min(skip_, kAtOnce) : kAtOnce;
  Result<std::optional<std::vector<FollowedRows::Change>>> changes = rows_->take(most, wait_ms);
  if (!changes.ok()) {
    end();
    return statement_error(changes.status());
  }
  if (!*changes) {
    end();
    return {};
  }
  keep(std::move(**changes));
  if (left_ == SIZE_MAX) return {};
  if (ahead_.size() > left_) ahead_.resize(left_);
  left_ -= ahead_.size();
  if (left_ == 0) end();
  return {};
}

// Until there is a row, or all have been.
Status QueryRows::fill() {
  if (at_ < ahead_.size()) return {};
  DF_RETURN_IF_ERROR(failed_);
  ahead_.clear();
  at_ = 0;
  while (ahead_.empty() && !over_) {
    if (told_to_end()) {
      end();
      failed_ = cancelled_by_user();
    } else {
      failed_ = take_some(kLookMs);
      tell_progress();
    }
    DF_RETURN_IF_ERROR(failed_);
  }
  return {};
}

bool QueryRows::await(int64_t wait_ms, const std::function<void()>& wake) {
  Env& env = server_.parts().env;
  const int64_t until = env.monotonic_nanos() + wait_ms * 1'000'000;
  while (at_ == ahead_.size() && !over_ && failed_.ok() && !told_to_end()) {
    const int64_t left = std::max<int64_t>(0, until - env.monotonic_nanos()) / 1'000'000;
    if (!rows_->await(left, wake)) return false;
    ahead_.clear();
    at_ = 0;
    failed_ = take_some(0);
  }
  return true;
}

Result<std::vector<Row>> QueryRows::next(size_t most) {
  DF_RETURN_IF_ERROR(fill());
  const size_t count = std::min(most, ahead_.size() - at_);
  if (at_ == 0 && count == ahead_.size()) return std::exchange(ahead_, {});
  const auto begin = ahead_.begin() + static_cast<std::ptrdiff_t>(at_);
  std::vector<Row> part(std::make_move_iterator(begin),
                        std::make_move_iterator(begin + static_cast<std::ptrdiff_t>(count)));
  at_ += count;
  return part;
}

}  // namespace

Result<std::unique_ptr<RowStream>> start_query(SqlClient& client, plan::Plan plan,
                                               const QueryShape& shape, bool await) {
  auto rows = std::make_unique<QueryRows>(client, plan.name, shape);
  if (!shape.limit || *shape.limit > 0) {
    DF_RETURN_IF_ERROR(rows->start(std::move(plan)));
    if (await) DF_RETURN_IF_ERROR(rows->fill());
  }
  return std::unique_ptr<RowStream>(std::move(rows));
}

}  // namespace dataflow::jobs
