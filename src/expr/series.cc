// GENERATE_SERIES and RANGE: numbers or times with the same step between them, as an array.
#include "civil_time.h"
#include "nested_function.h"

namespace dataflow::expr {

namespace {

// More are no list that somebody wants as one value.
constexpr size_t kMostOfOne = 10'000'000;

// A result of arrays of integers or times.
template <class T>
class SeriesWriter {
 public:
  Status open(int64_t rows) { return offsets_.open(rows); }
  void begin_row(int64_t row) { offsets_.begin_row(row, static_cast<int64_t>(values_.size())); }
  void begin_list() { first_ = values_.size(); }
  // Whether there is room for it.
  bool add(int64_t value) {
    if (values_.size() - first_ == kMostOfOne) return false;
    values_.push_back(static_cast<T>(value));
    return true;
  }
  bool too_large() const { return static_cast<int64_t>(values_.size()) > kMostPicks; }

  Result<ColumnPtr> finish(const std::shared_ptr<arrow::DataType>& layout, int64_t rows,
                           const Nulls& nulls) {
    const auto count = static_cast<int64_t>(values_.size());
    BufferPtr offsets = offsets_.finish(rows, count);
    ColumnPtr elements = make_array(layout->field(0)->type(), count,
                                    {nullptr, arrow::Buffer::FromVector(std::move(values_))});
    return make_nested(layout, rows, {nulls.bits(), std::move(offsets)}, {std::move(elements)});
  }

 private:
  RowOffsets offsets_;
  std::vector<T> values_;
  size_t first_ = 0;
};

// From the first value to the last one; kTo: that is not among them.
template <class T, bool kTo>
class Series {
 public:
  using Out = SeriesWriter<T>;

  Series(const Nodes& arguments, const std::vector<Input>& inputs, Out& /*out*/)
      : from_(inputs[0]), to_(inputs[1]) {
    if (inputs.size() < 3) return;
    const Type& of = arguments[0]->type();
    if (of.is_timestamp()) units_ = of.units_per_milli();
    if (arguments[2]->type().id() == TypeId::kMonths) {
      months_.emplace(inputs[2]);
    } else if (of.is_timestamp() || sizeof(T) == sizeof(int64_t)) {
      step_.emplace(inputs[2]);
    } else {
      narrow_step_.emplace(inputs[2]);
    }
  }

  void row(Row& row, int64_t i, Out& out) {
    out.begin_list();
    const int64_t first = from_[i];
    const int64_t last = to_[i];
    const int64_t step = months_        ? (*months_)[i]
                         : step_        ? (*step_)[i]
                         : narrow_step_ ? (*narrow_step_)[i]
                                        : 1;
    if (step == 0) return row.fail([] { return "a series whose step is 0 has no end"; });
    const bool up = step > 0;
    int64_t value = first;
    for (int64_t n = 1; is_within(value, last, up); ++n) {
      if (!out.add(value)) {
        return row.fail([] { return "a series of over 10,000,000 values"; });
      }
      if (months_) {
        if (!later(first, n * step, value)) return;
      } else if (__builtin_mul_overflow(step, units_, &delta_) ||
                 __builtin_add_overflow(value, delta_, &value)) {
        return;
      }
    }
  }

 private:
  static bool is_within(int64_t value, int64_t last, bool up) {
    if (value == last) return !kTo;
    return (value < last) == up;
  }

  // False: beyond all times.
  bool later(int64_t time, int64_t months, int64_t& value) const {
    constexpr int64_t kMostMonths = int64_t{12} * 1'000'000;
    if (months > kMostMonths || months < -kMostMonths) return false;
    const int64_t per_day = kMillisPerDay * units_;
    const int64_t days = add_months(floor_div(time, per_day), months);
    return !__builtin_mul_overflow(days, per_day, &value) &&
           !__builtin_add_overflow(value, floor_mod(time, per_day), &value);
  }

  Values<T> from_;
  Values<T> to_;
  std::optional<Values<int64_t>> step_;
  std::optional<Values<int32_t>> narrow_step_;
  std::optional<Values<int32_t>> months_;
  int64_t units_ = 1;  // of what is added, in one of the step
  int64_t delta_ = 0;
};

template <class T, bool kTo>
NodePtr make_series(const Type& of, Nodes arguments) {
  const bool nullable = any_nullable(arguments);
  // Not folded: what it stands for is long.
  return std::make_shared<NestedFunction<Series<T, kTo>>>(Type::array(of, false), nullable,
                                                          std::move(arguments), kAllStrict);
}

template <bool kTo>
Result<NodePtr> bind_times(Nodes arguments, const CallSite& site) {
  const bool has_step = arguments.size() == 3 && (arguments[2]->type().id() == TypeId::kMillis ||
                                                  arguments[2]->type().id() == TypeId::kMonths);
  if (!has_step) return site.fail("a series of times takes an INTERVAL as its step");
  // A day is its midnight.
  for (size_t i = 0; i < 2; ++i) {
    if (arguments[i]->type().id() != TypeId::kDate) continue;
    DF_ASSIGN_OR_RETURN(arguments[i], coerced(arguments[i], Type::timestamp(3), site));
  }
  const auto type = common_type(arguments[0]->type(), arguments[1]->type());
  if (!type || !type->is_timestamp()) {
    return site.fail("a series goes from one TIMESTAMP to another");
  }
  // Its step counts milliseconds.
  const int precision = std::max(3, type->precision());
  const Type of = type->id() == TypeId::kTimestampTz ? Type::timestamp_tz(precision)
                                                     : Type::timestamp(precision);
  for (size_t i = 0; i < 2; ++i) {
    DF_ASSIGN_OR_RETURN(arguments[i], coerced(arguments[i], of, site));
  }
  return make_series<int64_t, kTo>(of, std::move(arguments));
}

template <bool kTo>
Result<NodePtr> bind_series(Nodes arguments, const CallSite& site) {
  if (arguments.size() == 1) {  // to; from 0
    arguments.insert(arguments.begin(), make_literal(Value::integer(Type::int32(), 0)));
  }
  const auto is_time = [](const NodePtr& node) {
    return node->type().is_timestamp() || node->type().id() == TypeId::kDate;
  };
  if (is_time(arguments[0]) || is_time(arguments[1])) {
    return bind_times<kTo>(std::move(arguments), site);
  }
  bool narrow = true;
  for (const NodePtr& argument : arguments) {
    const Type& type = argument->type();
    if (type.id() != TypeId::kNull && !type.is_integer()) {
      return site.fail(
          "a series is of integers, or of times with an INTERVAL as its step; this is " +
          type.to_string());
    }
    narrow = narrow && type.id() != TypeId::kInt64;
  }
  const Type of = narrow ? Type::int32() : Type::int64();
  DF_ASSIGN_OR_RETURN(Nodes all, all_coerced(std::move(arguments), of, site));
  if (narrow) return make_series<int32_t, kTo>(of, std::move(all));
  return make_series<int64_t, kTo>(of, std::move(all));
}

}  // namespace

void add_series(FunctionList& list) {
  add_collection_function(
      list, "GENERATE_SERIES", "GENERATE_SERIES([from,] to [, step])",
      "Integers, or times with an INTERVAL as step, from one to the other, both "
      "included; `FROM GENERATE_SERIES(1, 10)` gives them as rows. Integers begin with 0 where "
      "only `to` is given.",
      1, 3, bind_series<false>);
  add_collection_function(list, "RANGE", "RANGE([from,] to [, step])",
                          "As GENERATE_SERIES, without `to`.", 1, 3, bind_series<true>);
}

}  // namespace dataflow::expr
