#include "expr/parser.h"

namespace dataflow::expr {

const Token& Parser::peek(size_t ahead) const {
  size_t i = at_ + ahead;
  return i < tokens_.size() ? tokens_[i] : tokens_.back();
}

Status Parser::fail(const Token& token, const std::string& what) const {
  return error_at(text_, start_, token.from, what);
}

const Token& Parser::take() {
  const Token& token = peek();
  if (at_ + 1 < tokens_.size()) ++at_;
  return token;
}

bool Parser::take_symbol(std::string_view symbol) {
  if (!peek().is_symbol(symbol)) return false;
  take();
  return true;
}

bool Parser::take_word(std::string_view capitals) {
  if (!peek().is_word(capitals)) return false;
  take();
  return true;
}

Status Parser::expected(const std::string& what, const std::string& near) const {
  return fail(peek(), "expected " + what + ", found " + peek().shown() + near);
}

Status Parser::expect_symbol(std::string_view symbol) {
  if (take_symbol(symbol)) return {};
  return expected("`" + std::string(symbol) + "`");
}

Status Parser::expect_word(std::string_view capitals) {
  if (take_word(capitals)) return {};
  return expected(std::string(capitals));
}

Result<Parser::Tree> Parser::with_arguments(const Token& at, Expression made, Trees arguments) {
  int depth = 0;
  for (Tree& argument : arguments) {
    depth = std::max(depth, argument.depth);
    made.arguments.push_back(std::move(argument.root));
  }
  if (depth >= kMaxDepth) {
    return fail(at, "the expression nests deeper than " + std::to_string(kMaxDepth) + " levels");
  }
  made.place = at.place;
  return Tree{std::make_shared<const Expression>(std::move(made)), depth + 1};
}

Result<Parser::Tree> Parser::node(const Token& at, std::string name, Trees arguments) {
  Expression made;
  made.kind = Kind::kCall;
  made.name = std::move(name);
  return with_arguments(at, std::move(made), std::move(arguments));
}

Parser::Tree Parser::text_leaf(const Token& at, std::string text) {
  return leaf(literal(Value::string(std::move(text)), at.place));
}

bool Parser::opens_query(size_t) const { return false; }

Result<Parser::Tree> Parser::parse_subquery(const Token& at, QueryUse, const std::string&, Trees) {
  return fail(at, "a query has no place inside of an expression on single rows");
}

Result<ExpressionPtr> Parser::parse() {
  DF_ASSIGN_OR_RETURN(Tree tree, parse_at(Binding::kOr));
  return tree.root;
}

Result<Parser::Tree> Parser::parse_prefix(Binding least) {
  const Token& at = peek();
  if (at.is_word("NOT")) {
    if (least > Binding::kNot) {
      return fail(at, "NOT binds less tightly than the operator before it; put it in parentheses");
    }
    take();
    DF_ASSIGN_OR_RETURN(Tree operand, parse_at(Binding::kNot));
    return node(at, "NOT", {std::move(operand)});
  }
  return parse_sign();
}

namespace {

bool begins_operand(const Token& token) {
  if (token.kind == TokenKind::kSymbol) {
    return token.text == "(" || token.text == "-" || token.text == "+" || token.text == "$";
  }
  if (token.kind != TokenKind::kWord) return token.kind != TokenKind::kEnd;
  return !is_reserved(token.upper) || token.is_word("CAST") || token.is_word("CASE") ||
         token.is_word("NULL");
}

}  // namespace

Result<Parser::Tree> Parser::parse_at(Binding least) {
  if (++nesting_ > kMaxDepth) {
    return fail(peek(),
                "the expression nests deeper than " + std::to_string(kMaxDepth) + " levels");
  }
  DF_ASSIGN_OR_RETURN(Tree tree, parse_prefix(least));
  while (true) {
    bool matched = false;
    if (least <= Binding::kComparison && peek().is_word("IS")) {
      DF_ASSIGN_OR_RETURN(tree, parse_is(std::move(tree), least, matched));
      if (matched) continue;
      break;
    }
    if (least <= Binding::kRange) {
      DF_ASSIGN_OR_RETURN(tree, parse_range(std::move(tree), matched));
      if (matched) continue;
    }
    const Token& token = peek();
    std::string name = token.kind == TokenKind::kSymbol ? token.text : token.upper;
    if (token.kind != TokenKind::kSymbol && token.kind != TokenKind::kWord) break;
    if (name == "DIV" && !begins_operand(peek(1))) break;  // it is an alias
    Binding binding = binary_binding(name);
    if (binding == Binding::kNone || binding < least) break;
    DF_ASSIGN_OR_RETURN(tree, parse_chain(std::move(tree), name, binding));
  }
  --nesting_;
  return tree;
}

// One operator and its right side; AND and OR take all of their chain as one call.
Result<Parser::Tree> Parser::parse_chain(Tree first, const std::string& name, Binding binding) {
  const Token& at = take();
  Trees operands;
  operands.push_back(std::move(first));
  const Token& word = peek();
  const bool any = word.is_word("ANY") || word.is_word("SOME");
  if (binding == Binding::kComparison && (any || word.is_word("ALL")) && opens_query(1)) {
    take();
    return parse_subquery(at, any ? QueryUse::kAny : QueryUse::kAll, name, std::move(operands));
  }
  if (binding == Binding::kComparison && (any || word.is_word("ALL")) && peek(1).is_symbol("(")) {
    take();
    return parse_any(at, any, name, std::move(operands.front()));
  }
  do {
    DF_ASSIGN_OR_RETURN(Tree right, parse_at(next(binding)));
    operands.push_back(std::move(right));
  } while (binding <= Binding::kAnd && take_word(name));
  if (name != "DIV") return node(at, name, std::move(operands));
  // MySQL's for a quotient without what stands behind its point.
  Trees quotient;
  DF_ASSIGN_OR_RETURN(quotient.emplace_back(), node(at, "/", std::move(operands)));
  Expression whole;
  whole.kind = Kind::kCast;
  whole.name = "CAST";
  whole.type = Type::int64();
  return with_arguments(at, std::move(whole), std::move(quotient));
}

Result<Parser::Tree> Parser::parse_is(Tree operand, Binding least, bool& matched) {
  size_t before = at_;
  const Token& at = take();
  std::string name = take_word("NOT") ? "IS NOT " : "IS ";
  if (take_word("DISTINCT")) {
    DF_RETURN_IF_ERROR(expect_word("FROM"));
    DF_ASSIGN_OR_RETURN(Tree right, parse_at(Binding::kRange));
    matched = true;
    Trees both;
    both.push_back(std::move(operand));
    both.push_back(std::move(right));
    return node(at, name + "DISTINCT FROM", std::move(both));
  }
  const Token& what = peek();
  if (!is_postfix_test(name + what.upper)) {
    return expected("NULL, TRUE, FALSE, UNKNOWN or DISTINCT FROM");
  }
  if (least > Binding::kIs) {  // `a = b IS NULL` asks whether `a = b` is
    at_ = before;
    return operand;
  }
  name += take().upper;
  if (name.ends_with("JSON")) {
    for (const char* kind : {"VALUE", "SCALAR", "ARRAY", "OBJECT"}) {
      if (peek().is_word(kind)) {
        name += " " + take().upper;
        break;
      }
    }
  }
  matched = true;
  return node(at, name, {std::move(operand)});
}

Result<Parser::Tree> Parser::parse_range(Tree operand, bool& matched) {
  const Token& at = peek();
  size_t ahead = at.is_word("NOT") ? 1 : 0;
  const Token word = peek(ahead);
  if (!word.is_word("BETWEEN") && !word.is_word("IN") && !word.is_word("LIKE") &&
      !word.is_word("ILIKE") && !word.is_word("SIMILAR")) {
    return operand;
  }
  matched = true;
  for (size_t i = 0; i <= ahead; ++i) take();
  std::string name = (ahead == 1 ? "NOT " : "") + word.upper;
  Trees operands;
  operands.push_back(std::move(operand));
  if (word.upper == "IN") {
    if (opens_query(0)) {
      return parse_subquery(at, ahead == 1 ? QueryUse::kNotIn : QueryUse::kIn, "",
                            std::move(operands));
    }
    DF_RETURN_IF_ERROR(expect_symbol("("));
    DF_ASSIGN_OR_RETURN(Trees list, parse_list(")"));
    if (list.empty()) return fail(at, "IN () has nothing to choose from");
    for (Tree& element : list) operands.push_back(std::move(element));
    return node(at, name, std::move(operands));
  }
  if (word.upper == "BETWEEN") {
    if (take_word("SYMMETRIC")) {
      name += " SYMMETRIC";
    } else {
      take_word("ASYMMETRIC");
    }
  }
  if (word.upper == "SIMILAR") {
    DF_RETURN_IF_ERROR(expect_word("TO"));
    name += " TO";
  }
  DF_ASSIGN_OR_RETURN(Tree second, parse_at(Binding::kSum));
  operands.push_back(std::move(second));
  if (word.upper == "BETWEEN") {
    DF_RETURN_IF_ERROR(expect_word("AND"));
    DF_ASSIGN_OR_RETURN(Tree upper, parse_at(Binding::kSum));
    operands.push_back(std::move(upper));
  } else if (take_word("ESCAPE")) {
    DF_ASSIGN_OR_RETURN(Tree escape, parse_at(Binding::kSum));
    operands.push_back(std::move(escape));
  }
  return node(at, name, std::move(operands));
}

Result<Parser::Tree> Parser::parse_sign() {
  const Token& at = peek();
  if (!at.is_symbol("-") && !at.is_symbol("+")) {
    DF_ASSIGN_OR_RETURN(Tree operand, parse_primary());
    return parse_postfix(std::move(operand));
  }
  take();
  TokenKind kind = peek().kind;
  if (at.text == "-" &&
      (kind == TokenKind::kInteger || kind == TokenKind::kDecimal || kind == TokenKind::kDouble)) {
    DF_ASSIGN_OR_RETURN(Tree number, parse_number(take(), true));
    return parse_postfix(std::move(number));
  }
  DF_ASSIGN_OR_RETURN(Tree operand, parse_at(Binding::kSign));
  return node(at, at.text, {std::move(operand)});
}

Result<Parser::Tree> Parser::parse_postfix(Tree operand) {
  while (true) {
    const Token& at = peek();
    if (take_symbol("[")) {
      DF_ASSIGN_OR_RETURN(Tree index, parse_at(Binding::kOr));
      DF_RETURN_IF_ERROR(expect_symbol("]"));
      Trees both;
      both.push_back(std::move(operand));
      both.push_back(std::move(index));
      DF_ASSIGN_OR_RETURN(operand, node(at, "ITEM", std::move(both)));
    } else if (take_symbol(".")) {
      const Token& name = peek();
      if (name.kind != TokenKind::kWord && name.kind != TokenKind::kQuoted) {
        return expected("the name of a field");
      }
      take();
      Trees both;
      both.push_back(std::move(operand));
      both.push_back(text_leaf(name, name.text));
      DF_ASSIGN_OR_RETURN(operand, node(at, "FIELD", std::move(both)));
    } else if (take_symbol("::")) {
      DF_ASSIGN_OR_RETURN(operand, parse_double_colon(at, std::move(operand)));
    } else {
      return operand;
    }
  }
}

// `TEXT[]` is PostgreSQL's for ARRAY<TEXT>.
Result<Type> Parser::parse_type_here(size_t from_token) {
  size_t from = tokens_[from_token].from;
  size_t end = at_;
  while (end >= from_token + 3 && tokens_[end - 1].is_symbol("]") &&
         tokens_[end - 2].is_symbol("[")) {
    end -= 2;
  }
  size_t dimensions = (at_ - end) / 2;
  Result<Type> type = parse_type(text_.substr(from, tokens_[end - 1].to - from));
  if (!type.ok()) return fail(tokens_[from_token], type.status().message());
  for (; peek().is_symbol("[") && peek(1).is_symbol("]"); ++dimensions) at_ += 2;
  for (; dimensions > 0; --dimensions) type = Type::array(std::move(*type));
  return type;
}

Result<ExpressionPtr> parse_expression(const std::string& text, Place start) {
  if (start.line < 1) start = {1, 1};
  DF_ASSIGN_OR_RETURN(std::vector<Token> tokens, tokenize(text, start));
  Parser parser(text, start, std::move(tokens));
  DF_ASSIGN_OR_RETURN(ExpressionPtr tree, parser.parse());
  if (parser.peek().kind != TokenKind::kEnd) {
    return parser.fail(parser.peek(),
                       "expected an operator or the end, found " + parser.peek().shown());
  }
  return tree;
}

}  // namespace dataflow::expr
