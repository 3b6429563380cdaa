// What stands behind FROM, in Flink's dialect.
#include <algorithm>

#include "expr/print.h"
#include "flink_query.h"
#include "names.h"
#include "same_name.h"

namespace dataflow::sql {
namespace {

const char* words_of(JoinType type) {
  switch (type) {
    case JoinType::kLeft: return " LEFT JOIN ";
    case JoinType::kRight: return " RIGHT JOIN ";
    case JoinType::kFull: return " FULL JOIN ";
    case JoinType::kCross: return " CROSS JOIN ";
    default: return " JOIN ";
  }
}

bool is_semi(const JoinedTable* join) {
  return join != nullptr && (join->type == JoinType::kSemi || join->type == JoinType::kAnti);
}

std::string alias_of(const TableRef& ref) {
  if (!ref.alias.empty()) return ref.alias;
  const auto* named = std::get_if<NamedTable>(&ref.what);
  return named == nullptr ? std::string() : named->name.last();
}

}  // namespace

// Semi and anti joins are conditions there.
Result<std::string> FlinkQueries::from(const TableRef& ref, std::vector<std::string>& where) {
  const auto* join = std::get_if<JoinedTable>(&ref.what);
  if (!is_semi(join)) return table(ref);
  DF_ASSIGN_OR_RETURN(std::string left, from(*join->left, where));
  DF_ASSIGN_OR_RETURN(std::string condition, exists(*join));
  where.push_back(std::move(condition));
  return left;
}

Result<std::string> FlinkQueries::exists(const JoinedTable& join) {
  std::vector<std::string> conditions;
  DF_ASSIGN_OR_RETURN(const std::string right, from(*join.right, conditions));
  const std::string left_alias = alias_of(*join.left), right_alias = alias_of(*join.right);
  std::vector<Name> shared = join.using_columns;
  if (join.natural) {
    const std::vector<std::string> others = names_of(*join.right, false);
    for (const std::string& name : names_of(*join.left, false)) {
      const bool both = std::ranges::any_of(
          others, [&](const std::string& other) { return same_name(name, other); });
      if (both) shared.push_back({{name}, {}});
    }
  }
  if (!shared.empty() && (left_alias.empty() || right_alias.empty())) {
    return at_place(join.right->place,
                    "Flink has semi joins as EXISTS only; give both tables of USING an alias, or "
                    "write ON");
  }
  for (const Name& name : shared) {
    const std::string column = "." + flink_name(spelling_.of(name.last()));
    conditions.push_back(flink_name(spelling_.of(left_alias)) + column + " = " +
                         flink_name(spelling_.of(right_alias)) + column);
  }
  if (join.on != nullptr) {
    DF_ASSIGN_OR_RETURN(const ExpressionPtr on, expression(join.on));
    conditions.push_back(expr::operand_to_sql(*on, expr::Binding::kAnd));
  }
  std::string out = join.type == JoinType::kAnti ? "NOT EXISTS (" : "EXISTS (";
  out += "SELECT 1 FROM " + right;
  for (const std::string& condition : conditions) {
    out += (&condition == &conditions.front() ? " WHERE " : " AND ") + condition;
  }
  return out + ")";
}

Result<std::string> FlinkQueries::table(const TableRef& ref) {
  std::string out;
  if (const auto* one = std::get_if<NamedTable>(&ref.what)) {
    DF_ASSIGN_OR_RETURN(out, named(*one, ref.place));
  } else if (const auto* derived = std::get_if<DerivedTable>(&ref.what)) {
    DF_ASSIGN_OR_RETURN(out, text(*derived->query));
    out = (derived->lateral ? "LATERAL (" : "(") + out + ")";
  } else if (const auto* call = std::get_if<TableFunction>(&ref.what)) {
    DF_ASSIGN_OR_RETURN(out, function(*call, ref.place));
  } else {
    DF_ASSIGN_OR_RETURN(out, join(std::get<JoinedTable>(ref.what), ref.place));
    if (!ref.alias.empty()) out = "(" + out + ")";
  }
  if (!ref.alias.empty()) out += " AS " + flink_name(ref.alias);
  return ref.columns.empty() ? out : out + " " + flink_names(ref.columns);
}

const std::vector<std::string>* FlinkQueries::find_common(const Name& name,
                                                          std::string* spelled) const {
  if (name.parts.size() != 1) return nullptr;
  for (auto level = common_.rbegin(); level != common_.rend(); ++level) {
    const std::vector<std::string>* found = nullptr;
    for (const auto& [known, columns] : *level) {
      if (!same_name(known, name.last()) || (found != nullptr && known != name.last())) continue;
      found = &columns;
      if (spelled != nullptr) *spelled = known;
    }
    if (found != nullptr) return found;
  }
  return nullptr;
}

Result<std::string> FlinkQueries::named(const NamedTable& named, Place place) {
  std::string spelled;
  if (find_common(named.name, &spelled) == nullptr) {
    if (const Table* table = catalog_.find_table(named.name.last())) {
      spelled = table->name;
      DF_RETURN_IF_ERROR(reads_.reads(*table, named));
    } else if (const View* view = catalog_.find_view(named.name.last())) {
      spelled = view->name;
      DF_RETURN_IF_ERROR(view->kept != nullptr ? reads_.reads(*view->kept, named)
                                               : reads_.reads(*view));
    } else {
      return at_place(place, "there is no table or view `" + named.name.last() + "`");
    }
  }
  std::string out = flink_name(spelled);
  for (const OptionText& option : named.hints) {
    out += &option == &named.hints.front() ? " /*+ OPTIONS(" : ", ";
    out += expr::quoted_text(option.key) + " = " + expr::quoted_text(option.value);
  }
  if (!named.hints.empty()) out += ") */";
  if (named.as_of == nullptr) return out;
  DF_ASSIGN_OR_RETURN(const ExpressionPtr time, expression(named.as_of));
  return out + " FOR SYSTEM_TIME AS OF " + expr::operand_to_sql(*time, expr::Binding::kSum);
}

Result<std::string> FlinkQueries::function(const TableFunction& function, Place place) {
  const bool unnest = function.name == "UNNEST";
  const bool known = unnest || function.name == "TUMBLE" || function.name == "HOP" ||
                     function.name == "CUMULATE" || function.name == "SESSION";
  if (!known) return at_place(place, "Flink has no table function " + function.name);
  if (function.name == "SESSION" && reads_.in_batch_mode()) {
    return at_place(place,
                    "Flink has no session windows in batch mode, in which a query that ends runs; "
                    "SET 'execution.runtime-mode' = 'streaming', and INSERT what they give");
  }
  std::string out;
  for (const TableArgument& each : function.arguments) {
    DF_ASSIGN_OR_RETURN(const std::string one, argument(each));
    out += (out.empty() ? "" : ", ") + one;
  }
  out = function.name + "(" + out + ")";
  if (!unnest) return "TABLE(" + out + ")";
  return function.with_ordinality ? out + " WITH ORDINALITY" : out;
}

Result<std::string> FlinkQueries::argument(const TableArgument& argument) {
  std::string out = argument.name.empty() ? "" : flink_name(argument.name) + " => ";
  if (const auto* columns = std::get_if<std::vector<Name>>(&argument.value)) {
    std::vector<std::string> names;
    for (const Name& name : *columns) names.push_back(spelling_.of(name.last()));
    return out + "DESCRIPTOR" + flink_names(names);
  }
  if (const auto* value = std::get_if<ExpressionPtr>(&argument.value)) {
    DF_ASSIGN_OR_RETURN(const ExpressionPtr made, expression(*value));
    return out + made->to_string();
  }
  const TableRef& of = *std::get<TableRefPtr>(argument.value);
  DF_ASSIGN_OR_RETURN(const std::string rows, table(of));
  out += std::holds_alternative<NamedTable>(of.what) ? "TABLE " + rows : rows;
  if (argument.partition_by.empty()) return out;
  DF_ASSIGN_OR_RETURN(const std::string keys, list(argument.partition_by));
  return out + " PARTITION BY (" + keys + ")";
}

Result<std::string> FlinkQueries::join(const JoinedTable& join, Place place) {
  if (join.type == JoinType::kAsof || join.type == JoinType::kLeftAsof) {
    return at_place(place,
                    "Flink has no ASOF join; a table with a primary key and a watermark is joined "
                    "there with FOR SYSTEM_TIME AS OF");
  }
  if (is_semi(&join)) {
    return at_place(place,
                    "Flink has semi and anti joins as EXISTS only, which stands in WHERE; put this "
                    "one into a query of its own");
  }
  DF_ASSIGN_OR_RETURN(const std::string left, table(*join.left));
  DF_ASSIGN_OR_RETURN(const std::string right, table(*join.right));
  const bool nested =
      std::holds_alternative<JoinedTable>(join.right->what) && join.right->alias.empty();
  std::string out = left + (join.natural ? " NATURAL" : "") + words_of(join.type) +
                    (nested ? "(" + right + ")" : right);
  if (!join.using_columns.empty()) {
    std::vector<std::string> names;
    for (const Name& name : join.using_columns) names.push_back(spelling_.of(name.last()));
    return out + " USING " + flink_names(names);
  }
  if (join.on == nullptr) return out;
  DF_ASSIGN_OR_RETURN(const ExpressionPtr on, expression(join.on));
  return out + " ON " + on->to_string();
}

std::vector<std::string> FlinkQueries::names_of(const NamedTable& named) {
  std::vector<std::string> names;
  if (const auto* common = find_common(named.name, nullptr)) return *common;
  const View* view = catalog_.find_view(named.name.last());
  const Table* table = catalog_.find_table(named.name.last());
  if (table == nullptr && view != nullptr) table = view->kept.get();
  if (table != nullptr) {
    for (const ColumnDefinition& column : table->columns) names.push_back(column.name);
  } else if (view != nullptr) {
    return view->columns.empty() ? names_of(*view->query) : view->columns;
  }
  return names;
}

std::vector<std::string> FlinkQueries::names_of(const TableRef& ref, bool with_aliases) {
  std::vector<std::string> names;
  const auto add = [&](std::vector<std::string> more) {
    names.insert(names.end(), more.begin(), more.end());
  };
  if (!ref.columns.empty()) {
    add(ref.columns);
  } else if (const auto* named = std::get_if<NamedTable>(&ref.what)) {
    add(names_of(*named));
  } else if (const auto* derived = std::get_if<DerivedTable>(&ref.what)) {
    add(names_of(*derived->query));
  } else if (const auto* function = std::get_if<TableFunction>(&ref.what)) {
    for (const TableArgument& argument : function->arguments) {
      const auto* of = std::get_if<TableRefPtr>(&argument.value);
      if (of != nullptr) add(names_of(**of, false));
    }
    if (function->name != "UNNEST") add({"window_start", "window_end", "window_time"});
  } else {
    const auto& join = std::get<JoinedTable>(ref.what);
    add(names_of(*join.left, with_aliases));
    if (!is_semi(&join) || with_aliases) add(names_of(*join.right, with_aliases));
  }
  if (!with_aliases || alias_of(ref).empty()) return names;
  std::string alias = alias_of(ref);
  if (ref.alias.empty()) {  // a table's own name, as it is printed
    const NamedTable& named = std::get<NamedTable>(ref.what);
    const View* const view = catalog_.find_view(alias);
    if (find_common(named.name, &alias) == nullptr) {
      const Table* const table = catalog_.find_table(alias);
      if (table != nullptr) alias = table->name;
      if (table == nullptr && view != nullptr) alias = view->name;
    }
  }
  names.push_back(std::move(alias));
  return names;
}

}  // namespace dataflow::sql
