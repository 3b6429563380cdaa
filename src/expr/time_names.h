// The names of months and days, in English.
#pragma once

#include <array>
#include <string_view>

namespace dataflow::expr {

inline constexpr std::array<std::string_view, 12> kMonthNames = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
// From Monday on.
inline constexpr std::array<std::string_view, 7> kDayNames = {
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};

// "Jan", "Mon".
constexpr std::string_view short_name(std::string_view name) { return name.substr(0, 3); }

}  // namespace dataflow::expr
