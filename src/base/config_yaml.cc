#include "config_yaml.h"

#include <yaml-cpp/yaml.h>

#include <exception>

namespace dataflow {
namespace {

// Far more than any option has parts; it ends the descent into an alias that holds itself.
constexpr int kDeepest = 16;
// Aliases can blow a small file up without end.
constexpr size_t kMostEntries = 10'000;

Status at_line(const std::string& name, const YAML::Mark& mark, const std::string& problem) {
  return Status::invalid(name + ":" + std::to_string(mark.line + 1) + ": " + problem);
}

Status flatten(const std::string& name, const std::string& prefix, const YAML::Node& map, int depth,
               std::vector<YamlEntry>& entries) {
  if (depth > kDeepest) return at_line(name, map.Mark(), "keys are nested too deeply");
  for (const auto& pair : map) {
    if (!pair.first.IsScalar()) return at_line(name, pair.first.Mark(), "a key must be a name");
    const std::string key = prefix + pair.first.Scalar();
    if (pair.second.IsMap()) {
      DF_RETURN_IF_ERROR(flatten(name, key + ".", pair.second, depth + 1, entries));
      continue;
    }
    if (entries.size() >= kMostEntries) return at_line(name, pair.first.Mark(), "too many keys");
    const bool scalar = pair.second.IsScalar();
    entries.push_back(
        {key, scalar ? pair.second.Scalar() : "", pair.first.Mark().line + 1, scalar});
  }
  return {};
}

}  // namespace

Result<std::vector<YamlEntry>> flatten_yaml(const std::string& name, const std::string& text) {
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(text);
    std::vector<YamlEntry> entries;
    if (documents.empty() || documents[0].IsNull()) return entries;
    if (documents.size() > 1) {
      return at_line(name, documents[1].Mark(), "only one YAML document is read from a file");
    }
    if (!documents[0].IsMap()) {
      return at_line(name, documents[0].Mark(), "expected keys with values, such as `data.dir: x`");
    }
    DF_RETURN_IF_ERROR(flatten(name, "", documents[0], 1, entries));
    return entries;
  } catch (const YAML::Exception& problem) {
    return at_line(name, problem.mark, "this is not valid YAML: " + problem.msg);
  } catch (const std::exception& problem) {
    return Status::invalid(name + ": reading it as YAML failed: " + problem.what());
  }
}

}  // namespace dataflow
