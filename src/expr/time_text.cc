// Functions between times and their texts by a pattern, and between zones.
#include "civil_time.h"
#include "expr/time_zone.h"
#include "kept.h"
#include "time_function.h"
#include "time_pattern.h"
#include "typed_function.h"

namespace dataflow::expr {

namespace {

using View = std::string_view;

constexpr View kDefaultPattern = "yyyy-MM-dd HH:mm:ss";
constexpr int64_t kFirstYearOfFormatter = 2000;

Result<TimePattern> formatter_pattern(View pattern) {
  return TimePattern::parse(pattern, PatternStyle::kFormatter);
}
Result<TimePattern> simple_pattern(View pattern) {
  return TimePattern::parse(pattern, PatternStyle::kSimple);
}
// Of wall clocks: there is no zone that could be written.
Result<TimePattern> zoneless_pattern(View pattern) {
  DF_ASSIGN_OR_RETURN(TimePattern made, formatter_pattern(pattern));
  if (made.has_zone()) return Status::invalid("a time on the wall has no zone for X or Z");
  return made;
}
Result<const TimeZone*> zone_of(View name) { return find_time_zone(std::string(name)); }

// Null, and the row failed, where nothing can be made of the text.
template <class T, Result<T> (*make)(View)>
const T* made_of(Row& row, View text) {
  const Result<T>& made = kept<T, make>(text);
  if (made.ok()) return &*made;
  row.fail([&] { return made.status().message(); });
  return nullptr;
}

const TimePattern* simple_of(Row& row, View pattern) {
  return made_of<TimePattern, simple_pattern>(row, pattern);
}
const TimeZone* zone_named(Row& row, View name) {
  const auto* zone = made_of<const TimeZone*, zone_of>(row, name);
  return zone == nullptr ? nullptr : *zone;
}

// SimpleDateFormat's years of two digits end twenty years from now.
int64_t first_year(const Row& row) {
  return civil_from_days(floor_div(row.context().now_millis, kMillisPerDay)).year - 80;
}

void add(FunctionList& list, const char* name, const char* signature, const char* help,
         size_t least, size_t most, Binder bind) {
  list.push_back({{name, signature, help, "time"}, least, most, std::move(bind)});
}

NodePtr pattern_literal(View pattern) { return make_literal(Value::string(std::string(pattern))); }

// Known when rows are computed: its zone, and the clock that tells the century of a short year.
constexpr RowFunctionTraits kOfTheSession = {false, false};

Result<NodePtr> format_text(Nodes arguments, const CallSite& site) {
  DF_RETURN_IF_ERROR((check_constant<TimePattern, simple_pattern>(*arguments[1], site)));
  DF_RETURN_IF_ERROR((take_parameters<View, View>(arguments, site)));
  return make_row_function<Text, View, View>(
      Type::string(), std::move(arguments),
      [](Row& row, std::string& out, View text, View pattern) {
        const auto& plain = kept<TimePattern, simple_pattern>(kDefaultPattern);
        const auto time = plain->read(text, first_year(row));
        if (!time) return row.set_null();
        const TimePattern* to = simple_of(row, pattern);
        if (to != nullptr) to->write(out, time->micros, 0);
      },
      true);
}

Result<NodePtr> date_format(Nodes arguments, const CallSite& site) {
  const Type& from = arguments[0]->type();
  if (from.id() == TypeId::kString) return format_text(std::move(arguments), site);
  if (from.id() != TypeId::kDate && !from.is_timestamp() && from.id() != TypeId::kNull) {
    return site.wrong_types("a date, timestamp or text, and a pattern", arguments);
  }
  DF_RETURN_IF_ERROR((check_constant<TimePattern, zoneless_pattern>(*arguments[1], site)));
  DF_ASSIGN_OR_RETURN(arguments[0], coerced(arguments[0], Type::timestamp(6), site));
  DF_RETURN_IF_ERROR(take_parameter<View>(arguments, 1, site));
  return make_row_function<Text, int64_t, View>(
      Type::string(), std::move(arguments),
      [](Row& row, std::string& out, int64_t micros, View pattern) {
        const auto* made = made_of<TimePattern, zoneless_pattern>(row, pattern);
        if (made != nullptr) made->write(out, micros, 0);
      });
}

Result<NodePtr> from_unixtime(Nodes arguments, const CallSite& site) {
  if (arguments.size() == 1) arguments.push_back(pattern_literal(kDefaultPattern));
  DF_RETURN_IF_ERROR((check_constant<TimePattern, simple_pattern>(*arguments[1], site)));
  DF_RETURN_IF_ERROR((take_parameters<int64_t, View>(arguments, site)));
  return make_row_function<Text, int64_t, View>(
      Type::string(), std::move(arguments),
      [](Row& row, std::string& out, int64_t seconds, View pattern) {
        constexpr int64_t kMost = INT64_MAX / 1'000'000 / 2;
        if (seconds > kMost || seconds < -kMost) {
          return row.fail([&] { return std::to_string(seconds) + " seconds are no time"; });
        }
        const TimeZone* zone = zone_named(row, row.context().time_zone);
        const TimePattern* made = zone == nullptr ? nullptr : simple_of(row, pattern);
        if (made == nullptr) return;
        const int64_t moment = seconds * 1'000'000;
        const int64_t local = zone->to_local(moment);
        made->write(out, local, local - moment);
      },
      false, kOfTheSession);
}

Result<NodePtr> read_unix_timestamp(Nodes arguments, const CallSite& site) {
  if (arguments.size() == 1) arguments.push_back(pattern_literal(kDefaultPattern));
  DF_RETURN_IF_ERROR((check_constant<TimePattern, simple_pattern>(*arguments[1], site)));
  DF_RETURN_IF_ERROR((take_parameters<View, View>(arguments, site)));
  return make_row_function<int64_t, View, View>(
      Type::int64(), std::move(arguments),
      [](Row& row, View text, View pattern) -> int64_t {
        const TimeZone* zone = zone_named(row, row.context().time_zone);
        const TimePattern* made = zone == nullptr ? nullptr : simple_of(row, pattern);
        if (made == nullptr) return 0;
        const auto time = made->read(text, first_year(row));
        if (!time) return INT64_MIN;
        const int64_t moment =
            time->behind_utc ? time->micros - *time->behind_utc : zone->to_moment(time->micros);
        return moment / 1'000'000;
      },
      false, kOfTheSession);
}

// TO_TIMESTAMP of a text that is not as the pattern says: as without one, as Flink has it.
std::optional<int64_t> read_timestamp(Row& row, View text, View pattern) {
  const auto* made = made_of<TimePattern, formatter_pattern>(row, pattern);
  if (made == nullptr) return std::nullopt;
  if (const auto time = made->read(text, kFirstYearOfFormatter)) return time->micros;
  const auto plain = parse_timestamp(text);
  if (!plain) row.set_null();
  return plain ? std::optional(plain->micros) : std::nullopt;
}

Result<NodePtr> to_timestamp(Nodes arguments, const CallSite& site) {
  DF_RETURN_IF_ERROR((check_constant<TimePattern, formatter_pattern>(*arguments[1], site)));
  DF_RETURN_IF_ERROR((take_parameters<View, View>(arguments, site)));
  return make_row_function<int64_t, View, View>(
      Type::timestamp(3), std::move(arguments),
      [](Row& row, View text, View pattern) -> int64_t {
        return floor_div(read_timestamp(row, text, pattern).value_or(0), 1000);
      },
      true);
}

// A text, its pattern and its zone.
Result<NodePtr> to_moment(Nodes arguments, const CallSite& site) {
  if (arguments.size() == 1) arguments.push_back(pattern_literal("yyyy-MM-dd HH:mm:ss.SSS"));
  if (arguments.size() == 2) arguments.push_back(pattern_literal("UTC"));
  DF_RETURN_IF_ERROR((check_constant<TimePattern, formatter_pattern>(*arguments[1], site)));
  DF_RETURN_IF_ERROR((check_constant<const TimeZone*, zone_of>(*arguments[2], site)));
  DF_RETURN_IF_ERROR((take_parameters<View, View, View>(arguments, site)));
  return make_row_function<int64_t, View, View, View>(
      Type::timestamp_tz(3), std::move(arguments),
      [](Row& row, View text, View pattern, View zone_name) -> int64_t {
        const TimeZone* zone = zone_named(row, zone_name);
        const auto local = zone == nullptr ? std::nullopt : read_timestamp(row, text, pattern);
        return local ? floor_div(zone->to_moment(*local), 1000) : 0;
      },
      true);
}

Result<NodePtr> to_date(Nodes arguments, const CallSite& site) {
  DF_RETURN_IF_ERROR((check_constant<TimePattern, simple_pattern>(*arguments[1], site)));
  DF_RETURN_IF_ERROR((take_parameters<View, View>(arguments, site)));
  return make_row_function<int32_t, View, View>(
      Type::date(), std::move(arguments),
      [](Row& row, View text, View pattern) -> int32_t {
        const TimePattern* made = simple_of(row, pattern);
        const auto time = made == nullptr ? std::nullopt : made->read(text, first_year(row));
        if (made != nullptr && !time) row.set_null();
        if (!time) return 0;
        const int64_t moment = time->micros - time->behind_utc.value_or(0);
        return static_cast<int32_t>(floor_div(moment, kMillisPerDay * 1000));
      },
      true, kOfTheSession);
}

Result<NodePtr> convert_tz(Nodes arguments, const CallSite& site) {
  for (size_t i = 1; i < 3; ++i) {
    DF_RETURN_IF_ERROR((check_constant<const TimeZone*, zone_of>(*arguments[i], site)));
  }
  DF_RETURN_IF_ERROR((take_parameters<View, View, View>(arguments, site)));
  return make_row_function<Text, View, View, View>(
      Type::string(), std::move(arguments),
      [](Row& row, std::string& out, View text, View from, View to) {
        const auto& plain = kept<TimePattern, simple_pattern>(kDefaultPattern);
        const auto time = plain->read(text, first_year(row));
        if (!time) return row.set_null();
        const TimeZone* from_zone = zone_named(row, from);
        if (from_zone == nullptr) return;
        const int64_t moment = from_zone->to_moment(time->micros);
        const TimeZone* to_zone = zone_named(row, to);
        if (to_zone != nullptr) plain->write(out, to_zone->to_local(moment), 0);
      },
      true);
}

Result<NodePtr> number_to_moment(Nodes arguments, const CallSite& site) {
  int64_t digits = 3;
  if (arguments.size() == 2) {
    const Value* precision = arguments[1]->literal();
    bool known = precision != nullptr && !precision->is_null() && arguments[1]->type().is_integer();
    digits = known ? precision->as_int() : -1;
  }
  if (digits != 0 && digits != 3) return site.fail("its precision is 0 (seconds) or 3 (ms)");
  const int64_t scale = digits == 0 ? 1000 : 1;
  if (arguments[0]->type().is_float()) {
    return typed<int64_t, double>(
        Type::timestamp_tz(3),
        [scale](Row& row, double value) -> int64_t {
          value *= static_cast<double>(scale);
          if (value > -9e15 && value < 9e15) return static_cast<int64_t>(value);
          row.set_null();
          return 0;
        },
        true)({arguments[0]}, site);
  }
  if (arguments[0]->type().id() == TypeId::kDecimal) {
    DF_ASSIGN_OR_RETURN(arguments[0], coerced(arguments[0], Type::int64(), site));
  }
  return typed<int64_t, int64_t>(Type::timestamp_tz(3),
                                 [scale](Row& row, int64_t value) -> int64_t {
                                   const int64_t most = kMostMicros / 1000 / scale;
                                   if (value <= most && value >= -most) return value * scale;
                                   row.fail([] { return "a time that is too far from 1970"; });
                                   return 0;
                                 })({arguments[0]}, site);
}

bool is_text(const Node& node) { return node.type().id() == TypeId::kString; }

// Without a pattern, as a cast reads it; NULL for a text that is none, as Flink's are.
Result<NodePtr> read_plainly(Nodes arguments, const CallSite& site, const Type& type) {
  if (!is_text(*arguments[0]) && arguments[0]->type().id() != TypeId::kNull) {
    return site.wrong_types("a text", arguments);
  }
  return bind_cast(arguments[0], type, site, true);
}

Result<NodePtr> bind_unix_timestamp(Nodes arguments, const CallSite& site) {
  if (arguments.empty()) return make_now(Type::int64());
  if (is_text(*arguments[0])) return read_unix_timestamp(std::move(arguments), site);
  if (arguments.size() == 2) return site.wrong_types("a text and its pattern", arguments);
  DF_ASSIGN_OR_RETURN(NodePtr time, coerced(arguments[0], Type::timestamp_tz(3), site));
  return extract(TimeUnit::kEpoch, std::move(time), site);
}

Result<NodePtr> bind_to_timestamp(Nodes arguments, const CallSite& site) {
  if (arguments.size() == 2) return to_timestamp(std::move(arguments), site);
  return read_plainly(std::move(arguments), site, Type::timestamp(3));
}

Result<NodePtr> bind_to_date(Nodes arguments, const CallSite& site) {
  if (arguments.size() == 2) return to_date(std::move(arguments), site);
  return read_plainly(std::move(arguments), site, Type::date());
}

Result<NodePtr> bind_to_moment(Nodes arguments, const CallSite& site) {
  if (arguments.size() == 3 || is_text(*arguments[0])) {
    return to_moment(std::move(arguments), site);
  }
  return number_to_moment(std::move(arguments), site);
}

}  // namespace

void add_time_texts(FunctionList& list) {
  add(list, "DATE_FORMAT", "DATE_FORMAT(time, pattern)",
      "The date, timestamp or text as the pattern of Java's letters shows it.", 2, 2, date_format);
  add(list, "FROM_UNIXTIME", "FROM_UNIXTIME(seconds [, pattern])",
      "The time so many seconds after 1970, on the session's clock.", 1, 2, from_unixtime);
  add(list, "CONVERT_TZ", "CONVERT_TZ(text, zone, zone)",
      "The time 'yyyy-MM-dd HH:mm:ss' of the first zone as the second zone's clock shows it.", 3, 3,
      convert_tz);
  add(list, "UNIX_TIMESTAMP", "UNIX_TIMESTAMP([time [, pattern]])",
      "Seconds since 1970, now or of the time; the least BIGINT for a text that is not as the "
      "pattern says.",
      0, 2, bind_unix_timestamp);
  add(list, "TO_TIMESTAMP", "TO_TIMESTAMP(text [, pattern])",
      "A timestamp from '2026-01-31 12:30:15.123', or as the pattern says; NULL if it is none.", 1,
      2, bind_to_timestamp);
  add(list, "TO_DATE", "TO_DATE(text [, pattern])",
      "A date from '2026-01-31', or as the pattern says; NULL if it is none.", 1, 2, bind_to_date);
  add(list, "TO_TIMESTAMP_LTZ",
      "TO_TIMESTAMP_LTZ(number [, precision]), TO_TIMESTAMP_LTZ(text [, pattern [, zone]])",
      "The moment so many milliseconds (precision 0: seconds) after 1970, or that the text names "
      "in the zone, UTC if not said otherwise.",
      1, 3, bind_to_moment);
}

}  // namespace dataflow::expr
