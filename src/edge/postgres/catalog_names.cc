#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "catalog_asked.h"
#include "catalog_words.h"

namespace dataflow::postgres {
namespace {

using Kind = CatalogToken::Kind;
using Name = std::optional<std::string>;
using Part = std::span<const CatalogToken>;

// Where the parenthesis that opens at `at` closes.
size_t close_of(Part part, size_t at) {
  int depth = 0;
  for (size_t i = at; i < part.size(); ++i) {
    if (part[i].is("(") || part[i].is("[")) ++depth;
    if ((part[i].is(")") || part[i].is("]")) && --depth == 0) return i;
  }
  return part.size();
}

template <class Visit>  // of what is in no parentheses: (place), until it says so
void outside(Part part, const Visit& visit) {
  for (size_t i = 0; i < part.size(); ++i) {
    if (visit(i)) return;
    if (part[i].is("(") || part[i].is("[")) i = close_of(part, i);
  }
}

// As PostgreSQL's parser calls them.
std::string type_name(const CatalogToken& token) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kNames = {{
      {"integer", "int4"},
      {"int", "int4"},
      {"bigint", "int8"},
      {"smallint", "int2"},
      {"boolean", "bool"},
      {"real", "float4"},
      {"decimal", "numeric"},
      {"character", "bpchar"},
  }};
  for (const auto& [name, known] : kNames) {
    if (token.is_word(name)) return std::string(known);
  }
  return token.text;
}

Name name_of(Part part);

// CASE … ELSE x END is called as x is.
Name name_of_case(Part part) {
  size_t last = 0;
  int depth = 0;
  outside(part, [&](size_t i) {
    if (part[i].is_word("case")) ++depth;
    if (part[i].is_word("end")) --depth;
    if (part[i].is_word("else") && depth == 1) last = i;
    return false;
  });
  if (last != 0) {
    if (Name name = name_of(part.subspan(last + 1, part.size() - last - 2))) return name;
  }
  return "case";
}

Name name_of_subquery(Part inside) {
  size_t from = inside.size();
  outside(inside, [&](size_t i) {
    if (inside[i].is_word("from")) from = i;
    return from != inside.size();
  });
  const Part list = inside.subspan(1, from - 1);
  if (list.size() > 2 && list[list.size() - 2].is_word("as")) return list.back().text;
  return name_of(list);
}

bool is_expression_word(const CatalogToken& token) {
  for (const char* word : {"and", "or", "not", "is", "in", "like", "ilike", "between", "isnull"}) {
    if (token.is_word(word)) return true;
  }
  return false;
}

// Nothing: PostgreSQL has no name for it.
Name name_of(Part part) {
  if (part.empty()) return std::nullopt;
  if (part.front().is_word("case") && part.back().is_word("end")) return name_of_case(part);
  size_t first_cast = 0;
  size_t last_cast = 0;
  bool computed = false;
  outside(part, [&](size_t i) {
    if (part[i].is("::")) last_cast = i;
    if (first_cast == 0) first_cast = last_cast;
    const bool sign = part[i].kind == Kind::kSymbol && !part[i].is("::") && !part[i].is(".") &&
                      !part[i].is("(") && !part[i].is("[") && !part[i].is(")");
    computed = computed || sign || is_expression_word(part[i]);
    return computed;
  });
  if (computed) return std::nullopt;
  if (last_cast > 0 && last_cast + 1 < part.size()) {
    if (Name name = name_of(part.first(first_cast))) return name;
    return type_name(part[last_cast + 1]);
  }
  const CatalogToken& last = part.back();
  if (last.is("]")) {
    if (part.front().is_word("array")) return "array";
    size_t open = 0;
    outside(part, [&](size_t i) {
      if (part[i].is("[")) open = i;
      return false;
    });
    return open == 0 ? std::nullopt : name_of(part.first(open));
  }
  if (last.is(")")) {
    if (part.front().is("(")) {
      if (close_of(part, 0) + 1 != part.size()) return std::nullopt;
      const Part inside = part.subspan(1, part.size() - 2);
      if (!inside.empty() && inside.front().is_word("select")) return name_of_subquery(inside);
      return name_of(inside);
    }
    size_t name = 0;
    while (name + 1 < part.size() && !part[name + 1].is("(")) ++name;
    return part[name].is_name() ? Name(part[name].text) : std::nullopt;
  }
  if (!last.is_name() || last.is_word("null") || last.is_word("true") || last.is_word("false")) {
    return last.is_word("true") || last.is_word("false") ? Name("bool") : std::nullopt;
  }
  return last.text;
}

// Whether the last word is an alias: AS x, or x right behind an operand.
bool has_alias(Part part) {
  if (part.size() < 2 || !part.back().is_name() || part.back().is_word("end")) return false;
  const CatalogToken& before = part[part.size() - 2];
  return before.is_word("as") || before.is(")") || before.is("]") || before.is_word("end") ||
         before.kind == Kind::kString || before.kind == Kind::kNumber || is_plain_name(before) ||
         before.is_word("null");
}

}  // namespace

SelectedNames selected_names(const CatalogTokens& tokens) {
  SelectedNames out;
  const Part all(tokens);
  size_t first = all.size();
  size_t end = all.size();
  outside(all, [&](size_t i) {
    if (first == all.size() && all[i].is_word("select")) first = i + 1;
    const bool over = first < i && (all[i].is_word("from") || all[i].is_word("union") ||
                                    all[i].is_word("order") || all[i].is_word("where") ||
                                    all[i].is_word("limit"));
    if (over) end = i;
    return over;
  });
  if (first >= end) return out;
  if (all[first].is_word("distinct") || all[first].is_word("all")) ++first;
  if (first + 1 < end && all[first].is_word("on")) first = close_of(all, first + 1) + 1;
  if (first >= end) return out;

  const Part list = all.subspan(first, end - first);
  std::vector<size_t> commas;
  outside(list, [&](size_t i) {
    if (list[i].is(",")) commas.push_back(i);
    return false;
  });
  commas.push_back(list.size());
  size_t from = 0;
  for (const size_t comma : commas) {
    const Part item = list.subspan(from, comma - from);
    from = comma + 1;
    if (!item.empty() && item.back().is("*")) {
      out.star = true;
      out.after.clear();
      continue;
    }
    Name name;
    if (!has_alias(item)) name = name_of(item).value_or("?column?");
    (out.star ? out.after : out.before).push_back(std::move(name));
  }
  return out;
}

}  // namespace dataflow::postgres
