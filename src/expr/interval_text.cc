#include "interval_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "civil_time.h"
#include "expr/lexer.h"
#include "time_units.h"

namespace dataflow::expr {
namespace {

// More digits are no interval that fits, and the sums below stay within 64 bits.
constexpr int64_t kMostOfOne = std::numeric_limits<int32_t>::max();
constexpr int kMostParts = 16;

struct Short {
  std::string_view name;
  TimeUnit unit;
};

constexpr std::array kShort = {
    Short{"MS", TimeUnit::kMillisecond}, Short{"MSEC", TimeUnit::kMillisecond},
    Short{"S", TimeUnit::kSecond},       Short{"SEC", TimeUnit::kSecond},
    Short{"SECS", TimeUnit::kSecond},    Short{"M", TimeUnit::kMinute},
    Short{"MIN", TimeUnit::kMinute},     Short{"MINS", TimeUnit::kMinute},
    Short{"H", TimeUnit::kHour},         Short{"HR", TimeUnit::kHour},
    Short{"HRS", TimeUnit::kHour},       Short{"D", TimeUnit::kDay},
    Short{"W", TimeUnit::kWeek},         Short{"MON", TimeUnit::kMonth},
    Short{"MONS", TimeUnit::kMonth},     Short{"Y", TimeUnit::kYear},
    Short{"YR", TimeUnit::kYear},        Short{"YRS", TimeUnit::kYear},
};

std::optional<TimeUnit> unit_of(std::string_view word) {
  const std::string capitals = in_capitals(word);
  const auto* found =
      std::ranges::find_if(kShort, [&](const Short& each) { return each.name == capitals; });
  if (found != kShort.end()) return found->unit;
  const std::optional<TimeUnit> unit = parse_time_unit(word);
  if (!unit || (millis_of(*unit) == 0 && months_of(*unit) == 0)) return std::nullopt;
  return unit;
}

class Text {
 public:
  explicit Text(std::string_view text) : text_(text) {}

  std::optional<IntervalParts> read() {
    for (int parts = 0; skip_blanks(); ++parts) {
      if (parts > 0 && take_word() == "AGO" && !skip_blanks()) return turned_back();
      if (parts == kMostParts || !read_part()) return std::nullopt;
    }
    const bool any = sum_.has_months || sum_.has_millis;
    return any ? std::optional(sum_) : std::nullopt;
  }

 private:
  // Whether there is something behind them.
  bool skip_blanks() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    return at_ < text_.size();
  }

  bool take(char wanted) {
    if (at_ == text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }

  // In capitals; taken only where it is AGO, which stands at the end.
  std::string take_word() {
    size_t end = at_;
    while (end < text_.size() && is_letter(text_[end])) ++end;
    std::string word = in_capitals(text_.substr(at_, end - at_));
    if (word == "AGO") at_ = end;
    return word;
  }

  static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

  std::optional<int64_t> digits() {
    int64_t value = 0;
    const char* const first = text_.data() + at_;
    const char* const last = text_.data() + text_.size();
    if (first == last || *first < '0' || *first > '9') return std::nullopt;
    const auto [end, error] = std::from_chars(first, last, value);
    if (error != std::errc() || value > kMostOfOne) return std::nullopt;
    at_ += static_cast<size_t>(end - first);
    return value;
  }

  // What stands behind a point; 0 without one.
  double fraction() {
    if (!take('.')) return 0;
    double value = 0;
    double worth = 0.1;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_, worth /= 10) {
      value += (text_[at_] - '0') * worth;
    }
    return value;
  }

  // 5 days, -1.5 hours, 04:05[:06.7]
  bool read_part() {
    const bool negative = take('-');
    if (!negative) take('+');
    const int64_t sign = negative ? -1 : 1;
    const std::optional<int64_t> whole = digits();
    if (!whole) return false;
    if (take(':')) return read_clock(sign, *whole);
    const double rest = fraction();
    skip_blanks();
    size_t end = at_;
    while (end < text_.size() && is_letter(text_[end])) ++end;
    const std::optional<TimeUnit> unit = unit_of(text_.substr(at_, end - at_));
    if (!unit) return false;
    at_ = end;
    if (months_of(*unit) > 0) {
      const double part = rest * static_cast<double>(months_of(*unit));
      sum_.months += sign * (*whole * months_of(*unit) + std::llround(part));
      sum_.has_months = true;
      return true;
    }
    const double part = rest * static_cast<double>(millis_of(*unit));
    sum_.millis += sign * (*whole * millis_of(*unit) + std::llround(part));
    sum_.has_millis = true;
    return true;
  }

  bool read_clock(int64_t sign, int64_t hours) {
    const std::optional<int64_t> minutes = digits();
    if (!minutes || *minutes > 59) return false;
    int64_t millis = hours * kMillisPerHour + *minutes * kMillisPerMinute;
    if (take(':')) {
      const std::optional<int64_t> seconds = digits();
      if (!seconds || *seconds > 59) return false;
      // Digits behind the third are cut off, as in other intervals.
      const double rest = fraction() * static_cast<double>(kMillisPerSecond) + 1e-6;
      millis += *seconds * kMillisPerSecond + static_cast<int64_t>(rest);
    }
    sum_.millis += sign * millis;
    sum_.has_millis = true;
    return true;
  }

  IntervalParts turned_back() const {
    IntervalParts back = sum_;
    back.months = -back.months;
    back.millis = -back.millis;
    return back;
  }

  std::string_view text_;
  size_t at_ = 0;
  IntervalParts sum_;
};

}  // namespace

std::optional<IntervalParts> parse_interval_text(std::string_view text) {
  return Text(text).read();
}

}  // namespace dataflow::expr
