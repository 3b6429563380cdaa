// The parser of statements: recursive descent over the tokens of a script, one file a family. What
// it knows of expressions it has from expr's parser, whose open places it fills.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "expr/parser.h"
#include "sql/ast.h"
#include "sql/parser.h"

namespace dataflow::sql {

using expr::Binding;
using expr::QueryUse;
using expr::Token;
using expr::TokenKind;

// More are nobody's intention: who reads a tree of statements may recurse, and hold it in memory.
inline constexpr int kMaxQueries = 64;  // within each other
inline constexpr size_t kMaxColumns = 4096;
inline constexpr size_t kMaxLiteral = 4 << 20;
inline constexpr size_t kMaxTokens = 2'000'000;

class StatementParser final : public expr::Parser {
 public:
  // `parameters`: null where the text may have none.
  StatementParser(std::string_view text, std::vector<Token> tokens,
                  Parameters* parameters = nullptr);

  Result<std::vector<StatementAst>> parse_script();
  // With or without its semicolon, and nothing behind it.
  Result<StatementAst> parse_single();

 private:
  // Words and names (parse_words.cc). Several words are written with a blank between.
  bool at_words(std::string_view words) const;
  bool take_words(std::string_view words);
  Status expect_words(std::string_view words);
  static bool is_name(const Token& token);
  bool at_name(size_t ahead = 0) const { return is_name(peek(ahead)); }
  Result<std::string> parse_name(const std::string& what);
  Result<Name> parse_qualified(const std::string& what);
  Result<std::vector<Name>> parse_names(const std::string& what);  // (a, b.c)
  Result<std::vector<std::string>> parse_plain_names(const std::string& what);
  Result<std::string> parse_string(const std::string& what);
  Result<std::string> parse_alias();  // [AS] name, or nothing
  Result<std::vector<OptionText>> parse_options();
  Result<std::string> parse_option_key();
  Result<std::vector<OptionText>> parse_hints();
  Result<Type> parse_column_type();
  int64_t length_ahead();
  std::string text_between(size_t from_token, size_t end_token) const;
  Status unsupported(const Token& at, const std::string& what) const;
  Status count_column(const Token& at, size_t count) const;

  // Statements (parse_script.cc).
  Result<StatementAst> parse_statement();
  Result<StatementAst> parse_known_statement(const Token& first);
  Status expect_end();
  Status unknown_statement(const Token& first) const;
  template <class T>
  static Result<StatementAst> made(Result<T> what) {
    if (!what.ok()) return what.status();
    StatementAst statement;
    statement.what = std::move(what).value();
    return statement;
  }

  // Inside of expressions (parse_clauses.cc).
  bool opens_query(size_t ahead) const override;
  Result<Tree> parse_subquery(const Token& at, QueryUse use, const std::string& comparison,
                              Trees operands) override;
  Result<Tree> parse_call(const Token& at) override;
  bool names_column(const Token& word) const override;
  Result<Tree> parse_parameter(const Token& at) override;
  bool begins_query(size_t position) const;
  bool continues_query(const Token& token) const;
  Result<Tree> deepened(const Token& at, Tree tree, int inside) const;
  Status deepen(const Token& at, int depth);
  Result<ExpressionPtr> parse_expression(Binding least = Binding::kOr);
  Result<std::vector<ExpressionPtr>> parse_expressions();
  Result<Trees> parse_arguments(const Token& at, Clauses& clauses, bool& special);
  Result<bool> parse_own_argument(const Token& at, Trees& arguments);
  Status parse_call_clauses(Clauses& clauses, bool& special);
  Result<std::vector<OrderItem>> parse_order_by();
  Status parse_direction(OrderItem& item);
  Result<WindowDefinition> parse_window();
  Status parse_frame(WindowDefinition& window);
  Result<FrameBound> parse_bound(ExpressionPtr& offset);

