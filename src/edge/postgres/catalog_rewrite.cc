#include "catalog_rewrite.h"

#include <array>
#include <utility>

#include "catalog_words.h"

namespace dataflow::postgres {
namespace {

using Kind = CatalogToken::Kind;

constexpr int kMostLookups = 2000;  // casts that have to find where their operand begins

// Types whose values are shown by name and are numbers otherwise, with what their functions are
// called: own_<x>_oid() and own_<x>_text().
std::string_view lookup_of(const std::string& type) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kTypes = {{
      {"regclass", "class"},
      {"regtype", "type"},
      {"regnamespace", "namespace"},
      {"regrole", "role"},
      {"regproc", "name"},
      {"regprocedure", "name"},
      {"regoper", "name"},
      {"regoperator", "name"},
  }};
  for (const auto& [name, lookup] : kTypes) {
    if (name == type) return lookup;
  }
  return {};
}

std::string_view other_type(const std::string& type) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 15> kTypes = {{
      {"oid", "pg_oid"},
      {"name", "pg_name"},
      {"char", "pg_char"},
      {"bpchar", "varchar"},
      {"unknown", "varchar"},
      {"cstring", "varchar"},
      {"aclitem", "varchar"},
      {"pg_node_tree", "varchar"},
      {"regconfig", "varchar"},
      {"inet", "varchar"},
      {"xid", "bigint"},
      {"xid8", "bigint"},
      {"int2vector", "pg_int2vector"},
      {"jsonb", "json"},
      {"citext", "varchar"},
  }};
  for (const auto& [name, other] : kTypes) {
    if (name == type) return other;
  }
  return {};
}

bool is_text_type(const CatalogToken& token) {
  return token.is_word("text") || token.is_word("varchar");
}

// PostgreSQL counts the parts of these from 0.
bool counts_from_zero(const CatalogToken& token) {
  if (!token.is_name()) return false;
  for (const std::string_view end :
       {"indkey", "indoption", "indclass", "indcollation", "prattrs"}) {
    if (token.text.ends_with(end)) return true;
  }
  return false;
}

class Rewriter {
 public:
  explicit Rewriter(const CatalogTokens& in)
      : in_(in), partner_(partners(in)), aliases_(in.size(), Alias::kPlain) {}

  Result<CatalogTokens> take() {
    while (at_ < in_.size()) {
      while (!closings_.empty() && closings_.back().at == at_) close();
      DF_RETURN_IF_ERROR(one());
    }
    while (!closings_.empty()) close();
    return std::move(out_);
  }

 private:
  // What an alias in FROM is put as.
  enum class Alias : uint8_t { kPlain, kTableAndColumn, kScalar };

  const CatalogToken& token() const { return in_[at_]; }
  bool next_is(std::string_view symbol) const {
    return at_ + 1 < in_.size() && in_[at_ + 1].is(symbol);
  }
  bool after_dot() const { return !out_.empty() && out_.back().is("."); }
  void put(CatalogToken token) { out_.push_back(std::move(token)); }

  void close() {
    const bool like = closings_.back().like;
    closings_.pop_back();
    if (like) {
      put(CatalogToken::word("escape"));
      return put(CatalogToken::string("\\"));
    }
    for (const char* text : {")", "||"}) put(CatalogToken::symbol(text));
    put(CatalogToken::string(")(?s:.*)"));
    put(CatalogToken::symbol(")"));
  }

  Status one() {
    const CatalogToken& now = token();
    if (aliases_[at_] != Alias::kPlain) return alias(), Status();
    if (now.is("::")) return cast();
    if (now.kind == Kind::kString) return put_string();
    if (now.is("~") || now.is("~*") || now.is("!~") || now.is("!~*")) return match();
    if (now.is("[") && !out_.empty() && counts_from_zero(out_.back())) return subscript();
    if (now.is_word("like") || now.is_word("ilike")) return like();
    if (now.kind == Kind::kWord && word()) return {};
    put(now);
    ++at_;
    return {};
  }

  // Whether the word has been replaced.
  bool word() {
    const std::string& text = token().text;
    if (after_dot()) return false;
    const bool alias = !out_.empty() && out_.back().is_word("as");
    const bool user = text == "current_user" || text == "session_user" || text == "current_role" ||
                      text == "user";
    const bool called = next_is("(");
    if (user && !alias && !next_is(".") && !follows_operand()) {
      call(called, "own_user");
    } else if (text == "current_catalog" && !alias) {
      call(called, "current_database");
    } else if (text == "current_schema" && !alias && !called) {
      call(called, "current_schema");
    } else if ((text == "json_build_object" || text == "jsonb_build_object") && called) {
      put(CatalogToken::word("json_object"));
      ++at_;
    } else if (is_table_function(text) && called && !out_.empty() &&
               (out_.back().is_word("from") || out_.back().is_word("join"))) {
      table_function();
    } else if (text == "string_to_array" && called && !out_.empty() && out_.back().is(",") &&
               alias_of_call() != 0) {
      scalar_in_from(alias_of_call());
    } else {
      return false;
    }
    return true;
  }

