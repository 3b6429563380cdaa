#include "engine/memory_connectors.h"

#include <algorithm>
#include <random>

#include "row_text.h"

namespace dataflow::engine {

void MemoryTable::add(size_t split, std::vector<Value> row) {
  std::vector<std::function<void()>> waiting;
  {
    const std::lock_guard lock(mutex_);
    splits_[split].push_back(std::move(row));
    waiting.swap(waiting_);
  }
  for (const auto& wake : waiting) wake();
}

void MemoryTable::finish() {
  std::vector<std::function<void()>> waiting;
  {
    const std::lock_guard lock(mutex_);
    finished_ = true;
    waiting.swap(waiting_);
  }
  for (const auto& wake : waiting) wake();
}

MemoryTable::Part MemoryTable::read(size_t split, size_t from, size_t most) {
  const std::lock_guard lock(mutex_);
  const auto& rows = splits_[split];
  const size_t to = std::min(rows.size(), from + most);
  Part part;
  if (from < to) {
    part.rows.assign(rows.begin() + static_cast<std::ptrdiff_t>(from),
                     rows.begin() + static_cast<std::ptrdiff_t>(to));
  }
  part.finished = finished_;
  return part;
}

void MemoryTable::listen(size_t split, size_t from, std::function<void()> wake) {
  {
    const std::lock_guard lock(mutex_);
    if (splits_[split].size() <= from && !finished_) {
      waiting_.push_back(std::move(wake));
      return;
    }
  }
  wake();
}

size_t MemoryTable::size(size_t split) {
  const std::lock_guard lock(mutex_);
  return splits_[split].size();
}

void MemoryResult::commit(int64_t checkpoint, size_t index, const std::string& bytes) {
  const std::lock_guard lock(mutex_);
  if (!committed_.emplace(std::pair(checkpoint, index), bytes).second) ++repeats_;
}

std::vector<std::string> MemoryResult::rows(int64_t last) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> rows;
  for (const auto& [at, bytes] : committed_) {
    if (at.first > last) break;
    size_t from = 0;
    while (from < bytes.size()) {
      const size_t end = bytes.find('\n', from);
      rows.push_back(bytes.substr(from, end - from));
      from = end + 1;
    }
  }
  return rows;
}

uint64_t MemoryResult::repeats() {
  const std::lock_guard lock(mutex_);
  return repeats_;
}

namespace {

class MemoryReader final : public SplitReader {
 public:
  MemoryReader(std::shared_ptr<MemoryTable> table, size_t split, size_t from, size_t most,
               bool shuffle, uint64_t seed)
      : table_(std::move(table)),
        split_(split),
        at_(from),
        most_(most),
        shuffle_(shuffle),
        random_(seed) {}

  Result<Polled> poll(Chunk& chunk) override {
    const size_t most = shuffle_ ? 1 + random_() % most_ : most_;
    auto part = std::make_shared<MemoryTable::Part>(table_->read(split_, at_, most));
    if (part->rows.empty()) return part->finished ? Polled::kEnd : Polled::kIdle;
    chunk.first_offset = static_cast<int64_t>(at_);
    at_ += part->rows.size();
    chunk.holder = std::move(part);
    return Polled::kMore;
  }
  void wake_when_ready(std::function<void()> wake) override {
    table_->listen(split_, at_, std::move(wake));
  }
  std::string position() const override { return std::to_string(at_); }
  int64_t lag() const override { return static_cast<int64_t>(table_->size(split_) - at_); }

 private:
  const std::shared_ptr<MemoryTable> table_;
  const size_t split_;
  size_t at_;
  const size_t most_;
  const bool shuffle_;
  std::mt19937_64 random_;
};

class MemoryDecoder final : public ChunkDecoder {
 public:
  MemoryDecoder(SchemaPtr schema, std::vector<std::string> upsert_keys)
      : schema_(std::move(schema)), upsert_keys_(std::move(upsert_keys)) {}
  Status decode(const Split& /*split*/, const Chunk& chunk, DecodedRows& rows,
                std::vector<SourceFault>& /*faults*/) override {
    const auto& part = *static_cast<const MemoryTable::Part*>(chunk.holder.get());
    DF_ASSIGN_OR_RETURN(rows.batch, batch_of(schema_, part.rows));
    for (size_t i = 0; i < part.rows.size(); ++i) {
      rows.offsets.push_back(chunk.first_offset + static_cast<int64_t>(i));
    }
    if (upsert_keys_.empty()) return {};
    auto kinds = std::make_shared<std::vector<RowKind>>();
    for (const std::vector<Value>& row : part.rows) {
      kinds->push_back(is_deletion(row) ? RowKind::kDelete : RowKind::kInsert);
    }
    rows.batch.kinds = std::move(kinds);
    return {};
  }

 private:
  bool is_deletion(const std::vector<Value>& row) const {
    for (size_t i = 0; i < row.size(); ++i) {
      const bool key = std::ranges::find(upsert_keys_, (*schema_)[i].name) != upsert_keys_.end();
      if (!key && !row[i].is_null()) return false;
    }
    return true;
  }

