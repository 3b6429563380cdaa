// Functions of times: their parts, differences, texts, and the clock.
#include <cmath>
#include <optional>

#include "base/edit_distance.h"
#include "registry.h"
#include "row_time.h"
#include "time_floor.h"
#include "time_function.h"
#include "typed_function.h"

namespace dataflow::expr {

namespace {

constexpr int64_t kMicrosPerDay = kMillisPerDay * 1000;

void add(FunctionList& list, const char* name, const char* signature, const char* help,
         size_t least, size_t most, Binder bind) {
  list.push_back({{name, signature, help, "time"}, least, most, std::move(bind)});
}

Result<TimeUnit> unit_of(const Node& argument, const CallSite& site) {
  const Value* name = argument.literal();
  bool text = name != nullptr && !name->is_null() && name->type().id() == TypeId::kString;
  auto unit = text ? parse_time_unit(name->as_text()) : std::nullopt;
  if (!unit) {
    return site.fail("expected a unit of time" +
                     (text ? suggestion(name->as_text(), time_unit_names()) : std::string()));
  }
  return *unit;
}

int64_t iso_year(int64_t days) {
  // The year of the week's Thursday.
  return civil_from_days(days - floor_mod(days + 3, 7) + 3).year;
}

int64_t date_part(int64_t days, TimeUnit unit) {
  CivilDate date = civil_from_days(days);
  switch (unit) {
    case TimeUnit::kYear: return date.year;
    case TimeUnit::kIsoYear: return iso_year(days);
    case TimeUnit::kQuarter: return (date.month + 2) / 3;
    case TimeUnit::kMonth: return date.month;
    case TimeUnit::kDay: return date.day;
    case TimeUnit::kDecade: return floor_div(date.year, 10);
    case TimeUnit::kCentury: return floor_div(date.year + 99, 100);
    case TimeUnit::kMillennium: return floor_div(date.year + 999, 1000);
    case TimeUnit::kDayOfWeek: return floor_mod(days + 4, 7) + 1;
    case TimeUnit::kIsoDayOfWeek: return floor_mod(days + 3, 7) + 1;
    case TimeUnit::kDayOfYear: return days - days_from_civil(date.year, 1, 1) + 1;
    case TimeUnit::kWeek: {
      int64_t thursday = days - floor_mod(days + 3, 7) + 3;
      return (thursday - days_from_civil(iso_year(days), 1, 1)) / 7 + 1;
    }
    default: return 0;
  }
}

int64_t part_of(int64_t micros, TimeUnit unit) {
  int64_t within = floor_mod(micros, kMicrosPerDay);
  switch (unit) {
    case TimeUnit::kMicrosecond: return within % 1'000'000;
    case TimeUnit::kMillisecond: return within / 1000 % 1000;
    case TimeUnit::kSecond: return within / 1'000'000 % 60;
    case TimeUnit::kMinute: return within / 60'000'000 % 60;
    case TimeUnit::kHour: return within / 3'600'000'000;
    case TimeUnit::kEpoch: return floor_div(micros, 1'000'000);
    default: return date_part(floor_div(micros, kMicrosPerDay), unit);
  }
}

// A moment is read on the session's wall clock, as its cast to TIMESTAMP says.
Result<NodePtr> on_the_wall(NodePtr argument, const CallSite& site) {
  if (argument->type().id() != TypeId::kTimestampTz) return argument;
  return coerced(argument, Type::timestamp(argument->type().precision()), site);
}

// How many months after a day it is at the latest the other one.
int64_t whole_months_of_days(int64_t from, int64_t to) {
  if (to < from) return -whole_months_of_days(to, from);
  const CivilDate a = civil_from_days(from);
  const CivilDate b = civil_from_days(to);
  const int64_t months = (b.year - a.year) * 12 + b.month - a.month;
  return add_months(from, months) > to ? months - 1 : months;
}

// Flink counts days, in which the end of a shorter month is the 31st too, and takes one off where
// they meet and the time of day is earlier; whichever of both comes first.
int64_t whole_months(int64_t from, int64_t to) {
  const int64_t first = floor_div(from, kMicrosPerDay);
  const int64_t last = floor_div(to, kMicrosPerDay);
  const int64_t months = whole_months_of_days(first, last);
  const bool meet = add_months(first, months) == last;
  return meet && floor_mod(to, kMicrosPerDay) < floor_mod(from, kMicrosPerDay) ? months - 1
                                                                               : months;
}

Result<NodePtr> difference(Nodes arguments, const CallSite& site) {
  DF_ASSIGN_OR_RETURN(TimeUnit unit, unit_of(*arguments[0], site));
  arguments.erase(arguments.begin());
  for (NodePtr& argument : arguments) {
    const Type& type = argument->type();
    if (type.id() != TypeId::kDate && !type.is_timestamp() && type.id() != TypeId::kNull) {
      return site.wrong_types("a unit, and two dates or timestamps", arguments);
    }
    Type to = type.id() == TypeId::kTimestampTz ? Type::timestamp_tz(6) : Type::timestamp(6);
    DF_ASSIGN_OR_RETURN(argument, coerced(argument, to, site));
  }
  int64_t months = months_of(unit);
  int64_t micros = millis_of(unit) * 1000;
  if (months == 0 && micros == 0) return site.fail("times cannot be counted in that unit");
  return make_row_function<int32_t, int64_t, int64_t>(
      Type::int32(), std::move(arguments), [=](Row&, int64_t from, int64_t to) {
        int64_t units = months > 0 ? whole_months(from, to) / months : (to - from) / micros;
        return static_cast<int32_t>(units);
      });
}

// TIMESTAMPADD(unit, n, t) is t + n times the interval.
Result<NodePtr> add_units(Nodes arguments, const CallSite& site) {
  DF_ASSIGN_OR_RETURN(TimeUnit unit, unit_of(*arguments[0], site));
  int64_t months = months_of(unit);
  if (months == 0 && millis_of(unit) == 0) return site.fail("times cannot be moved by that unit");
  Value one = months > 0 ? Value::integer(Type::months(), months)
                         : Value::integer(Type::millis(), millis_of(unit));
  DF_ASSIGN_OR_RETURN(const Function* times, find_function("*", site));
  DF_ASSIGN_OR_RETURN(const Function* plus, find_function("+", site));
  NodePtr time = arguments[2];
  if (time->type().id() == TypeId::kDate && months == 0 && millis_of(unit) < kMillisPerDay) {
    DF_ASSIGN_OR_RETURN(time, coerced(time, Type::timestamp(0), site));
  }
  DF_ASSIGN_OR_RETURN(NodePtr step, times->bind({make_literal(one), arguments[1]}, site));
  return plus->bind({time, step}, site);
}

// The batch's clock: fixed for a batch, and not folded.
class Now final : public Node {
 public:
  explicit Now(Type type) : Node(std::move(type), false, {}) {}
  bool is_deterministic() const override { return false; }
  Result<ColumnPtr> evaluate(const Batch& batch, const Selection&,
                             EvalContext& context) const override {
    Writer<int64_t> out;
    DF_RETURN_IF_ERROR(out.open(batch.rows));
    int64_t now = context.now_millis;
    if (type().id() == TypeId::kInt64) now = floor_div(now, 1000);
    for (int64_t i = 0; i < batch.rows; ++i) out.set(i, now);
    DF_ASSIGN_OR_RETURN(Nulls nulls, Nulls::of({}, batch.rows));
    return out.finish(layout(), batch.rows, nulls);
  }
};

// The day of a calendar, in PostgreSQL's years; the row fails if there is none.
int64_t made_day(Row& row, int64_t year, int64_t month, int64_t day) {
  const bool fine = year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
  if (fine) {
    const int64_t days =
        days_from_civil(static_cast<int>(year), static_cast<int>(month), static_cast<int>(day));
    if (civil_from_days(days).month == month) return days;
  }
  row.fail([] { return "there is no such day"; });
  return 0;
}

void add_makers(FunctionList& list) {
  add(list, "MAKE_DATE", "MAKE_DATE(year, month, day)",
      "That day; a day that the calendar has not is a fault.", 3, 3,
      typed<int32_t, int64_t, int64_t, int64_t>(
          Type::date(), [](Row& row, int64_t year, int64_t month, int64_t day) {
            return static_cast<int32_t>(made_day(row, year, month, day));
          }));
  add(list, "MAKE_TIMESTAMP", "MAKE_TIMESTAMP(year, month, day, hour, minute, seconds)",
      "That TIMESTAMP(6); one that no clock shows is a fault.", 6, 6,
      typed<int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, double>(
          Type::timestamp(6), [](Row& row, int64_t year, int64_t month, int64_t day, int64_t hour,
                                 int64_t minute, double seconds) {
            const int64_t days = made_day(row, year, month, day);
            const bool fine = hour >= 0 && hour < 24 && minute >= 0 && minute < 60 &&
                              seconds >= 0 && seconds < 60;
            if (!fine) {
              row.fail([] { return "no clock shows that time"; });
              return int64_t{0};
            }
            const auto micros = static_cast<int64_t>(std::llround(seconds * 1e6));
            return days * kMicrosPerDay + (hour * 60 + minute) * 60'000'000 + micros;
          }));
}

void add_clock(FunctionList& list, const char* name, const char* help, Type type) {
  add(list, name, name, help, 0, 0, [type](Nodes, const CallSite& site) -> Result<NodePtr> {
    return coerced(make_now(Type::timestamp_tz(3)), type, site);
  });
}

void add_parts(FunctionList& list) {
  struct Part {
    const char* name;
    TimeUnit unit;
  };
  for (Part part : {Part{"YEAR", TimeUnit::kYear}, Part{"QUARTER", TimeUnit::kQuarter},
                    Part{"MONTH", TimeUnit::kMonth}, Part{"WEEK", TimeUnit::kWeek},
                    Part{"DAYOFYEAR", TimeUnit::kDayOfYear}, Part{"DAYOFMONTH", TimeUnit::kDay},
                    Part{"DAYOFWEEK", TimeUnit::kDayOfWeek}, Part{"HOUR", TimeUnit::kHour},
                    Part{"MINUTE", TimeUnit::kMinute}, Part{"SECOND", TimeUnit::kSecond}}) {
    list.push_back({{part.name, std::string(part.name) + "(time)", "That part of it.", "time"},
                    1,
                    1,
                    [unit = part.unit](Nodes arguments, const CallSite& site) {
                      return extract(unit, arguments[0], site);
                    }});
  }
  for (const bool part : {false, true}) {
    add(list, part ? "DATE_PART" : "EXTRACT",
        part ? "DATE_PART('unit', time)" : "EXTRACT(unit FROM time)",
        "A part of a date, time, timestamp or interval; EPOCH: its seconds.", 2, 2,
        [](Nodes arguments, const CallSite& site) -> Result<NodePtr> {
          DF_ASSIGN_OR_RETURN(TimeUnit unit, unit_of(*arguments[0], site));
          return extract(unit, arguments[1], site);
        });
  }
}

// Of an interval of months; PostgreSQL has 30 days in a month and 365.25 in a year.
std::optional<int64_t> part_of_months(int64_t months, TimeUnit unit) {
  constexpr int64_t kSecondsOfMonth = 30 * 86'400;
  constexpr int64_t kSecondsOfYear = 31'557'600;
  switch (unit) {
    case TimeUnit::kMonth: return months % 12;
    case TimeUnit::kQuarter: return months % 12 / 3 + 1;
    case TimeUnit::kYear: return months / 12;
    case TimeUnit::kEpoch: return months / 12 * kSecondsOfYear + months % 12 * kSecondsOfMonth;
    default: return std::nullopt;
  }
}

std::optional<int64_t> part_of_millis(int64_t millis, TimeUnit unit) {
  switch (unit) {
    case TimeUnit::kMillisecond: return millis % kMillisPerSecond;
    case TimeUnit::kMicrosecond: return millis % kMillisPerSecond * 1000;
    case TimeUnit::kSecond: return millis % kMillisPerMinute / kMillisPerSecond;
    case TimeUnit::kMinute: return millis % kMillisPerHour / kMillisPerMinute;
    case TimeUnit::kHour: return millis % kMillisPerDay / kMillisPerHour;
    case TimeUnit::kDay: return millis / kMillisPerDay;
    case TimeUnit::kEpoch: return millis / kMillisPerSecond;
    default: return std::nullopt;
  }
}

Result<NodePtr> part_of_interval(TimeUnit unit, NodePtr from, const CallSite& site) {
  const bool months = from->type().id() == TypeId::kMonths;
  if (!(months ? part_of_months(0, unit) : part_of_millis(0, unit))) {
    return site.fail(from->type().to_string() + " has no " + std::string(time_unit_name(unit)));
  }
  if (months) {
    return make_row_function<int64_t, int32_t>(
        Type::int64(), {std::move(from)},
        [unit](Row&, int32_t value) { return *part_of_months(value, unit); });
  }
  return make_row_function<int64_t, int64_t>(
      Type::int64(), {std::move(from)},
      [unit](Row&, int64_t value) { return *part_of_millis(value, unit); });
}

}  // namespace

Result<NodePtr> extract(TimeUnit unit, NodePtr from, const CallSite& site) {
  if (unit != TimeUnit::kEpoch) {
    DF_ASSIGN_OR_RETURN(from, on_the_wall(std::move(from), site));
  }
  const Type type = from->type();
  if (type.id() == TypeId::kNull) return make_literal(Value::null(Type::int64()));
  if (type.id() == TypeId::kDate) {
    return make_row_function<int64_t, int32_t>(
        Type::int64(), {from},
        [type, unit](Row& row, int32_t days) { return part_of(micros_of(row, type, days), unit); });
  }
  auto part = [type, unit](Row& row, auto value) {
    return part_of(micros_of(row, type, value), unit);
  };
  if (type.is_timestamp() || (type.id() == TypeId::kTime && type.units_per_milli() == 1000)) {
    return make_row_function<int64_t, int64_t>(Type::int64(), {from}, part);
  }
  if (type.id() == TypeId::kTime) {
    return make_row_function<int64_t, int32_t>(Type::int64(), {from}, part);
  }
  if (type.id() == TypeId::kMonths || type.id() == TypeId::kMillis) {
    return part_of_interval(unit, std::move(from), site);
  }
  return site.wrong_types("a date, time, timestamp or interval", {from});
}

NodePtr make_now(Type type) { return std::make_shared<Now>(std::move(type)); }

void add_time(FunctionList& list) {
  add_parts(list);
  add_makers(list);
  add(list, "TIMESTAMPDIFF", "TIMESTAMPDIFF(unit, time, time)",
      "How many whole units lie from the first to the second.", 3, 3, difference);
  add(list, "TIMESTAMPADD", "TIMESTAMPADD(unit, count, time)", "The time so many units later.", 3,
      3, add_units);
  add(list, "DATE_TRUNC", "DATE_TRUNC('unit', time)",
      "The beginning of the unit that the time is in; weeks begin on Monday.", 2, 2,
      bind_date_trunc);
  add(list, "DATE_BIN", "DATE_BIN(width, time [, origin])",
      "Where the span of that width begins that the time is in; spans are counted from the origin, "
      "or from 1970.",
      2, 3, bind_date_bin);
  add_time_texts(list);
  add_clock(list, "CURRENT_TIMESTAMP", "The moment at which the batch is computed.",
            Type::timestamp_tz(3));
  add_clock(list, "CURRENT_ROW_TIMESTAMP", "The moment at which the batch is computed.",
            Type::timestamp_tz(3));
  add_clock(list, "PROCTIME", "Processing time: windows over it go by the clock.",
            Type::timestamp_tz(3));
  add_clock(list, "NOW", "The moment at which the batch is computed.", Type::timestamp_tz(3));
  add_clock(list, "LOCALTIMESTAMP", "The session's clock.", Type::timestamp(3));
  add_clock(list, "LOCALTIME", "The session's time of day.", Type::time(0));
  add_clock(list, "CURRENT_TIME", "The session's time of day.", Type::time(0));
  add_clock(list, "CURRENT_DATE", "The session's day.", Type::date());
}

}  // namespace dataflow::expr