  // Queries (parse_query.cc, parse_select.cc).
  Result<QueryPtr> parse_query();
  Result<Query> parse_query_body();
  Status parse_with(Query& query);
  Status parse_tail(Query& query);
  Status parse_order_by_all(Query& query);
  Status parse_emit(Query& query);
  Result<Query> parse_set_operations(int least);
  Result<Query> parse_query_term();
  Result<Values> parse_values();
  Result<std::vector<std::vector<ExpressionPtr>>> parse_rows();
  Result<Select> parse_select();
  Result<std::vector<SelectItem>> parse_items();
  Result<SelectItem> parse_item();
  bool at_star() const;
  Status parse_distinct(Select& select);
  Status parse_group_by(Select& select);
  Status group_by_all(Select& select, const Token& at);
  bool ends_group_by() const;
  Status spell_order(Select& select, std::vector<OrderItem>& order_by);
  Status parse_named_windows(Select& select);

  // Tables in FROM (parse_table_ref.cc, parse_table_function.cc).
  Result<TableRefPtr> parse_from();
  Result<TableRefPtr> parse_joins();
  Result<TableRefPtr> parse_joined(TableRefPtr left, bool& matched);
  Result<JoinType> parse_join_type(bool& matched);
  Status parse_join_condition(JoinedTable& join, const Token& at);
  Result<TableRefPtr> parse_table_ref();
  Result<TableRef> parse_table_primary();
  Result<TableRef> parse_named_table();
  Result<TableRef> parse_unnest();
  Status parse_as_of(TableRef& ref);
  Status parse_table_alias(TableRef& ref);
  Result<TableFunction> parse_table_function(bool short_form);
  Result<TableArgument> parse_table_argument(bool window, size_t index);
  bool holds_query() const;
  Status parse_table_value(TableArgument& argument);
  Status parse_partition(TableArgument& argument);

  // Definitions (parse_create.cc, parse_create_table.cc, parse_test.cc, parse_alter.cc).
  Result<StatementAst> parse_create();
  Result<CreateTable> parse_create_table(CreateTable table);
  Status parse_table_elements(CreateTable& table);
  Status parse_table_element(CreateTable& table);
  Status parse_table_clauses(CreateTable& table);
  Result<ColumnDefinition> parse_column_definition();
  Status parse_column_constraints(ColumnDefinition& column);
  Result<WatermarkDefinition> parse_watermark();
  Result<PrimaryKey> parse_primary_key();
  Result<bool> parse_enforced();
  Status parse_distribution();
  Result<LikeClause> parse_like();
  Result<CreateView> parse_create_view(CreateView view);
  Status parse_view_columns(CreateView& view);
  Result<CreateFunction> parse_create_function(CreateFunction function);
  Result<CreateTest> parse_create_test();
  Result<Drop> parse_drop();
  Result<AlterTable> parse_alter();
  Status parse_alter_action(AlterTable& alter);
  Status parse_alter_add(AlterTable& alter);
  Status parse_alter_drop(AlterTable& alter);
  Status parse_alter_rename(AlterTable& alter);

  // The others (parse_write.cc, parse_session.cc).
  Result<Insert> parse_insert();
  Result<StatementSet> parse_statement_set();
  Result<std::vector<std::pair<Name, ExpressionPtr>>> parse_partition_values();
  Result<Update> parse_update();
  Result<Delete> parse_delete();
  Result<Subscribe> parse_subscribe();
  Result<Set> parse_set();
  Result<Set> parse_reset();
  Result<Show> parse_show();
  Status parse_show_filter(Show& show);
  Result<Describe> parse_describe();
  Result<Explain> parse_explain();
  Result<Use> parse_use();
  Result<Flush> parse_flush();
  Result<Transaction> parse_transaction();
  QueryPtr all_of(const Name& name) const;  // SELECT * FROM name

  Parameters* const parameters_;
  std::vector<size_t> closing_;  // of each `(`, its `)`; 0 where there is none
  int queries_ = 0;              // that are open
  int deepest_ = 0;              // of what was read within the one that is open
  bool in_test_ = false;
};

}  // namespace dataflow::sql
