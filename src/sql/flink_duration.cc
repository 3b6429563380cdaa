#include "flink_duration.h"

#include <cctype>
#include <charconv>
#include <initializer_list>
#include <limits>
#include <string>

namespace dataflow::sql {
namespace {

struct Unit {
  std::initializer_list<std::string_view> names;
  int64_t size;
};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) {
    text.remove_prefix(1);
  }
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) {
    text.remove_suffix(1);
  }
  return text;
}

Result<int64_t> parse(std::string_view whole, std::initializer_list<Unit> units, int64_t divisor,
                      const char* what) {
  const std::string_view text = trimmed(whole);
  const auto wrong = [&] { return Status::invalid("`" + std::string(whole) + "` is not " + what); };
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number < 0) return wrong();
  std::string name;
  for (const char c : trimmed({end, static_cast<size_t>(text.data() + text.size() - end)})) {
    name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  for (const Unit& unit : units) {
    for (const std::string_view known : unit.names) {
      if (name != known) continue;
      if (number > std::numeric_limits<int64_t>::max() / unit.size) return wrong();
      return number * unit.size / divisor;
    }
  }
  return wrong();
}

}  // namespace

Result<int64_t> parse_flink_duration_ms(std::string_view text) {
  // In microseconds; "0 ns" and the like are nothing.
  return parse(text,
               {{{"d", "day", "days"}, 86'400'000'000},
                {{"h", "hour", "hours"}, 3'600'000'000},
                {{"min", "m", "minute", "minutes"}, 60'000'000},
                {{"s", "sec", "secs", "second", "seconds"}, 1'000'000},
                {{"ms", "milli", "millis", "millisecond", "milliseconds", ""}, 1'000},
                {{"µs", "us", "micro", "micros", "microsecond", "microseconds"}, 1}},
               1'000, "a duration; write a number with ms, s, min, h or d such as '5 s'");
}

Result<int64_t> parse_flink_bytes(std::string_view text) {
  return parse(text,
               {{{"b", "bytes", ""}, 1},
                {{"k", "kb", "kib", "kibibytes"}, int64_t{1} << 10},
                {{"m", "mb", "mib", "mebibytes"}, int64_t{1} << 20},
                {{"g", "gb", "gib", "gibibytes"}, int64_t{1} << 30},
                {{"t", "tb", "tib", "tebibytes"}, int64_t{1} << 40}},
               1, "a size; write a number with kb, mb or gb such as '128 mb'");
}

}  // namespace dataflow::sql
