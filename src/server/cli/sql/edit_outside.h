// A text in the user's own editor.
#pragma once

#include <string>

#include "base/status.h"

namespace dataflow::cli {

// The text as $VISUAL, else $EDITOR, else vi leaves it, without blanks at its end. It has the
// terminal meanwhile, which is not raw.
Result<std::string> edit_outside(const std::string& text);

}  // namespace dataflow::cli
