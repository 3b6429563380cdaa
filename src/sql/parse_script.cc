// Scripts and what begins each statement.
#include <algorithm>

#include "base/edit_distance.h"
#include "keywords.h"
#include "statement_parser.h"

namespace dataflow::sql {

namespace {

constexpr size_t kMaxText = 256 << 20;

Result<std::vector<Token>> words_of(const std::string& text) {
  if (text.size() > kMaxText) {
    return Status::invalid("the script is larger than 256 MiB; split it");
  }
  DF_ASSIGN_OR_RETURN(std::vector<Token> tokens,
                      expr::tokenize(text, {1, 1}, expr::TextKind::kStatements));
  if (tokens.size() > kMaxTokens) {
    return expr::error_at(
        text, {1, 1}, tokens[kMaxTokens].from,
        "a script has no more than " + std::to_string(kMaxTokens) + " words; split it");
  }
  for (const Token& token : tokens) {
    if (token.text.size() <= kMaxLiteral) continue;
    return expr::error_at(text, {1, 1}, token.from,
                          "what begins here is longer than " + std::to_string(kMaxLiteral >> 20) +
                              " MiB; read it from a file");
  }
  return tokens;
}

}  // namespace

Result<StatementAst> StatementParser::parse_statement() {
  const Token& first = peek();
  const size_t from = position();
  deepest_ = 0;
  DF_ASSIGN_OR_RETURN(StatementAst statement, parse_known_statement(first));
  statement.place = first.place;
  statement.text = text_between(from, position());
  return statement;
}

Result<StatementAst> StatementParser::parse_known_statement(const Token& first) {
  if (first.is_symbol("(") || begins_query(position())) {
    DF_ASSIGN_OR_RETURN(QueryPtr query, parse_query());
    return made<SelectStatement>(SelectStatement{std::move(query)});
  }
  if (first.kind != TokenKind::kWord) return expected("a statement");
  const std::string& word = first.upper;
  if (word == "INSERT") return made(parse_insert());
  if (at_words("EXECUTE STATEMENT SET") || at_words("BEGIN STATEMENT SET") ||
      at_words("STATEMENT SET")) {
    return made(parse_statement_set());
  }
  if (at_words("EXECUTE INSERT")) {
    take();
    return made(parse_insert());
  }
  if (word == "CREATE") return parse_create();
  if (word == "DROP") return made(parse_drop());
  if (word == "ALTER") return made(parse_alter());
  if (word == "UPDATE") return made(parse_update());
  if (word == "DELETE" || word == "TRUNCATE") return made(parse_delete());
  if (word == "SUBSCRIBE") return made(parse_subscribe());
  if (word == "SET") return made(parse_set());
  if (word == "RESET") return made(parse_reset());
  if (word == "SHOW") return made(parse_show());
  if (word == "DESCRIBE" || word == "DESC") return made(parse_describe());
  if (word == "EXPLAIN") return made(parse_explain());
  if (word == "USE") return made(parse_use());
  if (word == "FLUSH") return made(parse_flush());
  for (const char* transaction :
       {"BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE"}) {
    if (word == transaction) return made(parse_transaction());
  }
  return unknown_statement(first);
}

Status StatementParser::unknown_statement(const Token& first) const {
  for (const char* known : {"ADD", "ANALYZE", "CALL", "COMPILE", "COPY", "EXECUTE", "GRANT", "LOAD",
                            "MERGE", "REMOVE", "REVOKE", "STOP", "UNLOAD"}) {
    if (first.upper == known) return unsupported(first, first.upper);
  }
  return expected("a statement", suggestion(first.upper, statement_words()));
}

// Of a word that is out of place, the clause that it may have been meant to begin is named; so is
// one that has been taken for an alias.
Status StatementParser::expect_end() {
  const Token& found = peek();
  if (found.kind == TokenKind::kEnd || found.is_symbol(";")) return {};
  std::string near;
  const std::vector<std::string>& words = clause_words();
  const bool clause = found.kind == TokenKind::kWord &&
                      std::find(words.begin(), words.end(), found.upper) != words.end();
  if (clause && (found.upper == "ORDER" || found.upper == "GROUP") && !peek(1).is_word("BY")) {
    take();
    return expected("BY");
  }
  if (found.kind == TokenKind::kWord && !clause) near = suggestion(found.upper, words);
  if (near.empty() && position() > 0) {
    const Token& before = token(position() - 1);
    if (before.kind == TokenKind::kWord && !ends_before_alias(before.upper)) {
      near = suggestion(before.upper, clause_words());
      if (!near.empty()) near += " (instead of `" + before.text + "`)";
    }
  }
  return expected("the end of the statement", near);
}

Result<std::vector<StatementAst>> StatementParser::parse_script() {
  std::vector<StatementAst> statements;
  while (true) {
    while (take_symbol(";")) continue;
    if (peek().kind == TokenKind::kEnd) return statements;
    DF_ASSIGN_OR_RETURN(StatementAst statement, parse_statement());
    DF_RETURN_IF_ERROR(expect_end());
    statements.push_back(std::move(statement));
  }
}

Result<StatementAst> StatementParser::parse_single() {
  DF_ASSIGN_OR_RETURN(StatementAst statement, parse_statement());
  DF_RETURN_IF_ERROR(expect_end());
  while (take_symbol(";")) continue;
  if (peek().kind != TokenKind::kEnd) return expected("nothing behind the one statement");
  return statement;
}

Result<std::vector<StatementAst>> parse_script(const std::string& text) {
  DF_ASSIGN_OR_RETURN(std::vector<Token> tokens, words_of(text));
  return StatementParser(text, std::move(tokens)).parse_script();
}

Result<std::vector<StatementAst>> parse_script(const std::string& text, Parameters& parameters) {
  DF_ASSIGN_OR_RETURN(std::vector<Token> tokens, words_of(text));
  return StatementParser(text, std::move(tokens), &parameters).parse_script();
}

Result<StatementAst> parse_statement(const std::string& text) {
  DF_ASSIGN_OR_RETURN(std::vector<Token> tokens, words_of(text));
  return StatementParser(text, std::move(tokens)).parse_single();
}

Status error_at(const std::string& text, Place place, const std::string& what) {
  size_t at = 0;
  for (int line = 1; line < place.line && at < text.size(); ++at) {
    if (text[at] == '\n') ++line;
  }
  for (int column = 1; column < place.column && at < text.size(); ++column) {
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
  }
  return expr::error_at(text, {1, 1}, at, what);
}

}  // namespace dataflow::sql
