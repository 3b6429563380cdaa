#include "query_rows.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "final_rows.h"
#include "statement_error.h"

namespace dataflow::jobs {
namespace {

// How long it takes at most until a cancelled one hears of it.
constexpr int64_t kLookMs = 20;
constexpr size_t kAtOnce = 1024;
// More at hand makes no reader faster.
constexpr size_t kRestRows = 16 * 1024;
constexpr size_t kRestBytes = size_t{4} << 20;

class QueryRows final : public RowStream {
 public:
  QueryRows(SqlClient& client, std::string job, const QueryShape& shape)
      : client_(client),
        name_(std::move(job)),
        dir_(client.server.parts().dir + "/" + name_),
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

 private:
  void end();
  void keep(std::vector<FollowedRows::Change> changes);

  SqlClient& client_;
  const std::string name_;
  const std::string dir_;
  const QueryShape shape_;
  size_t skip_;
  size_t left_;
  const std::shared_ptr<FollowedRows> rows_;
  std::shared_ptr<engine::Job> job_;
  bool over_ = true;
  std::vector<Row> ahead_;  // from `at_`
  size_t at_ = 0;
};

Status QueryRows::start(plan::Plan plan) {
  const SqlParts& parts = client_.server.parts();
  over_ = false;
  parts.connectors.send(name_, rows_);
  engine::JobConfig config;
  config.name = name_;
  config.plan = std::move(plan);
  config.state_dir = dir_;
  config.on_end = [rows = rows_](engine::JobState state, const Status& why) {
    const bool fine = state == engine::JobState::kFinished;
    rows->end(fine ? Status() : why.ok() ? Status::cancelled("the query was ended") : why);
  };
  DF_ASSIGN_OR_RETURN(job_, parts.engine.start(std::move(config)));
  return {};
}

// What it holds goes with the last row, and not with who holds the stream.
void QueryRows::end() {
  if (over_) return;
  over_ = true;
  if (job_ != nullptr) job_->cancel();
  job_.reset();
  client_.server.parts().connectors.forget(name_);
  (void)client_.server.parts().env.remove_tree(dir_);
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

// Until there is a row, or all have been.
Status QueryRows::fill() {
  if (at_ < ahead_.size()) return {};
  ahead_.clear();
  at_ = 0;
  while (ahead_.empty() && !over_) {
    if (client_.cancelled) {
      end();
      return cancelled_by_user();
    }
    // The rows in front of the first one are read and passed over.
    const size_t most = left_ < kAtOnce ? left_ + std::min(skip_, kAtOnce) : kAtOnce;
    Result<std::optional<std::vector<FollowedRows::Change>>> changes = rows_->take(most, kLookMs);
    if (!changes.ok()) {
      end();
      return statement_error(changes.status());
    }
    if (!*changes) {
      end();
      return {};
    }
    keep(std::move(**changes));
    if (left_ == SIZE_MAX) continue;
    if (ahead_.size() > left_) ahead_.resize(left_);
    left_ -= ahead_.size();
    if (left_ == 0) end();
  }
  return {};
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
