#include <deque>
#include <optional>
#include <set>

#include "engine/row_keys.h"
#include "parts.h"

namespace dataflow::plugins {
namespace {

class TableView final : public abi::Table {
 public:
  explicit TableView(state::KeyedTable& table) : table_(table) {}

  uint32_t upsert(uint64_t hash, abi::Text key, int64_t number, bool* made) noexcept override {
    return table_.upsert(hash, {key.data, key.size}, number, made);
  }
  bool find(uint64_t hash, abi::Text key, int64_t number, uint32_t* row) noexcept override {
    const auto found = table_.find(hash, {key.data, key.size}, number);
    if (found) *row = *found;
    return found.has_value();
  }
  void erase(uint32_t row) noexcept override { table_.erase(row); }
  void mark_changed(uint32_t row) noexcept override { table_.mark_changed(row); }
  abi::Text key(uint32_t row) noexcept override { return to_abi(table_.key(row)); }
  uint64_t hash(uint32_t row) noexcept override { return table_.hash(row); }
  int64_t number(uint32_t row) noexcept override { return table_.number(row); }
  size_t size() noexcept override { return table_.size(); }
  int64_t* ints(size_t column) noexcept override { return table_.ints(column); }
  double* floats(size_t column) noexcept override { return table_.floats(column); }
  abi::Text bytes(size_t column, uint32_t row) noexcept override {
    return to_abi(table_.bytes(column)[row]);
  }
  void set_bytes(size_t column, uint32_t row, abi::Text value) noexcept override {
    std::string& cell = table_.bytes(column)[row];
    const auto before = static_cast<int64_t>(cell.capacity());
    cell.assign(value.data, value.size);
    table_.note_bytes(static_cast<int64_t>(cell.capacity()) - before);
  }
  void for_each(void (*visit)(void*, uint32_t), void* with) noexcept override {
    table_.for_each([&](state::RowNumber row) { visit(with, row); });
  }

 private:
  state::KeyedTable& table_;
};

// What a plug-in's operator may ask for. A failure of ours is kept, so that it is told as it was.
class ContextView final : public abi::Context {
 public:
  ContextView(engine::OperatorContext& context, bool keyed) : context_(context), keyed_(keyed) {}

  int task() noexcept override { return context_.task(); }
  int parallelism() noexcept override { return context_.parallelism(); }
  int64_t now_millis() noexcept override { return context_.now_millis(); }
  abi::Table* table(const abi::TableInfo& info, abi::Texts& error) noexcept override {
    state::TableSpec spec{from_abi(info.name), info.version, {}, info.ttl_ms};
    for (size_t i = 0; i < info.column_count; ++i) {
      spec.columns.push_back(static_cast<state::ValueKind>(info.columns[i]));
    }
    if (!pass(check_table(spec), error)) return nullptr;
    Result<state::KeyedTable*> made = open_table(std::move(spec));
    if (!pass(made.status(), error)) return nullptr;
    return &tables_.emplace_back(**made);
  }
  bool named_state(abi::Texts& out, abi::Texts& error) noexcept override {
    const auto named = context_.named_state();
    if (!pass(named.status(), error)) return false;
    for (const auto& [name, bytes] : *named) {
      out.add(to_abi(name));
      out.add(to_abi(bytes));
    }
    return true;
  }
  void put_named_state(abi::Text name, abi::Text bytes) noexcept override {
    context_.put_named_state(from_abi(name), from_abi(bytes));
  }
  void set_timer(int64_t millis) noexcept override { context_.set_timer(millis); }
  bool dead_letter(int64_t row, abi::Text field, abi::Text words,
                   abi::Texts& error) noexcept override {
    if (batch_ == nullptr || row < 0 || row >= batch_->rows) {
      return pass(Status::internal("a dead letter is no row of the batch at hand"), error);
    }
    return pass(context_.dead_letter(*batch_, row, engine::DeadReason::kExpression,
                                     {field.data, field.size}, {words.data, words.size}),
                error);
  }

  void set_batch(const Batch* batch) { batch_ = batch; }
  // What of ours failed under the plug-in's call, if anything.
  Status take_failure() { return std::exchange(failure_, {}); }
  bool pass(const Status& status, abi::Texts& error) {
    if (status.ok()) return true;
    error.add(to_abi(status.message()));
    if (failure_.ok()) failure_ = status;
    return false;
  }

