#include "edge/http/openapi.h"

#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

namespace dataflow::http {
namespace {

using json = nlohmann::ordered_json;

struct Parameter {
  std::string_view name;
  std::string_view type;
  std::string_view words;
};

enum class Body : uint8_t { kNone, kPipeline, kStatement, kSession };
enum class Answer : uint8_t { kJson, kStats, kRows };

struct Operation {
  std::string_view method;
  std::string_view path;
  std::string_view id;
  std::string_view summary;
  int status = 200;
  Body body = Body::kNone;
  Answer answer = Answer::kJson;
  std::vector<Parameter> query = {};
};

const std::vector<Parameter> kDeployQuery = {
    {"file", "string", "the file's name, for messages"},
    {"start", "boolean", "false leaves it stopped"},
    {"replace", "boolean", "take the place of the pipeline of this name, and its state"},
    {"discard_state", "boolean", "with replace: begin anew"},
    {"from_savepoint", "string", "begin with the state of this savepoint"}};

const Parameter kWait = {"wait", "integer", "so many milliseconds at most, up to 30000"};

const std::vector<Operation>& sql_operations() {
  static const std::string session = "/api/v1/sql/sessions/{session}";
  static const std::string statement = session + "/statements/{statement}";
  static const std::string statements = session + "/statements";
  static const std::string cancel = statement + "/cancel";
  static const std::string page = statement + "/result/{page}";
  static const std::vector<Operation> all = {
      {"post", "/api/v1/sql", "runStatement", "Run a statement, and get all of its rows", 200,
       Body::kStatement, Answer::kRows},
      {"get", "/api/v1/sql/relations", "listRelations", "All tables and views with their columns"},
      {"post", "/api/v1/sql/sessions", "openSession", "Open a session", 201, Body::kSession},
      {"get", session, "describeSession", "A session, its transaction and its statements"},
      {"delete", session, "endSession", "End a session, and cancel what it does"},
      {"post",
       statements,
       "startStatement",
       "Run a statement; 409 while another one of the session runs",
       201,
       Body::kStatement,
       Answer::kJson,
       {kWait}},
      {"get",
       statement,
       "describeStatement",
       "What a statement does, or did",
       200,
       Body::kNone,
       Answer::kJson,
       {kWait}},
      {"delete", statement, "deleteStatement", "Cancel a statement, and let go of its rows"},
      {"post", cancel, "cancelStatement", "Cancel a statement"},
      {"get",
       page,
       "readResult",
       "The next page of a statement's rows, or the last one again; all of them as "
       "text/event-stream",
       200,
       Body::kNone,
       Answer::kRows,
       {kWait,
        {"max_rows", "integer", "of a page, up to 100000 (http.sql_page_rows); usually 1000"}}}};
  return all;
}

const std::vector<Operation>& operations() {
  static const std::vector<Operation> all = {
      {"get", "/health", "health", "Whether every partition can be written; 503 where not"},
      {"get", "/status", "status", "Version, addresses and topics"},
      {"get", "/api/v1/openapi.json", "openapi", "This document"},
      {"get", "/api/v1/pipelines", "listPipelines", "All pipelines"},
      {"post", "/api/v1/pipelines", "deployPipeline", "Deploy a pipeline", 201, Body::kPipeline,
       Answer::kJson, kDeployQuery},
      {"post",
       "/api/v1/pipelines/validate",
       "validatePipeline",
       "Check a pipeline without deploying it",
       200,
       Body::kPipeline,
       Answer::kJson,
       {kDeployQuery.front()}},
      {"get", "/api/v1/pipelines/{name}", "describePipeline",
       "A pipeline with its text, plan and operators"},
      {"delete",
       "/api/v1/pipelines/{name}",
       "deletePipeline",
       "End a pipeline, deliver what it owes to its sinks and delete its state; 409 where a sink "
       "does not take it",
       200,
       Body::kNone,
       Answer::kJson,
       {{"force", "boolean", "give up what cannot be delivered"}}},
      {"post", "/api/v1/pipelines/{name}/start", "startPipeline", "Start it where it left off"},
      {"post", "/api/v1/pipelines/{name}/stop", "stopPipeline", "End its job with a checkpoint"},
      {"post", "/api/v1/pipelines/{name}/pause", "pausePipeline", "Stop it, to be started again"},
      {"post", "/api/v1/pipelines/{name}/restart", "restartPipeline", "Stop it and start it again"},
      {"post", "/api/v1/pipelines/{name}/checkpoint", "checkpointPipeline",
       "Take a checkpoint now"},
      {"post",
       "/api/v1/pipelines/{name}/savepoint",
       "savePipeline",
       "Keep its state as a savepoint",
       201,
       Body::kNone,
       Answer::kJson,
       {{"savepoint", "string", "its name; usually that of the moment"}}},
      {"get", "/api/v1/savepoints", "listSavepoints", "All savepoints"},
      {"delete", "/api/v1/savepoints/{name}/{savepoint}", "deleteSavepoint", "Delete a savepoint"},
      {"get", "/api/v1/pipelines/{name}/stats", "pipelineStats",
       "Operators and splits; as text/event-stream once a second", 200, Body::kNone,
       Answer::kStats},
      {"get", "/api/v1/pipelines/{name}/watermarks", "pipelineWatermarks",
       "Which split of which source holds each operator back, and by how much"},
      {"get", "/api/v1/pipelines/{name}/state", "pipelineState",
       "Sizes of state by operator and table, in memory and on disk, and what can only grow"},
      {"get", "/api/v1/pipelines/{name}/windows", "pipelineWindows",
       "Open windows, the oldest of each operator, and why it has not fired"},
      {"get", "/api/v1/pipelines/{name}/logs", "pipelineLogs", "What befell it, oldest first"},
      {"get", "/api/v1/pipelines/{name}/explain", "explainPipeline", "Its plan as a tree"},
      {"get", "/pipelines", "pipelines", "All pipelines"},
      {"post", "/pipelines/{name}/start", "start", "Start a pipeline where it left off"},
      {"post", "/pipelines/{name}/stop", "stop", "End a pipeline's job with a checkpoint"},
      {"get", "/pipelines/{name}/stats", "stats",
       "Operators and splits; as text/event-stream once a second", 200, Body::kNone,
       Answer::kStats},
      {"get", "/watermarks", "watermarks", "Of all pipelines that run: what holds them back"},
      {"get", "/state", "state", "Of all pipelines that run: sizes of state by operator and table"},
      {"get", "/windows", "windows", "Of all pipelines that run: open windows, and why they are"},
      {"post", "/checkpoint", "checkpoint", "Take a checkpoint of every pipeline that runs"}};
  return all;
}

json content(std::string_view type, json schema) {
  return {{std::string(type), {{"schema", std::move(schema)}}}};
}

json parameter(const Parameter& of, std::string_view where) {
  json out = {{"name", of.name}, {"in", where}, {"description", of.words}};
  if (where == "path") out["required"] = true;
  out["schema"] = {{"type", of.type}};
  return out;
}

json body_of_pipeline() {
  json yaml = content("application/yaml", {{"type", "string"}});
  json fields = {
      {"source", {{"type", "string"}, {"description", "the YAML"}}},
      {"file", {{"type", "string"}}},
      {"variables", {{"type", "object"}, {"additionalProperties", {{"type", "string"}}}}}};
  yaml.update(content("application/json", {{"type", "object"},
                                           {"required", json::array({"source"})},
                                           {"properties", std::move(fields)}}));
  return {{"required", true}, {"content", std::move(yaml)}};
}

json body_of_statement(Body body) {
  const json text = {{"type", "string"}};
  const json settings = {{"type", "object"}, {"additionalProperties", text}};
  json fields = {{"statement", text},
                 {"parameters", {{"type", "array"}, {"items", json::object()}}},
                 {"settings", settings}};
  if (body == Body::kSession) fields = {{"settings", settings}};
  json schema = {{"type", "object"}, {"properties", std::move(fields)}};
  if (body != Body::kSession) schema["required"] = json::array({"statement"});
  json types = content("application/json", std::move(schema));
  if (body != Body::kSession) types.update(content("text/plain", text));
  return {{"required", body != Body::kSession}, {"content", std::move(types)}};
}

json document_of(const Operation& operation) {
  json out = {{"operationId", operation.id}, {"summary", operation.summary}};
  json parameters = json::array();
  static const std::vector<Parameter> in_path = {{"name", "string", "the pipeline"},
                                                 {"savepoint", "string", "the savepoint"},
                                                 {"session", "string", "the session"},
                                                 {"statement", "string", "the statement"},
                                                 {"page", "integer", "the page, from 0"}};
  for (const Parameter& one : in_path) {
    const std::string part = "{" + std::string(one.name) + "}";
    if (operation.path.find(part) == std::string_view::npos) continue;
    parameters.push_back(parameter(one, "path"));
  }
  for (const Parameter& one : operation.query) parameters.push_back(parameter(one, "query"));
  if (!parameters.empty()) out["parameters"] = std::move(parameters);
  if (operation.body == Body::kPipeline) out["requestBody"] = body_of_pipeline();
  if (operation.body >= Body::kStatement) out["requestBody"] = body_of_statement(operation.body);
  json answer = content("application/json", {{"type", "object"}});
  if (operation.answer != Answer::kJson) {
    answer.update(content("text/event-stream", {{"type", "string"}}));
  }
  if (operation.answer == Answer::kRows) {
    answer.update(content("text/csv", {{"type", "string"}}));
    answer.update(content("application/vnd.apache.arrow.stream", json::object()));
  }
  out["responses"] = {
      {std::to_string(operation.status), {{"description", "done"}, {"content", answer}}},
      {"default",
       {{"description", "what is wrong"},
        {"content",
         content("application/problem+json", {{"$ref", "#/components/schemas/Problem"}})}}}};
  return out;
}

json problem_schema() {
  const json text = {{"type", "string"}};
  const json number = {{"type", "integer"}};
  return {{"type", "object"},
          {"required", json::array({"type", "title", "status", "detail"})},
          {"properties",
           {{"type", text},
            {"title", text},
            {"status", number},
            {"detail", text},
            {"file", text},
            {"code", text},
            {"message", text},
            {"line", number},
            {"column", number}}}};
}

}  // namespace

std::string openapi_document(const std::string& version) {
  json paths = json::object();
  std::vector<Operation> all = operations();
  all.insert(all.end(), sql_operations().begin(), sql_operations().end());
  for (const Operation& operation : all) {
    paths[std::string(operation.path)][std::string(operation.method)] = document_of(operation);
  }
  const json document = {{"openapi", "3.1.0"},
                         {"info", {{"title", "DataFlow"}, {"version", version}}},
                         {"paths", std::move(paths)},
                         {"components", {{"schemas", {{"Problem", problem_schema()}}}}}};
  return document.dump(2) + "\n";
}

Route openapi_route(const std::string& version) {
  return {"GET", "/api/v1/openapi.json", [text = openapi_document(version)](const Request&) {
            return Response{200, "application/json", text};
          }};
}

}  // namespace dataflow::http
