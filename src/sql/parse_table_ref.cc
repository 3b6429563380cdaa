// StatementParser: what stands behind FROM.
#include <algorithm>

#include "statement_parser.h"

namespace dataflow::sql {

namespace {

TableRefPtr joined(JoinedTable join) {
  TableRef ref;
  ref.place = join.left->place;
  ref.what = std::move(join);
  return std::make_shared<const TableRef>(std::move(ref));
}

}  // namespace

// A comma joins all rows, and binds less tightly than JOIN.
Result<TableRefPtr> StatementParser::parse_from() {
  const int outside = std::exchange(deepest_, 0);
  DF_ASSIGN_OR_RETURN(TableRefPtr left, parse_joins());
  while (peek().is_symbol(",")) {
    const Token& at = take();
    JoinedTable join;
    join.type = JoinType::kCross;
    join.left = std::move(left);
    DF_ASSIGN_OR_RETURN(join.right, parse_joins());
    DF_RETURN_IF_ERROR(deepen(at, deepest_ + 1));
    left = joined(std::move(join));
  }
  deepest_ = std::max(deepest_, outside);
  return left;
}

Result<TableRefPtr> StatementParser::parse_joins() {
  const int outside = std::exchange(deepest_, 0);
  DF_ASSIGN_OR_RETURN(TableRefPtr left, parse_table_ref());
  while (true) {
    const Token& at = peek();
    bool matched = false;
    DF_ASSIGN_OR_RETURN(left, parse_joined(std::move(left), matched));
    if (!matched) break;
    DF_RETURN_IF_ERROR(deepen(at, deepest_ + 1));
  }
  deepest_ = std::max(deepest_, outside);
  return left;
}

// The words up to JOIN. matched: there are any.
Result<JoinType> StatementParser::parse_join_type(bool& matched) {
  struct Words {
    const char* words;
    JoinType type;
  };
  static constexpr Words kWords[] = {{"JOIN", JoinType::kInner},
                                     {"INNER JOIN", JoinType::kInner},
                                     {"CROSS JOIN", JoinType::kCross},
                                     {"LEFT JOIN", JoinType::kLeft},
                                     {"LEFT OUTER JOIN", JoinType::kLeft},
                                     {"RIGHT JOIN", JoinType::kRight},
                                     {"RIGHT OUTER JOIN", JoinType::kRight},
                                     {"FULL JOIN", JoinType::kFull},
                                     {"FULL OUTER JOIN", JoinType::kFull},
                                     {"LEFT SEMI JOIN", JoinType::kSemi},
                                     {"SEMI JOIN", JoinType::kSemi},
                                     {"LEFT ANTI JOIN", JoinType::kAnti},
                                     {"ANTI JOIN", JoinType::kAnti},
                                     {"ASOF JOIN", JoinType::kAsof},
                                     {"LEFT ASOF JOIN", JoinType::kLeftAsof},
                                     {"ASOF LEFT JOIN", JoinType::kLeftAsof},
                                     {"ASOF LEFT OUTER JOIN", JoinType::kLeftAsof}};
  matched = true;
  for (const Words& known : kWords) {
    if (take_words(known.words)) return known.type;
  }
  for (const char* word : {"INNER", "CROSS", "LEFT", "RIGHT", "FULL"}) {
    if (!peek().is_word(word)) continue;
    take();
    if (peek().is_word("OUTER") || peek().is_word("SEMI") || peek().is_word("ANTI") ||
        peek().is_word("ASOF")) {
      take();
    }
    return expected("JOIN");
  }
  matched = false;
  return JoinType::kInner;
}

Result<TableRefPtr> StatementParser::parse_joined(TableRefPtr left, bool& matched) {
  const Token& at = peek();
  JoinedTable join;
  join.natural = take_word("NATURAL");
  DF_ASSIGN_OR_RETURN(join.type, parse_join_type(matched));
  if (!matched) {
    if (join.natural) return expected("JOIN");
    return left;
  }
  join.left = std::move(left);
  DF_ASSIGN_OR_RETURN(join.right, parse_table_ref());
  DF_RETURN_IF_ERROR(parse_join_condition(join, at));
  return joined(std::move(join));
}

Status StatementParser::parse_join_condition(JoinedTable& join, const Token& at) {
  const Token& word = peek();
  ExpressionPtr match;
  if (take_word("MATCH_CONDITION")) {
    if (join.type != JoinType::kAsof && join.type != JoinType::kLeftAsof) {
      return fail(word, "MATCH_CONDITION belongs to an ASOF JOIN");
    }
    DF_ASSIGN_OR_RETURN(match, parse_expression());
  }
  const Token& condition = peek();
  const bool on = condition.is_word("ON");
  const bool columns = condition.is_word("USING");
  if (join.natural || join.type == JoinType::kCross) {
    if (!on && !columns) return {};
    return fail(condition,
                std::string(join.natural ? "a NATURAL" : "a CROSS") + " JOIN takes no condition");
  }
  if (columns) {
    take();
    DF_ASSIGN_OR_RETURN(join.using_columns, parse_names("the name of a column"));
    join.on = std::move(match);
    return {};
  }
  if (!on) {
    if (match != nullptr) {
      join.on = std::move(match);
      return {};
    }
    return expected("ON or USING for the join at line " + std::to_string(at.place.line) +
                    ", column " + std::to_string(at.place.column));
  }
  take();
  DF_ASSIGN_OR_RETURN(join.on, parse_expression());
  if (match != nullptr) {
    join.on = expr::call("AND", {std::move(join.on), std::move(match)}, word.place);
    DF_RETURN_IF_ERROR(deepen(word, deepest_ + 1));
  }
  return {};
}

Result<TableRefPtr> StatementParser::parse_table_ref() {
  const Place place = peek().place;
  if (peek().is_symbol("(") && !opens_query(0)) {  // joins in parentheses
    const Token& at = take();
    if (++queries_ > kMaxQueries) {
      return fail(at, "queries nest deeper than " + std::to_string(kMaxQueries) + " levels");
    }
    DF_ASSIGN_OR_RETURN(TableRefPtr inside, parse_joins());
    if (!take_symbol(")")) return expected("`)`");
    --queries_;
    return inside;
  }
  DF_ASSIGN_OR_RETURN(TableRef ref, parse_table_primary());
  ref.place = place;
  DF_RETURN_IF_ERROR(parse_table_alias(ref));
  return std::make_shared<const TableRef>(std::move(ref));
}

Result<TableRef> StatementParser::parse_table_primary() {
  TableRef ref;
  const bool lateral = peek().is_word("LATERAL") && !peek(1).is_symbol(".") && take_word("LATERAL");
  if (peek().is_symbol("(")) {
    take();
    DerivedTable derived;
    derived.lateral = lateral;
    DF_ASSIGN_OR_RETURN(derived.query, parse_query());
    if (!take_symbol(")")) return expected("`)` at the end of the query in parentheses");
    ref.what = std::move(derived);
    return ref;
  }
  if (peek().is_word("UNNEST") && peek(1).is_symbol("(")) {
    DF_ASSIGN_OR_RETURN(ref, parse_unnest());
  } else if (peek().is_word("TABLE") && peek(1).is_symbol("(")) {
    take();
    take();
    DF_ASSIGN_OR_RETURN(ref.what, parse_table_function(false));
    if (!take_symbol(")")) return expected("`)` at the end of TABLE(…)");
  } else {
    if (peek().is_word("TABLE") && at_name(1)) take();
    DF_ASSIGN_OR_RETURN(ref, parse_named_table());
  }
  if (!lateral) return ref;
  auto* function = std::get_if<TableFunction>(&ref.what);
  if (function == nullptr) return expected("a query or a function behind LATERAL");
  function->lateral = true;
  return ref;
}

Result<TableRef> StatementParser::parse_unnest() {
  TableRef ref;
  TableFunction function;
  function.name = take().upper;
  take();
  do {
    TableArgument argument;
    argument.place = peek().place;
    DF_ASSIGN_OR_RETURN(argument.value, parse_expression());
    function.arguments.push_back(std::move(argument));
  } while (take_symbol(","));
  if (!take_symbol(")")) return expected("`,` or `)`");
  function.with_ordinality = take_words("WITH ORDINALITY");
  ref.what = std::move(function);
  return ref;
}

// A table, or TUMBLE(t, ts, INTERVAL …) without TABLE around it.
Result<TableRef> StatementParser::parse_named_table() {
  TableRef ref;
  size_t ahead = 0;
  while (peek(ahead + 1).is_symbol(".")) ahead += 2;
  if (at_name() && peek(ahead + 1).is_symbol("(")) {
    DF_ASSIGN_OR_RETURN(ref.what, parse_table_function(true));
    return ref;
  }
  NamedTable table;
  DF_ASSIGN_OR_RETURN(table.name, parse_qualified("the name of a table"));
  DF_ASSIGN_OR_RETURN(table.hints, parse_hints());
  ref.what = std::move(table);
  DF_RETURN_IF_ERROR(parse_as_of(ref));
  return ref;
}

// Also behind the alias, as some write it.
Status StatementParser::parse_as_of(TableRef& ref) {
  const Token& at = peek();
  if (!take_words("FOR SYSTEM_TIME AS OF")) return {};
  auto* table = std::get_if<NamedTable>(&ref.what);
  if (table == nullptr || table->as_of != nullptr) {
    return fail(at, "FOR SYSTEM_TIME AS OF belongs behind the name of a table, once");
  }
  DF_ASSIGN_OR_RETURN(table->as_of, parse_expression(Binding::kSum));
  return {};
}

Status StatementParser::parse_table_alias(TableRef& ref) {
  auto refused = [&]() -> Status {
    for (const char* word : {"MATCH_RECOGNIZE", "TABLESAMPLE", "PIVOT", "UNPIVOT"}) {
      if (peek().is_word(word)) return unsupported(peek(), word);
    }
    return {};
  };
  DF_RETURN_IF_ERROR(refused());
  DF_ASSIGN_OR_RETURN(ref.alias, parse_alias());
  if (!ref.alias.empty() && peek().is_symbol("(")) {
    DF_ASSIGN_OR_RETURN(ref.columns, parse_plain_names("the name of a column"));
  }
  DF_RETURN_IF_ERROR(parse_as_of(ref));
  if (auto* table = std::get_if<NamedTable>(&ref.what); table != nullptr && table->hints.empty()) {
    DF_ASSIGN_OR_RETURN(table->hints, parse_hints());
  }
  return refused();
}

}  // namespace dataflow::sql
