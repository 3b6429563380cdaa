// StatementParser: words, names, options, types.
#include <algorithm>

#include "keywords.h"
#include "statement_parser.h"

namespace dataflow::sql {

StatementParser::StatementParser(std::string_view text, std::vector<Token> tokens,
                                 Parameters* parameters)
    : expr::Parser(text, {1, 1}, std::move(tokens)),
      parameters_(parameters),
      closing_(token_count()) {
  std::vector<size_t> open;
  for (size_t i = 0; i < token_count(); ++i) {
    if (token(i).is_symbol("(")) open.push_back(i);
    if (token(i).is_symbol(")") && !open.empty()) {
      closing_[open.back()] = i;
      open.pop_back();
    }
  }
}

bool StatementParser::at_words(std::string_view words) const {
  for (size_t ahead = 0;; ++ahead) {
    const size_t blank = std::min(words.find(' '), words.size());
    if (!peek(ahead).is_word(words.substr(0, blank))) return false;
    if (blank == words.size()) return true;
    words.remove_prefix(blank + 1);
  }
}

bool StatementParser::take_words(std::string_view words) {
  if (!at_words(words)) return false;
  for (auto n = 1 + std::count(words.begin(), words.end(), ' '); n > 0; --n) take();
  return true;
}

Status StatementParser::expect_words(std::string_view words) {
  if (take_words(words)) return {};
  return expected(std::string(words));
}

bool StatementParser::is_name(const Token& token) {
  return token.kind == TokenKind::kQuoted ||
         (token.kind == TokenKind::kWord && !is_clause_word(token.upper));
}

Result<std::string> StatementParser::parse_name(const std::string& what) {
  const Token& name = peek();
  if (is_name(name)) return take().text;
  if (name.kind != TokenKind::kWord) return expected(what);
  return fail(name, "expected " + what + ", found the keyword " + name.upper +
                        "; as a name it stands in backticks: `" + name.text + "`");
}

Result<Name> StatementParser::parse_qualified(const std::string& what) {
  Name name;
  name.place = peek().place;
  DF_ASSIGN_OR_RETURN(std::string part, parse_name(what));
  name.parts.push_back(std::move(part));
  while (take_symbol(".")) {
    const Token& next = peek();
    if (next.kind != TokenKind::kWord && next.kind != TokenKind::kQuoted) return expected(what);
    name.parts.push_back(take().text);
  }
  return name;
}

Result<std::vector<Name>> StatementParser::parse_names(const std::string& what) {
  std::vector<Name> names;
  DF_RETURN_IF_ERROR(expect_symbol("("));
  do {
    DF_RETURN_IF_ERROR(count_column(peek(), names.size()));
    DF_ASSIGN_OR_RETURN(Name name, parse_qualified(what));
    names.push_back(std::move(name));
  } while (take_symbol(","));
  if (!take_symbol(")")) return expected("`,` or `)`");
  return names;
}

Result<std::vector<std::string>> StatementParser::parse_plain_names(const std::string& what) {
  std::vector<std::string> names;
  DF_RETURN_IF_ERROR(expect_symbol("("));
  do {
    DF_RETURN_IF_ERROR(count_column(peek(), names.size()));
    DF_ASSIGN_OR_RETURN(std::string name, parse_name(what));
    names.push_back(std::move(name));
  } while (take_symbol(","));
  if (!take_symbol(")")) return expected("`,` or `)`");
  return names;
}

Result<std::string> StatementParser::parse_string(const std::string& what) {
  if (peek().kind != TokenKind::kString) return expected(what);
  return take().text;
}

Result<std::string> StatementParser::parse_alias() {
  if (take_word("AS")) return parse_name("an alias");
  const Token& word = peek();
  if (word.kind == TokenKind::kQuoted) return take().text;
  if (word.kind != TokenKind::kWord || ends_before_alias(word.upper)) return std::string();
  // These are names, unless what follows makes clauses of them.
  const Token& behind = peek(1);
  const bool joins = word.upper == "SEMI" || word.upper == "ANTI" || word.upper == "ASOF";
  if (joins && (behind.is_word("JOIN") || behind.is_word("LEFT"))) return std::string();
  if (word.upper == "EMIT" && (behind.is_word("ON") || behind.is_word("CHANGES"))) {
    return std::string();
  }
  if (in_test_ && (word.upper == "GIVEN" || word.upper == "EXPECT")) return std::string();
  return take().text;
}

// A text, or words with points and hyphens between them.
Result<std::string> StatementParser::parse_option_key() {
  if (peek().kind == TokenKind::kString) return take().text;
  if (peek().kind != TokenKind::kWord && peek().kind != TokenKind::kQuoted) {
    return expected("the key of an option, such as 'connector'");
  }
  std::string key = take().text;
  while (peek().is_symbol(".") || peek().is_symbol("-")) {
    key += take().text;
    const TokenKind kind = peek().kind;
    if (kind != TokenKind::kWord && kind != TokenKind::kQuoted && kind != TokenKind::kInteger) {
      return expected("the rest of the key");
    }
    key += take().text;
  }
  return key;
}

// ('key' = 'value', …)
Result<std::vector<OptionText>> StatementParser::parse_options() {
  std::vector<OptionText> options;
  DF_RETURN_IF_ERROR(expect_symbol("("));
  if (take_symbol(")")) return options;
  do {
    OptionText option;
    option.place = peek().place;
    DF_ASSIGN_OR_RETURN(option.key, parse_option_key());
    DF_RETURN_IF_ERROR(expect_symbol("="));
    const Token& value = peek();
    option.value_place = value.place;
    const bool number = value.kind == TokenKind::kInteger || value.kind == TokenKind::kDecimal;
    const bool truth = value.is_word("TRUE") || value.is_word("FALSE");
    if (value.kind != TokenKind::kString && !number && !truth) {
      return expected("the value of '" + option.key + "' as a text in quotes");
    }
    option.value = take().text;
    options.push_back(std::move(option));
  } while (take_symbol(","));
  if (!take_symbol(")")) return expected("`,` or `)`");
  return options;
}

Result<std::vector<OptionText>> StatementParser::parse_hints() {
  std::vector<OptionText> hints;
  while (take_symbol("/*+")) {
    DF_RETURN_IF_ERROR(expect_word("OPTIONS"));
    DF_ASSIGN_OR_RETURN(std::vector<OptionText> more, parse_options());
    for (OptionText& option : more) hints.push_back(std::move(option));
    DF_RETURN_IF_ERROR(expect_symbol("*/"));
  }
  return hints;
}

// The type ends before what may follow a column's: [NOT] NULL, METADATA, PRIMARY KEY, …
Result<Type> StatementParser::parse_column_type() {
  const size_t first = position();
  if (peek().kind != TokenKind::kWord) return expected("a type");
  const bool interval = take().upper == "INTERVAL";
  auto more = [&]() -> size_t {
    const Token& next = peek();
    for (const char* words : {"NOT NULL ARRAY", "NULL ARRAY", "NOT NULL MULTISET", "NULL MULTISET",
                              "WITH LOCAL TIME ZONE", "WITHOUT TIME ZONE", "WITH TIME ZONE"}) {
      if (at_words(words))
        return static_cast<size_t>(1 +
                                   std::count(words, words + std::string_view(words).size(), ' '));
    }
    for (const char* word : {"PRECISION", "VARYING", "ARRAY", "MULTISET"}) {
      if (next.is_word(word)) return 1;
    }
    if (!interval) return 0;
    for (const char* word : {"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND", "TO"}) {
      if (next.is_word(word)) return 1;
    }
    return 0;
  };
  while (true) {
    if (peek().is_symbol("(") || peek().is_symbol("<")) {
      int open = 0;
      do {
        const Token& next = take();
        if (next.kind == TokenKind::kEnd || next.is_symbol(";")) return expected("`)` or `>`");
        if (next.is_symbol("(") || next.is_symbol("<")) ++open;
        if (next.is_symbol(")") || next.is_symbol(">")) --open;
      } while (open > 0);
      continue;
    }
    if (peek().is_symbol("<>")) {
      take();
      continue;
    }
    size_t words = more();
    if (words == 0) break;
    while (words-- > 0) take();
  }
  return parse_type_here(first);
}

std::string StatementParser::text_between(size_t from_token, size_t end_token) const {
  if (end_token <= from_token) return {};
  const size_t from = token(from_token).from;
  return std::string(text().substr(from, token(end_token - 1).to - from));
}

Status StatementParser::unsupported(const Token& at, const std::string& what) const {
  return fail(at, what + " is not supported yet");
}

Status StatementParser::count_column(const Token& at, size_t count) const {
  if (count < kMaxColumns) return {};
  return fail(at, "more than " + std::to_string(kMaxColumns) + " columns");
}

}  // namespace dataflow::sql
