// EXPLAIN FLINK: settings, definitions and the statement.
#include <set>

#include "expr/print.h"
#include "flink_query.h"
#include "flink_table.h"
#include "names.h"
#include "sql/compile.h"
#include "sql/flink.h"
#include "sql/parser.h"
#include "table_definition.h"

namespace dataflow::sql {
namespace {

constexpr const char* kMode = "execution.runtime-mode";
constexpr const char* kPlaceholder = "localhost:9092";
// Of tables with a watermark, where nothing else was said.
const int64_t kIdleTimeoutMs = plan::WatermarkSpec().idle_timeout_ms;

class FlinkScript final : private FlinkReads {
 public:
  FlinkScript(const Catalog& catalog, const Settings& settings, const std::string& script,
              const std::string& kafka_address)
      : catalog_(catalog), settings_(settings), script_(script), queries_(catalog, *this) {
    target_.kafka_address = kafka_address.empty() ? kPlaceholder : kafka_address;
    placeholder_ = kafka_address.empty();
    batch_ = target_.bounded = settings.mode() == RuntimeMode::kBatch;
    target_.names_kafka = &names_kafka_;
    const bool given = settings.given().contains("table.exec.source.idle-timeout");
    target_.idle_timeout_ms = given ? 0 : kIdleTimeoutMs;
  }

  Result<std::string> of(const StatementAst& statement) {
    const Status done =
        std::visit([&](const auto& what) { return this->on(what); }, statement.what);
    if (!done.ok()) return at(done, statement.place);
    std::string text;
    if (names_kafka_ && placeholder_) {
      text += std::string("-- The broker's address is not known here: put yours in the place of ") +
              kPlaceholder + ".\n";
    }
    return text + settings_text() + definitions_ + statement_;
  }

 private:
  // "line L, column C: what" gets the line and a caret; other words stand at the statement.
  Status at(const Status& status, Place statement) const {
    if (status.code() != StatusCode::kInvalid) return status;
    if (status.message().find('\n') != std::string::npos) return status;
    Place place = statement;
    int read = 0;
    const char* const words = status.message().c_str();
    if (std::sscanf(words, "line %d, column %d: %n", &place.line, &place.column, &read) != 2) {
      place = statement;
      read = 0;
    }
    return error_at(script_, place, status.message().substr(static_cast<size_t>(read)));
  }

  Status on(const SelectStatement& select) {
    batch_ = target_.bounded = true;
    selects_ = true;
    DF_RETURN_IF_ERROR(query(*select.query));
    if (batch_ || select.query->order_by.empty() || select.query->limit != nullptr) return {};
    return at_place(select.query->order_by[0].expression->place,
                    "Flink sorts all rows in batch mode only, in which it reads no keyed topic; "
                    "add a LIMIT, or leave ORDER BY away");
  }
  Status on(const Subscribe& subscribe) {
    batch_ = target_.bounded = false;
    return query(*subscribe.query);
  }
  Status query(const Query& query) {
    DF_ASSIGN_OR_RETURN(const std::string text, queries_.text(query));
    statement_ = text + ";\n";
    return {};
  }
  Status on(const Insert& insert) {
    DF_ASSIGN_OR_RETURN(statement_, insert_text(insert));
    return {};
  }
  Status on(const StatementSet& set) {
    statement_ = "EXECUTE STATEMENT SET BEGIN\n";
    for (const Insert& insert : set.inserts) {
      DF_ASSIGN_OR_RETURN(const std::string one, insert_text(insert));
      statement_ += one;
    }
    statement_ += "END;\n";
    return {};
  }
  Status on(const CreateTable& create);
  Status on(const CreateView& create);
  Status on(const Update&) { return no_change("UPDATE"); }
  Status on(const Delete&) { return no_change("DELETE"); }
  Status on(const auto&) {
    return Status::invalid(
        "EXPLAIN FLINK takes a query, an INSERT, a statement set, CREATE TABLE or CREATE VIEW");
  }
  static Status no_change(const std::string& word) {
    return Status::invalid("Flink has no " + word +
                           " of topics; INSERT a row with the same key there, which replaces it");
  }

