// StatementParser: INSERT, statement sets, UPDATE, DELETE.
#include "statement_parser.h"

namespace dataflow::sql {

Result<Insert> StatementParser::parse_insert() {
  Insert insert;
  DF_RETURN_IF_ERROR(expect_word("INSERT"));
  if (!take_word("INTO")) {
    insert.overwrite = take_word("OVERWRITE");
    if (!insert.overwrite) return expected("INTO");
  }
  if (peek().is_word("TABLE") && at_name(1)) take();
  DF_ASSIGN_OR_RETURN(insert.target, parse_qualified("the name of a table"));
  DF_ASSIGN_OR_RETURN(insert.hints, parse_hints());
  if (take_word("PARTITION")) {
    DF_ASSIGN_OR_RETURN(insert.partition, parse_partition_values());
  }
  if (peek().is_symbol("(") && !opens_query(0)) {
    DF_ASSIGN_OR_RETURN(insert.columns, parse_names("the name of a column"));
  }
  if (!peek().is_symbol("(") && !begins_query(position())) {
    return expected("SELECT or VALUES");
  }
  DF_ASSIGN_OR_RETURN(insert.query, parse_query());
  return insert;
}

// (a = 1, b)
Result<std::vector<std::pair<Name, ExpressionPtr>>> StatementParser::parse_partition_values() {
  std::vector<std::pair<Name, ExpressionPtr>> values;
  DF_RETURN_IF_ERROR(expect_symbol("("));
  do {
    DF_ASSIGN_OR_RETURN(Name name, parse_qualified("the name of a column"));
    ExpressionPtr value;
    if (take_symbol("=")) {
      DF_ASSIGN_OR_RETURN(value, parse_expression());
    }
    values.emplace_back(std::move(name), std::move(value));
  } while (take_symbol(","));
  if (!take_symbol(")")) return expected("`,` or `)`");
  return values;
}

// EXECUTE STATEMENT SET BEGIN INSERT …; … END and BEGIN STATEMENT SET; INSERT …; … END
Result<StatementSet> StatementParser::parse_statement_set() {
  StatementSet set;
  const bool begun = peek().is_word("BEGIN");
  if (begun || peek().is_word("EXECUTE")) take();
  take_words("STATEMENT SET");
  if (begun) {
    DF_RETURN_IF_ERROR(expect_symbol(";"));
  } else {
    DF_RETURN_IF_ERROR(expect_word("BEGIN"));
  }
  while (true) {
    while (take_symbol(";")) continue;
    if (take_word("END")) break;
    if (!peek().is_word("INSERT")) return expected("INSERT INTO or END");
    DF_ASSIGN_OR_RETURN(Insert insert, parse_insert());
    DF_RETURN_IF_ERROR(expect_end());
    set.inserts.push_back(std::move(insert));
    if (!peek().is_symbol(";")) return expected("`;` and END");
  }
  if (set.inserts.empty()) return fail(token(position() - 1), "the statement set is empty");
  return set;
}

Result<Update> StatementParser::parse_update() {
  Update update;
  take();
  DF_ASSIGN_OR_RETURN(update.target, parse_qualified("the name of a table"));
  DF_RETURN_IF_ERROR(expect_word("SET"));
  do {
    DF_ASSIGN_OR_RETURN(Name column, parse_qualified("the name of a column"));
    DF_RETURN_IF_ERROR(expect_symbol("="));
    DF_ASSIGN_OR_RETURN(ExpressionPtr value, parse_expression());
    update.set.emplace_back(std::move(column), std::move(value));
  } while (take_symbol(","));
  if (take_word("WHERE")) {
    DF_ASSIGN_OR_RETURN(update.where, parse_expression());
  }
  return update;
}

Result<Delete> StatementParser::parse_delete() {
  Delete deleted;
  if (take().is_word("TRUNCATE")) {  // of all rows
    if (peek().is_word("TABLE") && at_name(1)) take();
    DF_ASSIGN_OR_RETURN(deleted.target, parse_qualified("the name of a table"));
    return deleted;
  }
  DF_RETURN_IF_ERROR(expect_word("FROM"));
  DF_ASSIGN_OR_RETURN(deleted.target, parse_qualified("the name of a table"));
  if (take_word("WHERE")) {
    DF_ASSIGN_OR_RETURN(deleted.where, parse_expression());
  }
  return deleted;
}

}  // namespace dataflow::sql
