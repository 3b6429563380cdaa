// Sizes, durations and addresses as people write them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace dataflow {

// "1048576", "64MiB", "64 MiB", "5GB": bytes, with binary (KiB MiB GiB TiB) or decimal (kB MB GB
// TB) units in any case. "-1" is read as -1, for options where that means "no limit".
Result<int64_t> parse_bytes(std::string_view text);
// "250ms", "5s", "10m", "2h", "7d": milliseconds. "0" and "-1" need no unit, everything else does.
Result<int64_t> parse_duration_ms(std::string_view text);
Result<int64_t> parse_int(std::string_view text);
Result<double> parse_double(std::string_view text);
// true/false, yes/no, on/off, 1/0.
Result<bool> parse_bool(std::string_view text);

// In the largest unit that leaves a whole number, such that the parser gives the same value back.
std::string format_bytes(int64_t bytes);
std::string format_duration_ms(int64_t ms);

// An IPv6 address stands in brackets in its text, "[::1]:9092", and without them in `host`.
struct Address {
  std::string host;
  uint16_t port = 0;

  std::string to_string() const;
  bool operator==(const Address&) const = default;
};

Result<Address> parse_address(std::string_view text);

}  // namespace dataflow
