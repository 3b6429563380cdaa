#include "jobs/collect.h"

#include <utility>

#include "engine/nothing_to_commit.h"

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

class Writer final : public engine::SinkWriter {
 public:
  explicit Writer(std::shared_ptr<CollectedRows> rows) : rows_(std::move(rows)) {}

  Status write(const Batch& batch, std::vector<RowFault>&) override {
    for (int64_t row = 0; row < batch.rows; ++row) rows_->add(batch.kind(row), row_of(batch, row));
    return {};
  }
  Status on_barrier(engine::CheckpointId, std::vector<std::string>&,
                    std::map<std::string, std::string>&) override {
    return {};
  }
  int64_t staged_bytes() const override { return 0; }

 private:
  const std::shared_ptr<CollectedRows> rows_;
};

// At least once: a job that ends here is not gone on with, and one that fails is told as failed.
class CollectSink final : public engine::Sink {
 public:
  explicit CollectSink(std::shared_ptr<CollectedRows> rows) : rows_(std::move(rows)) {}

  plan::Guarantee guarantee() const override { return plan::Guarantee::kAtLeastOnce; }
  Result<std::unique_ptr<engine::SinkWriter>> make_writer(
      int, const std::map<std::string, std::string>&) override {
    return std::unique_ptr<engine::SinkWriter>(std::make_unique<Writer>(rows_));
  }
  Result<std::unique_ptr<engine::SinkCommitter>> make_committer() override {
    return std::unique_ptr<engine::SinkCommitter>(std::make_unique<engine::NothingToCommit>());
  }

 private:
  const std::shared_ptr<CollectedRows> rows_;
};

}  // namespace

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
  std::shared_ptr<CollectedRows>& rows = by_job_[context.job];
  // A new attempt begins with no rows.
  rows = std::make_shared<CollectedRows>();
  return std::unique_ptr<engine::Sink>(std::make_unique<CollectSink>(rows));
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
