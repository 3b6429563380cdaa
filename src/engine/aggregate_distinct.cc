// Aggregates over distinct values: another function that is given each value of a group once.
#include <arrow/array.h>

#include "aggregate.h"
#include "distinct_values.h"
#include "key_columns.h"

namespace dataflow::engine {
namespace {

using state::KeyedTable;
using state::RowNumber;
using state::ValueKind;

// Merging goes by the values and not by what the inner function has of them: a value in both groups
// counts once.
class DistinctFunction final : public AggregateFunction {
 public:
  DistinctFunction(std::unique_ptr<AggregateFunction> inner, Type type, std::string name)
      : inner_(std::move(inner)),
        name_(std::move(name)),
        schema_(std::make_shared<Schema>(std::vector<Field>{{"value", type}})),
        keys_({0}),
        writer_({ColumnWriter(std::move(type))}) {}

  std::vector<ValueKind> columns() const override { return inner_->columns(); }

  Status open(OperatorContext& context, KeyedTable& table) override {
    state_ = &table;
    return of_state_.open(context, table, name_ + "-values");
  }

  Status begin(const ColumnPtr& argument) override {
    column_ = argument;
    argument_ = argument.get();
    DF_RETURN_IF_ERROR(keys_.read({schema_, argument->length(), {argument}}));
    return inner_->begin(argument);
  }

  Status add(KeyedTable& table, size_t first, const AggregateRows& rows) override {
    clear_lists();
    given_rows_.clear();
    for (size_t i = 0; i < rows.groups.size(); ++i) {
      const auto row = static_cast<size_t>(rows.rows[i]);
      if (argument_->IsNull(rows.rows[i])) continue;
      hashes_.push_back(keys_.hashes()[row]);
      values_.push_back(keys_.keys()[row]);
      groups_.push_back(rows.groups[i]);
      given_rows_.push_back(rows.rows[i]);
    }
    keep_fresh(table);
    fresh_rows_.clear();
    for (const size_t i : fresh_) fresh_rows_.push_back(given_rows_[i]);
    return inner_->add(table, first, {fresh_groups_, fresh_rows_, rows.first_arrival});
  }

  Status merge(KeyedTable& into, std::span<const RowNumber> to, KeyedTable& table,
               std::span<const RowNumber> from, size_t first) override {
    clear_lists();
    for (size_t i = 0; i < to.size(); ++i) {
      values_of(table).append_values(from[i], values_, hashes_);
      groups_.resize(values_.size(), to[i]);
    }
    // The views may lie in the very table that gets them.
    for (const std::string_view value : values_) copies_.append(value);
    size_t at = 0;
    for (std::string_view& value : values_) {
      value = std::string_view(copies_).substr(at, value.size());
      at += value.size();
    }
    keep_fresh(into);
    fresh_rows_.clear();
    for (const size_t i : fresh_) {
      fresh_rows_.push_back(static_cast<int32_t>(fresh_rows_.size()));
      DF_RETURN_IF_ERROR(write_key(values_[i], kOnlyColumn, writer_));
    }
    DF_ASSIGN_OR_RETURN(const ColumnPtr column, writer_[0].take());
    DF_RETURN_IF_ERROR(inner_->begin(column));
    const Status added = inner_->add(into, first, {fresh_groups_, fresh_rows_, 0});
    // The batch at hand may go on.
    if (column_ != nullptr) DF_RETURN_IF_ERROR(inner_->begin(column_));
    return added;
  }

  Status results(KeyedTable& table, size_t first, std::span<const RowNumber> groups,
                 ColumnWriter& out) const override {
    return inner_->results(table, first, groups, out);
  }
  void forget(KeyedTable& table, RowNumber group) override { values_of(table).clear(group); }
  bool holds_values() const override { return true; }
  void before_barrier() override { of_state_.save(); }
  size_t memory_bytes() const override {
    return of_state_.memory_bytes() + of_scratch_.memory_bytes();
  }

 private:
  static constexpr size_t kOnlyColumn[] = {0};

  DistinctValues& values_of(KeyedTable& table) {
    return &table == state_ ? of_state_ : of_scratch_;
  }
  void clear_lists() {
    hashes_.clear();
    values_.clear();
    groups_.clear();
    copies_.clear();
  }
  void keep_fresh(KeyedTable& table) {
    values_of(table).add(hashes_, values_, groups_, fresh_);
    fresh_groups_.clear();
    for (const size_t i : fresh_) fresh_groups_.push_back(groups_[i]);
  }

  const std::unique_ptr<AggregateFunction> inner_;
  const std::string name_;
  const SchemaPtr schema_;
  KeyColumns keys_;  // of the argument
  std::vector<ColumnWriter> writer_;
  KeyedTable* state_ = nullptr;
  DistinctValues of_state_, of_scratch_;
  ColumnPtr column_;

  // Used again.
  std::vector<uint64_t> hashes_;
  std::vector<std::string_view> values_;
  std::string copies_;
  std::vector<RowNumber> groups_, fresh_groups_;
  std::vector<int32_t> given_rows_, fresh_rows_;
  std::vector<size_t> fresh_;
};

}  // namespace

Result<std::unique_ptr<AggregateFunction>> make_distinct(std::unique_ptr<AggregateFunction> inner,
                                                         const Type& argument,
                                                         const std::string& name) {
  if (!KeyColumns::can_be_key(argument)) {
    return Status::invalid("values of " + argument.to_string() +
                           " cannot be told apart, so DISTINCT does not take them");
  }
  return std::unique_ptr<AggregateFunction>(
      std::make_unique<DistinctFunction>(std::move(inner), argument, name));
}

}  // namespace dataflow::engine