  // Tables and views that something reads or writes, each once, behind what they read.
  Status reads(const Table& table, const NamedTable& named) override;
  Status reads(const View& view) override;
  bool in_batch_mode() const override { return batch_; }
  Status define(const Table& table) {
    if (!defined_.insert(table.name).second) return {};
    DF_ASSIGN_OR_RETURN(const std::string text, flink_table(table, target_, queries_));
    definitions_ += text;
    return {};
  }

  Result<std::string> insert_text(const Insert& insert);
  Result<std::string> view_text(const std::string& name, const std::vector<std::string>& columns,
                                const std::string& comment, const Query& query);
  // The query with casts where Flink does not see what a literal is to become.
  static QueryPtr with_casts(const QueryPtr& query, const std::vector<Type>& types);
  std::string settings_text() const;

  const Catalog& catalog_;
  const Settings& settings_;
  const std::string& script_;
  FlinkTarget target_;
  bool batch_ = false;
  bool selects_ = false;  // it is a query, whose rows somebody looks at
  bool placeholder_ = false, names_kafka_ = false;
  FlinkQueries queries_;
  std::set<std::string> defined_;
  std::string definitions_, statement_;
};

// What was set, and what is otherwise here.
std::string FlinkScript::settings_text() const {
  std::map<std::string, std::string> given = settings_.given();
  given.erase("sql.dead-letters");  // a topic of ours that Flink would not fill
  if (batch_) {
    given[kMode] = "batch";
  } else {
    given.erase(kMode);  // it is Flink's own
  }
  std::string text;
  for (const auto& [key, value] : given) {
    text += "SET " + expr::quoted_text(key) + " = " + expr::quoted_text(value) + ";\n";
  }
  return text;
}

Status FlinkScript::reads(const Table& table, const NamedTable& named) {
  if (batch_ && is_keyed_topic(table)) {
    if (!selects_) {
      return at_place(named.name.place,
                      "Flink reads no keyed topic in batch mode; SET 'execution.runtime-mode' = "
                      "'streaming', and give the sink a key");
    }
    // As a stream that ends: what stands last is the same.
    batch_ = false;
  }
  return define(table);
}

Status FlinkScript::reads(const View& view) {
  if (!defined_.insert(view.name).second) return {};
  const Result<std::string> text = view_text(view.name, view.columns, view.comment, *view.query);
  if (!text.ok()) {
    // Its places are those of another text.
    const std::string& message = text.status().message();
    const bool placed = message.starts_with("line ");
    return Status::invalid((placed ? message.substr(message.find(": ") + 2) : message) +
                           " (in view `" + view.name + "`)");
  }
  definitions_ += *text;
  return {};
}

Result<std::string> FlinkScript::view_text(const std::string& name,
                                           const std::vector<std::string>& columns,
                                           const std::string& comment, const Query& query) {
  // A view sees no WITH tables of who reads it.
  FlinkQueries own(catalog_, *this);
  DF_ASSIGN_OR_RETURN(const std::string text, own.text(query));
  std::string out = "CREATE VIEW IF NOT EXISTS " + flink_name(name);
  if (!columns.empty()) out += " " + flink_names(columns);
  if (!comment.empty()) out += " COMMENT " + expr::quoted_text(comment);
  return out + " AS\n" + text + ";\n";
}

Status FlinkScript::on(const CreateTable& create) {
  CreateTable plain = create;
  if (create.as != nullptr) {
    DF_ASSIGN_OR_RETURN(const std::vector<OutputColumn> columns,
                        describe_query(*create.as, catalog_, settings_, script_));
    for (const OutputColumn& column : columns) {
      ColumnDefinition definition;
      definition.name = column.name;
      definition.type = column.type;
      definition.nullable = column.nullable;
      plain.columns.push_back(std::move(definition));
    }
  }
  const Table* base = nullptr;
  if (create.like) base = catalog_.find_table(create.like->table.last());
  DF_ASSIGN_OR_RETURN(const Table table, define_table(plain, base, script_));
  DF_RETURN_IF_ERROR(define(table));
  if (create.as == nullptr) return {};
  DF_ASSIGN_OR_RETURN(const std::string text, queries_.text(*create.as));
  statement_ = "INSERT INTO " + flink_name(table.name) + "\n" + text + ";\n";
  return {};
}

// A materialized view is a topic, and the statement that fills it.
Status FlinkScript::on(const CreateView& create) {
  if (!create.materialized) {
    DF_ASSIGN_OR_RETURN(
        statement_, view_text(create.name.last(), create.columns, create.comment, *create.query));
    return {};
  }
  batch_ = target_.bounded = false;
  DF_ASSIGN_OR_RETURN(const CompiledView made, compile_view(create, catalog_, settings_, script_));
  DF_ASSIGN_OR_RETURN(const std::string text, queries_.text(*create.query));
  DF_RETURN_IF_ERROR(define(made.table));
  statement_ = "INSERT INTO " + flink_name(made.table.name) + "\n" + text + ";\n";
  return {};
}

QueryPtr FlinkScript::with_casts(const QueryPtr& query, const std::vector<Type>& types) {
  auto made = std::make_shared<Query>(*query);
  const auto cast = [&](ExpressionPtr& value, size_t at) {
    if (at >= types.size() || value->kind != expr::Kind::kLiteral) return;
    const Value& literal = value->value;
    const bool text = !literal.is_null() && literal.type().id() == TypeId::kString;
    const bool untyped = literal.is_null() && literal.type().id() == TypeId::kNull;
    if (untyped || (text && types[at].id() != TypeId::kString && types[at].id() != TypeId::kJson)) {
      value = expr::cast(value, types[at]);
    }
  };
  if (auto* values = std::get_if<Values>(&made->body)) {
    for (auto& row : values->rows) {
      for (size_t i = 0; i < row.size(); ++i) cast(row[i], i);
    }
  } else if (auto* select = std::get_if<Select>(&made->body)) {
    for (size_t i = 0; i < select->items.size(); ++i) {
      ExpressionPtr& value = select->items[i].expression;
      // Behind a star nobody knows the place.
      if (dynamic_cast<const Star*>(value->extension.get()) != nullptr) break;
      cast(value, i);
    }
  } else {
    auto& set = std::get<SetOperation>(made->body);
    set.left = with_casts(set.left, types);
    set.right = with_casts(set.right, types);
  }
  return made;
}

Result<std::string> FlinkScript::insert_text(const Insert& insert) {
  const Table* const table = catalog_.find_table(insert.target.last());
  if (table == nullptr) {
    return at_place(insert.target.place, "there is no table `" + insert.target.last() + "`");
  }
  std::vector<std::string> names;
  std::vector<Type> types;
  const auto target = [&](const ColumnDefinition& column) { types.push_back(column.type); };
  for (const Name& name : insert.columns) {
    const ColumnDefinition* const column = find_column(*table, name.last());
    if (column == nullptr) return at_place(name.place, no_column(*table, name.last()));
    names.push_back(column->name);
    target(*column);
  }
  for (const ColumnDefinition& column : table->columns) {
    const bool kept = column.kind == ColumnKind::kPhysical ||
                      (column.kind == ColumnKind::kMetadata && !column.is_virtual);
    if (insert.columns.empty() && kept) target(column);
  }
  DF_ASSIGN_OR_RETURN(const std::string text, queries_.text(*with_casts(insert.query, types)));
  DF_RETURN_IF_ERROR(define(*table));
  std::string out = insert.overwrite ? "INSERT OVERWRITE " : "INSERT INTO ";
  out += flink_name(table->name);
  for (const OptionText& option : insert.hints) {
    out += &option == &insert.hints.front() ? " /*+ OPTIONS(" : ", ";
    out += expr::quoted_text(option.key) + " = " + expr::quoted_text(option.value);
  }
  if (!insert.hints.empty()) out += ") */";
  if (!names.empty()) out += " " + flink_names(names);
  return out + "\n" + text + ";\n";
}

}  // namespace

Result<std::string> flink_script(const StatementAst& statement, const Catalog& catalog,
                                 const Settings& settings, const std::string& script,
                                 const std::string& kafka_address) {
  return FlinkScript(catalog, settings, script, kafka_address).of(statement);
}

}  // namespace dataflow::sql
