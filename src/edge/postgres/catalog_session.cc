#include <algorithm>
#include <utility>

#include "base/lower_case.h"
#include "catalog_rewrite.h"

namespace dataflow::postgres {
namespace {

using Kind = CatalogToken::Kind;

bool says_yes(const std::optional<std::string>& text) {
  const std::string word = lower_case(text.value_or(""));
  return word == "t" || word == "true" || word == "on" || word == "1" || word == "yes";
}

// pg_advisory_lock() and its like, of which there is one word for each.
bool is_advisory(const std::string& name) {
  return name.starts_with("pg_advisory_") || name.starts_with("pg_try_advisory_");
}

class Session {
 public:
  Session(const CatalogSession& session, const CatalogEvaluate& evaluate)
      : session_(session), evaluate_(evaluate) {}

  Result<CatalogTokens> replaced(const CatalogTokens& tokens) {
    CatalogTokens out;
    const std::vector<size_t> partner = partners(tokens);
    for (size_t at = 0; at < tokens.size(); ++at) {
      const bool called = tokens[at].is_name() && at + 2 < tokens.size() && tokens[at + 1].is("(");
      std::optional<CatalogToken> given;
      if (called) {
        DF_ASSIGN_OR_RETURN(given, call(tokens, at, partner));
      }
      out.push_back(given.value_or(tokens[at]));
      if (given) at = partner[at + 1];
    }
    return out;
  }

 private:
  using Values = std::vector<std::optional<std::string>>;

  // None: it is none of these.
  Result<std::optional<CatalogToken>> call(const CatalogTokens& tokens, size_t at,
                                           const std::vector<size_t>& partner) {
    using Given = std::optional<CatalogToken>;
    const std::string& name = tokens[at].text;
    if (name == "pg_backend_pid" && tokens[at + 2].is(")")) {
      return Given({Kind::kNumber, std::to_string(session_.process)});
    }
    if (session_.setting && name == "current_setting" && tokens[at + 2].kind == Kind::kString) {
      const std::optional<std::string> value = session_.setting(tokens[at + 2].text);
      return value ? Given(CatalogToken::string(*value)) : Given();
    }
    const bool sets = session_.set && name == "set_config";
    const bool locks = session_.advisory && is_advisory(name);
    if (!sets && !locks) return Given();
    const CatalogTokens inside(tokens.begin() + static_cast<std::ptrdiff_t>(at) + 2,
                               tokens.begin() + static_cast<std::ptrdiff_t>(partner[at + 1]));
    const Result<Values> values = values_of(inside);
    if (locks) return lock(name, values);
    // Of a row's columns nothing is set.
    if (!values.ok() || values->size() != 3 || !(*values)[0]) return Given();
    const std::string value = (*values)[1].value_or("");
    DF_RETURN_IF_ERROR(session_.set(*(*values)[0], value, says_yes((*values)[2])));
    return Given(CatalogToken::string(value));
  }

  Result<std::optional<CatalogToken>> lock(const std::string& name, const Result<Values>& values) {
    if (!values.ok()) {
      return Status::unsupported(
          name + "() takes what is known before any row is read: " + values.status().message());
    }
    std::vector<std::string> arguments;
    for (const std::optional<std::string>& value : *values) {
      if (!value) return std::optional(CatalogToken::word("null"));
      arguments.push_back(*value);
    }
    DF_ASSIGN_OR_RETURN(const std::optional<bool> given, session_.advisory(name, arguments));
    if (!given) return std::optional(CatalogToken::string(""));
    return std::optional(CatalogToken::word(*given ? "true" : "false"));
  }

  // Of the arguments, each as a text.
  Result<Values> values_of(const CatalogTokens& arguments) {
    Values values;
    CatalogTokens one;
    const std::vector<size_t> partner = partners(arguments);
    for (size_t at = 0; at <= arguments.size(); ++at) {
      if (at < arguments.size() && !arguments[at].is(",")) {
        for (const size_t end = std::max(at, partner[at]);; ++at) {
          one.push_back(arguments[at]);
          if (at == end) break;
        }
        continue;
      }
      if (one.empty() && arguments.empty()) break;
      DF_ASSIGN_OR_RETURN(std::optional<std::string> value, value_of(std::exchange(one, {})));
      values.push_back(std::move(value));
    }
    return values;
  }

  Result<std::optional<std::string>> value_of(CatalogTokens tokens) {
    using Text = std::optional<std::string>;
    if (tokens.size() == 1 && (tokens[0].kind == Kind::kString || tokens[0].kind == Kind::kNumber ||
                               tokens[0].is_word("true") || tokens[0].is_word("false"))) {
      return Text(tokens[0].text);
    }
    DF_ASSIGN_OR_RETURN(CatalogTokens known, replaced(tokens));
    CatalogTokens query = {CatalogToken::word("select"), CatalogToken::symbol("(")};
    query.insert(query.end(), known.begin(), known.end());
    for (const char* text : {")", "::"}) query.push_back(CatalogToken::symbol(text));
    query.push_back(CatalogToken::word("varchar"));
    return evaluate_(std::move(query));
  }

  const CatalogSession& session_;
  const CatalogEvaluate& evaluate_;
};

}  // namespace

Result<CatalogTokens> session_tokens(const CatalogTokens& tokens, const CatalogSession& session,
                                     const CatalogEvaluate& evaluate) {
  return Session(session, evaluate).replaced(tokens);
}

}  // namespace dataflow::postgres