  const SchemaPtr schema_;
  const std::vector<std::string> upsert_keys_;
};

class MemorySource final : public Source {
 public:
  MemorySource(std::shared_ptr<MemoryTable> table, std::vector<std::string> upsert_keys,
               const MemoryConnectors& options)
      : table_(std::move(table)), upsert_keys_(std::move(upsert_keys)), options_(options) {}
  SchemaPtr schema() const override { return table_->schema(); }
  bool bounded() const override { return !table_->endless(); }
  Result<std::vector<Split>> splits() override {
    std::vector<Split> splits;
    for (size_t i = 0; i < table_->listed(); ++i) splits.push_back({std::to_string(i), "0"});
    return splits;
  }
  Result<std::unique_ptr<SplitReader>> open(const Split& split) override {
    const size_t index = std::stoul(split.id);
    return std::unique_ptr<SplitReader>(std::make_unique<MemoryReader>(
        table_, index, std::stoul(split.position), options_.chunk_rows, options_.shuffle_chunks,
        options_.seed + index));
  }
  Result<std::unique_ptr<ChunkDecoder>> make_decoder() override {
    return std::unique_ptr<ChunkDecoder>(
        std::make_unique<MemoryDecoder>(table_->schema(), upsert_keys_));
  }
  void on_checkpoint(const std::vector<Split>& /*positions*/) override {}

 private:
  const std::shared_ptr<MemoryTable> table_;
  const std::vector<std::string> upsert_keys_;
  const MemoryConnectors& options_;
};

class MemoryWriter final : public SinkWriter {
 public:
  explicit MemoryWriter(std::shared_ptr<MemoryResult> result) : result_(std::move(result)) {}

  Status write(const Batch& batch, std::vector<RowFault>& /*faults*/) override {
    for (int64_t row = 0; row < batch.rows; ++row) {
      staged_ += std::string(row_kind_name(batch.kind(row))) + " " + row_text(batch, row) + "\n";
    }
    result_->written += static_cast<size_t>(batch.rows);
    return {};
  }
  Status on_barrier(CheckpointId /*id*/, std::vector<std::string>& committables,
                    std::map<std::string, std::string>& /*named_state*/) override {
    if (!staged_.empty()) committables.push_back(std::exchange(staged_, {}));
    return {};
  }
  int64_t staged_bytes() const override { return static_cast<int64_t>(staged_.size()); }

 private:
  const std::shared_ptr<MemoryResult> result_;
  std::string staged_;
};

class MemoryCommitter final : public SinkCommitter {
 public:
  MemoryCommitter(std::shared_ptr<MemoryResult> result, std::function<Status()> on_commit)
      : result_(std::move(result)), on_commit_(std::move(on_commit)) {}
  Status restore(const std::map<std::string, std::string>& /*named_state*/) override { return {}; }
  Status prepare(CheckpointId /*id*/, std::vector<std::string>& /*committables*/,
                 std::map<std::string, std::string>& /*named_state*/) override {
    return {};
  }
  Status commit(CheckpointId id, const std::vector<std::string>& committables,
                bool /*after_restart*/) override {
    DF_RETURN_IF_ERROR(on_commit_());
    for (size_t i = 0; i < committables.size(); ++i) {
      result_->commit(id.value(), i, committables[i]);
    }
    return {};
  }

 private:
  const std::shared_ptr<MemoryResult> result_;
  const std::function<Status()> on_commit_;
};

class MemorySink final : public Sink {
 public:
  MemorySink(std::shared_ptr<MemoryResult> result, std::function<Status()> on_commit)
      : result_(std::move(result)), on_commit_(std::move(on_commit)) {}
  plan::Guarantee guarantee() const override { return plan::Guarantee::kExactlyOnce; }
  Result<std::unique_ptr<SinkWriter>> make_writer(
      int /*task*/, const std::map<std::string, std::string>& /*named_state*/) override {
    return std::unique_ptr<SinkWriter>(std::make_unique<MemoryWriter>(result_));
  }
  Result<std::unique_ptr<SinkCommitter>> make_committer() override {
    return std::unique_ptr<SinkCommitter>(std::make_unique<MemoryCommitter>(result_, on_commit_));
  }

 private:
  const std::shared_ptr<MemoryResult> result_;
  const std::function<Status()> on_commit_;
};

}  // namespace

Result<std::unique_ptr<Source>> MemoryConnectors::make_source(const plan::SourceSpec& spec,
                                                              const ConnectorContext& /*context*/) {
  const auto it = tables.find(spec.options.at("table"));
  if (it == tables.end()) return Status::not_found("there is no such table");
  return std::unique_ptr<Source>(
      std::make_unique<MemorySource>(it->second, spec.upsert_keys, *this));
}

Result<std::unique_ptr<Sink>> MemoryConnectors::make_sink(const plan::SinkSpec& spec,
                                                          const SchemaPtr& /*schema*/,
                                                          const ConnectorContext& context) {
  if (on_make_sink) DF_RETURN_IF_ERROR(on_make_sink(context));
  auto& result = results[spec.options.at("result")];
  if (result == nullptr) result = std::make_shared<MemoryResult>();
  return std::unique_ptr<Sink>(std::make_unique<MemorySink>(
      result, [this, context] { return on_commit ? on_commit(context) : Status(); }));
}

}  // namespace dataflow::engine
