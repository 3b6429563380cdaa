// What could stand where the cursor is: words of SQL, functions, what the catalog has.
#pragma once

#include <string>
#include <vector>

#include "cli/sql/line_editor.h"
#include "cli/sql/sql_client.h"

namespace dataflow::cli {

struct ClientCommand {
  std::string name;  // with its `\`
  std::string argument;
  std::string words;
};
// The shell's own commands, in the order of its help.
const std::vector<ClientCommand>& client_commands();

// Words are completed in the case in which they were begun, names of the catalog as they are.
Completion complete_sql(const std::string& text, size_t cursor,
                        const std::vector<SqlRelation>& relations);

// As SQL has to say it: in backticks where it needs them.
std::string sql_name(const std::string& name);

}  // namespace dataflow::cli
