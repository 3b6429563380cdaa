#include "aggregate.h"

#include <arrow/array.h>

#include <algorithm>
#include <cctype>

namespace dataflow::engine {
namespace {

using state::KeyedTable;
using state::RowNumber;
using state::ValueKind;

// The integers of a column of any integer-like type, one at a time.
class IntReader {
 public:
  IntReader(const Type& type, const arrow::Array& column) : column_(column) {
    switch (type.id()) {
      case TypeId::kBoolean: width_ = 0; break;
      case TypeId::kInt8: width_ = 1; break;
      case TypeId::kInt16: width_ = 2; break;
      case TypeId::kInt32:
      case TypeId::kDate:
      case TypeId::kMonths: width_ = 4; break;
      case TypeId::kTime: width_ = type.units_per_milli() == 1 ? 4 : 8; break;
      default: width_ = 8;
    }
  }
  int64_t operator[](int64_t row) const {
    const arrow::ArrayData& data = *column_.data();
    switch (width_) {
      case 0: return static_cast<const arrow::BooleanArray&>(column_).Value(row) ? 1 : 0;
      case 1: return data.GetValues<int8_t>(1)[row];
      case 2: return data.GetValues<int16_t>(1)[row];
      case 4: return data.GetValues<int32_t>(1)[row];
      default: return data.GetValues<int64_t>(1)[row];
    }
  }

 private:
  const arrow::Array& column_;
  int width_;
};

bool is_integral(const Type& type) {
  return type.id() == TypeId::kBoolean || type.is_integer() ||
         (type.id() >= TypeId::kDate && type.id() <= TypeId::kMillis);
}

double float_at(const Type& type, const arrow::Array& column, int64_t row) {
  if (type.id() == TypeId::kFloat32) return column.data()->GetValues<float>(1)[row];
  return column.data()->GetValues<double>(1)[row];
}

class CountFunction final : public AggregateFunction {
 public:
  std::vector<ValueKind> columns() const override { return {ValueKind::kInt64}; }

  Status add(KeyedTable& table, size_t first, const arrow::Array* argument,
             std::span<const RowNumber> groups, std::span<const int32_t> rows) override {
    int64_t* counts = table.ints(first);
    const bool all = argument == nullptr || argument->null_count() == 0;
    for (size_t i = 0; i < groups.size(); ++i) {
      if (all || argument->IsValid(rows[i])) ++counts[groups[i]];
    }
    return {};
  }
  void merge(KeyedTable& into, RowNumber to, KeyedTable& table, RowNumber from,
             size_t first) override {
    into.ints(first)[to] += table.ints(first)[from];
  }
  Value result(KeyedTable& table, size_t first, RowNumber group) const override {
    return Value::int64(table.ints(first)[group]);
  }
};

// SUM and AVG: a sum, and how many values it has. Integers wrap around, as Flink's do.
class SumFunction final : public AggregateFunction {
 public:
  SumFunction(Type argument, Type result, bool average)
      : argument_(std::move(argument)), result_(std::move(result)), average_(average) {}

  std::vector<ValueKind> columns() const override {
    return {argument_.is_float() ? ValueKind::kFloat64 : ValueKind::kInt64, ValueKind::kInt64};
  }

  Status add(KeyedTable& table, size_t first, const arrow::Array* argument,
             std::span<const RowNumber> groups, std::span<const int32_t> rows) override {
    int64_t* counts = table.ints(first + 1);
    const bool all = argument->null_count() == 0;
    if (argument_.is_float()) {
      double* sums = table.floats(first);
      for (size_t i = 0; i < groups.size(); ++i) {
        if (!all && argument->IsNull(rows[i])) continue;
        sums[groups[i]] += float_at(argument_, *argument, rows[i]);
        ++counts[groups[i]];
      }
      return {};
    }
    int64_t* sums = table.ints(first);
    const IntReader values(argument_, *argument);
    for (size_t i = 0; i < groups.size(); ++i) {
      if (!all && argument->IsNull(rows[i])) continue;
      sums[groups[i]] = wrapping_sum(sums[groups[i]], values[rows[i]]);
      ++counts[groups[i]];
    }
    return {};
  }
  void merge(KeyedTable& into, RowNumber to, KeyedTable& table, RowNumber from,
             size_t first) override {
    if (argument_.is_float()) {
      into.floats(first)[to] += table.floats(first)[from];
    } else {
      into.ints(first)[to] = wrapping_sum(into.ints(first)[to], table.ints(first)[from]);
    }
    into.ints(first + 1)[to] += table.ints(first + 1)[from];
  }
  Value result(KeyedTable& table, size_t first, RowNumber group) const override {
    const int64_t count = table.ints(first + 1)[group];
    if (count == 0) return Value::null(result_);
    if (argument_.is_float()) {
      const double sum = table.floats(first)[group];
      return Value::floating(result_, average_ ? sum / static_cast<double>(count) : sum);
    }
    const int64_t sum = table.ints(first)[group];
    return Value::integer(result_, narrowed(average_ ? sum / count : sum));
  }

