// What stands behind FROM, as SQL writes it.
#include "expr/print.h"
#include "keywords.h"
#include "print_query.h"
#include "sql/parser.h"

namespace dataflow::sql {

std::string names_text(const std::vector<std::string>& names) {
  std::string out = "(";
  for (const std::string& name : names) out += (out.size() > 1 ? ", " : "") + name_text(name);
  return out + ")";
}

namespace {

const char* join_words(JoinType type) {
  switch (type) {
    case JoinType::kInner: return "INNER JOIN";
    case JoinType::kLeft: return "LEFT JOIN";
    case JoinType::kRight: return "RIGHT JOIN";
    case JoinType::kFull: return "FULL JOIN";
    case JoinType::kCross: return "CROSS JOIN";
    case JoinType::kSemi: return "LEFT SEMI JOIN";
    case JoinType::kAnti: return "LEFT ANTI JOIN";
    case JoinType::kAsof: return "ASOF JOIN";
    case JoinType::kLeftAsof: break;
  }
  return "LEFT ASOF JOIN";
}

std::string list_text(const std::vector<Name>& names) {
  std::string out = "(";
  for (const Name& name : names) out += (out.size() > 1 ? ", " : "") + name.to_string();
  return out + ")";
}

std::string named_text(const NamedTable& table) {
  std::string out = table.name.to_string();
  if (!table.hints.empty()) {
    out += " /*+ OPTIONS(";
    for (const OptionText& option : table.hints) {
      if (&option != &table.hints.front()) out += ", ";
      out += expr::quoted_text(option.key) + " = " + expr::quoted_text(option.value);
    }
    out += ") */";
  }
  // In parentheses: what binds less tightly than a sum would end before.
  if (table.as_of != nullptr) {
    out += " FOR SYSTEM_TIME AS OF " + expr::operand_to_sql(*table.as_of, expr::Binding::kSum);
  }
  return out;
}

std::string argument_text(const TableArgument& argument, bool plain) {
  std::string out = argument.name.empty() ? "" : name_text(argument.name) + " => ";
  if (const auto* columns = std::get_if<std::vector<Name>>(&argument.value)) {
    return out + "DESCRIPTOR" + list_text(*columns);
  }
  if (const auto* expression = std::get_if<ExpressionPtr>(&argument.value)) {
    const std::string text = (*expression)->to_string();
    // A column called DESCRIPTOR is none.
    return out + (plain || text[0] != '(' ? text : "(" + text + ")");
  }
  const TableRef& table = *std::get<TableRefPtr>(argument.value);
  if (const auto* named = std::get_if<NamedTable>(&table.what)) {
    out += "TABLE " + named_text(*named);
  } else {
    out += "TABLE (" + to_string(*std::get<DerivedTable>(table.what).query) + ")";
  }
  if (argument.partition_by.empty()) return out;
  return out + " PARTITION BY (" + sql::list_text(argument.partition_by) + ")";
}

std::string function_text(const TableFunction& function) {
  const bool unnest = function.name == "UNNEST";
  std::string out = function.lateral ? "LATERAL " : "";
  if (!unnest) out += "TABLE(";
  Name name;
  for (size_t from = 0; from <= function.name.size();) {
    const size_t to = std::min(function.name.find('.', from), function.name.size());
    name.parts.push_back(function.name.substr(from, to - from));
    from = to + 1;
  }
  out += unnest ? function.name : name.to_string();
  out += "(";
  for (const TableArgument& argument : function.arguments) {
    if (&argument != &function.arguments.front()) out += ", ";
    out += argument_text(argument, unnest);
  }
  out += unnest ? ")" : "))";
  return function.with_ordinality ? out + " WITH ORDINALITY" : out;
}

std::string join_text(const JoinedTable& join) {
  const std::string right = table_text(*join.right);
  const bool nested = std::holds_alternative<JoinedTable>(join.right->what);
  std::string out = table_text(*join.left) + (join.natural ? " NATURAL " : " ") +
                    join_words(join.type) + " " + (nested ? "(" + right + ")" : right);
  if (!join.using_columns.empty()) {
    // What a MATCH_CONDITION said beside USING.
    if (join.on != nullptr) out += " MATCH_CONDITION (" + join.on->to_string() + ")";
    return out + " USING " + list_text(join.using_columns);
  }
  return join.on == nullptr ? out : out + " ON " + join.on->to_string();
}

}  // namespace

std::string table_text(const TableRef& ref) {
  std::string out;
  if (const auto* named = std::get_if<NamedTable>(&ref.what)) {
    out = named_text(*named);
  } else if (const auto* derived = std::get_if<DerivedTable>(&ref.what)) {
    out = std::string(derived->lateral ? "LATERAL " : "") + "(" + to_string(*derived->query) + ")";
  } else if (const auto* function = std::get_if<TableFunction>(&ref.what)) {
    out = function_text(*function);
  } else {
    out = join_text(std::get<JoinedTable>(ref.what));
  }
  if (!ref.alias.empty()) out += " AS " + name_text(ref.alias);
  return ref.columns.empty() ? out : out + " " + names_text(ref.columns);
}

}  // namespace dataflow::sql
