// StatementParser: functions that give tables, with their tables, descriptors and named arguments.
#include <algorithm>

#include "statement_parser.h"

namespace dataflow::sql {

// From its name to its `)`. The short form writes TUMBLE(t, ts, …) for TUMBLE(TABLE t,
// DESCRIPTOR(ts), …), and becomes the same.
Result<TableFunction> StatementParser::parse_table_function(bool short_form) {
  TableFunction function;
  DF_ASSIGN_OR_RETURN(Name name, parse_qualified("the name of a function"));
  for (const std::string& part : name.parts) {
    function.name += (function.name.empty() ? "" : ".") + expr::in_capitals(part);
  }
  bool window = false;
  for (const char* known : {"TUMBLE", "HOP", "CUMULATE", "SESSION"}) {
    window = window || (short_form && function.name == known);
  }
  DF_RETURN_IF_ERROR(expect_symbol("("));
  if (take_symbol(")")) return function;
  do {
    DF_ASSIGN_OR_RETURN(TableArgument argument,
                        parse_table_argument(window, function.arguments.size()));
    function.arguments.push_back(std::move(argument));
  } while (take_symbol(","));
  if (!take_symbol(")")) return expected("`,` or `)`");
  return function;
}

Result<TableArgument> StatementParser::parse_table_argument(bool window, size_t index) {
  TableArgument argument;
  argument.place = peek().place;
  if (peek(1).is_symbol("=>")) {
    DF_ASSIGN_OR_RETURN(argument.name, parse_name("the name of an argument"));
    argument.name = expr::in_capitals(argument.name);
    take();
    window = false;
  }
  const bool table = peek().is_word("TABLE") && (at_name(1) || peek(1).is_symbol("("));
  if (table || opens_query(0)) {
    DF_RETURN_IF_ERROR(parse_table_value(argument));
    return argument;
  }
  if (peek().is_word("DESCRIPTOR") && peek(1).is_symbol("(")) {
    take();
    DF_ASSIGN_OR_RETURN(argument.value, parse_names("the name of a column"));
    return argument;
  }
  if (window && index == 0 && at_name()) {
    DF_RETURN_IF_ERROR(parse_table_value(argument));
    return argument;
  }
  if (window && index == 1 && at_name()) {
    DF_ASSIGN_OR_RETURN(Name column, parse_qualified("the name of a column"));
    argument.value = std::vector<Name>{std::move(column)};
    return argument;
  }
  DF_ASSIGN_OR_RETURN(argument.value, parse_expression());
  return argument;
}

// [TABLE] t | [TABLE] (SELECT …), each with PARTITION BY.
Status StatementParser::parse_table_value(TableArgument& argument) {
  take_word("TABLE");
  TableRef ref;
  ref.place = peek().place;
  if (take_symbol("(")) {
    DerivedTable derived;
    if (begins_query(position()) || peek().is_symbol("(")) {
      DF_ASSIGN_OR_RETURN(derived.query, parse_query());
    } else {  // TABLE(t)
      DF_ASSIGN_OR_RETURN(Name name, parse_qualified("the name of a table or a query"));
      derived.query = all_of(name);
    }
    if (!take_symbol(")")) return expected("`)`");
    ref.what = std::move(derived);
  } else {
    NamedTable table;
    DF_ASSIGN_OR_RETURN(table.name, parse_qualified("the name of a table"));
    DF_ASSIGN_OR_RETURN(table.hints, parse_hints());
    ref.what = std::move(table);
  }
  argument.value = std::make_shared<const TableRef>(std::move(ref));
  return parse_partition(argument);
}

// One column, or several in parentheses: a comma goes on with the arguments.
Status StatementParser::parse_partition(TableArgument& argument) {
  if (!take_words("PARTITION BY")) return {};
  const bool several = peek().is_symbol("(");
  DF_ASSIGN_OR_RETURN(ExpressionPtr keys, parse_expression());
  if (several && keys->kind == expr::Kind::kCall && keys->name == "ROW") {
    argument.partition_by = keys->arguments;
  } else {
    argument.partition_by.push_back(std::move(keys));
  }
  return {};
}

}  // namespace dataflow::sql
