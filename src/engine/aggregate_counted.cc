// Aggregates over distinct values of rows that may be taken back: how often each value is there is
// counted, and another function gets it with the first, and loses it with the last.
#include <arrow/array.h>
#include <arrow/buffer.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "aggregate.h"
#include "counted_values.h"
#include "key_columns.h"

namespace dataflow::engine {
namespace {

using state::KeyedTable;
using state::RowNumber;
using state::ValueKind;

// From the first row on.
std::shared_ptr<arrow::Buffer> valid_bits_of(const arrow::Array& column) {
  if (column.null_count() == 0) return nullptr;
  std::string bits((static_cast<size_t>(column.length()) + 7) / 8, '\0');
  for (int64_t row = 0; row < column.length(); ++row) {
    char& byte = bits[static_cast<size_t>(row) / 8];
    if (column.IsValid(row)) byte = static_cast<char>(byte | 1 << row % 8);
  }
  return arrow::Buffer::FromString(std::move(bits));
}

// 0.0 is -0.0, and every NaN one: what goes with the last of equal values is what came with the
// first, whichever it was.
template <class Float>
ColumnPtr with_one_zero(const ColumnPtr& column) {
  const auto* const values = column->data()->GetValues<Float>(1);
  const auto other = [](Float value) {
    return std::isnan(value) || (value == 0 && std::signbit(value));
  };
  if (std::none_of(values, values + column->length(), other)) return column;
  std::string bytes(static_cast<size_t>(column->length()) * sizeof(Float), '\0');
  for (int64_t row = 0; row < column->length(); ++row) {
    const Float value = !other(values[row])       ? values[row]
                        : std::isnan(values[row]) ? std::numeric_limits<Float>::quiet_NaN()
                                                  : Float{0};
    std::memcpy(bytes.data() + static_cast<size_t>(row) * sizeof(Float), &value, sizeof value);
  }
  return arrow::MakeArray(arrow::ArrayData::Make(
      column->type(), column->length(),
      {valid_bits_of(*column), arrow::Buffer::FromString(std::move(bytes))}, column->null_count()));
}

class CountedFunction final : public AggregateFunction {
 public:
  CountedFunction(std::unique_ptr<AggregateFunction> inner, const Type& type, std::string name)
      : inner_(std::move(inner)),
        name_(std::move(name)),
        schema_(std::make_shared<Schema>(std::vector<Field>{{"value", type}})),
        keys_({0}),
        counted_(CountedValues::Top::kNone) {}

  std::vector<ValueKind> columns() const override { return inner_->columns(); }

  Status open(OperatorContext& context, KeyedTable& table) override {
    DF_RETURN_IF_ERROR(inner_->open(context, table));
    return counted_.open(context, table, name_ + "-counts");
  }
  Status begin(const ColumnPtr& argument) override {
    const Type& type = (*schema_)[0].type;
    if (type.id() == TypeId::kFloat32) {
      given_ = with_one_zero<float>(argument);
    } else {
      given_ = type.is_float() ? with_one_zero<double>(argument) : argument;
    }
    argument_ = given_.get();
    DF_RETURN_IF_ERROR(keys_.read({schema_, argument->length(), {given_}}));
    return inner_->begin(given_);
  }
  Status add(KeyedTable& table, size_t first, const AggregateRows& rows) override {
    groups_.clear();
    rows_.clear();
    signs_.clear();
    for (size_t i = 0; i < rows.groups.size(); ++i) {
      if (argument_->IsNull(rows.rows[i])) continue;
      const auto row = static_cast<size_t>(rows.rows[i]);
      const uint64_t hash = keys_.hashes()[row];
      const std::string_view value = keys_.keys()[row];
      const int64_t sign = rows.sign(i);
      const bool changed = sign > 0 ? counted_.add(hash, value, rows.groups[i])
                                    : counted_.take_back(hash, value, rows.groups[i]);
      if (!changed) continue;
      groups_.push_back(rows.groups[i]);
      rows_.push_back(rows.rows[i]);
      signs_.push_back(static_cast<int8_t>(sign));
    }
    return inner_->add(table, first, {groups_, rows_, rows.first_arrival, signs_});
  }
  Status merge(KeyedTable& /*into*/, std::span<const RowNumber> /*to*/, KeyedTable& /*table*/,
               std::span<const RowNumber> /*from*/, size_t /*first*/) override {
    return Status::internal("groups that count their values are not merged");
  }
  Status results(KeyedTable& table, size_t first, std::span<const RowNumber> groups,
                 ColumnWriter& out) const override {
    return inner_->results(table, first, groups, out);
  }
  void forget(KeyedTable& table, RowNumber group) override {
    counted_.clear(group);
    inner_->forget(table, group);
  }
  bool holds_values() const override { return true; }
  void before_barrier() override { inner_->before_barrier(); }
  size_t memory_bytes() const override { return counted_.memory_bytes() + inner_->memory_bytes(); }
  int64_t last_arrival(KeyedTable& table, size_t first, RowNumber group) const override {
    return inner_->last_arrival(table, first, group);
  }

 private:
  const std::unique_ptr<AggregateFunction> inner_;
  const std::string name_;
  const SchemaPtr schema_;
  KeyColumns keys_;  // of the argument
  ColumnPtr given_;
  CountedValues counted_;
  // Used again.
  std::vector<RowNumber> groups_;
  std::vector<int32_t> rows_;
  std::vector<int8_t> signs_;
};

}  // namespace

Result<std::unique_ptr<AggregateFunction>> make_counted_distinct(
    std::unique_ptr<AggregateFunction> inner, const Type& argument, const std::string& name) {
  if (!KeyColumns::can_be_key(argument)) {
    return Status::invalid("values of " + argument.to_string() +
                           " cannot be told apart, so DISTINCT does not take them");
  }
  return std::unique_ptr<AggregateFunction>(
      std::make_unique<CountedFunction>(std::move(inner), argument, name));
}

}  // namespace dataflow::engine
