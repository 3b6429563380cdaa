#include <arrow/array.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "expr/bound.h"
#include "key_columns.h"
#include "operators.h"
#include "window_output.h"

namespace dataflow::engine {
namespace {

constexpr int64_t kRowsOut = 4096;
constexpr uint8_t kStateVersion = 1;
constexpr const char* kWatermarkName = "watermark";

int64_t floor_div(int64_t a, int64_t b) {
  return a / b - ((a % b != 0 && (a < 0) != (b < 0)) ? 1 : 0);
}

// Tumbling windows in event time. State: a row for each (key, window end) with whether it has
// fired (column 0) and the accumulators behind it. A window fires when the watermark reaches its
// last millisecond, and is dropped `allowed_lateness` later; a row that comes between the two fires
// it again, so that what leaves does not hang on how rows are cut into batches.
class TumblingWindow final : public Operator {
 public:
  struct Argument {
    expr::BoundPtr value;   // null: COUNT(*)
    expr::BoundPtr filter;  // null: every row
  };

  TumblingWindow(const plan::WindowSpec& spec, size_t time_column, int64_t time_units,
                 std::vector<size_t> keys, std::vector<Argument> arguments,
                 std::vector<BoundAggregate> aggregates, WindowOutput output)
      : size_(spec.size_ms),
        offset_(spec.offset_ms),
        lateness_(spec.allowed_lateness_ms),
        late_output_(spec.late_output),
        time_column_(time_column),
        time_units_(time_units),
        keys_(std::move(keys)),
        arguments_(std::move(arguments)),
        aggregates_(std::move(aggregates)),
        output_(std::move(output)) {}

  Status open(OperatorContext& context) override;
  Status on_batch(size_t input, const Batch& batch, Collector& out) override;
  Status on_watermark(Watermark watermark, Collector& out) override;
  Status on_barrier(CheckpointId id, Collector& out) override;

 private:
  int64_t window_end(int64_t time_ms) const {
    return floor_div(time_ms - offset_, size_) * size_ + offset_ + size_;
  }
  bool has_closed(int64_t end) const { return end - 1 <= watermark_.value(); }
  bool is_dropped(int64_t end) const {
    return watermark_ != kNoWatermark && end - 1 + lateness_ <= watermark_.value();
  }
  Status find_ends(const Batch& batch);
  Status evaluate(const Batch& batch);
  Status add_rows(const Batch& batch, std::span<const int32_t> rows);
  Status add_late(const Batch& batch, Collector& out);
  Status send_away(const Batch& batch, Collector& out);
  Status fire(state::RowNumber row, Collector& out);
  Status flush(Collector& out);

  const int64_t size_;
  const int64_t offset_;
  const int64_t lateness_;
  const bool late_output_;
  const size_t time_column_;
  const int64_t time_units_;
  KeyColumns keys_;
  const std::vector<Argument> arguments_;
  const std::vector<BoundAggregate> aggregates_;
  WindowOutput output_;

  OperatorContext* context_ = nullptr;
  state::KeyedTable* table_ = nullptr;
  Watermark watermark_ = kNoWatermark;
  bool watermark_changed_ = false;
  std::map<int64_t, std::vector<state::RowNumber>> open_;   // by end: not fired yet
  std::map<int64_t, std::vector<state::RowNumber>> fired_;  // by end: kept for late rows

