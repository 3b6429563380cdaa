// Intervals as PostgreSQL's clients write them: "1 year 2 mons 3 days 04:05:06.7".
#pragma once

#include <cstdint>
#include <string_view>

namespace dataflow::expr {

struct IntervalText {
  int64_t months = 0;
  int64_t millis = 0;
};

// Adds what `text` says to `out`; false where it is no interval or beyond what can be counted.
bool read_interval_text(std::string_view text, IntervalText& out);

}  // namespace dataflow::expr
