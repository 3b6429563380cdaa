// Parser: numbers, DATE '…', TIME '…', TIMESTAMP '…', INTERVAL '…' unit [TO unit], and INTERVAL
// with its units within the quotes.
#include <charconv>
#include <cmath>
#include <limits>

#include "base/edit_distance.h"
#include "civil_time.h"
#include "decimal_text.h"
#include "expr/interval_text.h"
#include "expr/parser.h"
#include "time_units.h"

namespace dataflow::expr {

Result<Parser::Tree> Parser::parse_number(const Token& token, bool negative) {
  if (token.kind == TokenKind::kDouble) {
    double value = 0;
    auto parsed = std::from_chars(token.text.data(), token.text.data() + token.text.size(), value);
    if (parsed.ec != std::errc() || !std::isfinite(value)) {
      return fail(token, "the number does not fit a DOUBLE");
    }
    return leaf(literal(Value::float64(negative ? -value : value), token.place));
  }
  auto decimal = parse_decimal(token.text);
  if (!decimal) return fail(token, "the number has more than 38 digits; write it as 1.5e60");
  Int128 value = negative ? -decimal->unscaled : decimal->unscaled;
  if (token.kind == TokenKind::kDecimal) {
    Type type = Type::decimal(decimal->precision, decimal->scale);
    return leaf(literal(Value::decimal(type, value), token.place));
  }
  if (value >= std::numeric_limits<int32_t>::min() &&
      value <= std::numeric_limits<int32_t>::max()) {
    return leaf(literal(Value::integer(Type::int32(), static_cast<int64_t>(value)), token.place));
  }
  if (value >= std::numeric_limits<int64_t>::min() &&
      value <= std::numeric_limits<int64_t>::max()) {
    return leaf(literal(Value::int64(static_cast<int64_t>(value)), token.place));
  }
  return leaf(literal(Value::decimal(Type::decimal(decimal->precision, 0), value), token.place));
}

Result<Parser::Tree> Parser::parse_time_literal(const Token& word) {
  const Token& text = take();
  if (word.upper == "DATE") {
    auto days = parse_date(text.text);
    if (!days) return fail(text, "'" + text.text + "' is no date such as '2026-01-31'");
    return leaf(literal(Value::integer(Type::date(), *days), word.place));
  }
  bool time = word.upper == "TIME";
  auto parsed = time ? parse_time(text.text) : parse_timestamp(text.text);
  if (!parsed) {
    return fail(text, "'" + text.text + "' is no " +
                          (time ? "time such as '12:30:15'"
                                : "timestamp such as '2026-01-31 12:30:15.123'"));
  }
  Type type = time ? Type::time(parsed->fraction_digits) : Type::timestamp(parsed->fraction_digits);
  return leaf(literal(Value::integer(type, from_micros(type, parsed->micros)), word.place));
}

namespace {

// The parts of '1 02:03:04.5' from `first` to `last`, in milliseconds.
class IntervalText {
 public:
  explicit IntervalText(std::string_view text) : text_(text) {}

  std::optional<int64_t> read(TimeUnit first, TimeUnit last) {
    while (!text_.empty() && text_.front() == ' ') text_.remove_prefix(1);
    while (!text_.empty() && text_.back() == ' ') text_.remove_suffix(1);
    bool negative = take('-');
    if (!negative) take('+');
    std::optional<int64_t> total = months_of(first) > 0 ? months(first, last) : millis(first, last);
    if (!total || !text_.empty()) return std::nullopt;
    return negative ? -*total : *total;
  }

 private:
  bool take(char wanted) {
    if (text_.empty() || text_[0] != wanted) return false;
    text_.remove_prefix(1);
    return true;
  }

  std::optional<int64_t> number() {
    int64_t value = 0;
    auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
    if (error != std::errc() || value < 0 || text_.empty() || text_[0] == '-') return std::nullopt;
    text_.remove_prefix(static_cast<size_t>(end - text_.data()));
    // No sum of parts leaves 64 bits; 2^31 days are millions of years.
    return value > std::numeric_limits<int32_t>::max() ? std::nullopt : std::optional(value);
  }

  std::optional<int64_t> months(TimeUnit first, TimeUnit last) {
    auto total = number();
    if (!total) return std::nullopt;
    *total *= months_of(first);
    if (last == first) return total;
    if (!take('-')) return std::nullopt;
    auto rest = number();
    if (!rest || *rest > 11) return std::nullopt;
    return *total + *rest;
  }

