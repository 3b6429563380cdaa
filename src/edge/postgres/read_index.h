// CREATE INDEX and DROP INDEX: tables are read whole or by their primary key, and there is nothing
// else to look rows up by. Scripts that make indexes go on all the same, and are told.
#pragma once

#include <optional>

#include "own_statement.h"

namespace dataflow::postgres {

// What stands behind CREATE and DROP; none: it is about something else.
Result<std::optional<OwnStatement>> read_create_index(WordScanner& words);
Result<std::optional<OwnStatement>> read_drop_index(WordScanner& words);

}  // namespace dataflow::postgres
