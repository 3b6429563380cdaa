#include "result_names.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "base/lower_case.h"
#include "catalog_tables.h"
#include "type_map.h"

namespace dataflow::postgres {
namespace {

using expr::Expression;
using expr::Kind;

constexpr std::string_view kNone = "?column?";

bool is_operator(std::string_view name) {
  static constexpr std::array<std::string_view, 7> kWords = {"AND",     "OR",  "NOT", "IN",
                                                             "BETWEEN", "DIV", "LIKE"};
  const bool word =
      std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
  return !word || std::ranges::find(kWords, name) != kWords.end();
}

std::string name_of(const Expression& e);

// A cast is called as what it casts is, if that has a name.
std::string name_of_cast(const Expression& e) {
  std::string inner = name_of(*e.arguments[0]);
  if (inner != kNone) return inner;
  const auto types = catalog_types();
  const auto type = std::ranges::find(types, oid_of(e.type), &CatalogType::oid);
  return type == types.end() ? std::string(kNone) : std::string(type->name);
}

std::string name_of_call(const Expression& e) {
  if (e.name == "ITEM") return name_of(*e.arguments[0]);
  if (e.name == "FIELD" && e.arguments.size() == 2 && e.arguments[1]->kind == Kind::kLiteral &&
      !e.arguments[1]->value.is_null() && e.arguments[1]->value.type().id() == TypeId::kString) {
    return e.arguments[1]->value.as_text();
  }
  return is_operator(e.name) ? std::string(kNone) : lower_case(e.name);
}

std::string name_of(const Expression& e) {
  switch (e.kind) {
    case Kind::kColumn: return e.name;
    case Kind::kLiteral: return std::string(kNone);
    case Kind::kCast: return name_of_cast(e);
    case Kind::kCase: return "case";
    case Kind::kCall: return name_of_call(e);
    // An aggregate with clauses; of a subquery the name says how it is used.
    case Kind::kExtension:
      return e.name.empty() || is_operator(e.name) ? std::string(kNone) : lower_case(e.name);
  }
  return std::string(kNone);
}

const sql::Select* first_select(const sql::Query& query) {
  if (const auto* set = std::get_if<sql::SetOperation>(&query.body)) {
    return first_select(*set->left);
  }
  return std::get_if<sql::Select>(&query.body);
}

bool is_star(const sql::SelectItem& item) {
  return dynamic_cast<const sql::Star*>(item.expression->extension.get()) != nullptr;
}

}  // namespace

std::vector<std::string> result_names(const sql::StatementAst& statement,
                                      const std::vector<sql::OutputColumn>& columns) {
  std::vector<std::string> names;
  names.reserve(columns.size());
  for (const sql::OutputColumn& column : columns) names.push_back(column.name);
  const auto* of = std::get_if<sql::SelectStatement>(&statement.what);
  const sql::Select* select = of == nullptr ? nullptr : first_select(*of->query);
  if (select == nullptr) {
    // VALUES.
    for (size_t i = 0; of != nullptr && i < names.size(); ++i) {
      if (names[i] == "EXPR$" + std::to_string(i)) names[i] = "column" + std::to_string(i + 1);
    }
    return names;
  }
  // Behind a star, counted from the end; between two it cannot be said which one it is.
  const auto& items = select->items;
  const auto stars = static_cast<size_t>(std::ranges::count_if(items, is_star));
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] != "EXPR$" + std::to_string(i)) continue;
    const auto star = static_cast<size_t>(std::ranges::find_if(items, is_star) - items.begin());
    const size_t behind = names.size() - i;
    const bool counts = i < star || (stars == 1 && behind < items.size() - star);
    if (!counts) continue;
    const sql::SelectItem& item = i < star ? items[i] : items[items.size() - behind];
    if (item.alias.empty()) names[i] = name_of(*item.expression);
  }
  return names;
}

}  // namespace dataflow::postgres
