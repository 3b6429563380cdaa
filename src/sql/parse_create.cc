// StatementParser: CREATE and what it creates, but for tables.
#include "base/edit_distance.h"
#include "statement_parser.h"

namespace dataflow::sql {

Result<StatementAst> StatementParser::parse_create() {
  take();
  const bool replace = take_words("OR REPLACE");
  const bool temporary = take_word("TEMPORARY") || take_word("TEMP");
  const bool system = temporary && peek().is_word("SYSTEM") && peek(1).is_word("FUNCTION");
  if (system) take();
  const Token& what = peek();
  if (take_word("TABLE")) {
    CreateTable table;
    table.or_replace = replace;
    table.temporary = temporary;
    return made(parse_create_table(std::move(table)));
  }
  const bool materialized = take_word("MATERIALIZED");
  if (take_word("VIEW")) {
    CreateView view;
    view.or_replace = replace;
    view.temporary = temporary;
    view.materialized = materialized;
    return made(parse_create_view(std::move(view)));
  }
  if (materialized) {
    if (!peek().is_word("TABLE")) return expected("VIEW");
    return fail(what,
                "MATERIALIZED TABLE is not supported yet; CREATE MATERIALIZED VIEW keeps a "
                "query's result up to date");
  }
  if (take_word("FUNCTION")) {
    CreateFunction function;
    function.or_replace = replace;
    function.temporary = temporary;
    return made(parse_create_function(std::move(function)));
  }
  if (what.is_word("TEST") && !replace && !temporary) {
    take();
    return made(parse_create_test());
  }
  for (const char* known : {"CATALOG", "DATABASE", "SCHEMA", "MODEL", "CONNECTION", "INDEX",
                            "SECRET", "USER", "ROLE", "SEQUENCE", "TYPE"}) {
    if (what.is_word(known)) return unsupported(what, "CREATE " + what.upper);
  }
  static const std::vector<std::string> kKinds = {"TABLE", "VIEW", "MATERIALIZED", "FUNCTION",
                                                  "TEST"};
  return expected("TABLE, VIEW, MATERIALIZED VIEW, FUNCTION or TEST",
                  suggestion(what.upper, kKinds));
}

// (a, b COMMENT '…', PRIMARY KEY (a) NOT ENFORCED, WATERMARK FOR b AS b)
Status StatementParser::parse_view_columns(CreateView& view) {
  DF_RETURN_IF_ERROR(expect_symbol("("));
  do {
    const Token& at = peek();
    if (at_words("PRIMARY KEY") ||
        (at.is_word("CONSTRAINT") && at_name(1) && peek(2).is_word("PRIMARY"))) {
      if (view.primary_key) return fail(at, "a view has one PRIMARY KEY");
      DF_ASSIGN_OR_RETURN(view.primary_key, parse_primary_key());
      continue;
    }
    if (at_words("WATERMARK FOR")) {
      if (view.watermark) return fail(at, "a view has one WATERMARK");
      if (!view.materialized) {
        return fail(at,
                    "only a MATERIALIZED VIEW has a WATERMARK; a view's rows carry those of "
                    "the tables that it reads");
      }
      DF_ASSIGN_OR_RETURN(view.watermark, parse_watermark());
      continue;
    }
    DF_RETURN_IF_ERROR(count_column(at, view.columns.size()));
    DF_ASSIGN_OR_RETURN(std::string name, parse_name("the name of a column"));
    view.columns.push_back(std::move(name));
    if (take_word("COMMENT")) DF_RETURN_IF_ERROR(parse_string("a comment in quotes").status());
  } while (take_symbol(","));
  if (take_symbol(")")) return {};
  return expected("`,` or `)`");
}

Result<CreateView> StatementParser::parse_create_view(CreateView view) {
  view.if_not_exists = take_words("IF NOT EXISTS");
  DF_ASSIGN_OR_RETURN(view.name, parse_qualified("the name of a view"));
  if (peek().is_symbol("(")) DF_RETURN_IF_ERROR(parse_view_columns(view));
  if (take_word("COMMENT")) {
    DF_ASSIGN_OR_RETURN(view.comment, parse_string("a comment in quotes"));
  }
  const Token& with = peek();
  if (take_word("WITH")) {
    if (!view.materialized) return fail(with, "only a MATERIALIZED VIEW has options");
    DF_ASSIGN_OR_RETURN(view.options, parse_options());
  }
  DF_RETURN_IF_ERROR(expect_word("AS"));
  const size_t from = position();
  DF_ASSIGN_OR_RETURN(view.query, parse_query());
  view.query_text = text_between(from, position());
  return view;
}

// name(a INT, b STRING) RETURNS INT [LANGUAGE SQL] AS a + LENGTH(b), or RETURN a + LENGTH(b).
Result<CreateFunction> StatementParser::parse_create_function(CreateFunction function) {
  function.if_not_exists = take_words("IF NOT EXISTS");
  DF_ASSIGN_OR_RETURN(function.name, parse_qualified("the name of a function"));
  auto foreign = [&] {
    return fail(peek(),
                "functions are SQL expressions here: CREATE FUNCTION f(a INT) RETURNS INT "
                "AS a + 1; code in other languages is a plug-in");
  };
  if (peek().is_word("AS") && peek(1).kind == TokenKind::kString) return foreign();
  DF_RETURN_IF_ERROR(expect_symbol("("));
  if (!take_symbol(")")) {
    do {
      DF_RETURN_IF_ERROR(count_column(peek(), function.parameters.size()));
      DF_ASSIGN_OR_RETURN(std::string name, parse_name("the name of a parameter"));
      DF_ASSIGN_OR_RETURN(Type type, parse_column_type());
      function.parameters.emplace_back(std::move(name), std::move(type));
    } while (take_symbol(","));
    if (!take_symbol(")")) return expected("`,` or `)`");
  }
  if (take_word("RETURNS")) {
    DF_ASSIGN_OR_RETURN(function.returns, parse_column_type());
  }
  if (take_word("LANGUAGE") && !take_word("SQL")) return foreign();
  if (!take_word("RETURN")) DF_RETURN_IF_ERROR(expect_word("AS"));
  DF_ASSIGN_OR_RETURN(function.body, parse_expression());
  if (peek().is_word("LANGUAGE") || peek().is_word("USING")) return foreign();
  return function;
}

// name GIVEN table [(columns)] VALUES (…), … EXPECT [IN ORDER] query VALUES (…), …; EXPECT … NO
// ROWS is of an empty result.
Result<CreateTest> StatementParser::parse_create_test() {
  CreateTest test;
  in_test_ = true;
  DF_ASSIGN_OR_RETURN(test.name, parse_qualified("the name of a test"));
  while (take_word("GIVEN")) {
    CreateTest::Given given;
    DF_ASSIGN_OR_RETURN(given.table, parse_qualified("the name of a table"));
    if (peek().is_symbol("(")) {
      DF_ASSIGN_OR_RETURN(given.columns, parse_names("the name of a column"));
    }
    DF_ASSIGN_OR_RETURN(given.rows, parse_values());
    test.given.push_back(std::move(given));
  }
  if (!peek().is_word("EXPECT")) return expected("GIVEN or EXPECT");
  while (take_word("EXPECT")) {
    CreateTest::Expect expect;
    expect.ordered = take_words("IN ORDER") || take_word("ORDERED");
    if (peek().is_symbol("(") || begins_query(position())) {
      DF_ASSIGN_OR_RETURN(expect.query, parse_query());
    } else {
      DF_ASSIGN_OR_RETURN(Name name, parse_qualified("a query or the name of a table"));
      expect.query = all_of(name);
    }
    if (!take_words("NO ROWS")) {
      DF_ASSIGN_OR_RETURN(expect.rows, parse_values());
    }
    test.expect.push_back(std::move(expect));
  }
  in_test_ = false;
  return test;
}

}  // namespace dataflow::sql