  // A name right behind an operand is its alias.
  bool follows_operand() const {
    if (out_.empty()) return false;
    const CatalogToken& last = out_.back();
    return last.is(")") || last.is("]") || last.kind == Kind::kString ||
           last.kind == Kind::kNumber || is_plain_name(last);
  }

  void call(bool called, const char* function) {
    put(CatalogToken::word(function));
    ++at_;
    if (called) return;
    put(CatalogToken::symbol("("));
    put(CatalogToken::symbol(")"));
  }

  static bool is_table_function(const std::string& text) {
    return text == "unnest" || text == "generate_series" || text == "generate_subscripts";
  }

  // The name behind the call at at_, or 0.
  size_t alias_of_call() const {
    size_t alias = partner_[at_ + 1] + 1;
    if (alias < in_.size() && in_[alias].is_word("as")) ++alias;
    const bool named = alias < in_.size() && is_plain_name(in_[alias]);
    return named && !(alias + 1 < in_.size() && in_[alias + 1].is("(")) ? alias : 0;
  }

  // f(…) x: to PostgreSQL x is the column, too, which DuckDB has to be told: f(…) x(x).
  void table_function() {
    if (const size_t alias = alias_of_call(); alias != 0) aliases_[alias] = Alias::kTableAndColumn;
    put(token());
    ++at_;
  }

  // A table of one value: (select f(…) as x) x.
  void scalar_in_from(size_t alias) {
    aliases_[alias] = Alias::kScalar;
    put(CatalogToken::symbol("("));
    put(CatalogToken::word("select"));
    put(token());
    ++at_;
  }

  void alias() {
    const CatalogToken name = token();
    if (aliases_[at_++] == Alias::kTableAndColumn) {
      put(name);
      put(CatalogToken::symbol("("));
      put(name);
      return put(CatalogToken::symbol(")"));
    }
    if (!out_.back().is_word("as")) put(CatalogToken::word("as"));
    put(name);
    put(CatalogToken::symbol(")"));
    put(name);
  }

  Status put_string() {
    const std::string& text = token().text;
    const bool braces = text.size() > 1 && text.front() == '{' && text.back() == '}';
    const bool numbers = text.find_first_not_of("{}0123456789,") == std::string::npos;
    const bool to_array = next_is("::") && at_ + 3 < in_.size() && in_[at_ + 3].is("[");
    if (braces && (numbers || to_array)) {
      put(CatalogToken::string('[' + text.substr(1, text.size() - 2) + ']'));
    } else {
      put(token());
    }
    ++at_;
    return {};
  }

  // DuckDB's ~ holds the whole text against the pattern, PostgreSQL's looks for it inside.
  Status match() {
    const bool negated = token().text.front() == '!';
    const std::string begin = token().text.back() == '*' ? "(?s:.*)(?i:" : "(?s:.*)(?:";
    put(CatalogToken::symbol(negated ? "!~" : "~"));
    ++at_;
    if (at_ == in_.size()) return Status::invalid("syntax error at end of input");
    if (token().kind == Kind::kString) {
      put(CatalogToken::string(begin + token().text + ")(?s:.*)"));
      ++at_;
      return {};
    }
    put(CatalogToken::symbol("("));
    put(CatalogToken::string(begin));
    put(CatalogToken::symbol("||"));
    put(CatalogToken::symbol("("));
    closings_.push_back({operand_end(at_), false});
    return {};
  }

  // A backslash takes the meaning from % and _ where nothing else is said; DuckDB has to be told.
  Status like() {
    put(token());
    if (++at_ == in_.size()) return Status::invalid("syntax error at end of input");
    if (token().is_word("any") || token().is_word("all") || token().is_word("some")) return {};
    size_t end = operand_end(at_);
    while (end + 1 < in_.size() && in_[end].is("||")) end = operand_end(end + 1);
    if (end < in_.size() && in_[end].is_word("escape")) return {};
    closings_.push_back({end, true});
    return {};
  }

  size_t operand_end(size_t at) const {
    if (in_[at].kind == Kind::kString || in_[at].kind == Kind::kNumber) {
      ++at;
    } else {
      while (at + 1 < in_.size() && in_[at].is_name() && in_[at + 1].is(".")) at += 2;
      if (at < in_.size() && in_[at].is_name()) ++at;
      while (at < in_.size() && (in_[at].is("(") || in_[at].is("["))) at = partner_[at] + 1;
    }
    while (at + 1 < in_.size() && in_[at].is("::")) at += 2;
    return at;
  }

