// Views of the catalog, kept ones and others.
#include "base/logger.h"
#include "define_statement.h"
#include "script_answers.h"
#include "sql/parser.h"
#include "sql_client.h"
#include "sql_server.h"

namespace dataflow::jobs {

std::string pipeline_of_view(const std::string& view) { return "view-" + view; }

Status SqlServer::create(const sql::CreateView& create, const std::string& text,
                         const std::string& script, const sql::Settings& settings,
                         std::vector<std::string>& warnings) {
  const std::lock_guard lock(changing_);
  DF_RETURN_IF_ERROR(refuse_going(create.name, script));
  if (create.materialized) return create_kept(create, text, script, settings, warnings);
  const Changed catalog = copy();
  const std::string& name = create.name.last();
  DF_RETURN_IF_ERROR(check_view(create, *catalog, kPlainSettings, script));
  if (const sql::View* before = catalog->find_view(name); before && before->materialized) {
    if (create.if_not_exists) return {};
    return sql::error_at(script, create.name.place,
                         "`" + name + "` is a materialized view; drop it first");
  }
  DF_RETURN_IF_ERROR(catalog->create(create, text, script));
  DF_RETURN_IF_ERROR(keep(object_of(*catalog->find_view(name))));
  publish(catalog);
  return {};
}

// Whose name something else has already.
Status SqlServer::refuse_taken(const sql::CreateView& create, const std::string& script) const {
  const std::string& name = create.name.last();
  const auto taken = [&](const std::string& words) {
    return Status(StatusCode::kAlreadyExists,
                  sql::error_at(script, create.name.place, words).message());
  };
  if (parts_.log.topic(name)) {
    return taken("there is a topic `" + name +
                 "` already, and the view's rows would be one; give it another name");
  }
  const Status fits = parts_.log.check_new_topic(name, 1, {});
  if (!fits.ok()) return sql::error_at(script, create.name.place, fits.message());
  if (!parts_.pipelines.describe(pipeline_of_view(name)).ok()) return {};
  return taken("there is a pipeline `" + pipeline_of_view(name) +
               "` already, and the view's would be called so; delete it, or give the view another "
               "name");
}

// Who reads a view has its columns and its topic.
Status SqlServer::refuse_replacing(const sql::CreateView& create, const std::string& script) const {
  const std::shared_ptr<const sql::Catalog> catalog = this->catalog();
  const sql::View& before = catalog->views().at(create.name.last());
  if (!before.materialized) {
    return sql::error_at(script, create.name.place,
                         "`" + before.name +
                             "` is a view that is not materialized; DROP VIEW it "
                             "first");
  }
  const std::vector<std::string> readers = catalog->dependents_of(before.name, false);
  if (!readers.empty()) {
    return Status(StatusCode::kConflict,
                  sql::error_at(script, create.name.place,
                                "materialized view `" + before.name + "` is read by `" +
                                    readers.front() + "`; drop that first")
                      .message());
  }
  return refuse_readers(create.name, before.name, {object_of(before)}, script);
}

Status SqlServer::create_kept(const sql::CreateView& create, const std::string& text,
                              const std::string& script, const sql::Settings& settings,
                              std::vector<std::string>& warnings) {
  const Changed catalog = copy();
  const std::string name = create.name.last();
  if (create.if_not_exists && catalog->find_view(name) != nullptr) return {};
  const bool replaces = create.or_replace && catalog->views().contains(name);
  if (replaces) DF_RETURN_IF_ERROR(refuse_replacing(create, script));
  DF_RETURN_IF_ERROR(catalog->create(create, text, script));
  DF_ASSIGN_OR_RETURN(sql::CompiledView made,
                      sql::compile_view(create, *catalog, settings, script));
  warnings = made.compiled.warnings;
  if (!replaces) DF_RETURN_IF_ERROR(refuse_taken(create, script));
  catalog->keep(name, made.table, settings.of_plans());
  if (replaces) return replace_kept(create, script, catalog);
  const sql::View& view = *catalog->find_view(name);
  DF_RETURN_IF_ERROR(keep(object_of(view)));
  Status ready = ensure_topic(made.table);
  if (ready.ok()) ready = deploy_view(view, *catalog);
  if (!ready.ok()) {
    // Who made a pipeline of that name just now keeps it.
    SqlObject object = object_of(view);
    object.dropping = true;
    Status gone = keep(object);
    const bool others = ready.code() == StatusCode::kAlreadyExists;
    if (gone.ok() && others) gone = parts_.log.delete_topic(name);
    if (gone.ok() && !others) gone = take_away(object, *catalog);
    if (gone.ok()) gone = forget(object);
    if (!gone.ok()) going_[name] = first_line(gone.message());
    return sql::error_at(script, create.name.place, first_line(ready.message()));
  }
  publish(catalog);
  return {};
}

// From the first write on it is the new one, whose rows are to be made: now, or at the next start.
Status SqlServer::replace_kept(const sql::CreateView& create, const std::string& script,
                               Changed catalog) {
  const sql::View& view = *catalog->find_view(create.name.last());
  SqlObject object = object_of(view);
  object.anew = true;
  DF_RETURN_IF_ERROR(keep(object));
  const Status ready = begin_anew(view, *catalog);
  publish(catalog);
  if (ready.ok()) return {};
  return sql::error_at(script, create.name.place,
                       "the view is the new one, and not kept up to date until the server starts "
                       "again: " +
                           first_line(ready.message()));
}

// Its rows are made from the beginning, whatever there is of it.
Status SqlServer::begin_anew(const sql::View& view, const sql::Catalog& catalog) {
  DF_RETURN_IF_ERROR(take_away(object_of(view), catalog));
  DF_RETURN_IF_ERROR(ensure_topic(*view.kept));
  DF_RETURN_IF_ERROR(deploy_view(view, catalog));
  return keep(object_of(view));
}

// At the start of the server.
Status SqlServer::bring_views_up(const std::vector<SqlObject>& objects,
                                 const sql::Catalog& catalog) {
  for (const SqlObject& object : objects) {
    const auto found = catalog.views().find(object.name);
    if (object.kind != SqlKind::kMaterializedView || found == catalog.views().end()) continue;
    const sql::View& view = found->second;
    if (!object.anew && parts_.pipelines.describe(pipeline_of_view(view.name)).ok()) {
      DF_RETURN_IF_ERROR(ensure_topic(*view.kept));
      continue;
    }
    // What an earlier one had written would be there twice.
    const Status ready = begin_anew(view, catalog);
    // It is there, and not kept up to date: told, and no reason not to start.
    if (!ready.ok()) {
      log_error("a view has no pipeline", {{"view", view.name}, {"why", ready.message()}});
    }
  }
  return {};
}

std::string SqlServer::owner_of(const std::string& pipeline) const {
  const std::shared_ptr<const sql::Catalog> catalog = this->catalog();
  for (const auto& [name, view] : catalog->views()) {
    if (view.kept == nullptr || pipeline_of_view(name) != pipeline) continue;
    return "materialized view `" + name + "`; DROP MATERIALIZED VIEW `" + name +
           "` takes both away, CREATE OR REPLACE MATERIALIZED VIEW changes both";
  }
  return "";
}

Status SqlServer::deploy_view(const sql::View& view, const sql::Catalog& catalog) {
  const std::string text = create_text(view);
  DF_ASSIGN_OR_RETURN(const sql::StatementAst parsed, sql::parse_statement(text));
  const auto& create = std::get<sql::CreateView>(parsed.what);
  sql::CreateView with_key = create;
  if (!view.kept->primary_key.empty() && !view.kept->one_row) {
    sql::PrimaryKey key;
    for (const std::string& column : view.kept->primary_key) key.columns.push_back(named(column));
    with_key.primary_key = std::move(key);
  }
  sql::Settings settings;
  for (const auto& [key, value] : view.settings) DF_RETURN_IF_ERROR(settings.set(key, value));
  DF_ASSIGN_OR_RETURN(sql::CompiledView made, sql::compile_view(with_key, catalog, settings, text));
  made.compiled.plan.name = pipeline_of_view(view.name);
  DeployOptions options;
  options.by_owner = true;
  return parts_.pipelines.deploy(std::move(made.compiled.plan), text, options).status();
}

}  // namespace dataflow::jobs
