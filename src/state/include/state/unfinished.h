// How a folder is called while what is in it is made.
#pragma once

#include <string_view>

namespace dataflow::state {

// Behind its name; no savepoint's name ends so.
inline constexpr std::string_view kUnfinished = ".unfinished";

}  // namespace dataflow::state
