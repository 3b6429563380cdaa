// What a statement is to the transaction around it.
#pragma once

#include <string>

#include "sql/ast.h"

namespace dataflow::jobs {

struct StatementTraits {
  std::string writes;  // its name, where a read-only transaction refuses it
  bool joins = false;  // a batch goes on around it; INSERT sees to that itself
  bool asks = true;    // it reads or writes
};

StatementTraits traits_of(const sql::StatementAst& statement);

}  // namespace dataflow::jobs
