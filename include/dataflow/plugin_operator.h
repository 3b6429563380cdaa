// Operator: a step of a pipeline with its state.
#pragma once

#include <dataflow/plugin_builder.h>
#include <dataflow/plugin_request.h>

namespace dataflow::plugin {

enum class ValueKind : uint8_t { kInt64 = 1, kFloat64 = 2, kBytes = 4 };

struct TableSpec {
  std::string name;
  std::vector<ValueKind> columns;
  // Of what the columns mean. State that a newer version wrote is refused.
  uint8_t version = 1;
  // Rows not written for so long (of processing time) are gone, also from disk; 0: they stay.
  int64_t ttl_ms = 0;
};

// Keyed state: rows of values by key and number. What changes goes with the next checkpoint; after
// a restart the table has what the last one held. Row numbers are valid until the row is erased.
class Table {
 public:
  using Row = uint32_t;

  Table(abi::Table& table, TableSpec spec) : table_(&table), spec_(std::move(spec)) {}

  // The row, made with zero (or empty) values if it is missing.
  Row upsert(const Key& key, int64_t number = 0, bool* made = nullptr) {
    bool is_new = false;
    const Row row = table_->upsert(key.hash, to_abi(key.bytes), number, &is_new);
    if (made != nullptr) *made = is_new;
    return row;
  }
  std::optional<Row> find(const Key& key, int64_t number = 0) const {
    Row row = 0;
    if (!table_->find(key.hash, to_abi(key.bytes), number, &row)) return std::nullopt;
    return row;
  }
  void erase(Row row) { table_->erase(row); }
  size_t size() const { return table_->size(); }

  int64_t integer(Row row, size_t column) const {
    check(column, ValueKind::kInt64);
    return table_->ints(column)[row];
  }
  double real(Row row, size_t column) const {
    check(column, ValueKind::kFloat64);
    return table_->floats(column)[row];
  }
  std::string_view bytes(Row row, size_t column) const {
    check(column, ValueKind::kBytes);
    return from_abi(table_->bytes(column, row));
  }
  void set_integer(Row row, size_t column, int64_t value) {
    check(column, ValueKind::kInt64);
    table_->mark_changed(row);
    table_->ints(column)[row] = value;
  }
  void set_real(Row row, size_t column, double value) {
    check(column, ValueKind::kFloat64);
    table_->mark_changed(row);
    table_->floats(column)[row] = value;
  }
  void set_bytes(Row row, size_t column, std::string_view value) {
    check(column, ValueKind::kBytes);
    table_->mark_changed(row);
    table_->set_bytes(column, row, to_abi(value));
  }

  // Stays where it is until rows are made or erased.
  Key key(Row row) const { return {table_->hash(row), from_abi(table_->key(row))}; }
  int64_t number(Row row) const { return table_->number(row); }
  // Every row, in no order. The table must not change meanwhile.
  template <class Visit>
  void for_each(Visit&& visit) const {
    const auto call = [](void* with, uint32_t row) { (*static_cast<Visit*>(with))(row); };
    table_->for_each(call, &visit);
  }

 private:
  void check(size_t column, ValueKind kind) const {
    if (column < spec_.columns.size() && spec_.columns[column] == kind) return;
    const char* const name = kind == ValueKind::kInt64     ? "integers"
                             : kind == ValueKind::kFloat64 ? "floating-point numbers"
                                                           : "bytes";
    throw Error("column " + std::to_string(column) + " of table `" + spec_.name +
                "` does not hold " + name);
  }

  abi::Table* table_;
  TableSpec spec_;
};

class OperatorContext {
 public:
  explicit OperatorContext(abi::Context& context) : context_(&context) {}

  int task() const { return context_->task(); }
  int parallelism() const { return context_->parallelism(); }
  int64_t now_millis() const { return context_->now_millis(); }  // processing time

