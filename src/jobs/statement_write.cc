// INSERT, UPDATE and DELETE.
#include <algorithm>
#include <future>
#include <set>

#include "expr/lexer.h"
#include "kept_copy.h"
#include "script_answers.h"
#include "sql/parser.h"
#include "statement_run.h"
#include "values_rows.h"

namespace dataflow::jobs {
namespace {

// What is read ends by itself.
bool only_values(const plan::Plan& plan) {
  return std::ranges::all_of(plan.nodes, [](const plan::Node& node) {
    const auto* source = std::get_if<plan::SourceSpec>(&node.spec);
    return source == nullptr || source->connector == "values";
  });
}

// Whether it reads a topic that it writes: each row that it wrote would be the next one to read.
bool feeds_itself(const plan::Plan& plan) {
  const auto topic_of = [](const auto& spec) -> std::string {
    const auto topic = spec.options.find("topic");
    return spec.connector == "log" && topic != spec.options.end() ? topic->second : "";
  };
  std::set<std::string> read;
  for (const plan::Node& node : plan.nodes) {
    if (const auto* source = std::get_if<plan::SourceSpec>(&node.spec)) {
      read.insert(topic_of(*source));
    }
  }
  read.erase("");
  return std::ranges::any_of(plan.nodes, [&](const plan::Node& node) {
    const auto* sink = std::get_if<plan::SinkSpec>(&node.spec);
    return sink != nullptr && read.contains(topic_of(*sink));
  });
}

// What the plan would write is wanted here.
void collect_instead(plan::Plan& plan) {
  for (plan::Node& node : plan.nodes) {
    auto* const sink = std::get_if<plan::SinkSpec>(&node.spec);
    if (sink == nullptr) continue;
    *sink = plan::SinkSpec();
    sink->connector = "collect";
  }
}

sql::Query query_of(sql::Select select, const sql::Table& table, const sql::ExpressionPtr& where,
                    sql::Place place) {
  sql::TableRef from;
  from.what = sql::NamedTable{{{table.name}, place}, {}, nullptr};
  from.place = place;
  select.from = std::make_shared<const sql::TableRef>(std::move(from));
  select.where = where;
  sql::Query query;
  query.body = std::move(select);
  query.place = place;
  return query;
}

}  // namespace

// Rows that are at hand are written now; what ends by itself is run to its end; the rest goes on
// as a pipeline.
StatementRun::Answer StatementRun::on(const sql::Insert& insert) {
  if (is_kept_copy(insert, *catalog_, client_.settings, text_)) return fill(insert);
  DF_ASSIGN_OR_RETURN(sql::Compiled made,
                      sql::compile({insert}, *catalog_, client_.settings, text_));
  const sql::Table& table = *catalog_->find_table(insert.target.last());
  if (!table.managed || !only_values(made.plan)) return deploy({insert});
  DF_ASSIGN_OR_RETURN(TableChanges changes, changes_of(client_.server, table));
  collect_instead(made.plan);
  DF_ASSIGN_OR_RETURN(changes.rows, rows_in_order(std::move(made.plan)));
  changes.kinds.assign(changes.rows.size(), RowKind::kInsert);
  const std::string tag = "INSERT 0 " + std::to_string(changes.rows.size());
  if (client_.in_transaction()) return write(std::move(changes), tag);
  DF_ASSIGN_OR_RETURN(const auto held, hold_writing(client_, table.name));
  return write(std::move(changes), tag);
}

// As VALUES has them: the last one of a key is the one that stands.
Result<std::vector<Row>> StatementRun::rows_in_order(plan::Plan plan) {
  plan.name = client_.server.job_name("insert");
  plan.job.bounded = true;
  plan.job.parallelism = 1;
  plan.job.restart.max_attempts = 0;
  plan.job.on_error = plan::ErrorPolicy::kFail;
  if (auto rows = values_rows(plan, parts_.connectors, parts_.env.now().value())) {
    return std::move(*rows);
  }
  const std::string name = plan.name;
  const std::shared_ptr<FollowedRows> taken = parts_.connectors.follow(name);
  const Result<RunReport> report = run_plan(std::move(plan));
  parts_.connectors.forget(name);
  if (!report.ok()) return report.status();
  std::vector<Row> rows;
  DF_ASSIGN_OR_RETURN(auto changes, taken->take(SIZE_MAX, 0));
  if (changes) {
    for (FollowedRows::Change& change : *changes) rows.push_back(std::move(change.row));
  }
  return rows;
}

StatementRun::Answer StatementRun::write(TableChanges changes, const std::string& tag) {
  if (!client_.in_transaction()) {
    DF_RETURN_IF_ERROR(write_changes(client_.server, changes));
    return statement_done(tag);
  }
  if (changes.rows.empty()) return statement_done(tag);
  if (client_.pending && client_.pending->topic != changes.topic) DF_RETURN_IF_ERROR(leave_batch());
  // A row that does not fit fails the statement that has it, and not COMMIT.
  DF_RETURN_IF_ERROR(staged_changes(client_.server, changes).status());
  if (!client_.pending) {
    client_.pending = std::move(changes);
    return statement_done(tag);
  }
  if (client_.pending->topic != changes.topic) {
    return Status::unsupported("a transaction writes to one table, and this one has rows for `" +
                               client_.pending->table.name + "`; COMMIT in between");
  }
  append_changes(*client_.pending, std::move(changes));
  return statement_done(tag);
}

StatementRun::Answer StatementRun::deploy(const std::vector<sql::Insert>& inserts) {
  if (client_.transaction == TransactionState::kOpen) {
    return Status::unsupported(
        "in a transaction rows are written by INSERT, UPDATE and DELETE from what the server "
        "keeps; "
        "a query that goes on is started outside of it");
  }
  DF_RETURN_IF_ERROR(leave_batch());
  DF_ASSIGN_OR_RETURN(sql::Compiled made,
                      sql::compile(inserts, *catalog_, client_.settings, text_));
  DF_ASSIGN_OR_RETURN(const bool ends, comes_to_an_end(made.plan));
  if (ends) return run_to_end(std::move(made));
  DF_ASSIGN_OR_RETURN(const bool goes_round, any_feeds_itself(inserts));
  if (goes_round && inserts.size() == 1) return fill(inserts.front());
  if (goes_round) {
    // The rows that are there now, as in PostgreSQL; in a stream there would be no last one.
    sql::Settings settings = client_.settings;
    DF_RETURN_IF_ERROR(settings.set("execution.runtime-mode", "batch"));
    DF_ASSIGN_OR_RETURN(made, sql::compile(inserts, *catalog_, settings, text_));
    return run_to_end(std::move(made));
  }
  // What it reads and writes may have been dropped meanwhile, and is not from here on.
  const std::unique_lock held = client_.server.hold_catalog();
  const std::shared_ptr<const sql::Catalog> now = client_.server.catalog();
  if (now != catalog_) {
    DF_ASSIGN_OR_RETURN(made, sql::compile(inserts, *now, client_.settings, text_));
  }
  StatementAnswer answer = statement_done("INSERT 0 0");
  answer.warnings = made.warnings;
  if (made.plan.name.empty()) {
    const std::string base = "insert-into-" + inserts.front().target.last();
    made.plan.name = base;
    for (int i = 2; parts_.pipelines.describe(made.plan.name).ok(); ++i) {
      made.plan.name = base + "-" + std::to_string(i);
    }
  }
  const std::string name = made.plan.name;
  DF_RETURN_IF_ERROR(parts_.pipelines.deploy(std::move(made.plan), statement_.text, {}).status());
  answer.warnings.push_back("the query goes on as pipeline `" + name +
                            "`; SHOW JOBS lists it, dataflow pipeline delete " + name + " ends it");
  return answer;
}

StatementRun::Answer StatementRun::run_to_end(sql::Compiled made) {
  StatementAnswer answer;
  answer.warnings = std::move(made.warnings);
  made.plan.name = client_.server.job_name("insert");
  made.plan.job.restart.max_attempts = 0;
  made.plan.job.on_error = plan::ErrorPolicy::kFail;
  DF_ASSIGN_OR_RETURN(const RunReport report, run_plan(std::move(made.plan)));
  answer.tag = "INSERT 0 " + std::to_string(report.rows_written);
  return answer;
}

// Of a set each for itself: what one of them writes another one may follow.
Result<bool> StatementRun::any_feeds_itself(const std::vector<sql::Insert>& inserts) const {
  for (const sql::Insert& insert : inserts) {
    DF_ASSIGN_OR_RETURN(const sql::Compiled made,
                        sql::compile({insert}, *catalog_, client_.settings, text_));
    if (feeds_itself(made.plan)) return true;
  }
  return false;
}

StatementRun::Answer StatementRun::fill(const sql::Insert& insert) {
  sql::Settings settings = client_.settings;
  DF_RETURN_IF_ERROR(settings.set("execution.runtime-mode", "batch"));
  DF_ASSIGN_OR_RETURN(sql::Compiled made,
                      sql::compile({insert}, *client_.server.catalog(), settings, text_));
  const sql::Table* const table = catalog_->find_table(insert.target.last());
  if (table == nullptr || !table->managed) return run_to_end(std::move(made));
  const bool replaces = !table->primary_key.empty() && feeds_itself(made.plan);
  if (!replaces && client_.transaction != TransactionState::kOpen) {
    // However many rows they are, they go from one into the other.
    DF_RETURN_IF_ERROR(leave_batch());
    return run_to_end(std::move(made));
  }
  return write_back(*table, std::move(made), replaces);
}

// The rows at hand. Where they are made of those that they replace nobody may write in between, as
// in UPDATE.
StatementRun::Answer StatementRun::write_back(const sql::Table& table, sql::Compiled made,
                                              bool replaces) {
  DF_ASSIGN_OR_RETURN(const auto held, hold_replacing(table.name));
  DF_ASSIGN_OR_RETURN(TableChanges changes,
                      replaces ? read_to_write(table) : changes_of(client_.server, table));
  collect_instead(made.plan);
  sql::CompiledQuery query;
  query.compiled = std::move(made);
  for (const sql::ColumnDefinition& column : table.columns) {
    if (column.kind == sql::ColumnKind::kPhysical) query.columns.push_back({column.name, Type()});
  }
  DF_ASSIGN_OR_RETURN(changes.rows, rows_of(query));
  changes.kinds.assign(changes.rows.size(), RowKind::kInsert);
  const std::string tag = "INSERT 0 " + std::to_string(changes.rows.size());
  return write(std::move(changes), tag);
}

Result<const sql::Table*> StatementRun::keyed_table(const sql::Name& name,
                                                    const std::string& doing) const {
  DF_ASSIGN_OR_RETURN(const std::string plain, sql::Catalog::plain_name(name, text_));
  const sql::Table* const table = catalog_->find_table(plain);
  if (table == nullptr) {
    sql::Show known;
    known.of = name;
    known.kind = sql::ShowKind::kColumns;
    if (catalog_->find_view(plain) != nullptr) {
      return sql::error_at(text_, name.place,
                           "`" + plain + "` is a view; " + doing +
                               " takes a "
                               "table");
    }
    return show(known, *catalog_, client_.settings, text_).status();
  }
  if (!table->managed || table->primary_key.empty()) {
    return sql::error_at(text_, name.place,
                         doing + " takes a table without WITH that has a PRIMARY KEY; `" +
                             table->name + "` is a stream of rows");
  }
  return table;
}

Result<std::vector<Row>> StatementRun::rows_where(const sql::Table& table,
                                                  const sql::ExpressionPtr& where,
                                                  const std::vector<sql::ExpressionPtr>& columns) {
  sql::Select select;
  for (size_t i = 0; i < columns.size(); ++i) {
    select.items.push_back({columns[i], "c" + std::to_string(i)});
  }
  const sql::Query query = query_of(std::move(select), table, where, statement_.place);
  DF_ASSIGN_OR_RETURN(sql::CompiledQuery made,
                      sql::compile(query, *catalog_, client_.settings, text_, false));
  return rows_of(made);
}

// What is about to be read, so that it can be written back as long as nobody else has.
Result<TableChanges> StatementRun::read_to_write(const sql::Table& table) {
  DF_ASSIGN_OR_RETURN(TableChanges changes, changes_of(client_.server, table));
  const auto partition = parts_.log.partition(table.name, PartitionIndex(0));
  if (partition == nullptr) return Status::conflict("table `" + table.name + "` was dropped");
  // What somebody has appended is read once it is on disk, and would be written over until then.
  const Offset end = partition->stats().end;
  auto told = std::make_shared<std::promise<Status>>();
  partition->await_synced(end, [told](Status synced) { told->set_value(std::move(synced)); });
  DF_RETURN_IF_ERROR(told->get_future().get());
  // In front of what an open transaction has written.
  changes.read_up_to = std::min(end, partition->last_stable());
  return changes;
}

// A row is written as INSERT would write it, from what the query of its new values gives.
StatementRun::Answer StatementRun::on(const sql::Update& update) {
  DF_ASSIGN_OR_RETURN(const sql::Table* table, keyed_table(update.target, "UPDATE"));
  sql::Select select;
  for (const sql::ColumnDefinition& column : table->columns) {
    if (column.kind != sql::ColumnKind::kPhysical) continue;
    select.items.push_back({expr::column(column.name), column.name});
  }
  std::set<std::string> set;
  for (const auto& [name, value] : update.set) {
    const auto found = std::ranges::find_if(select.items, [&](const sql::SelectItem& item) {
      return expr::in_capitals(item.alias) == expr::in_capitals(name.last());
    });
    if (found == select.items.end()) {
      return sql::error_at(text_, name.place,
                           "`" + table->name + "` has no column `" + name.last() + "`");
    }
    if (std::ranges::find(table->primary_key, found->alias) != table->primary_key.end()) {
      return sql::error_at(text_, name.place,
                           "`" + name.last() +
                               "` is of the primary key; DELETE the row and "
                               "INSERT the other one");
    }
    if (!set.insert(found->alias).second) {
      return sql::error_at(text_, name.place, "column `" + found->alias + "` is set twice");
    }
    found->expression = value;
  }
  const std::vector<sql::SelectItem> items = select.items;
  sql::Insert insert;
  insert.target = {{table->name}, update.target.place};
  insert.query = std::make_shared<const sql::Query>(
      query_of(std::move(select), *table, update.where, statement_.place));
  sql::Settings settings = client_.settings;
  DF_RETURN_IF_ERROR(settings.set("execution.runtime-mode", "batch"));
  DF_ASSIGN_OR_RETURN(sql::Compiled made, sql::compile({insert}, *catalog_, settings, text_));
  DF_ASSIGN_OR_RETURN(const auto held, hold_replacing(table->name));
  DF_ASSIGN_OR_RETURN(TableChanges changes, read_to_write(*table));
  collect_instead(made.plan);
  sql::CompiledQuery query;
  query.compiled = std::move(made);
  for (const sql::SelectItem& item : items) query.columns.push_back({item.alias, Type()});
  DF_ASSIGN_OR_RETURN(changes.rows, rows_of(query));
  changes.kinds.assign(changes.rows.size(), RowKind::kUpdateAfter);
  const std::string tag = "UPDATE " + std::to_string(changes.rows.size());
  return write(std::move(changes), tag);
}

StatementRun::Answer StatementRun::on(const sql::Delete& remove) {
  DF_ASSIGN_OR_RETURN(const sql::Table* table, keyed_table(remove.target, "DELETE"));
  std::vector<sql::ExpressionPtr> columns;
  for (const sql::ColumnDefinition& column : table->columns) {
    if (column.kind == sql::ColumnKind::kPhysical) columns.push_back(expr::column(column.name));
  }
  DF_ASSIGN_OR_RETURN(const auto held, hold_replacing(table->name));
  DF_ASSIGN_OR_RETURN(TableChanges changes, read_to_write(*table));
  DF_ASSIGN_OR_RETURN(changes.rows, rows_where(*table, remove.where, columns));
  changes.kinds.assign(changes.rows.size(), RowKind::kDelete);
  const std::string tag = "DELETE " + std::to_string(changes.rows.size());
  return write(std::move(changes), tag);
}

}  // namespace dataflow::jobs
