// Which words are names without quotes, and where.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dataflow::sql {

// A word that begins or joins clauses everywhere: never a name without quotes.
bool is_clause_word(std::string_view capitals);

// A word that goes on with the statement where an alias without AS could stand.
bool ends_before_alias(std::string_view capitals);

// The name as it is read back everywhere, in backticks where it needs them.
std::string name_text(std::string_view name);

// What statements begin with, and what their clauses do: to suggest the nearest of.
const std::vector<std::string>& statement_words();
const std::vector<std::string>& clause_words();

}  // namespace dataflow::sql