  // Of the batch at hand, used again.
  expr::EvalContext eval_;
  std::vector<ColumnPtr> values_;
  std::vector<expr::Selection> filters_;
  std::vector<int64_t> ends_;
  std::vector<int32_t> on_time_, late_, dropped_;
  std::vector<uint64_t> hashes_;
  std::vector<std::string_view> key_views_;
  std::vector<int64_t> numbers_;
  std::vector<state::RowNumber> groups_, made_, some_groups_;
};

Status TumblingWindow::open(OperatorContext& context) {
  context_ = &context;
  state::TableSpec spec{"windows", kStateVersion, {state::ValueKind::kInt64}};
  for (const BoundAggregate& aggregate : aggregates_) {
    const auto columns = aggregate.function->columns();
    spec.columns.insert(spec.columns.end(), columns.begin(), columns.end());
  }
  DF_ASSIGN_OR_RETURN(table_, context.table(std::move(spec)));
  const int64_t* fired = table_->ints(0);
  table_->for_each([&](state::RowNumber row) {
    (fired[row] != 0 ? fired_ : open_)[table_->number(row)].push_back(row);
  });
  DF_ASSIGN_OR_RETURN(const auto named, context.named_state());
  if (const auto it = named.find(kWatermarkName); it != named.end()) {
    int64_t value = 0;
    std::from_chars(it->second.data(), it->second.data() + it->second.size(), value);
    watermark_ = Watermark(value);
  }
  return {};
}

Status TumblingWindow::find_ends(const Batch& batch) {
  const arrow::Array& column = *batch.columns[time_column_];
  const auto* times = column.data()->GetValues<int64_t>(1);
  ends_.resize(static_cast<size_t>(batch.rows));
  on_time_.clear();
  late_.clear();
  dropped_.clear();
  const bool nulls = column.null_count() > 0;
  for (int32_t row = 0; row < batch.rows; ++row) {
    if (nulls && column.IsNull(row)) {
      DF_RETURN_IF_ERROR(context_->dead_letter(batch, row, DeadReason::kTime,
                                               (*batch.schema)[time_column_].name,
                                               "the time of a row in a window is NULL"));
      continue;
    }
    const int64_t end = window_end(floor_div(times[row], time_units_));
    ends_[static_cast<size_t>(row)] = end;
    (is_dropped(end) ? dropped_ : has_closed(end) ? late_ : on_time_).push_back(row);
  }
  return {};
}

// The aggregates' arguments and filters. A row that fails in one of them is in no aggregate.
Status TumblingWindow::evaluate(const Batch& batch) {
  eval_.now_millis = context_->now_millis();
  eval_.faults.clear();
  values_.assign(arguments_.size(), nullptr);
  filters_.assign(arguments_.size(), {});
  for (size_t i = 0; i < arguments_.size(); ++i) {
    if (arguments_[i].filter != nullptr) {
      DF_ASSIGN_OR_RETURN(filters_[i], expr::select_true(*arguments_[i].filter, batch, {}, eval_));
    }
    if (arguments_[i].value != nullptr) {
      DF_ASSIGN_OR_RETURN(values_[i], arguments_[i].value->evaluate(batch, filters_[i], eval_));
    }
  }
  for (const RowFault& fault : eval_.faults) {
    DF_RETURN_IF_ERROR(context_->dead_letter(batch, fault.row, DeadReason::kExpression, fault.field,
                                             fault.reason));
    const auto faulty = [&](int32_t row) { return row == fault.row; };
    std::erase_if(on_time_, faulty);
    std::erase_if(late_, faulty);
    std::erase_if(dropped_, faulty);
  }
  return {};
}

Status TumblingWindow::add_rows(const Batch& /*batch*/, std::span<const int32_t> rows) {
  hashes_.clear();
  key_views_.clear();
  numbers_.clear();
  for (const int32_t row : rows) {
    hashes_.push_back(keys_.hashes()[static_cast<size_t>(row)]);
    key_views_.push_back(keys_.keys()[static_cast<size_t>(row)]);
    numbers_.push_back(ends_[static_cast<size_t>(row)]);
  }
  groups_.resize(rows.size());
  made_.clear();
  table_->upsert_all(hashes_, key_views_, numbers_, groups_, &made_);
  for (const state::RowNumber row : made_) open_[table_->number(row)].push_back(row);
  for (size_t i = 0; i < aggregates_.size(); ++i) {
    const arrow::Array* argument = values_[i].get();
    AggregateFunction& function = *aggregates_[i].function;
    if (filters_[i].all) {
      DF_RETURN_IF_ERROR(function.add(*table_, aggregates_[i].first, argument, groups_, rows));
      continue;
    }
    std::vector<int32_t> chosen;
    some_groups_.clear();
    size_t next = 0;
    for (size_t j = 0; j < rows.size(); ++j) {
      const std::vector<int32_t>& wanted = filters_[i].rows;
      while (next < wanted.size() && wanted[next] < rows[j]) ++next;
      if (next == wanted.size() || wanted[next] != rows[j]) continue;
      chosen.push_back(rows[j]);
      some_groups_.push_back(groups_[j]);
    }
    DF_RETURN_IF_ERROR(function.add(*table_, aggregates_[i].first, argument, some_groups_, chosen));
  }
  return {};
}

// Each late row changes a result that has left already (or is the first of its window).
Status TumblingWindow::add_late(const Batch& batch, Collector& out) {
  for (const int32_t row : late_) {
    DF_RETURN_IF_ERROR(add_rows(batch, std::span(&row, 1)));
    const state::RowNumber group = groups_[0];
    if (!made_.empty()) {
      open_.erase(table_->number(group));
      fired_[table_->number(group)].push_back(group);
    }
    DF_RETURN_IF_ERROR(fire(group, out));
  }
  return {};
}

Status TumblingWindow::send_away(const Batch& batch, Collector& out) {
  if (late_output_ && !dropped_.empty()) {
    DF_ASSIGN_OR_RETURN(Batch rows, take(batch, dropped_));
    return out.emit(std::move(rows), 1);
  }
  for (const int32_t row : dropped_) {
    DF_RETURN_IF_ERROR(context_->dead_letter(
        batch, row, DeadReason::kLate, (*batch.schema)[time_column_].name,
        "its window closed before it came: the watermark is " + std::to_string(watermark_.value()) +
            ", the window ended at " + std::to_string(ends_[static_cast<size_t>(row)])));
  }
  return {};
}

Status TumblingWindow::on_batch(size_t /*input*/, const Batch& batch, Collector& out) {
  DF_RETURN_IF_ERROR(find_ends(batch));
  DF_RETURN_IF_ERROR(evaluate(batch));
  DF_RETURN_IF_ERROR(keys_.read(batch));
  DF_RETURN_IF_ERROR(add_rows(batch, on_time_));
  DF_RETURN_IF_ERROR(add_late(batch, out));
  DF_RETURN_IF_ERROR(send_away(batch, out));
  return flush(out);
}

Status TumblingWindow::fire(state::RowNumber row, Collector& out) {
  int64_t& fired = table_->ints(0)[row];
  const RowKind kind = fired != 0 ? RowKind::kUpdateAfter : RowKind::kInsert;
  fired = 1;
  const int64_t end = table_->number(row);
  DF_RETURN_IF_ERROR(output_.add(*table_, row, {end - size_, end}, aggregates_, kind));
  return output_.rows() < kRowsOut ? Status() : flush(out);
}

Status TumblingWindow::flush(Collector& out) {
  if (output_.rows() == 0) return {};
  DF_ASSIGN_OR_RETURN(Batch batch, output_.take());
  return out.emit(std::move(batch));
}

Status TumblingWindow::on_watermark(Watermark watermark, Collector& out) {
  // After a restore the inputs tell again what was known before.
  if (watermark <= watermark_) return {};
  watermark_ = watermark;
  watermark_changed_ = true;
  while (!open_.empty() && has_closed(open_.begin()->first)) {
    auto node = open_.extract(open_.begin());
    for (const state::RowNumber row : node.mapped()) {
      DF_RETURN_IF_ERROR(fire(row, out));
      table_->mark_changed(row);
    }
    auto& kept = fired_[node.key()];
    kept.insert(kept.end(), node.mapped().begin(), node.mapped().end());
  }
  DF_RETURN_IF_ERROR(flush(out));
  while (!fired_.empty() && is_dropped(fired_.begin()->first)) {
    for (const state::RowNumber row : fired_.begin()->second) table_->erase(row);
    fired_.erase(fired_.begin());
  }
  return {};
}

Status TumblingWindow::on_barrier(CheckpointId /*id*/, Collector& /*out*/) {
  if (!watermark_changed_) return {};
  watermark_changed_ = false;
  // Every task of the operator has the same one at a barrier.
  context_->put_named_state(kWatermarkName, std::to_string(watermark_.value()));
  return {};
}

}  // namespace

Result<std::unique_ptr<Operator>> make_window(const plan::WindowSpec& spec, SchemaPtr input,
                                              SchemaPtr output) {
  if (spec.kind != plan::WindowKind::kTumbling || spec.time != plan::TimeKind::kEvent) {
    return Status::unsupported("only tumbling windows in event time are there yet");
  }
  DF_ASSIGN_OR_RETURN(const size_t time, input->require(spec.time_column));
  std::vector<size_t> keys;
  for (const std::string& key : spec.keys) {
    DF_ASSIGN_OR_RETURN(const size_t column, input->require(key));
    keys.push_back(column);
  }
  std::vector<TumblingWindow::Argument> arguments;
  std::vector<BoundAggregate> aggregates;
  size_t column = 1;
  for (const plan::Aggregate& aggregate : spec.aggregates) {
    TumblingWindow::Argument argument;
    if (aggregate.argument != nullptr) {
      DF_ASSIGN_OR_RETURN(argument.value, expr::bind(aggregate.argument, *input));
    }
    if (aggregate.filter != nullptr) {
      DF_ASSIGN_OR_RETURN(argument.filter, expr::bind(aggregate.filter, *input));
    }
    const Type type = argument.value ? argument.value->type() : Type::null();
    DF_ASSIGN_OR_RETURN(const size_t result, output->require(aggregate.name));
    BoundAggregate bound;
    DF_ASSIGN_OR_RETURN(bound.function, make_aggregate(aggregate.function, aggregate.distinct, type,
                                                       (*output)[result].type));
    bound.first = column;
    column += bound.function->columns().size();
    aggregates.push_back(std::move(bound));
    arguments.push_back(std::move(argument));
  }
  DF_ASSIGN_OR_RETURN(WindowOutput rows, WindowOutput::make(spec, *input, std::move(output)));
  return std::unique_ptr<Operator>(std::make_unique<TumblingWindow>(
      spec, time, (*input)[time].type.units_per_milli(), std::move(keys), std::move(arguments),
      std::move(aggregates), std::move(rows)));
}

}  // namespace dataflow::engine
