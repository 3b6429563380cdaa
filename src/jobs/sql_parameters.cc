#include "sql_parameters.h"

#include <algorithm>
#include <charconv>

#include "expr/lexer.h"
#include "sql/compile.h"
#include "sql/settings.h"

namespace dataflow::jobs {
namespace {

using sql::ExpressionPtr;

// Parameters stand as columns of these names while their uses are looked for: no user's column has
// such a one.
std::string marker(size_t index) { return "$" + std::to_string(index + 1); }

std::optional<size_t> index_of(const ExpressionPtr& expression) {
  if (expression == nullptr || expression->kind != expr::Kind::kColumn) return std::nullopt;
  const std::string& name = expression->name;
  size_t number = 0;
  if (name.size() < 2 || name[0] != '$') return std::nullopt;
  const auto read = std::from_chars(name.data() + 1, name.data() + name.size(), number);
  if (read.ec != std::errc() || read.ptr != name.data() + name.size() || number == 0) {
    return std::nullopt;
  }
  return number - 1;
}

bool is_same_name(const std::string& a, const std::string& b) {
  return expr::in_capitals(a) == expr::in_capitals(b);
}

class Uses {
 public:
  Uses(const sql::Catalog& catalog, std::vector<std::optional<Type>>& types)
      : catalog_(catalog), types_(types) {}

  void statement(const sql::StatementAst& statement) {
    std::visit([this](const auto& what) { this->on(what); }, statement.what);
  }

 private:
  template <class What>
  void on(const What&) {}
  void on(const sql::SelectStatement& select) { query(*select.query); }
  void on(const sql::Subscribe& subscribe) { query(*subscribe.query); }
  void on(const sql::Explain& explain) { statement(*explain.statement); }
  void on(const sql::Insert& insert);
  void on(const sql::Update& update);
  void on(const sql::Delete& remove) {
    add_table(remove.target.last());
    expression(remove.where);
  }

  void query(const sql::Query& query);
  void from(const sql::TableRef& table);
  void expression(const ExpressionPtr& expression);
  void is_of(const ExpressionPtr& parameter, const std::optional<Type>& type) {
    const std::optional<size_t> index = index_of(parameter);
    if (index && *index < types_.size() && !types_[*index]) types_[*index] = type;
  }
  std::optional<Type> type_of(const ExpressionPtr& expression) const;
  void add_table(const std::string& name);
  std::vector<sql::OutputColumn> columns_of(const std::string& name) const;

