#include "names.h"

#include <algorithm>
#include <cstdio>
#include <span>

#include "base/edit_distance.h"
#include "catalog_words.h"
#include "spelt_out.h"
#include "sql/parser.h"

namespace dataflow::sql {
namespace {

bool is_field(const expr::Expression& expression) {
  return expression.kind == expr::Kind::kCall && expression.name == "FIELD" &&
         expression.arguments.size() == 2 &&
         expression.arguments[1]->kind == expr::Kind::kLiteral &&
         expression.arguments[1]->value.type().id() == TypeId::kString &&
         !expression.arguments[1]->value.is_null();
}

// The columns of that name: those in the same case, or else all without regard to it.
std::vector<const VisibleColumn*> matches(std::span<const VisibleTable> tables,
                                          const std::string& name, bool qualified = false) {
  std::vector<const VisibleColumn*> exact, other;
  for (const VisibleTable& table : tables) {
    for (const VisibleColumn& column : table.columns) {
      if (column.qualified_only && !qualified) continue;
      if (column.name == name) exact.push_back(&column);
      if (same_name(column.name, name)) other.push_back(&column);
    }
  }
  return exact.empty() ? other : exact;
}

Status unclear(const std::string& name, Place place) {
  return at_place(place, "`" + name + "` is a column of several tables; put the table in front");
}

}  // namespace

Status at_place(Place place, const std::string& what) {
  if (place.line == 0) return Status::invalid(what);
  return Status::invalid("line " + std::to_string(place.line) + ", column " +
                         std::to_string(place.column) + ": " + what);
}

Status put_caret(const Status& status, const std::string& script) {
  if (status.ok() || status.code() != StatusCode::kInvalid) return status;
  const std::string& message = status.message();
  Place place;
  int read = 0;
  if (message.find('\n') != std::string::npos ||
      std::sscanf(message.c_str(), "line %d, column %d: %n", &place.line, &place.column, &read) !=
          2 ||
      read == 0) {
    return status;
  }
  return error_at(script, place, message.substr(static_cast<size_t>(read)));
}

Type Relation::type_of(size_t i) const {
  return (*rel->schema)[*rel->schema->find(columns[i].in_rel)].type;
}

std::vector<std::string> Names::all_names() const {
  std::vector<std::string> names;
  for (const VisibleTable& table : tables_) {
    for (const VisibleColumn& column : table.columns) names.push_back(column.name);
  }
  return names;
}

Result<const VisibleColumn*> Names::find(const std::string& name, Place place) const {
  const auto found = matches(tables_, name);
  if (found.empty()) return static_cast<const VisibleColumn*>(nullptr);
  if (found.size() > 1) return unclear(name, place);
  return found[0];
}

Result<std::vector<VisibleColumn>> Names::star(const Name& qualifier) const {
  std::vector<VisibleColumn> columns;
  bool found = false;
  std::vector<std::string> aliases;
  for (const VisibleTable& table : tables_) {
    aliases.push_back(table.alias);
    if (!qualifier.empty() && !same_name(table.alias, qualifier.last())) continue;
    found = true;
    for (const VisibleColumn& column : table.columns) {
      if (!column.qualified_only || !qualifier.empty()) columns.push_back(column);
    }
  }
  if (found) return columns;
  if (qualifier.empty()) return Status::invalid("there is no table that `*` could stand for");
  return at_place(qualifier.place, "there is no table `" + qualifier.last() + "` here" +
                                       suggestion(qualifier.last(), aliases));
}

Result<ExpressionPtr> Names::resolve_column(const ExpressionPtr& column) const {
  DF_ASSIGN_OR_RETURN(const VisibleColumn* found, find(column->name, column->place));
  if (found != nullptr) return expr::column(found->in_rel, column->place);
  const std::vector<std::string> names = all_names();
  std::string hint = suggestion(column->name, names);
  if (hint.empty() && !names.empty() && names.size() <= 20) {
    hint = "; there are";
    for (size_t i = 0; i < names.size(); ++i) hint += (i > 0 ? ", " : " ") + names[i];
  }
  return at_place(column->place, "there is no column `" + column->name + "`" + hint);
}

// `a.b`: column b of table a, or else field b of column a.
Result<ExpressionPtr> Names::resolve_path(const ExpressionPtr& field) const {
  std::vector<const expr::Expression*> steps;  // from the last to the first
  const expr::Expression* at = field.get();
  for (; is_field(*at); at = at->arguments[0].get()) steps.push_back(at);
  if (at->kind != expr::Kind::kColumn) return ExpressionPtr();
  std::ranges::reverse(steps);
  for (const VisibleTable& table : tables_) {
    if (!same_name(table.alias, at->name)) continue;
    const std::string& name = steps[0]->arguments[1]->value.as_text();
    const auto found = matches(std::span(&table, 1), name, true);
    if (found.size() > 1) return unclear(name, at->place);
    if (found.empty()) {
      if (!matches(tables_, at->name).empty()) break;
      std::vector<std::string> names;
      for (const VisibleColumn& column : table.columns) names.push_back(column.name);
      return at_place(at->place, "table `" + table.alias + "` has no column `" + name + "`" +
                                     suggestion(name, names));
    }
    ExpressionPtr made = expr::column(found[0]->in_rel, at->place);
    for (size_t i = 1; i < steps.size(); ++i) {
      made = expr::call("FIELD", {made, steps[i]->arguments[1]}, steps[i]->place);
    }
    return made;
  }
  if (!matches(tables_, at->name).empty()) return ExpressionPtr();
  std::vector<std::string> aliases;
  for (const VisibleTable& table : tables_) aliases.push_back(table.alias);
  for (const std::string& name : all_names()) aliases.push_back(name);
  return at_place(at->place, "there is no table or column `" + at->name + "` here" +
                                 suggestion(at->name, aliases));
}

Result<ExpressionPtr> Names::resolve(const ExpressionPtr& expression) const {
  DF_ASSIGN_OR_RETURN(const ExpressionPtr spelt, spelt_out(expression, *catalog_));
  return resolve_spelt(spelt);
}

// What is near to a user's function; others are told with the nearest of ours when it is bound.
Status Names::check_name(const expr::Expression& call) const {
  if (catalog_->functions().empty() || is_built_in(call.name)) return {};
  std::vector<std::string> names;
  for (const auto& [name, function] : catalog_->functions()) names.push_back(name);
  const std::string hint = suggestion(call.name, names);
  if (hint.empty()) return {};
  return at_place(call.place, "there is no function " + call.name + hint);
}

Result<ExpressionPtr> Names::resolve_spelt(const ExpressionPtr& expression) const {
  if (expression->kind == expr::Kind::kColumn) return resolve_column(expression);
  if (is_field(*expression)) {
    DF_ASSIGN_OR_RETURN(ExpressionPtr made, resolve_path(expression));
    if (made != nullptr) return made;
  }
  if (expression->kind == expr::Kind::kCall) DF_RETURN_IF_ERROR(check_name(*expression));
  if (expression->arguments.empty()) return expression;
  auto made = std::make_shared<expr::Expression>(*expression);
  for (ExpressionPtr& argument : made->arguments) {
    DF_ASSIGN_OR_RETURN(argument, resolve_spelt(argument));
  }
  return ExpressionPtr(std::move(made));
}

}  // namespace dataflow::sql