  std::optional<int64_t> millis(TimeUnit first, TimeUnit last) {
    int64_t total = 0;
    for (TimeUnit unit = first;;) {
      auto value = number();
      if (!value) return std::nullopt;
      if (unit != first && *value > (unit == TimeUnit::kHour ? 23 : 59)) return std::nullopt;
      total += *value * millis_of(unit);
      if (unit == TimeUnit::kSecond) return fraction(total);
      if (unit == last) return total;
      if (!take(unit == TimeUnit::kDay ? ' ' : ':')) return std::nullopt;
      unit = static_cast<TimeUnit>(static_cast<int>(unit) - 1);
    }
  }

  // Digits behind the third are cut off: intervals count milliseconds.
  std::optional<int64_t> fraction(int64_t total) {
    if (!take('.')) return total;
    int64_t worth = 100;
    while (!text_.empty() && text_[0] >= '0' && text_[0] <= '9') {
      total += (text_[0] - '0') * worth;
      worth /= 10;
      text_.remove_prefix(1);
    }
    return total;
  }

  std::string_view text_;
};

bool is_interval_unit(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::kSecond:
    case TimeUnit::kMinute:
    case TimeUnit::kHour:
    case TimeUnit::kDay:
    case TimeUnit::kWeek:
    case TimeUnit::kMonth:
    case TimeUnit::kQuarter:
    case TimeUnit::kYear: return true;
    default: return false;
  }
}

// YEAR TO MONTH; DAY, HOUR and MINUTE to a smaller one down to SECOND.
bool is_interval_range(TimeUnit first, TimeUnit last) {
  if (first == last) return true;
  if (first == TimeUnit::kYear) return last == TimeUnit::kMonth;
  return first <= TimeUnit::kDay && last < first;
}

}  // namespace

// The units stood within the quotes.
Result<Parser::Tree> Parser::interval_of(const Token& word, const Token& text,
                                         const IntervalParts& parts, bool negative) {
  if (parts.has_months && parts.has_millis) {
    return fail(text,
                "an interval is of years and months, or of days and smaller units; write "
                "'" +
                    text.text + "' as the sum of two");
  }
  const int64_t amount = parts.has_months ? parts.months : parts.millis;
  if (parts.has_months && std::abs(amount) > std::numeric_limits<int32_t>::max()) {
    return fail(text, "'" + text.text + "' is too long for an interval of months");
  }
  const Type type = parts.has_months ? Type::months() : Type::millis();
  return leaf(literal(Value::integer(type, negative ? -amount : amount), word.place));
}

Result<Parser::Tree> Parser::parse_interval(const Token& word) {
  bool negative = false;
  if (peek().kind == TokenKind::kSymbol) negative = take().text == "-";
  const Token& text = take();
  const bool unit_ahead = peek().kind == TokenKind::kWord && parse_time_unit(peek().text);
  if (!unit_ahead) {
    const std::optional<IntervalParts> parts = parse_interval_text(text.text);
    if (parts) return interval_of(word, text, *parts, negative);
  }
  TimeUnit units[2];
  for (int i = 0; i < 2; ++i) {
    const Token& unit_at = peek();
    DF_ASSIGN_OR_RETURN(std::string name, parse_unit());
    units[i] = *parse_time_unit(name);
    if (!is_interval_unit(units[i])) return fail(unit_at, "an interval has no " + name);
    if (take_symbol("(")) {  // how many digits it may have: read, and not needed
      while (peek().kind == TokenKind::kInteger || peek().is_symbol(",")) take();
      DF_RETURN_IF_ERROR(expect_symbol(")"));
    }
    if (i == 1 && !is_interval_range(units[0], units[1])) {
      return fail(unit_at, "an interval cannot go from " + std::string(time_unit_name(units[0])) +
                               " to " + name);
    }
    if (i == 0 && !take_word("TO")) {
      units[1] = units[0];
      break;
    }
  }
  auto amount = IntervalText(text.text).read(units[0], units[1]);
  bool months = months_of(units[0]) > 0;
  if (!amount || (months && std::abs(*amount) > std::numeric_limits<int32_t>::max())) {
    std::string range(time_unit_name(units[0]));
    if (units[1] != units[0]) range += " TO " + std::string(time_unit_name(units[1]));
    return fail(text, "'" + text.text + "' is no interval of " + range);
  }
  Type type = months ? Type::months() : Type::millis();
  return leaf(literal(Value::integer(type, negative ? -*amount : *amount), word.place));
}

}  // namespace dataflow::expr
