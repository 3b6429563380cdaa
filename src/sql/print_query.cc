// Queries as SQL that is read back as the same tree.
#include "print_query.h"

#include "expr/print.h"
#include "keywords.h"
#include "sql/parser.h"

namespace dataflow::sql {

namespace {

std::string select_text(const Select& select) {
  std::string out = select.distinct ? "SELECT DISTINCT " : "SELECT ";
  for (const SelectItem& item : select.items) {
    if (&item != &select.items.front()) out += ", ";
    out += item.expression->to_string();
    if (!item.alias.empty()) out += " AS " + name_text(item.alias);
  }
  if (select.from != nullptr) out += " FROM " + table_text(*select.from);
  if (select.where != nullptr) out += " WHERE " + select.where->to_string();
  if (select.has_group_by) {
    out += " GROUP BY ";
    for (const ExpressionPtr& key : select.group_by) {
      if (&key != &select.group_by.front()) out += ", ";
      // In front of nothing else than a list of keys a row is two of them.
      out += key->to_string();
    }
    if (select.group_by.empty()) out += "()";
  }
  if (select.having != nullptr) out += " HAVING " + select.having->to_string();
  for (const auto& [name, window] : select.windows) {
    out += (&name == &select.windows.front().first ? " WINDOW " : ", ") + name_text(name) + " AS " +
           window_text(window);
  }
  if (select.qualify != nullptr) out += " QUALIFY " + select.qualify->to_string();
  return out;
}

std::string values_text(const Values& values) {
  std::string out = "VALUES ";
  for (const auto& row : values.rows) {
    if (&row != &values.rows.front()) out += ", ";
    out += "(" + list_text(row) + ")";
  }
  return out;
}

bool has_tail(const Query& query) {
  return !query.with.empty() || !query.order_by.empty() || query.limit != nullptr ||
         query.offset != nullptr || query.emit != Emit::kUsual;
}

int strength(const SetOperation& operation) {
  return operation.kind == SetKind::kIntersect ? 2 : 1;
}

// An operand stands in parentheses where it would be taken apart.
std::string side_text(const Query& side, int least) {
  const auto* operation = std::get_if<SetOperation>(&side.body);
  const bool plain = !has_tail(side) && (operation == nullptr || strength(*operation) >= least);
  return plain ? to_string(side) : "(" + to_string(side) + ")";
}

std::string set_text(const SetOperation& operation) {
  const int strong = strength(operation);
  std::string out = side_text(*operation.left, strong);
  switch (operation.kind) {
    case SetKind::kUnion: out += " UNION "; break;
    case SetKind::kIntersect: out += " INTERSECT "; break;
    case SetKind::kExcept: out += " EXCEPT "; break;
  }
  if (operation.all) out += "ALL ";
  return out + side_text(*operation.right, strong + 1);
}

std::string with_text(const std::vector<CommonTable>& with) {
  std::string out;
  for (const CommonTable& table : with) {
    out += (out.empty() ? "WITH " : ", ") + name_text(table.name);
    if (!table.columns.empty()) out += " " + names_text(table.columns);
    out += " AS (" + to_string(*table.query) + ")";
  }
  return out.empty() ? out : out + " ";
}

}  // namespace

std::string to_string(const Query& query) {
  std::string out = with_text(query.with);
  if (const auto* select = std::get_if<Select>(&query.body)) {
    out += select_text(*select);
  } else if (const auto* values = std::get_if<Values>(&query.body)) {
    out += values_text(*values);
  } else {
    out += set_text(std::get<SetOperation>(query.body));
  }
  if (!query.order_by.empty()) out += " " + order_text(query.order_by);
  if (query.limit != nullptr) out += " LIMIT " + query.limit->to_string();
  if (query.offset != nullptr) out += " OFFSET " + query.offset->to_string();
  if (query.emit == Emit::kOnWindowClose) out += " EMIT ON WINDOW CLOSE";
  if (query.emit == Emit::kChanges) out += " EMIT CHANGES";
  return out;
}

}  // namespace dataflow::sql