 private:
  static int64_t wrapping_sum(int64_t a, int64_t b) {
    return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
  }
  int64_t narrowed(int64_t value) const {
    switch (result_.id()) {
      case TypeId::kInt8: return static_cast<int8_t>(value);
      case TypeId::kInt16: return static_cast<int16_t>(value);
      case TypeId::kInt32: return static_cast<int32_t>(value);
      default: return value;
    }
  }

  const Type argument_;
  const Type result_;
  const bool average_;
};

// MIN and MAX of integers, times and floats: the value, and whether there is one.
class ExtremeFunction final : public AggregateFunction {
 public:
  ExtremeFunction(Type type, bool greatest) : type_(std::move(type)), greatest_(greatest) {}

  std::vector<ValueKind> columns() const override {
    return {type_.is_float() ? ValueKind::kFloat64 : ValueKind::kInt64, ValueKind::kInt64};
  }

  Status add(KeyedTable& table, size_t first, const arrow::Array* argument,
             std::span<const RowNumber> groups, std::span<const int32_t> rows) override {
    int64_t* known = table.ints(first + 1);
    if (type_.is_float()) {
      double* best = table.floats(first);
      for (size_t i = 0; i < groups.size(); ++i) {
        if (argument->IsNull(rows[i])) continue;
        offer(best[groups[i]], known[groups[i]], float_at(type_, *argument, rows[i]));
      }
      return {};
    }
    int64_t* best = table.ints(first);
    const IntReader values(type_, *argument);
    for (size_t i = 0; i < groups.size(); ++i) {
      if (argument->IsNull(rows[i])) continue;
      offer(best[groups[i]], known[groups[i]], values[rows[i]]);
    }
    return {};
  }
  void merge(KeyedTable& into, RowNumber to, KeyedTable& table, RowNumber from,
             size_t first) override {
    if (table.ints(first + 1)[from] == 0) return;
    if (type_.is_float()) {
      offer(into.floats(first)[to], into.ints(first + 1)[to], table.floats(first)[from]);
    } else {
      offer(into.ints(first)[to], into.ints(first + 1)[to], table.ints(first)[from]);
    }
  }
  Value result(KeyedTable& table, size_t first, RowNumber group) const override {
    if (table.ints(first + 1)[group] == 0) return Value::null(type_);
    if (type_.is_float()) return Value::floating(type_, table.floats(first)[group]);
    const int64_t value = table.ints(first)[group];
    return type_.id() == TypeId::kBoolean ? Value::boolean(value != 0)
                                          : Value::integer(type_, value);
  }

 private:
  template <class T>
  void offer(T& best, int64_t& known, T value) const {
    if (known == 0 || (greatest_ ? value > best : value < best)) best = value;
    known = 1;
  }

  const Type type_;
  const bool greatest_;
};

}  // namespace

Result<std::unique_ptr<AggregateFunction>> make_aggregate(const std::string& function,
                                                          bool distinct, const Type& argument,
                                                          const Type& result) {
  std::string name = function;
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  std::unique_ptr<AggregateFunction> made;
  const bool plain = is_integral(argument) || argument.is_float();
  if (!distinct || name == "MIN" || name == "MAX") {
    if (name == "COUNT") made = std::make_unique<CountFunction>();
    if (name == "SUM" && plain) made = std::make_unique<SumFunction>(argument, result, false);
    if (name == "AVG" && plain) made = std::make_unique<SumFunction>(argument, result, true);
    if ((name == "MIN" || name == "MAX") && plain) {
      made = std::make_unique<ExtremeFunction>(argument, name == "MAX");
    }
  }
  if (made == nullptr) {
    return Status::unsupported("the aggregate " + name + (distinct ? "(DISTINCT " : "(") +
                               argument.to_string() + ") is not there yet");
  }
  return made;
}

}  // namespace dataflow::engine
