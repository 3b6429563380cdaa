// Words that are no names, for whoever looks for the end of an expression.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include "catalog_tokens.h"

namespace dataflow::postgres {

inline bool is_clause_word(const CatalogToken& token) {
  static constexpr std::array<std::string_view, 55> kWords = {
      "all",   "and",       "any",      "as",        "asc",   "between", "by",      "case",
      "cross", "desc",      "distinct", "else",      "end",   "escape",  "except",  "exists",
      "fetch", "for",       "from",     "full",      "group", "having",  "ilike",   "in",
      "inner", "intersect", "is",       "isnull",    "join",  "lateral", "left",    "like",
      "limit", "natural",   "not",      "notnull",   "null",  "offset",  "on",      "or",
      "order", "outer",     "over",     "returning", "right", "select",  "similar", "some",
      "then",  "union",     "using",    "values",    "when",  "where",   "with"};
  return token.kind == CatalogToken::Kind::kWord &&
         std::find(kWords.begin(), kWords.end(), token.text) != kWords.end();
}

// A name of a column, a table or a function.
inline bool is_plain_name(const CatalogToken& token) {
  return token.is_name() && !is_clause_word(token);
}

}  // namespace dataflow::postgres
