#include "jobs/collect.h"

#include <utility>

#include "base/units.h"
#include "engine/nothing_to_commit.h"
#include "engine/resting.h"
#include "types/batch_bytes.h"

namespace dataflow::jobs {
namespace {

// Tells values apart: NULL from the text NULL, and where each ends, in lists too.
void add_text(const Value& value, std::string& text) {
  if (value.is_null()) {
    text += '\x01';
  } else if (value.type().is_nested()) {
    text += '\x03' + std::to_string(value.as_list().size()) + ":";
    for (const Value& part : value.as_list()) add_text(part, text);
  } else {
    const std::string own = value.to_string();
    text += '\x02' + std::to_string(own.size()) + ":" + own;
  }
}

std::string text_of(const Row& row) {
  std::string text;
  for (const Value& value : row) add_text(value, text);
  return text;
}

class Writer final : public engine::SinkWriter, public engine::Resting {
 public:
  explicit Writer(std::shared_ptr<RowTaker> rows) : rows_(std::move(rows)) {}

  Status write(const Batch& batch, std::vector<RowFault>&) override { return rows_->add(batch); }
  bool is_full(const std::function<void()>& wake) override { return rows_->is_full(this, wake); }
  Status on_barrier(engine::CheckpointId, std::vector<std::string>&,
                    std::map<std::string, std::string>&) override {
    return {};
  }
  int64_t staged_bytes() const override { return 0; }

 private:
  const std::shared_ptr<RowTaker> rows_;
};

// At least once: a job that ends here is not gone on with, and one that fails is told as failed.
class CollectSink final : public engine::Sink {
 public:
  explicit CollectSink(std::shared_ptr<RowTaker> rows) : rows_(std::move(rows)) {}

  plan::Guarantee guarantee() const override { return plan::Guarantee::kAtLeastOnce; }
  Result<std::unique_ptr<engine::SinkWriter>> make_writer(
      int, const std::map<std::string, std::string>&) override {
    return std::unique_ptr<engine::SinkWriter>(std::make_unique<Writer>(rows_));
  }
  Result<std::unique_ptr<engine::SinkCommitter>> make_committer() override {
    return std::unique_ptr<engine::SinkCommitter>(std::make_unique<engine::NothingToCommit>());
  }

 private:
  const std::shared_ptr<RowTaker> rows_;
};

}  // namespace

size_t bytes_of(const Row& row) {
  size_t bytes = sizeof(Row) + row.capacity() * sizeof(Value);
  for (const Value& value : row) {
    if (value.is_null()) continue;
    switch (value.type().id()) {
      case TypeId::kString:
      case TypeId::kBytes:
      case TypeId::kJson: bytes += value.as_text().size(); break;
      case TypeId::kArray:
      case TypeId::kMap:
      case TypeId::kRow: bytes += bytes_of(value.as_list()); break;
      default: break;
    }
  }
  return bytes;
}

Status CollectedRows::add(const Batch& batch) {
  for (int64_t row = 0; row < batch.rows; ++row) add(batch.kind(row), row_of(batch, row));
  return {};
}

void CollectedRows::add(RowKind kind, Row row) {
  const int64_t by = kind == RowKind::kInsert || kind == RowKind::kUpdateAfter ? 1 : -1;
  const std::string text = text_of(row);
  const std::lock_guard lock(mutex_);
  const auto [place, fresh] = places_.emplace(text, next_);
  if (fresh) entries_.emplace(next_++, Entry{std::move(row), 0});
  const auto entry = entries_.find(place->second);
  entry->second.count += by;
  if (entry->second.count != 0) return;
  entries_.erase(entry);
  places_.erase(place);
}

Status FollowedRows::add(const Batch& batch) {
  if (batch.rows == 0) return {};
  const auto bytes = static_cast<size_t>(own_bytes(batch));
  std::function<void()> awaited;
  {
    const std::lock_guard lock(mutex_);
    if (bytes_ + bytes > bounds_.most_bytes) {
      return Status::too_large("more than " +
                               format_bytes(static_cast<int64_t>(bounds_.most_bytes)) +
                               " of rows wait for who reads along");
    }
    rows_ += static_cast<size_t>(batch.rows);
    bytes_ += bytes;
    parts_.push_back({batch, 0, bytes});
    awaited.swap(awaiting_);
  }
  changed_.notify_all();
  if (awaited) awaited();
  return {};
}

bool FollowedRows::is_full(const void* who, const std::function<void()>& wake) {
  const std::lock_guard lock(mutex_);
  if (!is_full()) return false;
  resting_[who] = wake;
  return true;
}

void FollowedRows::end(const Status& why) {
  std::function<void()> awaited;
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
    why_ = why;
    awaited.swap(awaiting_);
  }
  changed_.notify_all();
  if (awaited) awaited();
}

