// Recursive descent over SQL's expression grammar. A parser of statements is one of these that says
// what more an expression may hold there: see the virtual functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "expr/expression.h"
#include "expr/lexer.h"
#include "expr/operators.h"

namespace dataflow::expr {

struct IntervalParts;

// What a query in parentheses is asked for.
enum class QueryUse : uint8_t { kValue, kExists, kIn, kNotIn, kAny, kAll };

class Parser {
 public:
  Parser(std::string_view text, Place start, std::vector<Token> tokens)
      : text_(text), start_(start), tokens_(std::move(tokens)) {}
  virtual ~Parser() = default;
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  // A whole expression from the current token on.
  Result<ExpressionPtr> parse();
  const Token& peek(size_t ahead = 0) const;
  Status fail(const Token& token, const std::string& what) const;

 protected:
  // A tree, and how deep it is.
  struct Tree {
    ExpressionPtr root;
    int depth = 1;
  };
  using Trees = std::vector<Tree>;

  // ---- What a statement adds; here it is nothing.

  // Whether the `(` that is `ahead` opens a query and no expression.
  virtual bool opens_query(size_t ahead) const;
  // That query, from its `(` to its `)`. The operands are what stands before IN, ANY or ALL, of
  // which the latter two have a comparison.
  virtual Result<Tree> parse_subquery(const Token& at, QueryUse use, const std::string& comparison,
                                      Trees operands);
  // A call from its `(` on: `at` is its name.
  virtual Result<Tree> parse_call(const Token& at);
  // What stands for `$1`, from its `$` on.
  virtual Result<Tree> parse_parameter(const Token& at);
  // Whether the word may be a column where an expression begins.
  virtual bool names_column(const Token& word) const;

  // ---- Tokens.
  size_t position() const { return at_; }
  const Token& token(size_t position) const { return tokens_[position]; }
  size_t token_count() const { return tokens_.size(); }
  std::string_view text() const { return text_; }
  const Token& take();
  bool take_symbol(std::string_view symbol);
  bool take_word(std::string_view capitals);
  Status expect_symbol(std::string_view symbol);
  Status expect_word(std::string_view capitals);
  // `near`: what may have been meant.
  Status expected(const std::string& what, const std::string& near = "") const;

  // ---- Trees, refused where they grow too deep.
  Result<Tree> node(const Token& at, std::string name, Trees arguments);
  Result<Tree> with_arguments(const Token& at, Expression made, Trees arguments);
  static Tree leaf(ExpressionPtr root) { return {std::move(root), 1}; }
  static Tree text_leaf(const Token& at, std::string text);

  // Operands and operators that bind at least as tightly as `least`.
  Result<Tree> parse_at(Binding least);
  // Expressions up to `close`, which is taken.
  Result<Trees> parse_list(std::string_view close);
  Result<Type> parse_type_here(size_t from_token);
  // Of what makes JSON (parse_json.cc).
  std::string take_on_null();
  Status parse_member(Trees& arguments);
  bool within_case() const { return cases_ > 0; }

 private:
  // Operators (parser.cc).
  Result<Tree> parse_prefix(Binding least);
  Result<Tree> parse_chain(Tree first, const std::string& name, Binding binding);
  // Behind ANY, SOME or ALL with an array (parse_any.cc).
  Result<Tree> parse_any(const Token& at, bool any, const std::string& name, Tree operand);
  Result<Tree> parse_is(Tree operand, Binding least, bool& matched);
  Result<Tree> parse_range(Tree operand, bool& matched);
  Result<Tree> parse_postfix(Tree operand);
  Result<Tree> parse_sign();
  Result<Type> parse_type_name();
  // parse_double_colon.cc: behind the sign, and behind INTERVAL.
  Result<Tree> cut_to_length(const Token& at, size_t first, Tree whole);
  Result<Tree> parse_double_colon(const Token& at, Tree operand);
  Result<Tree> parse_interval_cast(const Token& at, Tree operand);

  // Primaries (parse_primary.cc).
  Result<Tree> parse_primary();
  Result<Tree> parse_word();
  Result<Tree> parse_case(const Token& at);
  Result<Tree> parse_cast(const Token& at, bool safe);
  Result<std::string> parse_unit();

  // Calls with words between their arguments (parse_special.cc). matched: it was one.
  Result<Tree> parse_special(const Token& at, bool& matched);
  Result<Tree> parse_extract(const Token& at);
  Result<Tree> parse_trim(const Token& at);
  Result<Tree> parse_substring(const Token& at);
  Result<Tree> parse_position(const Token& at);
  Result<Tree> parse_overlay(const Token& at);
  Result<Tree> parse_unit_call(const Token& at);
  Result<Tree> parse_rounding(const Token& at);

  // Clauses of JSON's functions (parse_json.cc).
  Result<Tree> parse_json(const Token& at);
  Result<Tree> parse_json_value(const Token& at, Trees arguments);
  Result<Tree> parse_json_query(const Token& at, Trees arguments);
  Result<Tree> parse_json_made(const Token& at);
  Result<Type> parse_returned_type();
  Result<std::string> parse_json_answer(const std::vector<std::string>& choices);

  // Literals (parse_literal.cc).
  Result<Tree> parse_number(const Token& token, bool negative);
  Result<Tree> parse_time_literal(const Token& word);
  Result<Tree> parse_interval(const Token& word);
  Result<Tree> interval_of(const Token& word, const Token& text, const IntervalParts& parts,
                           bool negative);

  std::string_view text_;
  Place start_;
  std::vector<Token> tokens_;
  size_t at_ = 0;
  int nesting_ = 0;
  int cases_ = 0;
};

}  // namespace dataflow::expr
