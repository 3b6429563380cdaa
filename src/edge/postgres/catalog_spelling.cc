#include <algorithm>
#include <array>

#include "catalog_rewrite.h"
#include "catalog_words.h"

namespace dataflow::postgres {
namespace {

using Kind = CatalogToken::Kind;

constexpr size_t kNone = static_cast<size_t>(-1);

bool is_one_of(const CatalogToken& token, std::initializer_list<std::string_view> names) {
  return token.is_name() && std::find(names.begin(), names.end(), token.text) != names.end();
}

// Columns that hold functions, which are kept by their names.
bool holds_function(const CatalogToken& token) {
  return is_one_of(token, {"typinput", "typoutput", "typreceive", "typsend", "typmodin",
                           "typmodout", "typanalyze", "typsubscript"});
}

bool compares(const CatalogToken& token) {
  return token.is("=") || token.is("<>") || token.is("!=");
}

// p.oid = t.typreceive asks for the function of that name; typreceive <> 0 whether there is one.
void name_functions(CatalogTokens& tokens) {
  for (size_t at = 2; at + 1 < tokens.size(); ++at) {
    if (!compares(tokens[at])) continue;
    const bool left = holds_function(tokens[at - 1]);
    if (left && tokens[at + 1].kind == Kind::kNumber) tokens[at + 1] = CatalogToken::string("-");
    const size_t last = at + 3;
    const bool right_named = last < tokens.size() && tokens[at + 2].is(".");
    if (left && right_named && tokens[last].is_name("oid")) {
      tokens[last] = CatalogToken::word("proname");
    }
    if (right_named && holds_function(tokens[last]) && tokens[at - 1].is_name("oid")) {
      tokens[at - 1] = CatalogToken::word("proname");
    }
  }
}

// xmin, ctid and tableoid, which every row of PostgreSQL's has. Clients look for the last with what
// pg_class describes.
CatalogTokens without_hidden_columns(CatalogTokens tokens) {
  CatalogTokens out;
  for (size_t at = 0; at < tokens.size(); ++at) {
    const bool row = tokens[at].is_word("ctid");
    const bool table = tokens[at].is_word("tableoid");
    const bool aliased = !out.empty() && out.back().is_word("as");
    const bool called =
        at + 1 < tokens.size() && (tokens[at + 1].is("(") || tokens[at + 1].is("."));
    if ((!row && !table && !tokens[at].is_word("xmin")) || aliased || called) {
      out.push_back(std::move(tokens[at]));
      continue;
    }
    while (out.size() > 1 && out.back().is(".")) out.resize(out.size() - 2);
    out.push_back(row ? CatalogToken::string("(0,1)")
                      : CatalogToken{Kind::kNumber, table ? "1259" : "1"});
  }
  return out;
}

// generate_subscripts(a, 1): unnest(range(1, len(a) + 1)), from 0 for what PostgreSQL counts so.
CatalogTokens with_subscripts(const CatalogTokens& tokens) {
  CatalogTokens out;
  const std::vector<size_t> partner = partners(tokens);
  for (size_t at = 0; at < tokens.size(); ++at) {
    if (!tokens[at].is_word("generate_subscripts") || at + 1 == tokens.size() ||
        !tokens[at + 1].is("(")) {
      out.push_back(tokens[at]);
      continue;
    }
    const size_t close = partner[at + 1];
    size_t comma = at + 2;
    while (comma < close && !tokens[comma].is(",")) comma = std::max(comma, partner[comma]) + 1;
    const bool vector = is_one_of(tokens[comma - 1], {"indkey", "indoption", "indclass"});
    const auto put = [&out](std::initializer_list<const char*> words) {
      for (const char* word : words) {
        const bool name = word[0] >= 'a';
        out.push_back(name ? CatalogToken::word(word) : CatalogToken::symbol(word));
      }
    };
    put({"unnest", "(", "range", "("});
    out.push_back({Kind::kNumber, vector ? "0" : "1"});
    put({",", "len", "("});
    out.insert(out.end(), tokens.begin() + static_cast<std::ptrdiff_t>(at) + 2,
               tokens.begin() + static_cast<std::ptrdiff_t>(comma));
    put({")", "+"});
    out.push_back({Kind::kNumber, vector ? "0" : "1"});
    put({")", ")"});
    at = close;
  }
  return out;
}

// The names alone in ORDER BY outside of parentheses.
std::vector<std::string> ordered_by(const CatalogTokens& tokens,
                                    const std::vector<size_t>& partner) {
  std::vector<std::string> names;
  bool ordering = false;
  for (size_t at = 0; at < tokens.size(); at = std::max(at, partner[at]) + 1) {
    if (tokens[at].is_word("by") && at > 0 && tokens[at - 1].is_word("order")) ordering = true;
    if (!ordering || !is_plain_name(tokens[at])) continue;
    const bool first = tokens[at - 1].is_word("by") || tokens[at - 1].is(",");
    const bool alone =
        at + 1 == tokens.size() || !(tokens[at + 1].is(".") || tokens[at + 1].is("("));
    if (first && alone) names.push_back(tokens[at].text);
  }
  return names;
}

// SELECT t.oid … ORDER BY oid: the column that is selected is meant, to PostgreSQL.
CatalogTokens with_ordered_names(const CatalogTokens& tokens) {
  const std::vector<size_t> partner = partners(tokens);
  const std::vector<std::string> names = ordered_by(tokens, partner);
  if (names.empty() || tokens.empty() || !tokens[0].is_word("select")) return tokens;
  CatalogTokens out;
  size_t in_list = 0;  // what is in front of it begins an item
  size_t close = kNone;
  bool list = true;
  for (size_t at = 0; at < tokens.size(); ++at) {
    out.push_back(tokens[at]);
    if (close != kNone && at < close) continue;
    close = kNone;
    if (partner[at] > at) {
      close = partner[at];
      continue;
    }
    if (tokens[at].is_word("from")) list = false;
    if (tokens[at].is(",")) in_list = at;
    const bool ends =
        at + 1 < tokens.size() && (tokens[at + 1].is(",") || tokens[at + 1].is_word("from"));
    const bool path = at == in_list + 3 && tokens[at].is_name() && tokens[at - 1].is(".");
    if (!list || !ends || !path) continue;
    if (std::find(names.begin(), names.end(), tokens[at].text) == names.end()) continue;
    out.push_back(CatalogToken::word("as"));
    out.push_back(tokens[at]);
  }
  return out;
}

}  // namespace

CatalogTokens spelt_for_duck(CatalogTokens tokens) {
  name_functions(tokens);
  return with_ordered_names(with_subscripts(without_hidden_columns(std::move(tokens))));
}

}  // namespace dataflow::postgres
