#include "catalog_asked.h"

#include <algorithm>
#include <set>

#include "catalog_functions.h"
#include "catalog_tables.h"
#include "catalog_words.h"

namespace dataflow::postgres {
namespace {

bool is_catalog_table(const std::string& name) {
  const auto tables = catalog_tables();
  return std::any_of(tables.begin(), tables.end(),
                     [&name](const CatalogTable& table) { return table.name == name; });
}

class Asked {
 public:
  explicit Asked(const CatalogTokens& tokens) : tokens_(tokens), partner_(partners(tokens)) {}

  bool of_catalog() {
    find_common_tables();
    std::vector<bool> in_from{false};  // of each parenthesis that is open
    bool expects_table = false;
    for (size_t at = 0; at < tokens_.size(); ++at) {
      const CatalogToken& token = tokens_[at];
      if (token.is("(")) {
        // A join in parentheses goes on in FROM, a subquery begins anew.
        in_from.push_back(expects_table);
      } else if (token.is(")")) {
        if (in_from.size() > 1) in_from.pop_back();
        expects_table = false;
      } else if (token.is_word("select") || token.is_word("values")) {
        in_from.back() = expects_table = false;
      } else if (begins_from(at)) {
        in_from.back() = expects_table = true;
      } else if (token.is_word("join") || (token.is(",") && in_from.back())) {
        expects_table = true;
      } else if (ends_from(token)) {
        in_from.back() = expects_table = false;
      } else if (expects_table && token.is_word("lateral")) {
        continue;
      } else if (expects_table && token.is_name()) {
        at = table(at);
        expects_table = false;
      } else {
        function(at);
      }
    }
    return !of_user_ && (of_catalog_ || function_);
  }

 private:
  bool is(size_t at, std::string_view symbol) const {
    return at < tokens_.size() && tokens_[at].is(symbol);
  }

  // WITH x AS (…), y(a) AS (…)
  void find_common_tables() {
    for (size_t at = 0; at + 2 < tokens_.size(); ++at) {
      if (!tokens_[at].is_name()) continue;
      size_t as = at + 1;
      if (is(as, "(")) as = partner_[as] + 1;
      if (as < tokens_.size() && tokens_[as].is_word("as") && is(as + 1, "(")) {
        common_.insert(tokens_[at].text);
      }
    }
  }

  // Not that of EXTRACT(x FROM y), IS DISTINCT FROM and the like.
  bool begins_from(size_t at) const {
    if (!tokens_[at].is_word("from")) return false;
    if (at > 0 && tokens_[at - 1].is_word("distinct")) return false;
    for (size_t i = at; i-- > 0;) {
      if (tokens_[i].is(")") || tokens_[i].is("]")) {
        i = partner_[i];
      } else if (tokens_[i].is("(")) {
        return false;
      } else if (tokens_[i].is_word("select")) {
        return true;
      }
    }
    return false;
  }

  static bool ends_from(const CatalogToken& token) {
    for (const char* word : {"where", "group", "order", "having", "limit", "offset", "union",
                             "intersect", "except", "window", "on", "using", "for", "fetch"}) {
      if (token.is_word(word)) return token.text != "on" && token.text != "using";
    }
    return false;
  }

  // Gives the last token of its name.
  size_t table(size_t at) {
    std::string schema;
    while (is(at + 1, ".") && at + 2 < tokens_.size()) {
      schema = tokens_[at].text;
      at += 2;
    }
    const std::string& name = tokens_[at].text;
    if (is(at + 1, "(")) {
      function_ = function_ || is_catalog_function(name);
    } else if (schema == "pg_catalog" || schema == "information_schema" ||
               (schema.empty() && is_catalog_table(name))) {
      of_catalog_ = true;
    } else if (!schema.empty() || !common_.contains(name)) {
      of_user_ = true;
    }
    return at;
  }

  void function(size_t at) {
    const CatalogToken& token = tokens_[at];
    if (!token.is_name() || is(at + 1, ".")) return;
    const bool plain = at == 0 || !tokens_[at - 1].is(".");
    const bool in_catalog = at > 1 && !plain && tokens_[at - 2].is_name("pg_catalog");
    const bool cast = at > 0 && tokens_[at - 1].is("::");
    const bool word = plain && (token.is_word("current_user") || token.is_word("session_user") ||
                                token.is_word("current_catalog") ||
                                token.is_word("current_schema") || token.is_word("current_role"));
    const bool lookup = token.text.starts_with("reg") && (cast || in_catalog);
    const bool called = is(at + 1, "(") && (plain || in_catalog);
    if (word || (lookup && is_catalog_function(token.text)) ||
        (called && is_catalog_function(token.text))) {
      function_ = true;
    }
  }

  const CatalogTokens& tokens_;
  std::vector<size_t> partner_;
  std::set<std::string> common_;
  bool of_catalog_ = false;
  bool of_user_ = false;
  bool function_ = false;
};

}  // namespace

bool is_query(const CatalogTokens& tokens) {
  for (const CatalogToken& token : tokens) {
    if (!token.is("(")) return token.is_word("select") || token.is_word("with");
  }
  return false;
}

bool asks_of_catalog(std::string_view statement) {
  const Result<CatalogTokens> tokens = catalog_tokens(statement);
  return tokens.ok() && is_query(*tokens) && Asked(*tokens).of_catalog();
}

}  // namespace dataflow::postgres