 private:
  // One that stands twice would write its rows over the other's at each checkpoint.
  Status check_table(const state::TableSpec& spec) {
    if (spec.name.empty()) return Status::invalid("opens a table without a name");
    for (const state::ValueKind kind : spec.columns) {
      if (kind == state::ValueKind::kInt64 || kind == state::ValueKind::kFloat64 ||
          kind == state::ValueKind::kBytes) {
        continue;
      }
      return Status::invalid("opens table `" + spec.name + "` with a column of kind " +
                             std::to_string(static_cast<int>(kind)) + ", which there is not");
    }
    if (spec.ttl_ms < 0) return Status::invalid("opens table `" + spec.name + "` with ttl_ms < 0");
    if (table_names_.insert(spec.name).second) return {};
    return Status::invalid("opens table `" + spec.name + "` twice");
  }
  Result<state::KeyedTable*> open_table(state::TableSpec spec) {
    if (!keyed_) {
      return Status::invalid("keeps state by key, and the step has no keys: give it `group_by`");
    }
    return context_.table(std::move(spec));
  }

  engine::OperatorContext& context_;
  const bool keyed_;
  std::deque<TableView> tables_;
  std::set<std::string> table_names_;
  const Batch* batch_ = nullptr;
  Status failure_;
};

class OutputView final : public abi::Output {
 public:
  OutputView(engine::Collector& out, ContextView& context, const plan::CustomSpec& spec,
             const std::shared_ptr<arrow::Schema>& schema)
      : out_(out), context_(context), spec_(spec), schema_(schema) {}

  bool emit(ArrowArray* columns, const uint8_t* kinds, abi::Texts& error) noexcept override {
    return context_.pass(send(columns, kinds), error);
  }

 private:
  Status send(ArrowArray* columns, const uint8_t* kinds) {
    DF_ASSIGN_OR_RETURN(Batch batch, take_rows(columns, kinds, spec_.schema, schema_));
    if (batch.kinds != nullptr && !spec_.makes_updates) {
      return Status::invalid("emits updates, but did not say that it makes_updates");
    }
    return out_.emit(std::move(batch));
  }

  engine::Collector& out_;
  ContextView& context_;
  const plan::CustomSpec& spec_;
  const std::shared_ptr<arrow::Schema>& schema_;
};

class PluginOperator final : public engine::Operator {
 public:
  PluginOperator(std::unique_ptr<abi::OperatorPart, Release> part, plan::CustomSpec spec,
                 SchemaPtr input, std::optional<engine::RowKeys> keys)
      : spec_(std::move(spec)),
        output_(arrow_schema_of(*spec_.schema)),
        keys_(std::move(keys)),
        sent_(std::move(input)),
        part_(std::move(part)) {}

  Status open(engine::OperatorContext& context) override {
    context_.emplace(context, keys_.has_value());
    TextList error;
    return outcome(part_->open(*context_, error), error);
  }
  Status on_batch(size_t /*input*/, const Batch& batch, engine::Collector& out) override {
    DF_RETURN_IF_ERROR(sent_.set(batch));
    if (keys_) {
      DF_RETURN_IF_ERROR(keys_->read(batch));
      key_texts_.clear();
      for (const std::string_view key : keys_->keys()) key_texts_.push_back(to_abi(key));
      sent_.rows().keys = key_texts_.data();
      sent_.rows().hashes = keys_->hashes().data();
    }
    context_->set_batch(&batch);
    const Status done = call(out, [&](abi::Output& output, abi::Texts& error) {
      return part_->on_rows(sent_.rows(), output, error);
    });
    context_->set_batch(nullptr);
    return done;
  }
  Status on_watermark(engine::Watermark watermark, engine::Collector& out) override {
    return call(out, [&](abi::Output& output, abi::Texts& error) {
      return part_->on_watermark(watermark.value(), output, error);
    });
  }
  Status on_timer(int64_t millis, engine::Collector& out) override {
    return call(out, [&](abi::Output& output, abi::Texts& error) {
      return part_->on_timer(millis, output, error);
    });
  }
  Status on_barrier(engine::CheckpointId /*id*/, engine::Collector& out) override {
    return call(out, [&](abi::Output& output, abi::Texts& error) {
      return part_->on_checkpoint(output, error);
    });
  }
  Status on_end(engine::Collector& out) override {
    return call(
        out, [&](abi::Output& output, abi::Texts& error) { return part_->on_end(output, error); });
  }

