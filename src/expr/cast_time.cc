// Casts between dates, times and timestamps.
#include "cast.h"
#include "expr/time_zone.h"
#include "row_time.h"

namespace dataflow::expr {

namespace {

constexpr int64_t kMicrosPerDay = kMillisPerDay * 1000;

// Between the clock on the wall and moments: depends on the session's zone, so it is never folded.
class ZoneCast final : public Node {
 public:
  ZoneCast(Type type, NodePtr argument) : Node(type, argument->nullable(), {argument}) {}

  bool is_deterministic() const override { return false; }

  Result<ColumnPtr> evaluate(const Batch& batch, const Selection& selection,
                             EvalContext& context) const override {
    DF_ASSIGN_OR_RETURN(const TimeZone* zone, find_time_zone(context.time_zone));
    std::vector<Input> inputs(1);
    DF_ASSIGN_OR_RETURN(inputs[0], input_of(*arguments()[0], batch, selection, context));
    DF_ASSIGN_OR_RETURN(Nulls nulls, Nulls::of(inputs, batch.rows));
    Values<int64_t> values(inputs[0]);
    Writer<int64_t> out;
    DF_RETURN_IF_ERROR(out.open(batch.rows));
    const Type& from = arguments()[0]->type();
    bool to_moment = type().id() == TypeId::kTimestampTz;
    Row row(context, false);
    Status failed;
    for_each_row(selection, batch.rows, [&](int64_t i) {
      if (nulls.is_null(i) || !failed.ok()) return;
      row.begin(i);
      int64_t micros = micros_of(row, from, values[i]);
      micros = to_moment ? zone->to_moment(micros) : zone->to_local(micros);
      out.set(i, from_micros(type(), cut_to_precision(micros, type().precision())));
      if (row.is_null()) failed = nulls.set_null(i);
    });
    DF_RETURN_IF_ERROR(failed);
    return out.finish(layout(), batch.rows, nulls);
  }
};

// f of microseconds, from and to whatever the two types count in.
template <class To, class From, class F>
NodePtr convert_numbers(const NodePtr& argument, const Type& to, F f) {
  return make_row_function<To, From>(
      to, {argument}, [from = argument->type(), to, f](Row& row, From value) {
        const int64_t micros = f(micros_of(row, from, value));
        if (to.id() == TypeId::kDate) return static_cast<To>(floor_div(micros, kMicrosPerDay));
        return static_cast<To>(from_micros(to, cut_to_precision(micros, to.precision())));
      });
}

template <class Number>
constexpr bool kHoldsTime = std::is_same_v<Number, int32_t> || std::is_same_v<Number, int64_t>;

template <class F>
NodePtr convert(const NodePtr& argument, const Type& to, F f) {
  return with_storage(argument->type(), [&]<class From>(From) -> NodePtr {
    if constexpr (kHoldsTime<From>) {
      return with_storage(to, [&]<class To>(To) -> NodePtr {
        if constexpr (kHoldsTime<To>) return convert_numbers<To, From>(argument, to, f);
        return nullptr;
      });
    }
    return nullptr;
  });
}

}  // namespace

NodePtr cast_time(const NodePtr& argument, const Type& to, RowFunctionTraits) {
  const Type& from = argument->type();
  auto same = [](int64_t micros) { return micros; };
  auto within_day = [](int64_t micros) { return floor_mod(micros, kMicrosPerDay); };
  if (from.id() == TypeId::kTime && to.id() == TypeId::kTime) return convert(argument, to, same);
  // A time is one of 1970-01-01.
  const bool of_day = from.id() == TypeId::kTime && to.is_timestamp();
  bool from_time = from.is_timestamp() || from.id() == TypeId::kDate || of_day;
  if (!from_time) return nullptr;
  if (to.id() == TypeId::kTimestampTz && from.id() != TypeId::kTimestampTz) {
    NodePtr local = argument;
    if (from.id() != TypeId::kTimestamp)
      local = convert(argument, Type::timestamp(to.precision()), same);
    return std::make_shared<ZoneCast>(to, std::move(local));
  }
  if (from.id() == TypeId::kTimestampTz && to.id() != TypeId::kTimestampTz) {
    if (to.id() == TypeId::kTimestamp) return std::make_shared<ZoneCast>(to, argument);
    if (to.id() != TypeId::kDate && to.id() != TypeId::kTime) return nullptr;
    auto local = std::make_shared<ZoneCast>(Type::timestamp(from.precision()), argument);
    return cast_time(local, to, {});
  }
  if (to.id() == TypeId::kTime && from.is_timestamp()) return convert(argument, to, within_day);
  if (to.id() == TypeId::kDate || to.is_timestamp()) return convert(argument, to, same);
  return nullptr;
}

}  // namespace dataflow::expr
