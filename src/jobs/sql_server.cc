#include "sql_server.h"

#include <algorithm>

#include "base/logger.h"
#include "script_answers.h"
#include "sql/parser.h"
#include "sql/settings.h"
#include "sql_client.h"
#include "table_indexes.h"

namespace dataflow::jobs {
namespace {

sql::ObjectKind drop_kind(SqlKind kind) {
  switch (kind) {
    case SqlKind::kTable: return sql::ObjectKind::kTable;
    case SqlKind::kView: return sql::ObjectKind::kView;
    case SqlKind::kMaterializedView: return sql::ObjectKind::kMaterializedView;
    case SqlKind::kFunction: return sql::ObjectKind::kFunction;
  }
  return sql::ObjectKind::kTable;
}

}  // namespace

Result<std::unique_ptr<SqlService>> open_sql(SqlParts parts) {
  auto server = std::make_unique<SqlServer>(std::move(parts));
  DF_RETURN_IF_ERROR(server->open());
  return std::unique_ptr<SqlService>(std::move(server));
}

SqlServer::SqlServer(SqlParts parts)
    : parts_(std::move(parts)),
      indexes_(std::make_unique<TableIndexes>(parts_.connectors, parts_.log,
                                              parts_.index_memory_bytes)) {}

SqlServer::~SqlServer() { parts_.pipelines.keep_for(nullptr); }

Status SqlServer::open() {
  (void)parts_.env.remove_tree(parts_.dir);
  parts_.pipelines.keep_for([this](const std::string& pipeline) { return owner_of(pipeline); });
  DF_ASSIGN_OR_RETURN(const std::vector<SqlObject> objects, read_sql_objects(parts_.store));
  const Changed catalog = copy();
  for (const SqlObject& object : objects) {
    next_number_ = std::max(next_number_, object.number + 1);
    numbers_[sql_object_key(object.kind, object.name)] = object.number;
    const Status made = make_again(object, *catalog);
    if (!made.ok()) {
      return Status(made.code(), "the SQL catalog: `" + object.name + "`: " + made.message());
    }
  }
  const std::shared_ptr<const sql::Catalog> before = std::make_shared<sql::Catalog>(*catalog);
  std::vector<SqlObject> going;
  for (const SqlObject& object : objects) {
    if (!object.dropping) continue;
    going.push_back(object);
    sql::Drop drop;
    drop.kind = drop_kind(object.kind);
    drop.name = named(object.name);
    drop.if_exists = drop.cascade = true;
    DF_RETURN_IF_ERROR(catalog->drop(drop, object.name));
  }
  const Status gone = finish_drop(std::move(going), *before);
  if (!gone.ok()) log_warn("a DROP is not at its end", {{"why", gone.message()}});
  for (const auto& [name, table] : catalog->tables()) {
    if (table.managed) DF_RETURN_IF_ERROR(ensure_topic(table));
  }
  DF_RETURN_IF_ERROR(bring_views_up(objects, *catalog));
  publish(catalog);
  return {};
}

std::unique_ptr<SqlSession> SqlServer::open_session() { return make_sql_session(*this); }

std::shared_ptr<const sql::Catalog> SqlServer::catalog() const {
  const std::lock_guard lock(mutex_);
  return catalog_;
}

SqlServer::CatalogAt SqlServer::catalog_at() const {
  const std::lock_guard lock(mutex_);
  return {catalog_, version_};
}

SqlServer::Changed SqlServer::copy() const { return std::make_shared<sql::Catalog>(*catalog()); }

std::timed_mutex& SqlServer::writing(const std::string& table) {
  const std::lock_guard lock(mutex_);
  std::unique_ptr<std::timed_mutex>& found = writing_[table];
  if (found == nullptr) found = std::make_unique<std::timed_mutex>();
  return *found;
}

void SqlServer::publish(Changed catalog) {
  const std::lock_guard lock(mutex_);
  catalog_ = std::move(catalog);
  ++version_;
}

SqlObject SqlServer::numbered(SqlObject object) {
  int64_t& number = numbers_[sql_object_key(object.kind, object.name)];
  // What is altered or replaced keeps its place: others may read it.
  if (number == 0) number = next_number_++;
  object.number = number;
  return object;
}

Status SqlServer::keep(SqlObject object) {
  meta::WriteBatch batch;
  put_sql_object(batch, numbered(std::move(object)));
  return parts_.store.commit(std::move(batch));
}

Status SqlServer::forget(const SqlObject& object) {
  meta::WriteBatch batch;
  remove_sql_object(batch, object);
  DF_RETURN_IF_ERROR(parts_.store.commit(std::move(batch)));
  numbers_.erase(sql_object_key(object.kind, object.name));
  return {};
}

// What a DROP that failed midway has left is taken away at the next start.
Status SqlServer::refuse_going(const sql::Name& name, const std::string& script) const {
  if (!going_.contains(name.last())) return {};
  return Status(
      StatusCode::kConflict,
      sql::error_at(script, name.place,
                    "`" + name.last() + "` is still being dropped (" + going_.at(name.last()) +
                        "); the next start of the server "
                        "brings that to its end")
          .message());
}

Status SqlServer::ensure_topic(const sql::Table& table) const {
  if (parts_.log.topic(table.name)) return {};
  log::ConfigOverrides overrides;
  if (table.primary_key.empty()) {
    overrides["retention.ms"] = "-1";
    overrides["retention.bytes"] = "-1";
  } else {
    overrides["cleanup.policy"] = "compact";
  }
  return parts_.log.create_topic(table.name, 1, overrides).status();
}

Status SqlServer::create(const sql::CreateTable& create, const std::string& text,
                         const std::string& script) {
  const std::lock_guard lock(changing_);
  DF_RETURN_IF_ERROR(refuse_going(create.name, script));
  const Changed catalog = copy();
  const std::string& name = create.name.last();
  const sql::Table* const before = catalog->find_table(name);
  const bool was_managed = before != nullptr && before->managed;
  DF_RETURN_IF_ERROR(catalog->create(create, text, script));
  if (before != nullptr && create.if_not_exists) return {};
  const sql::Table& table = *catalog->find_table(name);
  if (was_managed) {
    return sql::error_at(script, create.name.place,
                         "table `" + name + "` is managed and holds rows; DROP TABLE it first");
  }
  if (!table.managed) {
    DF_RETURN_IF_ERROR(keep(object_of(table)));
    publish(catalog);
    return {};
  }
  // What neither can be read nor written is not kept.
  DF_RETURN_IF_ERROR(sql::sink_of(table, kPlainSettings, script).status());
  if (parts_.log.topic(table.name)) {
    return Status(StatusCode::kAlreadyExists,
                  sql::error_at(script, create.name.place,
                                "there is a topic `" + table.name +
                                    "` already; WITH ('connector' = 'kafka', 'topic' = '" +
                                    table.name + "', …) makes a table of it")
                      .message());
  }
  const Status fits = parts_.log.check_new_topic(table.name, 1, {});
  if (!fits.ok()) return sql::error_at(script, create.name.place, fits.message());
  DF_RETURN_IF_ERROR(keep(object_of(table)));
  const Status made = ensure_topic(table);
  if (!made.ok()) {
    (void)forget(object_of(table));
    return made;
  }
  publish(catalog);
  return {};
}

Status SqlServer::create(const sql::CreateFunction& create, const std::string& text,
                         const std::string& script) {
  const std::lock_guard lock(changing_);
  const Changed catalog = copy();
  DF_RETURN_IF_ERROR(catalog->create(create, text, script));
  DF_RETURN_IF_ERROR(keep(object_of(*catalog->find_function(create.name.last()))));
  publish(catalog);
  return {};
}

}  // namespace dataflow::jobs
