// The catalog's functions: what CREATE FUNCTION may make, and who calls it.
#include <algorithm>
#include <array>

#include "base/edit_distance.h"
#include "binder.h"
#include "catalog_words.h"
#include "expr/bound.h"
#include "plan/aggregate.h"
#include "plan/over_function.h"
#include "same_name.h"
#include "spelt_out.h"
#include "table_definition.h"

namespace dataflow::sql {
namespace {

// What the grammar reads by itself.
constexpr std::array kWordsOfTheGrammar = {"TUMBLE",     "HOP",      "CUMULATE", "SESSION",
                                           "DESCRIPTOR", "UNNEST",   "TABLE",    "PROCTIME",
                                           "CAST",       "TRY_CAST", "GROUPING", "GROUPING_ID"};

bool has_extension(const expr::Expression& expression) {
  if (expression.kind == expr::Kind::kExtension) return true;
  return std::ranges::any_of(expression.arguments,
                             [](const ExpressionPtr& each) { return has_extension(*each); });
}

bool calls(const expr::Expression& expression, const std::string& function) {
  if (expression.kind == expr::Kind::kCall && same_name(expression.name, function)) return true;
  return std::ranges::any_of(expression.arguments,
                             [&](const ExpressionPtr& each) { return calls(*each, function); });
}

// Of the body over its parameters; what a function calls is in the catalog.
Result<Type> type_of_body(const std::vector<std::pair<std::string, Type>>& parameters,
                          const ExpressionPtr& body, const std::optional<Type>& returns,
                          const Catalog& catalog) {
  std::vector<Field> fields;
  VisibleTable visible;
  for (const auto& [name, type] : parameters) {
    fields.push_back({name, type, true});
    visible.columns.push_back({name, name});
  }
  const Names names(catalog, {visible});
  DF_ASSIGN_OR_RETURN(ExpressionPtr resolved, names.resolve(body));
  if (returns) resolved = expr::cast(resolved, *returns, body->place);
  DF_ASSIGN_OR_RETURN(const expr::BoundPtr bound, expr::bind(resolved, Schema(std::move(fields))));
  return bound->type();
}

Status check_parameters(const CreateFunction& statement, const std::string& script) {
  std::vector<std::string> names;
  for (const auto& [parameter, type] : statement.parameters) {
    for (const std::string& other : names) {
      if (same_name(other, parameter)) {
        return wrong_at(script, statement.name.place,
                        "parameter `" + parameter + "` is there twice");
      }
    }
    names.push_back(parameter);
  }
  for (const std::string& read : expr::columns_of(*statement.body)) {
    const bool known =
        std::ranges::any_of(names, [&](const std::string& each) { return same_name(each, read); });
    if (known) continue;
    return wrong_at(script, statement.body->place,
                    "function `" + statement.name.last() + "` has no parameter `" + read + "`" +
                        suggestion(read, names));
  }
  return {};
}

}  // namespace

bool is_built_in(const std::string& name) {
  if (expr::is_function(name) || plan::find_aggregate(name) != nullptr) return true;
  if (plan::find_over_function(name) != nullptr || old_window_column(name)) return true;
  return std::ranges::any_of(kWordsOfTheGrammar,
                             [&](const char* word) { return same_name(word, name); });
}

std::vector<std::string> Catalog::callers_of(const std::string& function) const {
  std::vector<std::string> found;
  std::vector<std::string> wanted = {function};
  while (!wanted.empty()) {
    const std::string each = std::move(wanted.back());
    wanted.pop_back();
    for (const auto& [name, other] : functions_) {
      if (!calls(*other.body, each) || name == function) continue;
      if (std::ranges::find(found, name) != found.end()) continue;
      found.push_back(name);
      wanted.push_back(name);
    }
  }
  return found;
}

Status Catalog::check_body(const CreateFunction& statement, const std::string& script) const {
  const std::string& name = statement.name.last();
  const Place place = statement.body->place;
  DF_RETURN_IF_ERROR(check_parameters(statement, script));
  if (has_extension(*statement.body) || has_aggregates(*statement.body)) {
    return wrong_at(script, place,
                    "a function is of the values of one row: aggregates, OVER and queries stand "
                    "in a view");
  }
  const bool by_others = std::ranges::any_of(
      callers_of(name), [&](const std::string& each) { return calls(*statement.body, each); });
  if (calls(*statement.body, name) || by_others) {
    return wrong_at(script, place, "function `" + name + "` would call itself");
  }
  const Result<Type> type =
      type_of_body(statement.parameters, statement.body, statement.returns, *this);
  return type.ok() ? Status() : put_caret(type.status(), script);
}

Status Catalog::check_replacement(const Function& before, const CreateFunction& statement,
                                  const std::string& script) const {
  const std::vector<std::string> callers = callers_of(before.name);
  const std::vector<std::string> views = dependents_of(before.name, true);
  for (const std::string& view : views) {
    if (views_.at(view).kept == nullptr) continue;
    return wrong_at(script, statement.name.place,
                    "materialized view `" + view + "` was filled with function `" + before.name +
                        "` as it is; drop it first, or give the new function another name",
                    StatusCode::kConflict);
  }
  if (callers.empty() && views.empty()) return {};
  const auto types = [](const auto& parameters) {
    std::vector<Type> all;
    for (const auto& [name, type] : parameters) all.push_back(type);
    return all;
  };
  const Result<Type> was = type_of_body(before.parameters, before.body, before.returns, *this);
  const Result<Type> is =
      type_of_body(statement.parameters, statement.body, statement.returns, *this);
  const bool same = was.ok() && is.ok() && *was == *is;
  if (same && types(before.parameters) == types(statement.parameters)) return {};
  std::vector<std::string> readers = callers;
  readers.insert(readers.end(), views.begin(), views.end());
  return wrong_at(script, statement.name.place,
                  "function `" + before.name + "` is called by " + list_of_names(readers) +
                      ", so the types that it takes and gives stay as they are; drop them first, "
                      "or give the new function another name",
                  StatusCode::kConflict);
}

Status Catalog::no_table_computes_with(const std::string& function,
                                       const std::vector<std::string>& callers, const Name& name,
                                       const std::string& script) const {
  for (const auto& [table_name, table] : tables_) {
    for (const ColumnDefinition& column : table.columns) {
      if (column.computed == nullptr) continue;
      const bool used = calls(*column.computed, function) ||
                        std::ranges::any_of(callers, [&](const std::string& caller) {
                          return calls(*column.computed, caller);
                        });
      if (!used) continue;
      return wrong_at(script, name.place,
                      "column `" + column.name + "` of table `" + table_name +
                          "` is computed with function `" + function + "`; drop that column first",
                      StatusCode::kConflict);
    }
  }
  return {};
}

Status Catalog::create(const CreateFunction& statement, const std::string& text,
                       const std::string& script) {
  const std::string& places = or_text(script, text);
  DF_ASSIGN_OR_RETURN(const std::string name, plain_name(statement.name, places));
  const Function* const found = find_function(name);
  if (found != nullptr && !statement.or_replace) {
    if (statement.if_not_exists) return {};
    return exists_already(places, statement.name, "there is a function `" + name + "` already");
  }
  std::optional<Function> before;
  if (found != nullptr) before = *found;
  if (!script.empty()) {
    if (is_built_in(name)) {
      return exists_already(places, statement.name,
                            "there is a function " + name + " already, which nobody made");
    }
    DF_RETURN_IF_ERROR(check_body(statement, places));
    if (before) DF_RETURN_IF_ERROR(check_replacement(*before, statement, places));
  }
  if (before) functions_.erase(before->name);
  functions_[name] = {name, statement.parameters, statement.returns, statement.body, text};
  return {};
}

}  // namespace dataflow::sql
