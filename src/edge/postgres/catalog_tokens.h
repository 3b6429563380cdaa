// The words of a statement in PostgreSQL's dialect, which has operators and strings that ours has
// not.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace dataflow::postgres {

struct CatalogToken {
  enum class Kind : uint8_t {
    kWord,       // in small letters
    kQuoted,     // an identifier; without its quotes
    kString,     // what it stands for
    kNumber,     // as written
    kParameter,  // $1: "1"
    kSymbol,     // punctuation, or an operator
  };
  Kind kind = Kind::kSymbol;
  std::string text;

  bool is(std::string_view symbol) const { return kind == Kind::kSymbol && text == symbol; }
  bool is_word(std::string_view word) const { return kind == Kind::kWord && text == word; }
  // A word or a quoted one: what may be a name.
  bool is_name() const { return kind == Kind::kWord || kind == Kind::kQuoted; }
  bool is_name(std::string_view name) const { return is_name() && text == name; }

  static CatalogToken word(std::string text) { return {Kind::kWord, std::move(text)}; }
  static CatalogToken symbol(std::string text) { return {Kind::kSymbol, std::move(text)}; }
  static CatalogToken string(std::string text) { return {Kind::kString, std::move(text)}; }
};
using CatalogTokens = std::vector<CatalogToken>;

// Without comments and without the `;` at the end. kInvalid for unfinished strings, parentheses
// that do not match or nest too deep, a second statement; kTooLarge for one of 256 KiB.
Result<CatalogTokens> catalog_tokens(std::string_view statement);

// Of each parenthesis and bracket the place of the other one; of others their own.
std::vector<size_t> partners(const CatalogTokens& tokens);

// As a text that DuckDB reads.
std::string to_text(const CatalogTokens& tokens);

}  // namespace dataflow::postgres
