#include "jobs/pipelines.h"
#include "plan/analyze.h"

namespace dataflow::jobs {
namespace {

// The connector's words, with the place and name of the node.
Status at_node(const plan::Node& node, std::string_view kind, const Status& status) {
  if (status.ok()) return status;
  std::string place;
  if (node.place.line > 0) {
    place = "line " + std::to_string(node.place.line) + ", column " +
            std::to_string(node.place.column) + ": ";
  }
  const std::string name = std::string(kind) + " `" + node.id + "`: ";
  const bool named = status.message().starts_with(name) ||
                     status.message().starts_with(std::string(kind) + " " + node.id + ": ");
  return Status(status.code(), place + (named ? "" : name) + status.message(), status.detail());
}

Status check_guarantee(const plan::SinkSpec& spec, const engine::Sink& sink) {
  if (spec.guarantee != plan::Guarantee::kExactlyOnce) return {};
  if (sink.guarantee() == plan::Guarantee::kExactlyOnce) return {};
  return Status::invalid("the connector \"" + spec.connector +
                         "\" cannot write exactly once; ask for `guarantee: at_least_once`, or "
                         "write to a log or files");
}

Status check_updates(const plan::Plan& plan, const plan::Node& node, const engine::Sink& sink) {
  const plan::Node* origin = plan::origin_of_updates(plan, node);
  if (sink.takes_updates() || origin == nullptr) return {};
  const std::string& connector = std::get<plan::SinkSpec>(node.spec).connector;
  const std::string only_appends = ", and the connector \"" + connector + "\"" +
                                   (connector == "log" ? " without `key`" : "") +
                                   " only appends; write to a log with `key`, or ";
  if (plan::is_changed_by_late_rows(*origin)) {
    return Status::invalid("late rows change results of `" + origin->id +
                           "` after they left (-U, +U)" + only_appends +
                           "leave out `allowed_lateness` there: late rows are dead letters then");
  }
  const std::string may_change = "rows of `" + node.inputs.front().node +
                                 "` may be updates of earlier ones (-U, +U)" + only_appends;
  if (const auto* window = std::get_if<plan::WindowSpec>(&origin->spec);
      window != nullptr && window->emit_changes) {
    return Status::invalid(may_change + "leave out EMIT CHANGES: windows give final rows then");
  }
  if (std::holds_alternative<plan::DeduplicateSpec>(origin->spec)) {
    return Status::invalid(may_change +
                           "deduplicate with `keep: first` and no `time`, which never takes a row "
                           "back");
  }
  return Status::invalid(may_change +
                         "run it as a bounded job, of which only final rows leave (in SQL a sink "
                         "with a key is 'upsert-kafka', and SET 'execution.runtime-mode' = 'batch' "
                         "makes a job bounded)");
}

}  // namespace

Status check_connectors(const plan::Plan& plan, engine::Connectors& connectors) {
  for (const plan::Node& node : plan.nodes) {
    const engine::ConnectorContext context{plan.name, node.id, plan.job.bounded};
    if (const auto* source = std::get_if<plan::SourceSpec>(&node.spec)) {
      DF_RETURN_IF_ERROR(
          at_node(node, "source", connectors.make_source(*source, context).status()));
    }
    if (const auto* spec = std::get_if<plan::SinkSpec>(&node.spec)) {
      Result<std::unique_ptr<engine::Sink>> sink =
          connectors.make_sink(*spec, node.schema, context);
      if (!sink.ok()) return at_node(node, "sink", sink.status());
      DF_RETURN_IF_ERROR(at_node(node, "sink", check_guarantee(*spec, **sink)));
      DF_RETURN_IF_ERROR(at_node(node, "sink", check_updates(plan, node, **sink)));
    }
  }
  if (!plan.job.dead_letters) return {};
  const engine::ConnectorContext context{plan.name, engine::kDeadLetterNode, plan.job.bounded};
  Result<std::unique_ptr<engine::Sink>> sink =
      connectors.make_sink(*plan.job.dead_letters, engine::dead_letter_schema(), context);
  if (!sink.ok()) return sink.status().with_context("job: dead_letters");
  return check_guarantee(*plan.job.dead_letters, **sink).with_context("job: dead_letters");
}

Status check_operators(const plan::Plan& plan, const engine::Engine& engine) {
  for (const plan::Node& node : plan.nodes) {
    DF_RETURN_IF_ERROR(at_node(node, "step", engine.can_run(plan, node)));
  }
  return {};
}

Status check_plan(const plan::Plan& plan, engine::Connectors& connectors,
                  const engine::Engine& engine) {
  DF_RETURN_IF_ERROR(check_connectors(plan, connectors));
  return check_operators(plan, engine);
}

}  // namespace dataflow::jobs
