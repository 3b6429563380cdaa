#include "jobs/pipeline_yaml.h"

#include <cstdlib>

#include "pipeline_reader.h"

namespace dataflow::jobs {
namespace {

// So that names stand in paths, addresses and metrics as they are.
bool is_plain_name(std::string_view name) {
  if (name.empty() || name.size() > 128 || name[0] == '.' || name[0] == '-') return false;
  for (const char c : name) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!fits && c != '_' && c != '-') return false;
  }
  return true;
}

Status check_name(const YamlMap& map, const YAML::Node& node, const std::string& what,
                  const std::string& name) {
  if (is_plain_name(name)) return {};
  return map.error_at(node, "the " + what + " `" + name +
                                "` may have letters, digits, `_` and `-` only, 128 at most");
}

Status read_node(YamlMap& map, const std::string& section, plan::Node& node) {
  if (section == "steps") return read_step(map, node);
  if (section == "sources") {
    DF_ASSIGN_OR_RETURN(const auto parallelism, map.integer("parallelism", 1, 128));
    if (parallelism) node.parallelism = static_cast<int>(*parallelism);
    DF_ASSIGN_OR_RETURN(node.spec, read_source(map));
    return {};
  }
  DF_ASSIGN_OR_RETURN(const std::vector<std::string> from, map.names("from"));
  if (from.size() != 1) return map.error("`from` must name the step or source that it takes");
  node.inputs.push_back(input_of(from[0]));
  DF_ASSIGN_OR_RETURN(const auto parallelism, map.integer("parallelism", 1, 128));
  if (parallelism) node.parallelism = static_cast<int>(*parallelism);
  DF_ASSIGN_OR_RETURN(node.spec, read_sink(map));
  return {};
}

Status read_section(YamlMap& root, const std::string& section, bool needed, plan::Plan& plan) {
  DF_ASSIGN_OR_RETURN(std::optional<YamlMap> map, root.map(section));
  if (!map) return needed ? root.error("`" + section + "` is missing") : Status();
  const std::string word = section.substr(0, section.size() - 1);
  for (const YamlEntry& entry : map->entries()) {
    DF_RETURN_IF_ERROR(check_name(*map, entry.key, "name", entry.name));
    DF_ASSIGN_OR_RETURN(YamlMap one,
                        YamlMap::open(root.yaml(), entry.value, word + " \"" + entry.name + "\""));
    plan::Node node;
    node.id = entry.name;
    node.place = YamlText::place(entry.key);
    DF_RETURN_IF_ERROR(read_node(one, section, node));
    plan.nodes.push_back(std::move(node));
  }
  if (map->entries().empty() && needed) return root.error("`" + section + "` is empty");
  return {};
}

// Without a sink that commits, a checkpoint brings nobody a result: it can come less often.
void settle_interval(bool given, plan::Plan& plan) {
  constexpr int64_t kWithoutExactlyOnceMs = 1000;
  if (given) return;
  for (const plan::Node& node : plan.nodes) {
    const auto* sink = std::get_if<plan::SinkSpec>(&node.spec);
    if (sink != nullptr && sink->guarantee != plan::Guarantee::kAtLeastOnce) return;
  }
  plan.job.checkpoint_interval_ms = kWithoutExactlyOnceMs;
}

// A file of the small form has one of these, and no `name`.
bool is_stream_config(const YamlMap& root) {
  bool small = false;
  for (const YamlEntry& entry : root.entries()) {
    if (entry.name == "name") return false;
    small |= entry.name == "app_name" || entry.name == "processing" || entry.name == "windowing";
  }
  return small;
}

Result<plan::Plan> read_root(YamlMap& root) {
  plan::Plan plan;
  DF_ASSIGN_OR_RETURN(plan.name, root.required("name"));
  DF_RETURN_IF_ERROR(check_name(root, *root.find("name"), "name", plan.name));
  DF_RETURN_IF_ERROR(read_section(root, "sources", true, plan));
  DF_RETURN_IF_ERROR(read_section(root, "steps", false, plan));
  DF_RETURN_IF_ERROR(read_section(root, "sinks", true, plan));
  DF_ASSIGN_OR_RETURN(std::optional<YamlMap> job, root.map("job"));
  if (job) {
    DF_ASSIGN_OR_RETURN(plan.job, read_job(*job));
  }
  (void)root.find("tests");  // for test_pipeline()
  settle_interval(job && job->has("checkpoint_interval"), plan);
  DF_RETURN_IF_ERROR(root.refuse_rest());
  return plan;
}

}  // namespace

Variables environment_variables() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
}

Result<plan::Plan> read_pipeline(const std::string& file, const std::string& text,
                                 const Variables& variables) {
  const YamlText yaml(file, text, variables);
  try {
    DF_ASSIGN_OR_RETURN(const YAML::Node node, yaml.load());
    if (!node.IsMap()) {
      return yaml.error(node, "a pipeline is a mapping with name, sources, steps and sinks");
    }
    DF_ASSIGN_OR_RETURN(YamlMap root, YamlMap::open(yaml, node, ""));
    return is_stream_config(root) ? read_stream_config(root, variables) : read_root(root);
  } catch (const YAML::Exception& problem) {
    return yaml.error(expr::Place{problem.mark.line + 1, problem.mark.column + 1}, problem.msg);
  }
}

}  // namespace dataflow::jobs
