#include <mutex>

#include "parts.h"

namespace dataflow::plugins {
namespace {

// Calls to a sink, of writers' making and of commits, come one at a time.
struct SharedSink {
  std::mutex mutex;
  std::unique_ptr<abi::SinkPart, Release> part;
  SchemaPtr schema;
  std::string node;
};

Status failed(const SharedSink& sink, const TextList& error) {
  return Status::internal("sink `" + sink.node + "`: " + error.words());
}

class FaultList final : public abi::Faults {
 public:
  FaultList(std::vector<RowFault>& faults, int64_t rows) : faults_(faults), rows_(rows) {}
  void add(int64_t row, abi::Text words) noexcept override {
    if (row >= 0 && row < rows_) faults_.push_back({row, "", from_abi(words)});
  }

 private:
  std::vector<RowFault>& faults_;
  const int64_t rows_;
};

class PluginWriter final : public engine::SinkWriter {
 public:
  PluginWriter(std::shared_ptr<SharedSink> sink, abi::WriterPart* part, bool takes_updates)
      : sink_(std::move(sink)), part_(part), takes_updates_(takes_updates), sent_(sink_->schema) {}

  Status write(const Batch& batch, std::vector<RowFault>& faults) override {
    if (batch.kinds == nullptr || takes_updates_) return send(batch, faults, nullptr);
    std::vector<int32_t> inserts;
    for (int64_t row = 0; row < batch.rows; ++row) {
      if (batch.kind(row) == RowKind::kInsert) {
        inserts.push_back(static_cast<int32_t>(row));
      } else {
        faults.push_back({row, "",
                          "a change (" + std::string(row_kind_name(batch.kind(row))) +
                              ") cannot be told to this sink"});
      }
    }
    DF_ASSIGN_OR_RETURN(Batch rest, take(batch, inserts));
    return send(rest, faults, &inserts);
  }
  Status on_end() override {
    TextList error;
    return part_->on_end(error) ? Status() : failed(*sink_, error);
  }
  Status on_barrier(engine::CheckpointId id, std::vector<std::string>& committables,
                    std::map<std::string, std::string>& /*named_state*/) override {
    TextList made, error;
    if (!part_->checkpoint(id.value(), made, error)) return failed(*sink_, error);
    for (std::string& one : made.all) committables.push_back(std::move(one));
    return {};
  }
  int64_t staged_bytes() const override { return part_->staged_bytes(); }

 private:
  // `at`: where the rows stand in the batch that came, if they are not all of it.
  Status send(const Batch& batch, std::vector<RowFault>& faults, const std::vector<int32_t>* at) {
    if (batch.rows == 0) return {};
    DF_RETURN_IF_ERROR(sent_.set(batch));
    const size_t first = faults.size();
    FaultList list(faults, batch.rows);
    TextList error;
    if (!part_->write(sent_.rows(), list, error)) return failed(*sink_, error);
    for (size_t i = first; at != nullptr && i < faults.size(); ++i) {
      faults[i].row = (*at)[static_cast<size_t>(faults[i].row)];
    }
    return {};
  }

  const std::shared_ptr<SharedSink> sink_;
  const std::unique_ptr<abi::WriterPart, Release> part_;
  const bool takes_updates_;
  SentRows sent_;
};

class PluginCommitter final : public engine::SinkCommitter {
 public:
  explicit PluginCommitter(std::shared_ptr<SharedSink> sink) : sink_(std::move(sink)) {}

  Status restore(const std::map<std::string, std::string>& /*named_state*/) override { return {}; }
  Status prepare(engine::CheckpointId /*id*/, std::vector<std::string>& /*committables*/,
                 std::map<std::string, std::string>& /*named_state*/) override {
    return {};
  }
  Status commit(engine::CheckpointId id, const std::vector<std::string>& committables,
                bool after_restart) override {
    if (committables.empty()) return {};
    std::vector<abi::Text> texts;
    for (const std::string& one : committables) texts.push_back(to_abi(one));
    TextList error;
    const std::lock_guard lock(sink_->mutex);
    const bool done =
        sink_->part->commit(id.value(), texts.data(), texts.size(), after_restart, error);
    return done ? Status() : failed(*sink_, error);
  }

 private:
  const std::shared_ptr<SharedSink> sink_;
};

class PluginSink final : public engine::Sink {
 public:
  explicit PluginSink(std::shared_ptr<SharedSink> shared) : shared_(std::move(shared)) {}

  plan::Guarantee guarantee() const override {
    const std::lock_guard lock(shared_->mutex);
    return shared_->part->exactly_once() ? plan::Guarantee::kExactlyOnce
                                         : plan::Guarantee::kAtLeastOnce;
  }
  bool takes_updates() const override {
    const std::lock_guard lock(shared_->mutex);
    return shared_->part->takes_updates();
  }
  Result<std::unique_ptr<engine::SinkWriter>> make_writer(
      int task, const std::map<std::string, std::string>& /*named_state*/) override {
    TextList error;
    abi::WriterPart* part = nullptr;
    {
      const std::lock_guard lock(shared_->mutex);
      part = shared_->part->open(task, error);
    }
    if (part == nullptr) return failed(*shared_, error);
    return std::unique_ptr<engine::SinkWriter>(
        std::make_unique<PluginWriter>(shared_, part, takes_updates()));
  }
  Result<std::unique_ptr<engine::SinkCommitter>> make_committer() override {
    return std::unique_ptr<engine::SinkCommitter>(std::make_unique<PluginCommitter>(shared_));
  }

 private:
  const std::shared_ptr<SharedSink> shared_;
};

}  // namespace

Result<std::unique_ptr<engine::Sink>> make_plugin_sink(abi::SinkFactory& factory,
                                                       const plan::SinkSpec& spec,
                                                       const SchemaPtr& schema,
                                                       const engine::ConnectorContext& context) {
  auto shared = std::make_shared<SharedSink>();
  const RequestParts parts(context, spec.options, *schema, spec.key_columns);
  TextList error;
  shared->part.reset(factory.make(parts.request(), error));
  if (shared->part == nullptr) {
    return Status::invalid("sink `" + context.node + "`: " + error.words());
  }
  shared->schema = schema;
  shared->node = context.node;
  return std::unique_ptr<engine::Sink>(std::make_unique<PluginSink>(std::move(shared)));
}

}  // namespace dataflow::plugins
