// Texts of times by patterns of Java's letters: "yyyy-MM-dd HH:mm:ss.SSS". Flink uses both of
// Java's kinds, which differ in what they read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace dataflow::expr {

enum class PatternStyle {
  kFormatter,  // java.time's: the whole text, fields of exactly the pattern's digits, valid values
  kSimple,     // SimpleDateFormat: what follows is left, any number of digits, the 32nd is the 1st
};

struct TimeRead {
  int64_t micros = 0;                   // on the wall
  std::optional<int64_t> behind_utc{};  // the zone's offset in microseconds, if it was written
};

class TimePattern {
 public:
  static Result<TimePattern> parse(std::string_view pattern, PatternStyle style);

  bool has_zone() const;
  // `offset`: of the zone, which has_zone() patterns write.
  void write(std::string& out, int64_t micros, int64_t offset) const;
  // Nothing where the text is not as the pattern says. `first_year`: years of two digits lie in the
  // hundred from it on.
  std::optional<TimeRead> read(std::string_view text, int64_t first_year) const;

 private:
  struct Part {
    char letter = 0;  // 0: `text` stands there
    int count = 0;
    std::string text;
    bool numeric = false;
  };
  struct Fields;

  Status add(char letter, int count);
  void add_text(char c);
  bool read_part(size_t at, std::string_view& text, Fields& fields) const;
  bool read_number(size_t at, std::string_view& text, int64_t& value, int& digits) const;
  std::optional<TimeRead> resolve(const Fields& fields) const;
  std::optional<TimeRead> resolve_lenient(const Fields& fields) const;

  PatternStyle style_ = PatternStyle::kFormatter;
  std::vector<Part> parts_;
};

}  // namespace dataflow::expr
