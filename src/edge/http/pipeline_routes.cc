#include <cstdio>

#include "edge/http/pipelines.h"
#include "jobs/pipeline_yaml.h"
#include "pipeline_pages.h"

namespace dataflow::http {
namespace {

using jobs::Pipelines;
using jobs::PipelineView;
using nlohmann::json;

struct Posted {
  std::string source;
  std::string file = "pipeline.yaml";
  std::map<std::string, std::string> variables;
};

Result<Posted> read_posted(const Request& request) {
  Posted posted;
  if (const auto file = query_value(request, "file")) posted.file = *file;
  if (request.content_type != "application/json") {
    posted.source = request.body;
    return posted;
  }
  const json body = json::parse(request.body, nullptr, false);
  if (!body.is_object() || !body.contains("source") || !body["source"].is_string()) {
    return Status::invalid(
        "expected the pipeline's YAML, or JSON with the YAML as the text `source`");
  }
  posted.source = body["source"].get<std::string>();
  if (body.contains("file") && body["file"].is_string()) posted.file = body["file"];
  if (!body.contains("variables")) return posted;
  if (!body["variables"].is_object()) return Status::invalid("`variables` must be an object");
  for (const auto& [name, value] : body["variables"].items()) {
    if (!value.is_string()) return Status::invalid("variable `" + name + "` must be a text");
    posted.variables[name] = value.get<std::string>();
  }
  return posted;
}

Result<plan::Plan> compile(Pipelines& pipelines, const Posted& posted) {
  const auto variable = [&](const std::string& name) -> std::optional<std::string> {
    const auto found = posted.variables.find(name);
    if (found == posted.variables.end()) return std::nullopt;
    return found->second;
  };
  return jobs::compile_pipeline(posted.file, posted.source, variable,
                                &pipelines.custom_operators());
}

// Of what was posted: with its file's name and place, in words and as members of their own.
Response refused(const Posted& posted, const Status& status) {
  const Status placed = jobs::refusal(posted.file, posted.source, status);
  Response answer = status_answer(placed);
  const std::string& words = placed.message();
  if (!words.starts_with(posted.file + ":")) return answer;
  int line = 0;
  int column = 0;
  if (std::sscanf(words.c_str() + posted.file.size(), ":%d:%d:", &line, &column) != 2) {
    return answer;
  }
  json body = json::parse(answer.body);
  body["file"] = posted.file;
  body["line"] = line;
  body["column"] = column;
  answer.body = body.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  return answer;
}

bool flag(const Request& request, const std::string& name, bool usual) {
  const auto value = query_value(request, name);
  if (!value) return usual;
  return value->empty() || *value == "true" || *value == "1";
}

Response deploy(Pipelines& pipelines, const Request& request) {
  const Result<Posted> posted = read_posted(request);
  if (!posted.ok()) return status_answer(posted.status());
  Result<plan::Plan> plan = compile(pipelines, *posted);
  if (!plan.ok()) return refused(*posted, plan.status());
  jobs::DeployOptions options;
  options.start = flag(request, "start", true);
  options.replace = flag(request, "replace", false);
  options.discard_state = flag(request, "discard_state", false);
  options.from_savepoint = query_value(request, "from_savepoint").value_or("");
  const Result<PipelineView> view = pipelines.deploy(std::move(*plan), posted->source, options);
  if (!view.ok()) return refused(*posted, view.status());
  return json_answer(pipeline_summary(*view), 201);
}

Response validate(Pipelines& pipelines, const Request& request) {
  const Result<Posted> posted = read_posted(request);
  if (!posted.ok()) return status_answer(posted.status());
  Result<plan::Plan> plan = compile(pipelines, *posted);
  if (!plan.ok()) return refused(*posted, plan.status());
  const Status valid = pipelines.check(*plan);
  if (!valid.ok()) return refused(*posted, valid);
  return json_answer({{"valid", true}, {"name", plan->name}, {"explain", plan::explain(*plan)}});
}

Response list(Pipelines& pipelines) {
  json out = json::array();
  for (const PipelineView& view : pipelines.list()) out.push_back(pipeline_summary(view));
  return json_answer({{"pipelines", std::move(out)}});
}

Response view_answer(const Result<PipelineView>& view, json (*page)(const PipelineView&)) {
  if (!view.ok()) return status_answer(view.status());
  return json_answer(page(*view));
}

Response checkpoint(Pipelines& pipelines, const std::string& name) {
  const Result<state::CheckpointId> id = pipelines.checkpoint(name);
  if (!id.ok()) return status_answer(id.status());
  return json_answer({{"pipeline", name}, {"checkpoint", id->value()}});
}

// Of everything that runs.
Response checkpoint_all(Pipelines& pipelines) {
  json done = json::array();
  json failed = json::array();
  for (const PipelineView& view : pipelines.list()) {
    if (view.state != "running") continue;
    const Result<state::CheckpointId> id = pipelines.checkpoint(view.name);
    if (id.ok()) {
      done.push_back({{"pipeline", view.name}, {"checkpoint", id->value()}});
    } else {
      failed.push_back({{"pipeline", view.name}, {"reason", id.status().message()}});
    }
  }
  const int status = failed.empty() ? 200 : 500;
  return json_answer({{"checkpoints", std::move(done)}, {"failed", std::move(failed)}}, status);
}

using Change = Result<PipelineView> (Pipelines::*)(const std::string&);

Route change_route(Pipelines& pipelines, const std::string& path, Change change) {
  return {"POST", path,
          [&pipelines, change](const Request& request) {
            return view_answer((pipelines.*change)(request.parameters.at("name")),
                               pipeline_summary);
          },
          true};
}

// One answer, or, asked for as text/event-stream, one each second until the pipeline is deleted.
Response stats(Pipelines& pipelines, const Request& request) {
  const std::string& name = request.parameters.at("name");
  const Result<PipelineView> view = pipelines.describe(name);
  if (!view.ok()) return status_answer(view.status());
  if (request.accept.find("text/event-stream") == std::string::npos) {
    return json_answer(pipeline_stats(*view));
  }
  Response answer;
  answer.events = EventSource{[&pipelines, name]() -> std::optional<std::string> {
    const Result<PipelineView> now = pipelines.describe(name);
    if (!now.ok()) return std::nullopt;
    return pipeline_stats(*now).dump(-1, ' ', false, json::error_handler_t::replace);
  }};
  return answer;
}

json savepoint_page(const jobs::SavepointView& view) {
  if (!view.info.problem.empty()) {
    return {{"savepoint", view.id},
            {"pipeline", view.info.job},
            {"folder", view.info.dir},
            {"problem", view.info.problem}};
  }
  return {{"savepoint", view.id},
          {"pipeline", view.info.job},
          {"checkpoint", view.info.checkpoint.value()},
          {"taken_ms", view.info.wall_millis},
          {"bytes", view.info.bytes},
          {"folder", view.info.dir}};
}

void add_savepoints(Pipelines& pipelines, const std::string& one, std::vector<Route>& routes) {
  routes.push_back({"POST", one + "/savepoint",
                    [&](const Request& request) {
                      const auto saved =
                          pipelines.save_state(request.parameters.at("name"),
                                               query_value(request, "savepoint").value_or(""));
                      if (!saved.ok()) return status_answer(saved.status());
                      return json_answer(savepoint_page(*saved), 201);
                    },
                    true, true});
  routes.push_back({"GET", "/api/v1/savepoints",
                    [&](const Request&) {
                      const auto found = pipelines.savepoints();
                      if (!found.ok()) return status_answer(found.status());
                      json all = json::array();
                      for (const auto& view : *found) all.push_back(savepoint_page(view));
                      return json_answer({{"savepoints", std::move(all)}});
                    },
                    true});
  routes.push_back({"DELETE", "/api/v1/savepoints/{name}/{savepoint}",
                    [&](const Request& request) {
                      const std::string id =
                          request.parameters.at("name") + "/" + request.parameters.at("savepoint");
                      const Status removed = pipelines.remove_savepoint(id);
                      if (!removed.ok()) return status_answer(removed);
                      return json_answer({{"savepoint", id}, {"deleted", true}});
                    },
                    true});
}

void add_named(Pipelines& pipelines, const std::string& base, std::vector<Route>& routes) {
  const std::string one = base + "/{name}";
  routes.push_back({"GET", base, [&pipelines](const Request&) { return list(pipelines); }, true});
  routes.push_back(change_route(pipelines, one + "/start", &Pipelines::start));
  routes.push_back(change_route(pipelines, one + "/stop", &Pipelines::stop));
  routes.push_back({"GET", one + "/stats",
                    [&pipelines](const Request& request) { return stats(pipelines, request); },
                    true});
}

using Page = json (*)(const std::vector<PipelineView>&);

Route page_route(Pipelines& pipelines, const std::string& path, Page page) {
  return {"GET", path,
          [&pipelines, page](const Request&) { return json_answer(page(pipelines.list())); }, true};
}

// The same page, of one pipeline.
Route one_page_route(Pipelines& pipelines, const std::string& path, Page page) {
  return {"GET", path,
          [&pipelines, page](const Request& request) {
            Result<PipelineView> view = pipelines.describe(request.parameters.at("name"));
            if (!view.ok()) return status_answer(view.status());
            return json_answer(page({std::move(*view)}));
          },
          true};
}

Response logs(Pipelines& pipelines, const std::string& name) {
  const Result<std::vector<jobs::PipelineEvent>> events = pipelines.events(name);
  if (!events.ok()) return status_answer(events.status());
  return json_answer(events_page(name, *events));
}

void add_pages(Pipelines& pipelines, const std::string& one, std::vector<Route>& routes) {
  routes.push_back(page_route(pipelines, "/watermarks", watermarks_page));
  routes.push_back(page_route(pipelines, "/state", state_page));
  routes.push_back(page_route(pipelines, "/windows", windows_page));
  routes.push_back(one_page_route(pipelines, one + "/watermarks", watermarks_page));
  routes.push_back(one_page_route(pipelines, one + "/state", state_page));
  routes.push_back(one_page_route(pipelines, one + "/windows", windows_page));
  routes.push_back({"GET", one + "/logs", [&pipelines](const Request& request) {
                      return logs(pipelines, request.parameters.at("name"));
                    }});
  routes.push_back({"GET", one + "/explain",
                    [&pipelines](const Request& request) {
                      return view_answer(pipelines.describe(request.parameters.at("name")),
                                         explain_page);
                    },
                    true});
}

}  // namespace

std::vector<Route> pipeline_routes(Pipelines& pipelines) {
  const std::string base = "/api/v1/pipelines";
  const std::string one = base + "/{name}";
  std::vector<Route> routes;
  add_named(pipelines, base, routes);
  add_named(pipelines, "/pipelines", routes);
  routes.push_back(
      {"POST", base, [&](const Request& request) { return deploy(pipelines, request); }, true});
  routes.push_back({"POST", base + "/validate",
                    [&](const Request& request) { return validate(pipelines, request); }, true});
  routes.push_back({"GET", one,
                    [&](const Request& request) {
                      return view_answer(pipelines.describe(request.parameters.at("name")),
                                         pipeline_details);
                    },
                    true});
  routes.push_back({"DELETE", one,
                    [&](const Request& request) {
                      const std::string& name = request.parameters.at("name");
                      const auto removed =
                          pipelines.remove(name, {.give_up_output = flag(request, "force", false)});
                      if (!removed.ok()) return status_answer(removed.status());
                      json answer = {{"name", name}, {"deleted", true}};
                      if (!removed->given_up.empty()) answer["given_up"] = removed->given_up;
                      return json_answer(answer);
                    },
                    true});
  routes.push_back(change_route(pipelines, one + "/pause", &Pipelines::pause));
  routes.push_back(change_route(pipelines, one + "/restart", &Pipelines::restart));
  routes.push_back(
      {"POST", one + "/checkpoint",
       [&](const Request& request) { return checkpoint(pipelines, request.parameters.at("name")); },
       true, true});
  routes.push_back({"POST", "/checkpoint",
                    [&](const Request&) { return checkpoint_all(pipelines); }, true, true});
  add_savepoints(pipelines, one, routes);
  add_pages(pipelines, one, routes);
  return routes;
}

}  // namespace dataflow::http
