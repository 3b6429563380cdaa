#include "base/units.h"

#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>
#include <span>

namespace dataflow {
namespace {

struct Unit {
  std::string_view name;
  int64_t size;
};

// The first of equal sizes is the one that is printed.
constexpr std::array kByteUnits = {
    Unit{"TiB", int64_t{1} << 40},
    Unit{"GiB", int64_t{1} << 30},
    Unit{"MiB", int64_t{1} << 20},
    Unit{"KiB", int64_t{1} << 10},
    Unit{"TB", 1'000'000'000'000},
    Unit{"GB", 1'000'000'000},
    Unit{"MB", 1'000'000},
    Unit{"kB", 1'000},
    Unit{"B", 1},
};
constexpr size_t kPrintedByteUnits = 4;

constexpr std::array kTimeUnits = {
    Unit{"d", 86'400'000}, Unit{"h", 3'600'000}, Unit{"m", 60'000}, Unit{"s", 1'000}, Unit{"ms", 1},
};

bool same_letters(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (std::tolower(static_cast<unsigned char>(a[i])) !=
        std::tolower(static_cast<unsigned char>(b[i]))) {
      return false;
    }
  }
  return true;
}

Status refuse(std::string_view text, std::string_view what) {
  return Status::invalid("\"" + std::string(text) + "\" is not " + std::string(what));
}

// `what` ends the sentence "x is not ...". Without a unit the number counts as `bare_unit`; where
// that is 0 only 0 and -1 may stand alone.
Result<int64_t> parse_with_unit(std::string_view text, std::span<const Unit> units,
                                int64_t bare_unit, std::string_view what) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc::result_out_of_range) {
    return Status::invalid("\"" + std::string(text) + "\" is too large a number");
  }
  if (error != std::errc()) return refuse(text, what);
  if (number < -1) return refuse(text, std::string(what) + "; it is negative");
  std::string_view name(end, static_cast<size_t>(text.data() + text.size() - end));
  while (!name.empty() && name.front() == ' ') name.remove_prefix(1);
  if (name.empty() && (number <= 0 || bare_unit != 0)) {
    return number <= 0 ? number : number * bare_unit;
  }
  for (const Unit& unit : units) {
    if (!same_letters(name, unit.name) || number < 0) continue;
    if (number > std::numeric_limits<int64_t>::max() / unit.size) {
      return Status::invalid("\"" + std::string(text) + "\" is too large a number");
    }
    return number * unit.size;
  }
  return refuse(text, what);
}

std::string format_with_unit(int64_t value, std::span<const Unit> units) {
  if (value <= 0) return std::to_string(value);
  for (const Unit& unit : units) {
    if (value % unit.size == 0) return std::to_string(value / unit.size) + std::string(unit.name);
  }
  return std::to_string(value);
}

}  // namespace

Result<int64_t> parse_bytes(std::string_view text) {
  return parse_with_unit(
      text, kByteUnits, 1,
      "a size; write bytes, or a number with KiB, MiB, GiB or TiB such as 64MiB");
}

Result<int64_t> parse_duration_ms(std::string_view text) {
  return parse_with_unit(text, kTimeUnits, 0,
                         "a duration; write a number with ms, s, m, h or d such as 250ms or 5s");
}

Result<int64_t> parse_int(std::string_view text) {
  int64_t number = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number);
  if (error == std::errc::result_out_of_range) {
    return Status::invalid("\"" + std::string(text) + "\" is too large a number");
  }
  if (error != std::errc() || end != last) return refuse(text, "a whole number");
  return number;
}

Result<double> parse_double(std::string_view text) {
  double number = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number);
  if (error != std::errc() || end != last || !std::isfinite(number))
    return refuse(text, "a number");
  return number;
}

Result<bool> parse_bool(std::string_view text) {
  for (std::string_view yes : {"true", "yes", "on", "1"}) {
    if (same_letters(text, yes)) return true;
  }
  for (std::string_view no : {"false", "no", "off", "0"}) {
    if (same_letters(text, no)) return false;
  }
  return refuse(text, "true or false");
}

std::string format_bytes(int64_t bytes) {
  return format_with_unit(bytes, std::span(kByteUnits).first(kPrintedByteUnits));
}

std::string format_duration_ms(int64_t ms) { return format_with_unit(ms, kTimeUnits); }

std::string Address::to_string() const {
  const bool bracket = host.find(':') != std::string::npos;
  return (bracket ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Address> parse_address(std::string_view text) {
  constexpr std::string_view kWhat =
      "an address; write host:port such as 127.0.0.1:9092 or [::1]:0";
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return refuse(text, kWhat);
  std::string_view host = text.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return refuse(text, kWhat);
  }
  if (host.empty() || host.find_first_of("[] \t/") != std::string_view::npos) {
    return refuse(text, kWhat);
  }
  uint16_t port = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data() + colon + 1, last, port);
  if (error == std::errc::result_out_of_range) {
    return refuse(text, "an address; the port is beyond 65535");
  }
  if (error != std::errc() || end != last) return refuse(text, kWhat);
  return Address{std::string(host), port};
}

}  // namespace dataflow
