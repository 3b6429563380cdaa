// ALTER of what is in the catalog.
#include "sql/parser.h"
#include "sql_server.h"

namespace dataflow::jobs {

// Rows that are written keep the names that their columns had, and views the columns that they
// were made with: only what adds to a table is possible.
Status SqlServer::refuse_altering(const sql::AlterTable& alter, const std::string& script) const {
  const std::shared_ptr<const sql::Catalog> catalog = this->catalog();
  const std::string& name = alter.name.last();
  const sql::View* const view = catalog->find_view(name);
  const auto refused = [&](const std::string& words) {
    return Status(StatusCode::kUnsupported,
                  sql::error_at(script, alter.name.place, words).message());
  };
  if (view != nullptr && view->materialized) {
    return refused("materialized view `" + view->name +
                   "` is not altered; CREATE OR REPLACE MATERIALIZED VIEW makes it anew");
  }
  const sql::Table* const table = catalog->find_table(name);
  if (table == nullptr || !table->managed) return {};
  const std::string kept = "table `" + table->name + "` is kept by the server";
  if (!alter.rename_to.empty()) {
    return refused(kept +
                   " in a topic of its name; a new table takes its rows with INSERT INTO … "
                   "SELECT");
  }
  if (!alter.rename_columns.empty() || !alter.drop_columns.empty()) {
    return refused(kept +
                   ", and its rows hold the names of their columns; a view, or a new table "
                   "that takes its rows with INSERT INTO … SELECT, gives them other ones");
  }
  for (const sql::ColumnDefinition& column : alter.add) {
    if (column.kind != sql::ColumnKind::kPhysical || column.nullable) continue;
    return Status(StatusCode::kInvalid,
                  sql::error_at(script, column.place,
                                "column `" + column.name +
                                    "` would be NOT NULL, and the rows that are there have no "
                                    "value for it")
                      .message());
  }
  const std::vector<std::string> readers = catalog->dependents_of(table->name, false);
  if (readers.empty()) return {};
  return Status(StatusCode::kConflict,
                sql::error_at(script, alter.name.place,
                              "view `" + readers.front() + "` reads `" + table->name +
                                  "` with the columns that it has; drop the view first, and "
                                  "create it again afterwards")
                    .message());
}

Status SqlServer::alter(const sql::AlterTable& alter, const std::string& script) {
  const std::lock_guard lock(changing_);
  DF_RETURN_IF_ERROR(refuse_altering(alter, script));
  if (!alter.rename_to.empty()) {
    DF_RETURN_IF_ERROR(refuse_going({{alter.rename_to}, alter.name.place}, script));
  }
  const Changed catalog = copy();
  const std::shared_ptr<const sql::Catalog> before = this->catalog();
  DF_RETURN_IF_ERROR(catalog->alter(alter, script));
  if (alter.as != nullptr) {
    DF_RETURN_IF_ERROR(sql::describe_query(*alter.as, *catalog, kPlainSettings, script).status());
  }
  std::vector<SqlObject> gone;
  add_gone(before->tables(), catalog->tables(), gone);
  add_gone(before->views(), catalog->views(), gone);
  const std::string& now = alter.rename_to.empty() ? alter.name.last() : alter.rename_to;
  meta::WriteBatch batch;
  for (const SqlObject& object : gone) remove_sql_object(batch, object);
  if (const sql::Table* altered = catalog->find_table(now)) {
    // What neither can be read nor written is not kept.
    if (altered->managed) {
      DF_RETURN_IF_ERROR(sql::sink_of(*altered, kPlainSettings, script).status());
    }
    put_sql_object(batch, numbered(object_of(*altered)));
  } else if (const sql::View* changed = catalog->find_view(now)) {
    put_sql_object(batch, numbered(object_of(*changed)));
  }
  DF_RETURN_IF_ERROR(parts_.store.commit(std::move(batch)));
  for (const SqlObject& object : gone) numbers_.erase(sql_object_key(object.kind, object.name));
  publish(catalog);
  return {};
}

}  // namespace dataflow::jobs
