// Casts from and to texts.
#include <charconv>
#include <cmath>
#include <limits>

#include "cast.h"
#include "decimal_math.h"
#include "decimal_text.h"
#include "expr/lexer.h"
#include "expr/print.h"
#include "expr/time_zone.h"
#include "row_time.h"
#include "utf8.h"

namespace dataflow::expr {

namespace {

bool is_text(const Type& type) {
  return type.id() == TypeId::kString || type.id() == TypeId::kJson;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() <= ' ' && text.front() >= 0) text.remove_prefix(1);
  while (!text.empty() && text.back() <= ' ' && text.back() >= 0) text.remove_suffix(1);
  return text;
}

// The value as a message shows it, no longer than people read.
std::string shown(std::string_view text) {
  constexpr size_t kMost = 60;
  std::string_view start = utf8_substring(text, 0, kMost);
  return "'" + std::string(start) + (start.size() < text.size() ? "…'" : "'");
}

template <class T>
bool read_integer(std::string_view text, T& out) {
  text = trimmed(text);
  if (!text.empty() && text[0] == '+') text.remove_prefix(1);
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc()) return false;
  std::string_view rest(end, static_cast<size_t>(text.data() + text.size() - end));
  if (rest.empty()) return true;
  // A fraction is cut off.
  return rest[0] == '.' && rest.find_first_not_of("0123456789", 1) == std::string_view::npos;
}

template <class T>
bool read_floating(std::string_view text, T& out) {
  text = trimmed(text);
  if (!text.empty() && text[0] == '+') text.remove_prefix(1);
  bool negative = !text.empty() && text[0] == '-';
  std::string_view name = negative ? text.substr(1) : text;
  if (name == "NaN" || name == "Infinity") {
    out = name == "NaN" ? std::numeric_limits<T>::quiet_NaN() : std::numeric_limits<T>::infinity();
    if (negative) out = -out;
    return true;
  }
  if (name.empty() || !(name[0] == '.' || (name[0] >= '0' && name[0] <= '9'))) return false;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (end != text.data() + text.size()) return false;
  if (error == std::errc::result_out_of_range) {  // as Java reads it
    bool large = text.find_first_of("eE") == std::string_view::npos ||
                 text.find("e-") == std::string_view::npos;
    if (text.find("E-") != std::string_view::npos) large = false;
    out = large ? std::numeric_limits<T>::infinity() : T(0);
    if (negative) out = -out;
    return true;
  }
  return error == std::errc();
}

std::optional<bool> read_boolean(std::string_view text) {
  std::string word = in_capitals(trimmed(text));
  for (const char* yes : {"T", "TRUE", "Y", "YES", "1"}) {
    if (word == yes) return true;
  }
  for (const char* no : {"F", "FALSE", "N", "NO", "0"}) {
    if (word == no) return false;
  }
  return std::nullopt;
}

template <class R, class F>
NodePtr reading(const NodePtr& argument, const Type& to, RowFunctionTraits traits, F read,
                bool may_be_null = false) {
  std::string name = to.to_string();
  return make_row_function<R, std::string_view>(
      to, {argument},
      [read, name](Row& row, std::string_view text) -> R {
        R out{};
        if (!read(row, text, out)) {
          row.fail([&] { return shown(text) + " cannot be cast to " + name; });
        }
        return out;
      },
      may_be_null || traits.faults_are_null, traits);
}

NodePtr read_number(const NodePtr& argument, const Type& to, RowFunctionTraits traits) {
  return with_storage(to, [&](auto sample) -> NodePtr {
    using T = decltype(sample);
    if constexpr (std::is_same_v<T, bool> || !std::is_arithmetic_v<T>) {
      return nullptr;
    } else if constexpr (std::is_integral_v<T>) {
      return reading<T>(argument, to, traits, [](Row&, std::string_view text, T& out) {
        return read_integer(text, out);
      });
    } else {
      return reading<T>(argument, to, traits, [](Row&, std::string_view text, T& out) {
        return read_floating(text, out);
      });
    }
  });
}

NodePtr read_decimal(const NodePtr& argument, const Type& to, RowFunctionTraits traits) {
  return reading<Int128>(
      argument, to, traits,
      [to](Row& row, std::string_view text, Int128& out) {
        auto parsed = parse_decimal(trimmed(text));
        std::optional<Int128> value;
        if (parsed) {
          value = decimal_to({parsed->unscaled, parsed->scale}, to);
        } else {
          double number = 0;  // with an exponent
          if (!read_floating(text, number) || !std::isfinite(number)) return false;
          value = double_to_decimal(number, to);
        }
        if (!value) row.set_null();
        out = value.value_or(0);
        return true;
      },
      true);
}

template <class T>
NodePtr read_time(const NodePtr& argument, const Type& to, RowFunctionTraits traits) {
  bool time = to.id() == TypeId::kTime;
  return reading<T>(argument, to, traits, [to, time](Row&, std::string_view text, T& out) {
    auto parsed = time ? parse_time(text) : parse_timestamp(text);
    if (!parsed) return false;
    out = static_cast<T>(from_micros(to, cut_to_precision(parsed->micros, to.precision())));
    return true;
  });
}

// Where a zone behind the time begins, as PostgreSQL's clients write one, or npos.
size_t zone_of(std::string_view text) {
  const size_t clock = text.find(':');
  if (clock == std::string_view::npos) return clock;
  return text.find_first_of("+-Zz", clock);
}

