// "Did you mean": the known name that is nearest to a mistyped one.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace dataflow {

// The least number of inserted, removed, replaced or swapped neighbouring characters between the
// two, where no character is edited twice.
size_t edit_distance(std::string_view a, std::string_view b);

// The nearest of `names` without regard to case, the first of equals; none if all are too far away
// for the suggestion to be of use (more than a third of the longer one's length).
std::optional<std::string> nearest_name(std::string_view wanted,
                                        std::span<const std::string> names);

// "; did you mean \"x\"?" or nothing: to be put behind an error message.
std::string suggestion(std::string_view wanted, std::span<const std::string> names);

}  // namespace dataflow
