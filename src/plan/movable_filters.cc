#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <span>

#include "plan/analyze.h"

namespace dataflow::plan {
namespace {

using expr::Expression;
using expr::ExpressionPtr;
using expr::Kind;

constexpr std::array<std::string_view, 9> kOfTruth = {"AND",         "OR",          "NOT",
                                                      "IS NULL",     "IS NOT NULL", "IS TRUE",
                                                      "IS NOT TRUE", "IS FALSE",    "IS NOT FALSE"};
constexpr std::array<std::string_view, 7> kComparisons = {"=", "<>", "!=", "<", "<=", ">", ">="};

bool is_call(const Expression& expression, std::string_view name) {
  return expression.kind == Kind::kCall &&
         std::ranges::equal(expression.name, name, [](char a, char b) {
           return std::toupper(static_cast<unsigned char>(a)) == b;
         });
}

bool is_one_of(const Expression& expression, std::span<const std::string_view> names) {
  return std::ranges::any_of(names,
                             [&](std::string_view name) { return is_call(expression, name); });
}

// Of what cannot_fail() lets through: columns, literals, and calls that give truth.
Type type_of(const Expression& expression, const Schema& schema) {
  if (expression.kind == Kind::kLiteral) return expression.value.type();
  if (expression.kind != Kind::kColumn) return Type::boolean();
  return schema[*schema.find(expression.name)].type;
}

// Between other types one side is cast first, and a cast may fail.
bool compares_as_it_is(const Type& a, const Type& b) {
  if (a.is_nested() || b.is_nested()) return false;
  return a.id() == b.id() || (a.is_numeric() && b.is_numeric());
}

bool cannot_fail(const Expression& expression, const Schema& schema) {
  if (expression.kind == Kind::kColumn || expression.kind == Kind::kLiteral) return true;
  const bool compares = is_one_of(expression, kComparisons);
  if (!compares && !is_one_of(expression, kOfTruth)) return false;
  for (const ExpressionPtr& argument : expression.arguments) {
    if (!cannot_fail(*argument, schema)) return false;
  }
  return !compares || compares_as_it_is(type_of(*expression.arguments[0], schema),
                                        type_of(*expression.arguments[1], schema));
}

void conjuncts(const ExpressionPtr& expression, std::vector<ExpressionPtr>& out) {
  if (!is_call(*expression, "AND")) {
    out.push_back(expression);
    return;
  }
  for (const ExpressionPtr& argument : expression->arguments) conjuncts(argument, out);
}

ExpressionPtr all_of(const std::vector<ExpressionPtr>& parts) {
  ExpressionPtr all;
  for (const ExpressionPtr& part : parts) {
    all = all == nullptr ? part : expr::call("AND", {all, part}, part->place);
  }
  return all;
}

// What a column is called at the source.
using Renames = std::map<std::string, std::string>;

ExpressionPtr renamed(const ExpressionPtr& expression, const Schema& schema,
                      const Renames& renames) {
  auto copy = std::make_shared<Expression>(*expression);
  if (copy->kind == Kind::kColumn) copy->name = renames.at(schema[*schema.find(copy->name)].name);
  for (ExpressionPtr& argument : copy->arguments) argument = renamed(argument, schema, renames);
  return copy;
}

std::optional<Renames> through(const ProjectSpec& spec, const Schema& schema,
                               const Renames& before) {
  Renames renames;
  for (const NamedExpression& column : spec.columns) {
    if (column.expression->kind != Kind::kColumn) return std::nullopt;
    renames[column.name] = before.at(schema[*schema.find(column.expression->name)].name);
  }
  return renames;
}

// The only node that reads it; null if there are more.
const Node* only_reader(const Plan& plan, const std::string& id) {
  const Node* reader = nullptr;
  for (const Node& node : plan.nodes) {
    for (const Input& input : node.inputs) {
      if (input.node != id) continue;
      if (reader != nullptr) return nullptr;
      reader = &node;
    }
  }
  return reader;
}

MovableFilter split(const Node& node, const FilterSpec& spec, const Schema& schema,
                    const Renames& renames) {
  std::vector<ExpressionPtr> parts;
  conjuncts(spec.condition, parts);
  const auto fails = std::ranges::find_if(
      parts, [&](const ExpressionPtr& part) { return !cannot_fail(*part, schema); });
  MovableFilter filter;
  filter.filter = node.id;
  filter.whole = fails == parts.end();
  filter.left_behind = all_of({fails, parts.end()});
  const ExpressionPtr moved = all_of({parts.begin(), fails});
  if (moved != nullptr) filter.condition = renamed(moved, schema, renames);
  return filter;
}

}  // namespace

std::vector<MovableFilter> movable_filters(const Plan& plan, const std::string& source) {
  std::vector<MovableFilter> filters;
  const Node* at = plan.find(source);
  if (at == nullptr || at->schema == nullptr) return filters;
  Renames renames;
  for (const Field& field : at->schema->fields()) renames[field.name] = field.name;
  for (const Node* next = only_reader(plan, at->id); next != nullptr;
       at = next, next = only_reader(plan, at->id)) {
    if (const auto* project = std::get_if<ProjectSpec>(&next->spec)) {
      auto passed = through(*project, *at->schema, renames);
      if (!passed) break;
      renames = std::move(*passed);
      continue;
    }
    const auto* filter = std::get_if<FilterSpec>(&next->spec);
    if (filter == nullptr) break;
    MovableFilter moved = split(*next, *filter, *at->schema, renames);
    const bool whole = moved.whole;
    if (moved.condition != nullptr) filters.push_back(std::move(moved));
    if (!whole) break;
  }
  return filters;
}

}  // namespace dataflow::plan
