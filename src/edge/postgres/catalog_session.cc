#include "base/lower_case.h"
#include "catalog_rewrite.h"

namespace dataflow::postgres {
namespace {

using Kind = CatalogToken::Kind;

bool is_call(const CatalogTokens& tokens, size_t at, const char* name) {
  return at + 2 < tokens.size() && tokens[at].is_name(name) && tokens[at + 1].is("(");
}

// name ( 'text' , 'text' , true )
bool sets(const CatalogTokens& tokens, size_t at) {
  return is_call(tokens, at, "set_config") && at + 7 < tokens.size() &&
         tokens[at + 2].kind == Kind::kString && tokens[at + 3].is(",") &&
         tokens[at + 4].kind == Kind::kString && tokens[at + 5].is(",") && tokens[at + 7].is(")");
}

bool says_yes(const CatalogToken& token) {
  const std::string word = lower_case(token.text);
  return word == "t" || word == "true" || word == "on" || word == "1";
}

}  // namespace

Result<CatalogTokens> session_tokens(CatalogTokens tokens, const CatalogSession& session) {
  CatalogTokens out;
  const std::vector<size_t> partner = partners(tokens);
  for (size_t at = 0; at < tokens.size(); ++at) {
    if (is_call(tokens, at, "pg_backend_pid") && tokens[at + 2].is(")")) {
      out.push_back({Kind::kNumber, std::to_string(session.process)});
      at += 2;
    } else if (session.set && sets(tokens, at)) {
      const std::string& value = tokens[at + 4].text;
      DF_RETURN_IF_ERROR(session.set(tokens[at + 2].text, value, says_yes(tokens[at + 6])));
      out.push_back(CatalogToken::string(value));
      at += 7;
    } else if (session.setting && is_call(tokens, at, "current_setting") &&
               tokens[at + 2].kind == Kind::kString) {
      const std::optional<std::string> value = session.setting(tokens[at + 2].text);
      if (!value) {
        out.push_back(std::move(tokens[at]));
        continue;
      }
      out.push_back(CatalogToken::string(*value));
      at = partner[at + 1];
    } else {
      out.push_back(std::move(tokens[at]));
    }
  }
  return out;
}

}  // namespace dataflow::postgres
