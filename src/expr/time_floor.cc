#include "time_floor.h"

#include "coercion.h"
#include "row_function.h"
#include "row_time.h"
#include "time_units.h"

namespace dataflow::expr {

namespace {

// The beginning of the unit that holds `micros`. Weeks begin on Sunday, as in Flink.
int64_t unit_start(int64_t micros, TimeUnit unit) {
  constexpr int64_t kDay = kMillisPerDay * 1000;
  if (unit == TimeUnit::kWeek) {
    int64_t days = floor_div(micros, kDay);
    return (days - floor_mod(days + 4, 7)) * kDay;  // 1970-01-01 was a Thursday
  }
  if (int64_t months = months_of(unit); months > 0) {
    CivilDate date = civil_from_days(floor_div(micros, kDay));
    int64_t month = date.year * 12 + date.month - 1;
    // Centuries and millennia begin with their year 1.
    int64_t from = unit == TimeUnit::kCentury || unit == TimeUnit::kMillennium ? 12 : 0;
    month = floor_div(month - from, months) * months + from;
    return days_from_civil(floor_div(month, 12), static_cast<int>(floor_mod(month, 12)) + 1, 1) *
           kDay;
  }
  int64_t size = millis_of(unit) * 1000;
  return size == 0 ? micros : floor_div(micros, size) * size;
}

int64_t next_start(int64_t start, TimeUnit unit) {
  constexpr int64_t kDay = kMillisPerDay * 1000;
  if (int64_t months = months_of(unit); months > 0) {
    return add_months(floor_div(start, kDay), months) * kDay;
  }
  return start + millis_of(unit) * 1000;
}

// Units of whole days look at the day only, as in Flink: CEIL TO MONTH of the first of a month is
// that day, whatever its time.
int64_t round_to(int64_t micros, TimeUnit unit, bool up) {
  constexpr int64_t kDay = kMillisPerDay * 1000;
  if (months_of(unit) > 0 || unit == TimeUnit::kWeek) micros = floor_div(micros, kDay) * kDay;
  const int64_t start = unit_start(micros, unit);
  return up && start != micros ? next_start(start, unit) : start;
}

}  // namespace

namespace {

// The Monday that the week begins with.
int64_t monday_of(int64_t days) { return floor_div(days + 3, 7) * 7 - 3; }

Result<NodePtr> bind_week_start(Nodes arguments, const CallSite& site) {
  const Type type = arguments[0]->type();
  if (!type.is_timestamp()) {
    return site.wrong_types("a unit of a date or timestamp, and that", arguments);
  }
  const int64_t day = kMillisPerDay * type.units_per_milli();
  return make_row_function<int64_t, int64_t>(type, std::move(arguments), [day](Row&, int64_t time) {
    return monday_of(floor_div(time, day)) * day;
  });
}

Result<NodePtr> bind_floor(Nodes arguments, const CallSite& site) {
  return bind_time_rounding(std::move(arguments), false, site);
}
Result<NodePtr> bind_ceil(Nodes arguments, const CallSite& site) {
  return bind_time_rounding(std::move(arguments), true, site);
}

// Of a moment, within a day: an hour that the clocks show twice stays two hours.
Result<NodePtr> bind_short_rounding(const NodePtr& moment, TimeUnit to, bool up,
                                    const CallSite& site) {
  const Type shown = Type::timestamp(moment->type().precision());
  DF_ASSIGN_OR_RETURN(const NodePtr clock, bind_cast(moment, shown, site, false));
  return make_row_function<int64_t, int64_t, int64_t>(
      moment->type(), Nodes{moment, clock}, [shown, to, up](Row& row, int64_t time, int64_t value) {
        return time + from_micros(shown, round_to(micros_of(row, shown, value), to, up)) - value;
      });
}

using Binder = Result<NodePtr> (*)(Nodes arguments, const CallSite& site);

// Of a moment, what its zone's clocks show is rounded.
Result<NodePtr> on_clocks(Nodes arguments, const CallSite& site, Binder bind) {
  const Type zoned = arguments[0]->type();
  const Type shown = Type::timestamp(zoned.precision());
  DF_ASSIGN_OR_RETURN(arguments[0], bind_cast(std::move(arguments[0]), shown, site, false));
  DF_ASSIGN_OR_RETURN(NodePtr rounded, bind(std::move(arguments), site));
  return bind_cast(std::move(rounded), zoned, site, false);
}

}  // namespace

Result<NodePtr> bind_date_trunc(Nodes arguments, const CallSite& site) {
  std::swap(arguments[0], arguments[1]);
  const Value* name = arguments[1]->literal();
  const bool text = name != nullptr && !name->is_null() && name->type().id() == TypeId::kString;
  if (!text) return site.fail("the unit of DATE_TRUNC is a text that is a constant, as 'hour'");
  if (arguments[0]->type().id() == TypeId::kDate) {
    DF_ASSIGN_OR_RETURN(arguments[0], coerced(arguments[0], Type::timestamp(3), site));
  }
  if (parse_time_unit(name->as_text()) == TimeUnit::kWeek) {
    arguments.pop_back();
    if (arguments[0]->type().id() == TypeId::kTimestampTz) {
      return on_clocks(std::move(arguments), site, bind_week_start);
    }
    return bind_week_start(std::move(arguments), site);
  }
  return bind_time_rounding(std::move(arguments), false, site);
}

Result<NodePtr> bind_date_bin(Nodes arguments, const CallSite& site) {
  if (arguments[0]->type().id() != TypeId::kMillis) {
    return site.fail("the width of a bin is an INTERVAL of days to seconds");
  }
  if (arguments[1]->type().id() == TypeId::kDate) {
    DF_ASSIGN_OR_RETURN(arguments[1], coerced(arguments[1], Type::timestamp(3), site));
  }
  const Type type = arguments[1]->type();
  if (!type.is_timestamp()) {
    return site.wrong_types(
        "an INTERVAL, a TIMESTAMP and, if wanted, the TIMESTAMP that bins are "
        "counted from",
        arguments);
  }
  const int64_t units = type.units_per_milli();
  const auto bin = [units](Row& row, int64_t width, int64_t time, int64_t origin) {
    if (width <= 0 || __builtin_mul_overflow(width, units, &width)) {
      row.fail([] { return "the width of a bin must be longer than nothing"; });
      return time;
    }
    int64_t since = 0;
    if (__builtin_sub_overflow(time, origin, &since)) return time;
    return origin + floor_div(since, width) * width;
  };
  if (arguments.size() == 2) {
    return make_row_function<int64_t, int64_t, int64_t>(
        type, std::move(arguments),
        [bin](Row& row, int64_t width, int64_t time) { return bin(row, width, time, 0); });
  }
  DF_ASSIGN_OR_RETURN(arguments[2], coerced(arguments[2], type, site));
  return make_row_function<int64_t, int64_t, int64_t, int64_t>(type, std::move(arguments), bin);
}

Result<NodePtr> bind_time_rounding(Nodes arguments, bool up, const CallSite& site) {
  const Value* name = arguments[1]->literal();
  bool text = name != nullptr && !name->is_null() && name->type().id() == TypeId::kString;
  auto unit = text ? parse_time_unit(name->as_text()) : std::nullopt;
  bool known = unit && (months_of(*unit) > 0 || millis_of(*unit) > 0);
  if (!known) return site.fail("expected a unit from MILLISECOND to MILLENNIUM behind TO");
  const Type type = arguments[0]->type();
  TimeUnit to = *unit;
  if (type.id() == TypeId::kTimestampTz) {
    if (months_of(to) == 0 && millis_of(to) < kMillisPerDay) {
      return bind_short_rounding(arguments[0], to, up, site);
    }
    return on_clocks(std::move(arguments), site, up ? bind_ceil : bind_floor);
  }
  arguments.pop_back();
  if (type.id() == TypeId::kDate) {
    constexpr int64_t kDay = kMillisPerDay * 1000;
    return make_row_function<int32_t, int32_t>(
        type, std::move(arguments), [type, to, up](Row& row, int32_t days) {
          const int64_t micros = round_to(micros_of(row, type, days), to, up);
          return static_cast<int32_t>(floor_div(micros, kDay));
        });
  }
  auto round = [type, to, up](Row& row, auto value) {
    return static_cast<decltype(value)>(
        from_micros(type, round_to(micros_of(row, type, value), to, up)));
  };
  if (type.is_timestamp()) {
    return make_row_function<int64_t, int64_t>(type, std::move(arguments), round);
  }
  if (type.id() == TypeId::kTime && months_of(to) == 0 && millis_of(to) <= kMillisPerHour) {
    if (type.units_per_milli() == 1000) {
      return make_row_function<int64_t, int64_t>(type, std::move(arguments), round);
    }
    return make_row_function<int32_t, int32_t>(type, std::move(arguments), round);
  }
  return site.wrong_types("a date, time or timestamp and a unit of it", arguments);
}

}  // namespace dataflow::expr
