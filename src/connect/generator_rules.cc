#include "generator_rules.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/units.h"
#include "types/temporal.h"

namespace dataflow::connect {
namespace {

using Kind = ColumnRule::Kind;

constexpr int64_t kMostChoices = 10'000'000;
constexpr int64_t kMostText = 1 << 20;

// Reads the options of one column.
class RuleReader {
 public:
  RuleReader(OptionReader& options, const Field& field) : options_(options), field_(field) {}

  Result<ColumnRule> read(uint64_t seed);

 private:
  std::string name(const char* what) const { return "fields." + field_.name + "." + what; }
  Result<double> number(const char* what, double usual);
  Result<double> share(const char* what);
  Result<int64_t> duration(const char* what);
  Result<Kind> kind();
  Status read_sequence(ColumnRule& rule);
  Status read_random(ColumnRule& rule);
  Status read_choice(ColumnRule& rule);
  Status read_time(ColumnRule& rule);
  bool is_text() const {
    return field_.type.id() == TypeId::kString || field_.type.id() == TypeId::kBytes;
  }

  OptionReader& options_;
  const Field& field_;
};

Result<double> RuleReader::number(const char* what, double usual) {
  const std::optional<std::string> text = options_.text(name(what));
  if (!text) return usual;
  const Result<double> value = parse_double(*text);
  if (!value.ok() || !std::isfinite(*value)) return options_.wrong(name(what), "give a number");
  return value;
}

Result<double> RuleReader::share(const char* what) {
  DF_ASSIGN_OR_RETURN(const double value, number(what, 0));
  if (value < 0 || value > 1) return options_.wrong(name(what), "give a share from 0 to 1");
  return value;
}

Result<int64_t> RuleReader::duration(const char* what) {
  const std::optional<std::string> text = options_.text(name(what));
  if (!text) return int64_t{0};
  const Result<int64_t> ms = parse_duration_ms(*text);
  if (!ms.ok() || *ms < 0) return options_.wrong(name(what), "give a duration such as `500ms`");
  return ms;
}

Result<Kind> RuleReader::kind() {
  // The first one is the usual one.
  std::vector<std::string> words = {"random", "sequence", "choice"};
  if (field_.type.is_timestamp()) words = {"time", "random"};
  if (field_.type.id() == TypeId::kBoolean || field_.type.id() == TypeId::kDate) {
    words = {"random"};
  }
  DF_ASSIGN_OR_RETURN(const size_t chosen, options_.choice(name("kind"), words));
  if (words[chosen] == "sequence") return Kind::kSequence;
  if (words[chosen] == "choice") return Kind::kChoice;
  return words[chosen] == "time" ? Kind::kTime : Kind::kRandom;
}

Status RuleReader::read_sequence(ColumnRule& rule) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  DF_ASSIGN_OR_RETURN(rule.start, options_.integer(name("start"), 0, -kMost, kMost));
  DF_ASSIGN_OR_RETURN(rule.step, options_.integer(name("step"), 1, -kMost, kMost));
  if (is_text()) rule.prefix = options_.text(name("prefix")).value_or("");
  return {};
}

// The numbers that a column of the type can hold, as far as doubles tell them apart.
double most_of(const Type& type) {
  switch (type.id()) {
    case TypeId::kInt8: return std::numeric_limits<int8_t>::max();
    case TypeId::kInt16: return std::numeric_limits<int16_t>::max();
    case TypeId::kInt32:
    case TypeId::kDate: return std::numeric_limits<int32_t>::max();
    case TypeId::kDecimal: return std::pow(10.0, type.precision() - type.scale()) - 1;
    case TypeId::kFloat32: return std::numeric_limits<float>::max();
    case TypeId::kFloat64: return std::numeric_limits<double>::max() / 4;
    default: return 9e18;
  }
}

Status RuleReader::read_random(ColumnRule& rule) {
  if (is_text()) {
    DF_ASSIGN_OR_RETURN(rule.length, options_.integer(name("length"), 16, 0, kMostText));
    return {};
  }
  if (rule.type.id() == TypeId::kBoolean) return {};
  const double usual_most = rule.type.is_float() ? 1 : std::min(999.0, most_of(rule.type));
  DF_ASSIGN_OR_RETURN(rule.min, number("min", 0));
  DF_ASSIGN_OR_RETURN(rule.max, number("max", std::max(usual_most, rule.min)));
  const bool whole = !rule.type.is_float() && rule.type.id() != TypeId::kDecimal;
  if (rule.max < rule.min || (whole && std::floor(rule.max) < std::ceil(rule.min))) {
    return options_.wrong(name("max"), "nothing lies between `min` and it");
  }
  for (const char* what : {"min", "max"}) {
    const double value = what[1] == 'i' ? rule.min : rule.max;
    // Whole numbers reach one further below than above.
    const bool least = whole && rule.type.is_integer() && value == -most_of(rule.type) - 1;
    if (least || std::abs(value) <= most_of(rule.type)) continue;
    return options_.wrong(name(what), "a " + rule.type.to_string() + " cannot hold it");
  }
  return {};
}

Status RuleReader::read_choice(ColumnRule& rule) {
  if (is_text()) {
    std::string_view rest;
    const std::optional<std::string> values = options_.text(name("values"));
    if (values) rest = *values;
    while (!rest.empty()) {
      const size_t end = std::min(rest.find(','), rest.size());
      rule.values.emplace_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    rule.prefix = options_.text(name("prefix")).value_or("");
  }
  const auto given = static_cast<int64_t>(rule.values.size());
  DF_ASSIGN_OR_RETURN(rule.count, options_.integer(name("count"), given > 0 ? given : 10, 1,
                                                   given > 0 ? given : kMostChoices));
  if (static_cast<double>(rule.count - 1) > most_of(rule.type)) {
    return options_.wrong(name("count"), "a " + rule.type.to_string() + " cannot hold so many");
  }
  DF_ASSIGN_OR_RETURN(const double skew, number("skew", 0));
  if (skew < 0 || skew > 10) return options_.wrong(name("skew"), "give a number from 0 to 10");
  if (skew == 0) return {};
  double sum = 0;
  for (int64_t i = 1; i <= rule.count; ++i) {
    sum += std::pow(static_cast<double>(i), -skew);
    rule.shares.push_back(sum);
  }
  for (double& share : rule.shares) share /= sum;
  return {};
}

Status RuleReader::read_time(ColumnRule& rule) {
  const std::string start = options_.text(name("start")).value_or("2026-01-01 00:00:00");
  if (start != "now") {
    int64_t ms = 0;
    const bool read = parse_timestamp(start, Type::timestamp(3), ms);
    const Result<int64_t> number = parse_int(start);
    if (!read && !number.ok()) {
      return options_.wrong(name("start"),
                            "give `now`, a time such as `2026-01-31 12:00:00`, or milliseconds "
                            "since 1970");
    }
    rule.start_ms = read ? ms : *number;
  }
  DF_ASSIGN_OR_RETURN(const double spacing, number("spacing_ms", 0));
  if (spacing < 0) return options_.wrong(name("spacing_ms"), "time does not run backwards");
  rule.spacing_us = spacing * 1000;
  DF_ASSIGN_OR_RETURN(rule.disorder_ms, duration("disorder"));
  DF_ASSIGN_OR_RETURN(rule.late_share, share("late_share"));
  DF_ASSIGN_OR_RETURN(rule.late_by_ms, duration("late_by"));
  return {};
}

Result<ColumnRule> RuleReader::read(uint64_t seed) {
  ColumnRule rule;
  rule.type = field_.type;
  // By name: a column keeps its values where others are added.
  rule.seed = seed;
  for (const char c : field_.name)
    rule.seed = (rule.seed ^ static_cast<uint8_t>(c)) * 1099511628211ULL;
  const TypeId id = field_.type.id();
  const bool known = id == TypeId::kBoolean || id == TypeId::kDate || is_text() ||
                     field_.type.is_numeric() || field_.type.is_timestamp();
  if (!known || (id == TypeId::kDecimal && field_.type.precision() > 15)) {
    return options_.wrong("fields." + field_.name,
                          "no values of the type " + field_.type.to_string() + " can be made");
  }
  DF_ASSIGN_OR_RETURN(rule.kind, kind());
  switch (rule.kind) {
    case Kind::kSequence: DF_RETURN_IF_ERROR(read_sequence(rule)); break;
    case Kind::kRandom: DF_RETURN_IF_ERROR(read_random(rule)); break;
    case Kind::kChoice: DF_RETURN_IF_ERROR(read_choice(rule)); break;
    case Kind::kTime: DF_RETURN_IF_ERROR(read_time(rule)); break;
  }
  DF_ASSIGN_OR_RETURN(rule.null_share, share("null_share"));
  if (rule.null_share > 0 && !field_.nullable) {
    return options_.wrong(name("null_share"), "the column is NOT NULL");
  }
  return rule;
}

}  // namespace

Result<ColumnRule> read_column_rule(OptionReader& options, const Field& field, uint64_t seed) {
  return RuleReader(options, field).read(seed);
}

}  // namespace dataflow::connect