  // In open() only, once each; needs `group_by` in the step.
  Table table(const TableSpec& spec) {
    std::vector<abi::ValueKind> kinds;
    for (const ValueKind kind : spec.columns) kinds.push_back(static_cast<abi::ValueKind>(kind));
    detail::Words words;
    abi::Table* const made = context_->table(
        {to_abi(spec.name), kinds.data(), kinds.size(), spec.version, spec.ttl_ms}, words);
    words.check(made != nullptr);
    return Table(*made, spec);
  }
  // Named bytes that belong to no key, of all tasks, from the last checkpoint.
  std::map<std::string, std::string> named_state() {
    struct Pairs final : abi::Texts {
      void add(abi::Text text) noexcept override { all.emplace_back(from_abi(text)); }
      std::vector<std::string> all;
    } pairs;
    detail::Words words;
    words.check(context_->named_state(pairs, words));
    std::map<std::string, std::string> named;
    for (size_t i = 0; i + 1 < pairs.all.size(); i += 2) named[pairs.all[i]] = pairs.all[i + 1];
    return named;
  }
  // Goes with the next checkpoint; empty bytes forget the name. Tasks share the names.
  void put_named_state(std::string_view name, std::string_view bytes) {
    context_->put_named_state(to_abi(name), to_abi(bytes));
  }
  // on_timer() comes at or behind this moment of processing time. Timers are not kept over a
  // restart: open() sets them again from state.
  void set_timer(int64_t millis) { context_->set_timer(millis); }
  // A row of the batch at hand goes to the dead letters, with its reason.
  void dead_letter(int64_t row, std::string_view field, std::string_view reason) {
    detail::Words words;
    words.check(context_->dead_letter(row, to_abi(field), to_abi(reason), words));
  }

 private:
  abi::Context* context_;
};

// Takes what an operator makes.
class Output {
 public:
  explicit Output(abi::Output& out) : out_(&out) {}
  // Sends the builder's rows on, if there are any.
  void emit(BatchBuilder& rows) {
    if (rows.empty()) return;
    std::vector<uint8_t> kinds;
    if (const uint8_t* given = rows.kinds()) kinds.assign(given, given + rows.size());
    ArrowArray array = rows.finish();
    detail::Words words;
    words.check(out_->emit(&array, kinds.empty() ? nullptr : kinds.data(), words));
  }

 private:
  abi::Output* out_;
};

// Calls to one operator are never concurrent: open(), then any of the others, on_end() once behind
// the last row. There is one for each task; rows with equal keys come to the same one.
class Operator {
 public:
  virtual ~Operator() = default;
  virtual void open(OperatorContext& /*context*/) {}
  virtual void on_batch(const Batch& batch, Output& out) = 0;
  // Event time in ms: no row with an earlier or equal time will follow, but late ones.
  virtual void on_watermark(int64_t /*millis*/, Output& /*out*/) {}
  virtual void on_timer(int64_t /*millis*/, Output& /*out*/) {}
  // State is handed over right behind it; what it emits belongs to this checkpoint.
  virtual void on_checkpoint(Output& /*out*/) {}
  virtual void on_end(Output& /*out*/) {}
};

// What an operator makes of its input.
struct Shape {
  explicit Shape(Schema columns) : schema(std::move(columns)) {}

  Schema schema;
  std::string event_time;      // the column that carries the input's event time on; empty: none
  bool makes_updates = false;  // emits others than kInsert
  bool takes_updates = false;  // knows what to do with others than kInsert
};

namespace detail {

class OperatorAdapter final : public abi::OperatorPart {
 public:
  OperatorAdapter(std::unique_ptr<Operator> made, Schema input)
      : input_(std::move(input)), operator_(std::move(made)) {}

  void release() noexcept override { delete this; }
  bool open(abi::Context& context, abi::Texts& error) noexcept override {
    return guarded(error, [&] {
      context_ = std::make_unique<OperatorContext>(context);
      operator_->open(*context_);
    });
  }
  bool on_rows(const abi::Rows& rows, abi::Output& out, abi::Texts& error) noexcept override {
    return guarded(error, [&] {
      Output output(out);
      operator_->on_batch(Batch(rows, input_), output);
    });
  }
  bool on_watermark(int64_t millis, abi::Output& out, abi::Texts& error) noexcept override {
    return guarded(error, [&] {
      Output output(out);
      operator_->on_watermark(millis, output);
    });
  }
  bool on_timer(int64_t millis, abi::Output& out, abi::Texts& error) noexcept override {
    return guarded(error, [&] {
      Output output(out);
      operator_->on_timer(millis, output);
    });
  }
  bool on_checkpoint(abi::Output& out, abi::Texts& error) noexcept override {
    return guarded(error, [&] {
      Output output(out);
      operator_->on_checkpoint(output);
    });
  }
  bool on_end(abi::Output& out, abi::Texts& error) noexcept override {
    return guarded(error, [&] {
      Output output(out);
      operator_->on_end(output);
    });
  }

 private:
  const Schema input_;
  std::unique_ptr<OperatorContext> context_;  // outlives the operator, which may keep it
  std::unique_ptr<Operator> operator_;
};

}  // namespace detail
}  // namespace dataflow::plugin
