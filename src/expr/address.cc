// INET_ATON and INET_NTOA: addresses of IPv4 as numbers.
#include <charconv>
#include <optional>

#include "text_forms.h"
#include "typed_function.h"

namespace dataflow::expr {

namespace {

using View = std::string_view;

constexpr int64_t kMostAddress = 0xffffffff;

// One to four numbers up to 255; of fewer than four the last one stands at the end: 127.1 is
// 127.0.0.1.
std::optional<int64_t> address_of(View text) {
  int64_t address = 0;
  for (int part = 0; part < 4; ++part) {
    const size_t point = text.find('.');
    const View digits = text.substr(0, point);
    unsigned value = 0;
    if (digits.empty() || digits[0] == '-') return std::nullopt;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size() || value > 255) {
      return std::nullopt;
    }
    const bool last = point == View::npos;
    address += static_cast<int64_t>(value) << (last ? 0 : 8 * (3 - part));
    if (last) return address;
    text.remove_prefix(point + 1);
  }
  return std::nullopt;
}

}  // namespace

void add_addresses(FunctionList& list) {
  list.push_back(
      {{"INET_ATON", "INET_ATON(text)",
        "The number of an IPv4 address; 127.1 is 127.0.0.1. NULL of another text.", "string"},
       1,
       1,
       typed<int64_t, View>(
           Type::int64(),
           [](Row& row, View text) {
             const std::optional<int64_t> address = address_of(text);
             if (!address) row.set_null();
             return address.value_or(0);
           },
           true)});
  list.push_back({{"INET_NTOA", "INET_NTOA(integer)",
                   "The IPv4 address of that number; NULL of one that is none.", "string"},
                  1,
                  1,
                  typed<Text, int64_t>(
                      Type::string(),
                      [](Row& row, std::string& out, int64_t address) {
                        if (address < 0 || address > kMostAddress) return row.set_null();
                        for (int shift = 24; shift >= 0; shift -= 8) {
                          out += std::to_string(address >> shift & 255);
                          if (shift > 0) out += '.';
                        }
                      },
                      true)});
}

}  // namespace dataflow::expr
