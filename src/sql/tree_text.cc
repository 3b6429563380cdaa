#include "tree_text.h"

#include "expr/print.h"

namespace dataflow::sql {

namespace {

using expr::Expression;
using expr::Kind;

std::string of(const ExpressionPtr& expression) {
  return expression == nullptr ? "-" : tree_text(*expression);
}

template <class List, class Text>
std::string listed(const List& list, Text text) {
  std::string out;
  for (const auto& one : list) out += (out.empty() ? "" : ", ") + text(one);
  return "[" + out + "]";
}

std::string quoted(const std::string& name) { return "\"" + name + "\""; }

std::string name_of(const Name& name) { return listed(name.parts, quoted); }

std::string order_of(const std::vector<OrderItem>& items) {
  return listed(items, [](const OrderItem& item) {
    return of(item.expression) + (item.descending ? " desc" : "") +
           (item.nulls == NullsOrder::kUsual   ? ""
            : item.nulls == NullsOrder::kFirst ? " nulls-first"
                                               : " nulls-last");
  });
}

std::string window_of(const WindowDefinition& window) {
  std::string out = "(" + quoted(window.base) + " by " + listed(window.partition_by, of) +
                    " order " + order_of(window.order_by);
  if (window.frame) {
    out += std::string(window.frame->rows ? " rows " : " range ") +
           std::to_string(static_cast<int>(window.frame->from)) + of(window.frame->from_offset) +
           " to " + std::to_string(static_cast<int>(window.frame->to)) +
           of(window.frame->to_offset);
  }
  return out + ")";
}

std::string extension_of(const Expression& e) {
  if (const auto* clauses = dynamic_cast<const Clauses*>(e.extension.get())) {
    std::string out = "{" + e.name + listed(e.arguments, of);
    if (clauses->star) out += " star";
    if (clauses->distinct) out += " distinct";
    if (clauses->filter != nullptr) out += " filter " + of(clauses->filter);
    if (!clauses->order_by.empty()) out += " order " + order_of(clauses->order_by);
    if (!clauses->within_group.empty()) out += " within " + order_of(clauses->within_group);
    if (clauses->ignore_nulls) out += " ignore-nulls";
    if (clauses->over) out += " over " + window_of(*clauses->over);
    return out + "}";
  }
  if (const auto* query = dynamic_cast<const Subquery*>(e.extension.get())) {
    static const char* kKinds[] = {"value", "exists", "in", "not-in", "any", "all"};
    return std::string("{") + kKinds[static_cast<int>(query->kind)] + e.name +
           listed(e.arguments, of) + " " + tree_text(*query->query) + "}";
  }
  const auto* star = dynamic_cast<const Star*>(e.extension.get());
  return star == nullptr ? "?" : "{*" + name_of(star->qualifier) + "}";
}

std::string argument_of(const TableArgument& argument) {
  std::string out = quoted(argument.name) + " ";
  if (const auto* expression = std::get_if<ExpressionPtr>(&argument.value)) {
    out += of(*expression);
  } else if (const auto* ref = std::get_if<TableRefPtr>(&argument.value)) {
    out += "table " + tree_text(**ref);
  } else {
    out += "descriptor " + listed(std::get<std::vector<Name>>(argument.value), name_of);
  }
  return out + " by " + listed(argument.partition_by, of);
}

std::string what_of(const TableRef& ref) {
  if (const auto* named = std::get_if<NamedTable>(&ref.what)) {
    const auto hint = [](const OptionText& o) { return quoted(o.key) + quoted(o.value); };
    return name_of(named->name) + (named->hints.empty() ? "" : listed(named->hints, hint)) +
           (named->as_of == nullptr ? "" : " as-of " + of(named->as_of));
  }
  if (const auto* derived = std::get_if<DerivedTable>(&ref.what)) {
    return std::string(derived->lateral ? "lateral " : "") + tree_text(*derived->query);
  }
  if (const auto* function = std::get_if<TableFunction>(&ref.what)) {
    return std::string(function->lateral ? "lateral " : "") + function->name +
           listed(function->arguments, argument_of) +
           (function->with_ordinality ? " ordinality" : "");
  }
  static const char* kTypes[] = {"inner", "left", "right", "full",     "cross",
                                 "semi",  "anti", "asof",  "left-asof"};
  const auto& join = std::get<JoinedTable>(ref.what);
  return std::string(join.natural ? "natural " : "") + kTypes[static_cast<int>(join.type)] + "(" +
         tree_text(*join.left) + ", " + tree_text(*join.right) + ") on " + of(join.on) + " using " +
         listed(join.using_columns, name_of);
}

std::string select_of(const Select& select) {
  std::string out = select.distinct ? "select distinct " : "select ";
  out += listed(select.items, [](const SelectItem& item) {
    return of(item.expression) + (item.alias.empty() ? "" : " as " + quoted(item.alias));
  });
  if (select.from != nullptr) out += " from " + tree_text(*select.from);
  if (select.where != nullptr) out += " where " + of(select.where);
  if (select.has_group_by) out += " group " + listed(select.group_by, of);
  if (select.having != nullptr) out += " having " + of(select.having);
  if (!select.windows.empty()) {
    out += " windows " + listed(select.windows, [](const auto& named) {
             return quoted(named.first) + window_of(named.second);
           });
  }
  return select.qualify == nullptr ? out : out + " qualify " + of(select.qualify);
}

std::string body_of(const Query& query) {
  if (const auto* select = std::get_if<Select>(&query.body)) return select_of(*select);
  if (const auto* values = std::get_if<Values>(&query.body)) {
    return "values " + listed(values->rows, [](const auto& row) { return listed(row, of); });
  }
  const auto& operation = std::get<SetOperation>(query.body);
  static const char* kKinds[] = {"union", "intersect", "except"};
  return std::string(kKinds[static_cast<int>(operation.kind)]) + (operation.all ? "-all" : "") +
         "(" + tree_text(*operation.left) + ", " + tree_text(*operation.right) + ")";
}

}  // namespace

std::string tree_text(const Expression& e) {
  switch (e.kind) {
    case Kind::kColumn: return quoted(e.name);
    case Kind::kLiteral: return expr::value_to_sql(e.value);
    case Kind::kCall: return e.name + listed(e.arguments, of);
    case Kind::kCast: return e.name + listed(e.arguments, of) + ":" + e.type.to_string();
    case Kind::kCase: return "CASE" + listed(e.arguments, of);
    case Kind::kExtension: return extension_of(e);
  }
  return "?";
}

std::string tree_text(const TableRef& ref) {
  return what_of(ref) + (ref.alias.empty() ? "" : " as " + quoted(ref.alias)) +
         (ref.columns.empty() ? "" : listed(ref.columns, quoted));
}

std::string tree_text(const Query& query) {
  std::string out = "(";
  for (const CommonTable& table : query.with) {
    out += "with " + quoted(table.name) + listed(table.columns, quoted) + tree_text(*table.query) +
           " ";
  }
  out += body_of(query);
  if (!query.order_by.empty()) out += " order " + order_of(query.order_by);
  if (query.limit != nullptr) out += " limit " + of(query.limit);
  if (query.offset != nullptr) out += " offset " + of(query.offset);
  if (query.emit == Emit::kOnWindowClose) out += " emit-on-close";
  if (query.emit == Emit::kChanges) out += " emit-changes";
  return out + ")";
}

}  // namespace dataflow::sql
