#include "jobs/pipeline_yaml.h"
#include "yaml_text.h"

namespace dataflow::jobs {
namespace {

bool stands_at(const YAML::Node& node, expr::Place place) {
  const expr::Place own = YamlText::place(node);
  return own.line == place.line && own.column == place.column;
}

// Every word of the message in backquotes or quotes, as it may name a key.
std::vector<std::string> named_words(const std::string& words) {
  std::vector<std::string> found;
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] != '`' && words[i] != '"') continue;
    const size_t end = words.find(words[i], i + 1);
    if (end == std::string::npos) break;
    found.push_back(words.substr(i + 1, end - i - 1));
    i = end;
  }
  return found;
}

std::optional<expr::Place> key_place(const YAML::Node& map, const std::string& key) {
  for (const auto& pair : map) {
    if (pair.first.IsScalar() && pair.first.Scalar() == key) return YamlText::place(pair.first);
  }
  return std::nullopt;
}

// The key that the message is about: the first that it names, of the entry or its format's options.
std::optional<expr::Place> option_place(const YAML::Node& entry, const std::string& words) {
  if (!entry.IsMap()) return std::nullopt;
  const YAML::Node format = entry["format_options"];
  for (const std::string& word : named_words(words)) {
    if (const auto place = key_place(entry, word)) return place;
    if (!format || !format.IsMap()) continue;
    if (const auto place = key_place(format, word)) return place;
  }
  return std::nullopt;
}

// The entry of a section whose name stands at the place.
std::optional<YAML::Node> entry_at(const YAML::Node& root, expr::Place place) {
  for (const char* section : {"sources", "steps", "sinks"}) {
    const YAML::Node entries = root[section];
    if (!entries || !entries.IsMap()) continue;
    for (const auto& pair : entries) {
      if (stands_at(pair.first, place)) return pair.second;
    }
  }
  return std::nullopt;
}

// Where the job's options begin, or those of its dead letters.
std::optional<expr::Place> job_place(const YAML::Node& root, const std::string& words) {
  for (const auto& pair : root) {
    if (!pair.first.IsScalar() || pair.first.Scalar() != "job") continue;
    const bool letters = words.starts_with("job: dead_letters") && pair.second.IsMap();
    if (letters && pair.second["dead_letters"]) {
      const YAML::Node inner = pair.second["dead_letters"];
      if (const auto place = option_place(inner, words)) return place;
      return YamlText::place(inner);
    }
    return YamlText::place(pair.first);
  }
  return std::nullopt;
}

}  // namespace

Status in_file(const std::string& file, const std::string& text, const Status& status) {
  if (status.ok()) return status;
  const std::optional<PlacedWords> placed = placed_words(status.message());
  const bool of_job = status.message().starts_with("job: ");
  if (!placed && !of_job) return status;
  const Variables none = [](const std::string&) { return std::nullopt; };
  const YamlText yaml(file, text, none);
  std::optional<expr::Place> place;
  try {
    const Result<YAML::Node> root = yaml.load();
    if (root.ok() && root->IsMap()) {
      if (of_job) {
        place = job_place(*root, status.message());
      } else if (const auto entry = entry_at(*root, placed->place)) {
        place = option_place(*entry, placed->words);
      }
    }
  } catch (const YAML::Exception&) {
    // It was read before; the place of the whole entry is good as well.
  }
  if (of_job && !place) return status;
  const Status at =
      yaml.error(place ? *place : placed->place, of_job ? status.message() : placed->words);
  return Status(status.code(), at.message(), status.detail());
}

Status refusal(const std::string& file, const std::string& text, const Status& status) {
  const Status placed = in_file(file, text, status);
  const bool has_place = placed.message().starts_with(file + ":");
  const bool of_file = placed.code() == StatusCode::kNotFound ||
                       placed.code() == StatusCode::kUnsupported ||
                       placed.code() == StatusCode::kInvalid;
  if (!has_place || !of_file) return placed;
  return Status(StatusCode::kInvalid, placed.message(), placed.detail());
}

}  // namespace dataflow::jobs
