// What a query names: the tables and views that it reads, the functions that it calls.
#pragma once

#include <set>
#include <string>

#include "sql/ast.h"

namespace dataflow::sql {

struct NamedThings {
  std::set<std::string> tables;     // as written, without catalog and database
  std::set<std::string> functions;  // as written
};

// Common tables are not among them where they hide a table of that name.
NamedThings named_in(const Query& query);

}  // namespace dataflow::sql
