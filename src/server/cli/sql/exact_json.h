// JSON whose numbers stay as they were written.
#pragma once

#include <string_view>

#include "cli/document.h"

namespace dataflow::cli {

// As parse_json(), but numbers that are no int64 keep their text: a DECIMAL's digits are all there.
Result<Document> parse_exact_json(std::string_view text);

}  // namespace dataflow::cli