  Status subscript() {
    const size_t close = partner_[at_];
    CatalogTokens inside(in_.begin() + static_cast<std::ptrdiff_t>(at_) + 1,
                         in_.begin() + static_cast<std::ptrdiff_t>(close));
    DF_ASSIGN_OR_RETURN(CatalogTokens index, duck_tokens(inside));
    for (const char* text : {"[", "1", "+", "("}) put(CatalogToken::symbol(text));
    out_.insert(out_.end(), index.begin(), index.end());
    for (const char* text : {")", "]"}) put(CatalogToken::symbol(text));
    at_ = close + 1;
    return {};
  }

  Status cast() {
    if (at_ + 1 == in_.size() || !in_[at_ + 1].is_name() || out_.empty()) {
      return Status::invalid("syntax error at or near \"::\"");
    }
    const CatalogToken& type = in_[at_ + 1];
    const std::string_view lookup = lookup_of(type.text);
    const bool list = at_ + 2 < in_.size() && in_[at_ + 2].is("[");
    if (!lookup.empty() && !list) return look_up(lookup);
    if (is_text_type(type) && swap_suffix("_oid", "_text")) return at_ += 2, Status();
    if (type.is_name("oid") && swap_suffix("_text", "_oid")) return at_ += 2, Status();
    put(token());
    const std::string_view other =
        lookup.empty() ? other_type(type.text) : std::string_view("pg_oid");
    // "char" is not char, which is a text.
    const bool plain_char = type.is_word("char");
    put(other.empty() || plain_char ? type : CatalogToken::word(std::string(other)));
    at_ += 2;
    return {};
  }

  // Of the call own_x_…(…) that stands at the end: what it gives.
  bool swap_suffix(std::string_view from, std::string_view to) {
    if (last_lookup_ == static_cast<size_t>(-1) || lookup_end_ != out_.size()) return false;
    std::string& name = out_[last_lookup_].text;
    if (name.ends_with(from)) name.replace(name.size() - from.size(), from.size(), to);
    return true;
  }

  Status look_up(std::string_view lookup) {
    if (++lookups_ > kMostLookups) return Status::too_large("the statement has too many casts");
    const size_t start = operand_start(out_.size());
    const bool literal = start + 1 == out_.size() && out_[start].kind == Kind::kString;
    at_ += 2;
    const bool compared = (start > 0 && is_comparison(out_[start - 1])) ||
                          (at_ < in_.size() && is_comparison(in_[at_]));
    const std::string function =
        "own_" + std::string(lookup) + (literal || compared ? "_oid" : "_text");
    const auto place = out_.begin() + static_cast<std::ptrdiff_t>(start);
    out_.insert(place, {CatalogToken::word(function), CatalogToken::symbol("(")});
    put(CatalogToken::symbol(")"));
    last_lookup_ = start;
    lookup_end_ = out_.size();
    return {};
  }

  static bool is_comparison(const CatalogToken& token) {
    return token.is("=") || token.is("<>") || token.is("!=");
  }

  // Where the operand that ends before `end` of what has been put begins.
  size_t operand_start(size_t end) const {
    size_t at = end - 1;
    while (true) {
      while (at > 0 && (out_[at].is("]") || out_[at].is(")"))) {
        const bool list = out_[at].is("]");
        at = opening(at);
        if (at == 0) return at;
        const CatalogToken& before = out_[at - 1];
        const bool more = list ? before.is("]") || before.is(")") || is_plain_name(before) ||
                                     before.is_word("array")
                               : is_plain_name(before);
        if (!more) return at;
        --at;
      }
      while (at > 1 && out_[at].is_name() && out_[at - 1].is(".")) at -= 2;
      if (at < 2 || !out_[at - 1].is("::")) return at;
      at -= 2;  // the operand of the cast in front
    }
  }

  size_t opening(size_t at) const {
    int depth = 0;
    for (;; --at) {
      if (out_[at].is(")") || out_[at].is("]")) ++depth;
      if (out_[at].is("(") || out_[at].is("[")) --depth;
      if (depth == 0 || at == 0) return at;
    }
  }

  const CatalogTokens& in_;
  std::vector<size_t> partner_;
  std::vector<Alias> aliases_;  // of each token
  size_t at_ = 0;
  CatalogTokens out_;
  struct Closing {
    size_t at;
    bool like;
  };
  std::vector<Closing> closings_;  // of patterns, the innermost last
  int lookups_ = 0;
  size_t last_lookup_ = static_cast<size_t>(-1);
  size_t lookup_end_ = 0;
};

}  // namespace

Result<CatalogTokens> duck_tokens(const CatalogTokens& tokens) { return Rewriter(tokens).take(); }

}  // namespace dataflow::postgres
