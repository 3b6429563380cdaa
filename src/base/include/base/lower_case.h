// Letters of ASCII in lower case; all other bytes as they are, whatever the locale.
#pragma once

#include <string>
#include <string_view>

namespace dataflow {

std::string lower_case(std::string_view text);

}  // namespace dataflow