// A time without a zone is one of the session's.
NodePtr read_moment(const NodePtr& argument, const Type& to, RowFunctionTraits traits) {
  traits.deterministic = false;  // as ZoneCast: never folded
  return reading<int64_t>(argument, to, traits,
                          [to](Row& row, std::string_view text, int64_t& out) {
                            text = trimmed(text);
                            int64_t micros = 0;
                            if (const size_t zone = zone_of(text); zone != std::string_view::npos) {
                              std::string joined(trimmed(text.substr(0, zone)));
                              joined += text[zone] == 'z' ? "Z" : text.substr(zone);
                              if (!dataflow::parse_timestamp(joined, Type::timestamp_tz(6), micros))
                                return false;
                            } else {
                              const auto parsed = parse_timestamp(text);
                              const auto around = find_time_zone(row.context().time_zone);
                              if (!parsed || !around.ok()) return false;
                              micros = (*around)->to_moment(parsed->micros);
                            }
                            out = from_micros(to, cut_to_precision(micros, to.precision()));
                            return true;
                          });
}

NodePtr read_date(const NodePtr& argument, const Type& to, RowFunctionTraits traits) {
  return reading<int32_t>(argument, to, traits, [](Row&, std::string_view text, int32_t& out) {
    const auto days = parse_day(text);
    if (days) out = static_cast<int32_t>(*days);
    return days.has_value();
  });
}

NodePtr as_is(const NodePtr& argument, const Type& to) {
  return make_row_function<Text, std::string_view>(
      to, {argument}, [](Row&, std::string& out, std::string_view text) { out.append(text); });
}

template <class T, class F>
NodePtr writing(const NodePtr& argument, const Type& to, F write) {
  return make_row_function<Text, T>(
      to, {argument}, [write](Row&, std::string& out, T value) { out.append(write(value)); });
}

std::string interval_text(const Type& type, int64_t value) {
  std::string sign = value < 0 ? "-" : "+";
  uint64_t amount = static_cast<uint64_t>(value);
  if (value < 0) amount = 0 - amount;
  if (type.id() == TypeId::kMonths) {
    return sign + std::to_string(amount / 12) + "-" + std::to_string(100 + amount % 12).substr(1);
  }
  auto within = static_cast<int64_t>(amount % kMillisPerDay);
  return sign + std::to_string(amount / kMillisPerDay) + " " + time_text(within * 1000, 3);
}

// A moment is shown by the clock on the session's wall, so first cast to that.
NodePtr write_time(const NodePtr& argument, const Type& to) {
  const Type from = argument->type();
  if (from.id() == TypeId::kTimestampTz) {
    return write_time(cast_time(argument, Type::timestamp(from.precision()), {}), to);
  }
  if (from.id() == TypeId::kTimestamp) {
    return make_row_function<Text, int64_t>(
        to, {argument}, [from](Row& row, std::string& out, int64_t value) {
          out.append(timestamp_text(micros_of(row, from, value), from.precision()));
        });
  }
  if (from.units_per_milli() == 1000) {
    return writing<int64_t>(argument, to,
                            [from](int64_t value) { return time_text(value, from.precision()); });
  }
  return writing<int32_t>(argument, to, [from](int32_t value) {
    return time_text(value * int64_t{1000}, from.precision());
  });
}

}  // namespace

NodePtr cast_to_text(const NodePtr& argument, const Type& to) {
  const Type from = argument->type();
  bool bytes = to.id() == TypeId::kBytes;
  if (!is_text(to) && !bytes) return nullptr;
  if (is_text(from) || (from.id() == TypeId::kBytes && !bytes)) return as_is(argument, to);
  if (bytes) return nullptr;
  switch (from.id()) {
    case TypeId::kBoolean:
      return writing<bool>(argument, to, [](bool value) { return value ? "TRUE" : "FALSE"; });
    case TypeId::kInt8:
      return writing<int8_t>(argument, to, [](int8_t value) { return std::to_string(value); });
    case TypeId::kInt16:
      return writing<int16_t>(argument, to, [](int16_t value) { return std::to_string(value); });
    case TypeId::kInt32:
      return writing<int32_t>(argument, to, [](int32_t value) { return std::to_string(value); });
    case TypeId::kInt64:
      return writing<int64_t>(argument, to, [](int64_t value) { return std::to_string(value); });
    case TypeId::kFloat32: return writing<float>(argument, to, float_text);
    case TypeId::kFloat64: return writing<double>(argument, to, double_text);
    case TypeId::kDecimal:
      return writing<Int128>(argument, to, [scale = from.scale()](Int128 value) {
        return decimal_text(value, scale);
      });
    case TypeId::kDate:
      return writing<int32_t>(argument, to, [](int32_t value) { return date_text(value); });
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz: return write_time(argument, to);
    case TypeId::kMonths:
      return writing<int32_t>(argument, to,
                              [from](int32_t value) { return interval_text(from, value); });
    case TypeId::kMillis:
      return writing<int64_t>(argument, to,
                              [from](int64_t value) { return interval_text(from, value); });
    default: return nullptr;
  }
}

NodePtr cast_from_text(const NodePtr& argument, const Type& to, RowFunctionTraits traits) {
  if (!is_text(argument->type())) return nullptr;
  switch (to.id()) {
    case TypeId::kBoolean:
      return reading<bool>(argument, to, traits, [](Row&, std::string_view text, bool& out) {
        auto value = read_boolean(text);
        out = value.value_or(false);
        return value.has_value();
      });
    case TypeId::kDecimal: return read_decimal(argument, to, traits);
    case TypeId::kDate: return read_date(argument, to, traits);
    case TypeId::kTime:
      return to.units_per_milli() == 1000 ? read_time<int64_t>(argument, to, traits)
                                          : read_time<int32_t>(argument, to, traits);
    case TypeId::kTimestamp: return read_time<int64_t>(argument, to, traits);
    case TypeId::kTimestampTz: return read_moment(argument, to, traits);
    default: return to.is_integer() || to.is_float() ? read_number(argument, to, traits) : nullptr;
  }
}

}  // namespace dataflow::expr
