// DROP: readers go before what they read.
#include <algorithm>

#include "sql/parser.h"
#include "sql_server.h"

namespace dataflow::jobs {

// Readers go before what they read. All are tried; the first failure is told.
Status SqlServer::finish_drop(std::vector<SqlObject> objects, const sql::Catalog& catalog) {
  // Who reads a thing is read by fewer than that thing, counted through all readers.
  std::ranges::stable_sort(objects, {}, [&](const SqlObject& object) {
    return catalog.dependents_of(object.name, object.kind == SqlKind::kFunction).size();
  });
  Status first;
  for (const SqlObject& object : objects) {
    Status gone = take_away(object, catalog);
    if (gone.ok()) gone = forget(object);
    if (gone.ok()) continue;
    going_[object.name] = first_line(gone.message());
    if (first.ok()) first = gone.with_context("dropping `" + object.name + "`");
  }
  return first;
}

// Pipelines beside those of the views that go.
Status SqlServer::refuse_readers(const sql::Name& name, const std::string& topic,
                                 const std::vector<SqlObject>& going,
                                 const std::string& script) const {
  std::string readers;
  for (const PipelineView& pipeline : parts_.pipelines.list()) {
    const bool goes = std::ranges::any_of(going, [&](const SqlObject& object) {
      return object.kind == SqlKind::kMaterializedView &&
             pipeline_of_view(object.name) == pipeline.name;
    });
    if (goes || pipeline.plan == nullptr) continue;
    const bool uses = std::ranges::any_of(pipeline.plan->nodes, [&](const plan::Node& node) {
      const auto is_topic = [&](const auto* spec) {
        if (spec == nullptr || spec->connector != "log") return false;
        const auto option = spec->options.find("topic");
        return option != spec->options.end() && option->second == topic;
      };
      return is_topic(std::get_if<plan::SourceSpec>(&node.spec)) ||
             is_topic(std::get_if<plan::SinkSpec>(&node.spec));
    });
    if (uses) readers += (readers.empty() ? "`" : ", `") + pipeline.name + "`";
  }
  if (readers.empty()) return {};
  return Status(StatusCode::kConflict,
                sql::error_at(script, name.place,
                              "`" + name.last() + "` is used by the pipelines " + readers +
                                  "; delete them first (dataflow pipeline delete)")
                    .message());
}

Status SqlServer::drop(const sql::Drop& drop, const std::string& script) {
  const std::lock_guard lock(changing_);
  const std::shared_ptr<const sql::Catalog> before = catalog();
  const Changed catalog = copy();
  DF_RETURN_IF_ERROR(catalog->drop(drop, script));
  std::vector<SqlObject> gone;
  add_gone(before->views(), catalog->views(), gone);
  add_gone(before->tables(), catalog->tables(), gone);
  add_gone(before->functions(), catalog->functions(), gone);
  for (const SqlObject& object : gone) {
    const sql::Table* const table = before->find_table(object.name);
    const bool topic = object.kind == SqlKind::kMaterializedView ||
                       (object.kind == SqlKind::kTable && table->managed);
    if (topic) DF_RETURN_IF_ERROR(refuse_readers(drop.name, object.name, gone, script));
  }
  meta::WriteBatch batch;
  for (SqlObject& object : gone) {
    object.number = numbers_[sql_object_key(object.kind, object.name)];
    object.dropping = true;
    put_sql_object(batch, object);
  }
  DF_RETURN_IF_ERROR(parts_.store.commit(std::move(batch)));
  // From here on it goes, be it at the next start.
  publish(catalog);
  return finish_drop(std::move(gone), *before);
}

Status SqlServer::take_away(const SqlObject& object, const sql::Catalog& catalog) {
  if (object.kind == SqlKind::kMaterializedView) {
    const std::string pipeline = pipeline_of_view(object.name);
    if (parts_.pipelines.describe(pipeline).ok()) {
      RemoveOptions options;
      options.give_up_output = true;
      options.by_owner = true;
      DF_RETURN_IF_ERROR(parts_.pipelines.remove(pipeline, options).status());
    }
  } else if (object.kind == SqlKind::kTable) {
    const sql::Table* const table = catalog.find_table(object.name);
    if (table == nullptr || !table->managed) return {};
  } else {
    return {};
  }
  return parts_.log.topic(object.name) ? parts_.log.delete_topic(object.name) : Status();
}

}  // namespace dataflow::jobs
