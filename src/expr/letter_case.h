// UPPER and LOWER of any letters, as Java's toUpperCase() and toLowerCase() without a language:
// Unicode's full mappings, so that ß becomes SS, and a final Σ becomes ς. A table of ours (some
// kilobytes) and no library: ICU's data is 30 MiB, and the C library's answer hangs on the machine.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace dataflow::expr {

void append_upper(std::string& out, std::string_view text);
void append_lower(std::string& out, std::string_view text);
// Each letter as one that all its cases have in common: as many characters as before.
void append_folded(std::string& out, std::string_view text);

// The table. Of each `step`th code point of a range the other case is so much further; ranges rise.
struct CaseRange {
  uint32_t from;
  uint32_t to;
  int32_t step;
  int32_t delta;
};
std::span<const CaseRange> upper_ranges();
std::span<const CaseRange> lower_ranges();
// Where one letter becomes several; 0: no more.
struct LongCase {
  uint32_t from;
  uint32_t to[3];
};
std::span<const LongCase> long_upper();

}  // namespace dataflow::expr
