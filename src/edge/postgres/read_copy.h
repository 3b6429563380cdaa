// COPY … TO STDOUT with its options, in both of PostgreSQL's spellings.
#pragma once

#include "base/status.h"
#include "own_statement.h"
#include "word_scanner.h"

namespace dataflow::postgres {

// From behind the word COPY.
Result<OwnStatement> read_copy(WordScanner& words);

Status unexpected(const Word& found, const std::string& wanted);

}  // namespace dataflow::postgres