bool FollowedRows::await(int64_t wait_ms, std::function<void()> wake) {
  std::unique_lock lock(mutex_);
  const bool there = changed_.wait_for(lock, std::chrono::milliseconds(wait_ms),
                                       [this] { return over_ || !parts_.empty(); });
  awaiting_ = there ? nullptr : std::move(wake);
  return there;
}

Result<std::optional<std::vector<FollowedRows::Change>>> FollowedRows::take(size_t most,
                                                                            int64_t wait_ms) {
  using Changes = std::optional<std::vector<Change>>;
  std::map<const void*, std::function<void()>> woken;
  std::vector<Part> parts;
  {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::milliseconds(wait_ms),
                      [this] { return over_ || !parts_.empty(); });
    if (parts_.empty() && over_) {
      if (!why_.ok()) return why_;
      return Changes();
    }
    for (size_t left = most; left > 0 && !parts_.empty();) {
      Part& part = parts_.front();
      const auto rows = static_cast<size_t>(part.batch.rows - part.next);
      parts.push_back(part);
      if (rows > left) {
        parts.back().batch.rows = part.next + static_cast<int64_t>(left);
        part.next += static_cast<int64_t>(left);
        rows_ -= left;
        break;
      }
      left -= rows;
      rows_ -= rows;
      bytes_ -= part.bytes;
      parts_.pop_front();
    }
    if (has_room()) woken.swap(resting_);
  }
  for (const auto& [who, wake] : woken) wake();
  std::vector<Change> taken;
  for (const Part& part : parts) {
    for (int64_t row = part.next; row < part.batch.rows; ++row) {
      taken.push_back({part.batch.kind(row), row_of(part.batch, row)});
    }
  }
  return Changes(std::move(taken));
}

std::vector<Row> CollectedRows::take() {
  const std::lock_guard lock(mutex_);
  std::vector<Row> rows;
  for (const auto& [number, entry] : entries_) {
    for (int64_t i = 0; i < entry.count; ++i) rows.push_back(entry.row);
  }
  entries_.clear();
  places_.clear();
  return rows;
}

Result<std::unique_ptr<engine::Sink>> CollectConnectors::make_sink(
    const plan::SinkSpec& spec, const SchemaPtr& schema, const engine::ConnectorContext& context) {
  if (spec.connector != "collect") return others_.make_sink(spec, schema, context);
  const std::lock_guard lock(mutex_);
  if (const auto sent = sent_.find(context.job); sent != sent_.end()) {
    return std::unique_ptr<engine::Sink>(std::make_unique<CollectSink>(sent->second));
  }
  std::shared_ptr<CollectedRows>& rows = by_job_[context.job];
  // A new attempt begins with no rows.
  rows = std::make_shared<CollectedRows>();
  return std::unique_ptr<engine::Sink>(std::make_unique<CollectSink>(rows));
}

Result<std::unique_ptr<engine::Source>> CollectConnectors::make_source(
    const plan::SourceSpec& spec, const engine::ConnectorContext& context) {
  engine::ConnectorContext with = context;
  {
    const std::lock_guard lock(mutex_);
    const auto staged = staged_.find(context.job);
    if (staged != staged_.end()) with.staged = staged->second;
  }
  return others_.make_source(spec, with);
}

void CollectConnectors::stage(const std::string& job,
                              std::shared_ptr<const engine::StagedRows> rows) {
  const std::lock_guard lock(mutex_);
  staged_[job] = std::move(rows);
}

void CollectConnectors::send(const std::string& job, std::shared_ptr<RowTaker> rows) {
  const std::lock_guard lock(mutex_);
  sent_[job] = std::move(rows);
}

std::shared_ptr<FollowedRows> CollectConnectors::follow(const std::string& job) {
  auto rows = std::make_shared<FollowedRows>();
  send(job, rows);
  return rows;
}

void CollectConnectors::forget(const std::string& job) {
  const std::lock_guard lock(mutex_);
  sent_.erase(job);
  staged_.erase(job);
}

std::vector<Row> CollectConnectors::take(const std::string& job) {
  std::shared_ptr<CollectedRows> rows;
  {
    const std::lock_guard lock(mutex_);
    const auto node = by_job_.extract(job);
    if (node.empty()) return {};
    rows = node.mapped();
  }
  return rows->take();
}

}  // namespace dataflow::jobs
