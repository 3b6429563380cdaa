#include "cast_oids.h"

#include <cstdlib>
#include <string>

#include "catalog_tables.h"
#include "catalog_tokens.h"
#include "type_map.h"

namespace dataflow::postgres {
namespace {

using Kind = CatalogToken::Kind;

constexpr size_t kMostWords = 4;  // "timestamp without time zone"
constexpr size_t kMostDigits = 5;

// By PostgreSQL's name of the type, in either of its forms.
const CatalogType* find_type(const std::string& name) {
  const bool integer = name == "int";
  for (const CatalogType& type : catalog_types()) {
    if (type.name == name || type.shown == name || (integer && type.name == "int4")) return &type;
  }
  return nullptr;
}

// The type whose name begins at `at`, 0 where it is none that values of ours can be of.
uint32_t oid_at(const CatalogTokens& tokens, const std::vector<size_t>& partner, size_t at) {
  std::string name;
  const CatalogType* found = nullptr;
  if (at + 2 < tokens.size() && tokens[at].is_name("pg_catalog") && tokens[at + 1].is(".")) at += 2;
  size_t behind = at;
  for (size_t i = at; i < tokens.size() && i < at + kMostWords && tokens[i].is_name(); ++i) {
    // In quotes it is another type, of one byte.
    const bool text = tokens[i].is_word("char");
    name += (name.empty() ? "" : " ") + (text ? std::string("character") : tokens[i].text);
    if (const CatalogType* type = find_type(name)) {
      found = type;
      behind = i + 1;
    }
  }
  if (found == nullptr) return 0;
  while (behind < tokens.size() && tokens[behind].is("(")) behind = partner[behind] + 1;
  const bool list = behind < tokens.size() && tokens[behind].is("[");
  const auto oid = static_cast<uint32_t>(list ? found->array : found->oid);
  return type_of_oid(oid) ? oid : 0;
}

// Of the parameter at `at`, where it is the number of an advisory lock or half of it.
uint32_t oid_of_lock(const CatalogTokens& tokens, size_t at) {
  const auto names_lock = [&](size_t name) {
    const std::string& text = tokens[name].text;
    return tokens[name].is_name() &&
           (text.starts_with("pg_advisory_") || text.starts_with("pg_try_advisory_"));
  };
  const bool first = at > 1 && tokens[at - 1].is("(") && names_lock(at - 2);
  if (first && tokens[at + 1].is(")")) return oid::kInt8;
  if (first && tokens[at + 1].is(",")) return oid::kInt4;
  const bool second = at > 3 && tokens[at - 1].is(",") && tokens[at - 3].is("(");
  return second && names_lock(at - 4) ? oid::kInt4 : 0;
}

}  // namespace

std::vector<uint32_t> with_casts(std::string_view query, std::vector<uint32_t> given) {
  if (query.find('$') == std::string_view::npos) return given;
  const Result<CatalogTokens> tokens = catalog_tokens(query);
  if (!tokens.ok()) return given;
  const std::vector<size_t> partner = partners(*tokens);
  for (size_t at = 0; at + 1 < tokens->size(); ++at) {
    const CatalogToken& parameter = (*tokens)[at];
    if (parameter.kind != Kind::kParameter || parameter.text.size() > kMostDigits) continue;
    const bool called = at > 1 && (*tokens)[at - 1].is("(") && (*tokens)[at - 2].is_word("cast");
    const bool cast = (*tokens)[at + 1].is("::") || (called && (*tokens)[at + 1].is_word("as"));
    const size_t number = std::strtoul(parameter.text.c_str(), nullptr, 10);
    if (number == 0 || number > UINT16_MAX) continue;
    const uint32_t oid = cast ? oid_at(*tokens, partner, at + 2) : oid_of_lock(*tokens, at);
    if (oid == 0) continue;
    if (given.size() < number) given.resize(number);
    if (given[number - 1] == 0) given[number - 1] = oid;
  }
  return given;
}

}  // namespace dataflow::postgres