  const sql::Catalog& catalog_;
  std::vector<std::optional<Type>>& types_;
  std::vector<sql::OutputColumn> known_;  // of the tables that are read
};

std::vector<sql::OutputColumn> Uses::columns_of(const std::string& name) const {
  auto columns = sql::describe_relation(name, catalog_, sql::Settings());
  return columns.ok() ? std::move(*columns) : std::vector<sql::OutputColumn>();
}

void Uses::add_table(const std::string& name) {
  for (sql::OutputColumn& column : columns_of(name)) known_.push_back(std::move(column));
}

std::optional<Type> Uses::type_of(const ExpressionPtr& expression) const {
  if (expression->kind == expr::Kind::kLiteral && !expression->value.is_null()) {
    return expression->value.type();
  }
  if (expression->kind == expr::Kind::kCast) return expression->type;
  if (expression->kind != expr::Kind::kColumn) return std::nullopt;
  const std::string& name = expression->name;
  for (const sql::OutputColumn& column : known_) {
    if (is_same_name(column.name, name)) return column.type;
  }
  // With its table in front: `t.a`.
  const std::string last = name.substr(name.rfind('.') + 1);
  for (const sql::OutputColumn& column : known_) {
    if (is_same_name(column.name, last)) return column.type;
  }
  return std::nullopt;
}

void Uses::expression(const ExpressionPtr& expression) {
  if (expression == nullptr) return;
  const auto& arguments = expression->arguments;
  const auto clauses = std::dynamic_pointer_cast<const sql::Subquery>(expression->extension);
  if (clauses != nullptr && clauses->query != nullptr) query(*clauses->query);
  std::optional<Type> type;
  for (const ExpressionPtr& argument : arguments) {
    this->expression(argument);
    if (!type) type = type_of(argument);
  }
  // $1::BIGINT is of the type that it is to be.
  if (expression->kind == expr::Kind::kCast) is_of(arguments.front(), expression->type);
  if (expression->kind == expr::Kind::kCall && expression->name == "NUMERIC") {
    is_of(arguments.front(), Type::decimal(38, 18));  // $1::numeric
    return;
  }
  // = ANY ($1)
  const bool within = expression->kind == expr::Kind::kCall && arguments.size() == 2 &&
                      expression->name == "ARRAY_CONTAINS";
  if (within && index_of(arguments[0])) {
    if (const std::optional<Type> element = type_of(arguments[1])) {
      is_of(arguments[0], Type::array(*element));
    }
    return;
  }
  static const std::vector<std::string> kAlike = {
      "=",    "<>",       "<",     "<=",        ">", ">=", "BETWEEN", "NOT BETWEEN", "IN", "NOT IN",
      "LIKE", "NOT LIKE", "ILIKE", "NOT ILIKE", "+", "-",  "*",       "/",           "%"};
  if (expression->kind != expr::Kind::kCall || !type ||
      std::ranges::find(kAlike, expression->name) == kAlike.end()) {
    return;
  }
  for (const ExpressionPtr& argument : arguments) is_of(argument, type);
}

void Uses::from(const sql::TableRef& table) {
  if (const auto* named = std::get_if<sql::NamedTable>(&table.what)) add_table(named->name.last());
  if (const auto* derived = std::get_if<sql::DerivedTable>(&table.what)) query(*derived->query);
  if (const auto* join = std::get_if<sql::JoinedTable>(&table.what)) {
    from(*join->left);
    from(*join->right);
    expression(join->on);
  }
}

void Uses::query(const sql::Query& query) {
  for (const sql::CommonTable& common : query.with) this->query(*common.query);
  if (const auto* select = std::get_if<sql::Select>(&query.body)) {
    if (select->from != nullptr) from(*select->from);
    for (const sql::SelectItem& item : select->items) expression(item.expression);
    expression(select->where);
    expression(select->having);
    expression(select->qualify);
  } else if (const auto* set = std::get_if<sql::SetOperation>(&query.body)) {
    this->query(*set->left);
    this->query(*set->right);
  }
  for (const ExpressionPtr& count : {query.limit, query.offset}) {
    if (count != nullptr) is_of(count, Type::int64());
  }
}

void Uses::on(const sql::Insert& insert) {
  const std::vector<sql::OutputColumn> all = columns_of(insert.target.last());
  std::vector<std::optional<Type>> targets;
  for (const sql::Name& name : insert.columns) {
    const auto found = std::ranges::find_if(all, [&](const sql::OutputColumn& column) {
      return is_same_name(column.name, name.last());
    });
    targets.push_back(found == all.end() ? std::nullopt : std::optional<Type>(found->type));
  }
  if (insert.columns.empty()) {
    for (const sql::OutputColumn& column : all) targets.emplace_back(column.type);
  }
  if (const auto* values = std::get_if<sql::Values>(&insert.query->body)) {
    for (const auto& row : values->rows) {
      for (size_t i = 0; i < row.size() && i < targets.size(); ++i) is_of(row[i], targets[i]);
      for (const ExpressionPtr& cell : row) expression(cell);
    }
  }
  if (const auto* select = std::get_if<sql::Select>(&insert.query->body)) {
    for (size_t i = 0; i < select->items.size() && i < targets.size(); ++i) {
      is_of(select->items[i].expression, targets[i]);
    }
  }
  query(*insert.query);
}

void Uses::on(const sql::Update& update) {
  add_table(update.target.last());
  for (const auto& [column, value] : update.set) {
    is_of(value, type_of(expr::column(column.last())));
    expression(value);
  }
  expression(update.where);
}

}  // namespace

Result<std::vector<Type>> parameter_types(const sql::StatementAst& statement,
                                          const std::string& text,
                                          const std::vector<std::optional<Type>>& given,
                                          const sql::Catalog& catalog) {
  sql::Parameters marked;
  // A long script is not read again for each of its statements.
  const bool any = text.find('$') != std::string::npos;
  if (any) DF_RETURN_IF_ERROR(sql::parse_script(text, marked).status());
  std::vector<std::optional<Type>> types = given;
  types.resize(std::max(types.size(), marked.highest));
  marked.given.clear();
  for (size_t i = 0; i < types.size(); ++i) marked.given.push_back(expr::column(marker(i)));
  std::vector<sql::StatementAst> all;
  if (any) {
    DF_ASSIGN_OR_RETURN(all, sql::parse_script(text, marked));
  }
  Uses uses(catalog, types);
  for (const sql::StatementAst& each : all) {
    const bool same =
        each.place.line == statement.place.line && each.place.column == statement.place.column;
    if (same) uses.statement(each);
  }
  std::vector<Type> made;
  for (std::optional<Type>& type : types) made.push_back(type ? std::move(*type) : Type::string());
  return made;
}

sql::Parameters as_literals(const std::vector<Value>& values) {
  sql::Parameters parameters;
  for (const Value& value : values) {
    parameters.given.push_back(value.is_null() ? expr::cast(expr::literal(Value()), value.type())
                                               : expr::literal(value));
  }
  return parameters;
}

}  // namespace dataflow::jobs