 private:
  template <class F>
  Status call(engine::Collector& out, F&& run) {
    OutputView output(out, *context_, spec_, output_);
    TextList error;
    return outcome(run(output, error), error);
  }
  Status outcome(bool ok, const TextList& error) {
    // A plug-in that catches our failure does not undo it: rows would be missing.
    Status ours = context_->take_failure();
    if (ok && ours.ok()) return {};
    if (ours.ok()) ours = Status::internal(error.words());
    return ours.with_context("operator `" + spec_.name + "` of a plug-in");
  }

  const plan::CustomSpec spec_;
  const std::shared_ptr<arrow::Schema> output_;
  std::optional<engine::RowKeys> keys_;
  std::optional<ContextView> context_;
  SentRows sent_;
  std::vector<abi::Text> key_texts_;
  // Ends before the above: its destructor may still use its tables.
  const std::unique_ptr<abi::OperatorPart, Release> part_;
};

class ShapeView final : public abi::Shape {
 public:
  explicit ShapeView(plan::CustomSpec& spec) : spec_(spec) {}
  void add_field(const abi::Field& field) noexcept override {
    const Result<Type> type = parse_type(from_abi(field.type));
    if (!type.ok() && problem_.ok()) {
      problem_ = type.status().with_context("column `" + from_abi(field.name) + "`");
    }
    if (type.ok()) fields_.push_back({from_abi(field.name), *type, field.nullable != 0});
  }
  void set(abi::Text event_time, bool makes_updates, bool takes_updates) noexcept override {
    spec_.event_time = from_abi(event_time);
    spec_.makes_updates = makes_updates;
    spec_.takes_updates = takes_updates;
  }
  Status finish() {
    DF_RETURN_IF_ERROR(problem_);
    spec_.schema = std::make_shared<const Schema>(std::move(fields_));
    return {};
  }

 private:
  plan::CustomSpec& spec_;
  std::vector<Field> fields_;
  Status problem_;
};

}  // namespace

Status describe_plugin_operator(abi::OperatorFactory& factory, plan::CustomSpec& spec,
                                const Schema& input) {
  const RequestParts parts({}, spec.options, input, spec.keys);
  ShapeView shape(spec);
  TextList error;
  if (!factory.describe(parts.request(), shape, error)) return Status::invalid(error.words());
  return shape.finish();
}

Result<std::unique_ptr<engine::Operator>> make_plugin_operator(
    abi::OperatorFactory& factory, const plan::CustomSpec& spec, const SchemaPtr& input,
    const engine::ConnectorContext& context) {
  plan::CustomSpec now = spec;
  DF_RETURN_IF_ERROR(describe_plugin_operator(factory, now, *input));
  if (*now.schema != *spec.schema || now.event_time != spec.event_time ||
      now.makes_updates != spec.makes_updates || now.takes_updates != spec.takes_updates) {
    return Status::conflict("operator `" + spec.name + "` gave " + spec.schema->to_string() +
                            " when the pipeline was deployed, and its plug-in now gives " +
                            now.schema->to_string() + "; deploy the pipeline again");
  }
  const RequestParts parts(context, spec.options, *input, spec.keys);
  TextList error;
  std::unique_ptr<abi::OperatorPart, Release> part(factory.make(parts.request(), error));
  if (part == nullptr) return Status::invalid("operator `" + spec.name + "`: " + error.words());
  std::optional<engine::RowKeys> keys;
  if (!spec.keys.empty()) {
    DF_ASSIGN_OR_RETURN(engine::RowKeys made, engine::RowKeys::make(spec.keys, *input));
    keys.emplace(std::move(made));
  }
  return std::unique_ptr<engine::Operator>(
      std::make_unique<PluginOperator>(std::move(part), spec, input, std::move(keys)));
}

}  // namespace dataflow::plugins
