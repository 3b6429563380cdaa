// Times with intervals.
#include "civil_time.h"
#include "registry.h"
#include "row_function.h"

namespace dataflow::expr {

namespace {

int64_t wrapped_sum(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}

NodePtr add_to_date(Nodes arguments, int64_t sign) {
  if (arguments[1]->type().id() == TypeId::kMonths) {
    return make_row_function<int32_t, int32_t, int32_t>(
        Type::date(), std::move(arguments), [sign](Row&, int32_t days, int32_t months) {
          return static_cast<int32_t>(add_months(days, sign * months));
        });
  }
  return make_row_function<int32_t, int32_t, int64_t>(
      Type::date(), std::move(arguments), [sign](Row&, int32_t days, int64_t millis) {
        return static_cast<int32_t>(days + sign * floor_div(millis, kMillisPerDay));
      });
}

NodePtr add_to_timestamp(Nodes arguments, int64_t sign) {
  Type type = arguments[0]->type();
  int64_t unit = type.units_per_milli();
  if (arguments[1]->type().id() == TypeId::kMonths) {
    int64_t per_day = kMillisPerDay * unit;
    return make_row_function<int64_t, int64_t, int32_t>(
        type, std::move(arguments), [=](Row&, int64_t time, int32_t months) {
          int64_t days = add_months(floor_div(time, per_day), sign * months);
          return days * per_day + floor_mod(time, per_day);
        });
  }
  return make_row_function<int64_t, int64_t, int64_t>(
      type, std::move(arguments), [=](Row&, int64_t time, int64_t millis) {
        uint64_t step = static_cast<uint64_t>(millis) * static_cast<uint64_t>(unit * sign);
        return wrapped_sum(time, static_cast<int64_t>(step));
      });
}

// A time of day goes round at midnight.
NodePtr add_to_time(Nodes arguments, int64_t sign) {
  Type type = arguments[0]->type();
  int64_t unit = type.units_per_milli();
  auto add = [=](Row&, auto time, int64_t millis) {
    int64_t step = floor_mod(millis, kMillisPerDay) * sign * unit;
    return static_cast<decltype(time)>(floor_mod(time + step, kMillisPerDay * unit));
  };
  if (unit == 1000) {
    return make_row_function<int64_t, int64_t, int64_t>(type, std::move(arguments), add);
  }
  return make_row_function<int32_t, int32_t, int64_t>(type, std::move(arguments), add);
}

NodePtr difference(Nodes arguments) {
  int64_t left = arguments[0]->type().units_per_milli();
  int64_t right = arguments[1]->type().units_per_milli();
  if (arguments[0]->type().id() == TypeId::kDate) {
    return make_row_function<int64_t, int32_t, int32_t>(
        Type::millis(), std::move(arguments),
        [](Row&, int32_t a, int32_t b) { return (int64_t{a} - b) * kMillisPerDay; });
  }
  return make_row_function<int64_t, int64_t, int64_t>(
      Type::millis(), std::move(arguments), [=](Row&, int64_t a, int64_t b) {
        return wrapped_sum(floor_div(a, left), -floor_div(b, right));
      });
}

}  // namespace

NodePtr make_time_sum(Nodes arguments, bool minus);

// Null if the arguments are none of these.
NodePtr make_time_sum(Nodes arguments, bool minus) {
  TypeId left = arguments[0]->type().id();
  TypeId right = arguments[1]->type().id();
  int64_t sign = minus ? -1 : 1;
  if (right == TypeId::kMonths || right == TypeId::kMillis) {
    if (left == TypeId::kDate) return add_to_date(std::move(arguments), sign);
    if (arguments[0]->type().is_timestamp()) return add_to_timestamp(std::move(arguments), sign);
    if (left == TypeId::kTime && right == TypeId::kMillis) {
      return add_to_time(std::move(arguments), sign);
    }
  }
  if (minus && left == right && (left == TypeId::kDate || arguments[0]->type().is_timestamp())) {
    return difference(std::move(arguments));
  }
  return nullptr;
}

}  // namespace dataflow::expr
