#include "flink_query.h"

#include <algorithm>

#include "binder.h"
#include "print_query.h"
#include "same_name.h"

namespace dataflow::sql {
namespace {

bool has_tail(const Query& query) {
  return !query.with.empty() || !query.order_by.empty() || query.limit != nullptr ||
         query.offset != nullptr;
}

int strength(const SetOperation& operation) {
  return operation.kind == SetKind::kIntersect ? 2 : 1;
}

const char* words_of(SetKind kind) {
  switch (kind) {
    case SetKind::kUnion: return " UNION ";
    case SetKind::kIntersect: return " INTERSECT ";
    case SetKind::kExcept: break;
  }
  return " EXCEPT ";
}

const Star* star_of(const SelectItem& item) {
  return dynamic_cast<const Star*>(item.expression->extension.get());
}

}  // namespace

Result<std::string> FlinkQueries::text(const Query& query) {
  // Windows give their rows when they close there, too.
  if (query.emit == Emit::kChanges) {
    return at_place(query.place,
                    "Flink has no EMIT CHANGES: windows give their rows when they close there, and "
                    "other results change");
  }
  std::string out;
  common_.emplace_back();
  const auto written = [&]() -> Status {
    for (const CommonTable& table : query.with) {
      DF_ASSIGN_OR_RETURN(const std::string inside, text(*table.query));
      out += (out.empty() ? "WITH " : ", ") + flink_name(table.name);
      if (!table.columns.empty()) out += " " + flink_names(table.columns);
      out += " AS (" + inside + ")";
      common_.back()[table.name] = table.columns.empty() ? names_of(*table.query) : table.columns;
    }
    DF_ASSIGN_OR_RETURN(const std::string rows, body(query));
    out += (out.empty() ? "" : " ") + rows;
    return {};
  }();
  common_.pop_back();
  DF_RETURN_IF_ERROR(written);
  if (query.limit != nullptr) out += " LIMIT " + query.limit->to_string();
  if (query.offset != nullptr) out += " OFFSET " + query.offset->to_string();
  return out;
}

// With its ORDER BY, which sees what a SELECT sees.
Result<std::string> FlinkQueries::body(const Query& query) {
  if (const auto* one = std::get_if<Select>(&query.body)) return select(*one, query.order_by);
  std::string out;
  if (const auto* values = std::get_if<Values>(&query.body)) {
    for (const auto& row : values->rows) {
      DF_ASSIGN_OR_RETURN(const std::string inside, list(row));
      out += (out.empty() ? "VALUES (" : ", (") + inside + ")";
    }
  } else {
    const auto& operation = std::get<SetOperation>(query.body);
    const int strong = strength(operation);
    DF_ASSIGN_OR_RETURN(const std::string left, side(*operation.left, strong));
    DF_ASSIGN_OR_RETURN(const std::string right, side(*operation.right, strong + 1));
    out = left + words_of(operation.kind) + (operation.all ? "ALL " : "") + right;
  }
  if (query.order_by.empty()) return out;
  spelling_.open(names_of(query));
  Result<std::string> by = order(query.order_by);
  spelling_.close();
  if (!by.ok()) return by.status();
  return out + " " + *by;
}

Result<std::string> FlinkQueries::side(const Query& query, int least) {
  DF_ASSIGN_OR_RETURN(std::string out, text(query));
  const auto* operation = std::get_if<SetOperation>(&query.body);
  const bool plain = !has_tail(query) && (operation == nullptr || strength(*operation) >= least);
  return plain ? out : "(" + out + ")";
}

Result<std::string> FlinkQueries::order(const std::vector<OrderItem>& order_by) {
  std::vector<OrderItem> items = order_by;
  for (OrderItem& item : items) {
    if (is_star(*item.expression)) {
      return at_place(item.expression->place,
                      "Flink has no ORDER BY ALL; name the columns of this list");
    }
    DF_ASSIGN_OR_RETURN(item.expression, expression(item.expression));
  }
  return order_text(items);
}

Result<WindowDefinition> FlinkQueries::window(const WindowDefinition& window) {
  WindowDefinition made = window;
  for (ExpressionPtr& key : made.partition_by) {
    DF_ASSIGN_OR_RETURN(key, expression(key));
  }
  for (OrderItem& item : made.order_by) {
    DF_ASSIGN_OR_RETURN(item.expression, expression(item.expression));
  }
  return made;
}

Result<std::string> FlinkQueries::select(const Select& select,
                                         const std::vector<OrderItem>& order_by) {
  std::vector<std::string> visible;
  if (select.from != nullptr) visible = names_of(*select.from, true);
  for (const SelectItem& item : select.items) visible.push_back(item.alias);
  spelling_.open(std::move(visible));
  const auto written = [&]() -> Result<std::string> {
    DF_ASSIGN_OR_RETURN(std::string out, list(select));
    std::vector<std::string> where;
    if (select.from != nullptr) {
      DF_ASSIGN_OR_RETURN(const std::string tables, from(*select.from, where));
      out += " FROM " + tables;
    }
    if (select.where != nullptr) {
      DF_ASSIGN_OR_RETURN(const ExpressionPtr condition, expression(select.where));
      where.push_back(where.empty() ? condition->to_string() : "(" + condition->to_string() + ")");
    }
    for (const std::string& condition : where) {
      out += (&condition == &where.front() ? " WHERE " : " AND ") + condition;
    }
    DF_ASSIGN_OR_RETURN(const std::string rest, tail(select));
    out += rest;
    if (order_by.empty()) return out;
    DF_ASSIGN_OR_RETURN(const std::string by, order(order_by));
    return out + " " + by;
  }();
  spelling_.close();
  return written;
}

Result<std::string> FlinkQueries::list(const Select& select) {
  std::string out = select.distinct ? "SELECT DISTINCT " : "SELECT ";
  for (const SelectItem& item : select.items) {
    if (&item != &select.items.front()) out += ", ";
    DF_ASSIGN_OR_RETURN(const ExpressionPtr value, expression(item.expression));
    out += value->to_string();
    if (!item.alias.empty()) out += " AS " + flink_name(item.alias);
  }
  return out;
}

// `GROUP BY 2` is the second column, and a name that no table has is a column's of the list.
ExpressionPtr FlinkQueries::key_of(const Select& select, const ExpressionPtr& key) {
  const auto& items = select.items;
  if (key->kind == expr::Kind::kLiteral && key->value.type().is_integer() &&
      !key->value.is_null()) {
    const auto at = static_cast<size_t>(key->value.as_int() - 1);
    return at < items.size() ? items[at].expression : key;
  }
  if (key->kind != expr::Kind::kColumn || select.from == nullptr) return key;
  const auto is_named = [&](const std::string& name) { return same_name(name, key->name); };
  if (std::ranges::any_of(names_of(*select.from, false), is_named)) return key;
  const auto found = std::ranges::find_if(
      items, [&](const SelectItem& item) { return !item.alias.empty() && is_named(item.alias); });
  return found == items.end() ? key : found->expression;
}

Result<std::string> FlinkQueries::tail(const Select& select) {
  std::string out;
  if (select.has_group_by) {
    std::vector<ExpressionPtr> written = select.group_by;
    for (ExpressionPtr& key : written) key = key_of(select, key);
    DF_ASSIGN_OR_RETURN(const std::string keys, list(written));
    out += " GROUP BY " + (keys.empty() ? "()" : keys);
  }
  if (select.having != nullptr) {
    // Flink takes no alias there.
    const ExpressionPtr written = with_columns(
        select.having, [&](const ExpressionPtr& column) { return key_of(select, column); });
    DF_ASSIGN_OR_RETURN(const ExpressionPtr having, expression(written));
    out += " HAVING " + having->to_string();
  }
  for (const auto& [name, definition] : select.windows) {
    DF_ASSIGN_OR_RETURN(const WindowDefinition made, window(definition));
    const bool first = &name == &select.windows.front().first;
    out += (first ? " WINDOW " : ", ") + flink_name(name) + " AS " + window_text(made);
  }
  if (select.qualify != nullptr) {
    DF_ASSIGN_OR_RETURN(const ExpressionPtr qualify, expression(select.qualify));
    out += " QUALIFY " + qualify->to_string();
  }
  return out;
}

std::vector<std::string> FlinkQueries::names_of(const Query& query) {
  if (const auto* operation = std::get_if<SetOperation>(&query.body)) {
    return names_of(*operation->left);
  }
  std::vector<std::string> names;
  const auto* select = std::get_if<Select>(&query.body);
  if (select == nullptr) {
    const auto& rows = std::get<Values>(query.body).rows;
    for (size_t i = 0; !rows.empty() && i < rows[0].size(); ++i) {
      names.push_back("EXPR$" + std::to_string(i));
    }
    return names;
  }
  for (const SelectItem& item : select->items) {
    if (!item.alias.empty()) {
      names.push_back(item.alias);
    } else if (star_of(item) == nullptr) {
      names.push_back(default_name(*item.expression, names.size()));
    } else if (select->from != nullptr) {
      for (std::string& name : names_of(*select->from, false)) names.push_back(std::move(name));
    }
  }
  return names;
}

}  // namespace dataflow::sql
