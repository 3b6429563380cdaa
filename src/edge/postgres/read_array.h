// The text of PostgreSQL's arrays: {1,2,NULL,"a, b"}.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dataflow::postgres {

using ArrayElement = std::optional<std::string>;  // none: NULL

// Of one dimension; false where it is no such text.
bool split_array(std::string_view text, std::vector<ArrayElement>& out);

}  // namespace dataflow::postgres
