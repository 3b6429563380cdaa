#include <algorithm>

#include "base/edit_distance.h"
#include "base/units.h"
#include "yaml_text.h"

namespace dataflow::jobs {
namespace {

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string listed(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

}  // namespace

Result<YamlMap> YamlMap::open(const YamlText& text, const YAML::Node& node, std::string what) {
  if (!node.IsMap()) return text.error(node, what + " must be a mapping of names to values");
  YamlMap map(text, node, std::move(what));
  std::set<std::string> seen;
  for (const auto& pair : node) {
    if (!pair.first.IsScalar()) return map.error_at(pair.first, "a key must be a name");
    DF_ASSIGN_OR_RETURN(std::string name, text.scalar(pair.first, "a key"));
    if (!seen.insert(name).second) return map.error_at(pair.first, "`" + name + "` stands twice");
    map.entries_.push_back({std::move(name), pair.first, pair.second});
  }
  return map;
}

Status YamlMap::error(const std::string& what) const { return error_at(node_, what); }

Status YamlMap::error_at(const YAML::Node& node, const std::string& what) const {
  return yaml_->error(node, what_.empty() ? what : what_ + ": " + what);
}

const YAML::Node* YamlMap::find(const std::string& name) {
  known_.insert(name);
  const auto found = std::ranges::find(entries_, name, &YamlEntry::name);
  return found == entries_.end() || found->value.IsNull() ? nullptr : &found->value;
}

Result<std::optional<std::string>> YamlMap::text(const std::string& name) {
  const YAML::Node* node = find(name);
  if (node == nullptr) return std::optional<std::string>();
  DF_ASSIGN_OR_RETURN(std::string value, yaml_->scalar(*node, what_ + ": `" + name + "`"));
  return std::optional<std::string>(std::move(value));
}

Result<std::string> YamlMap::required(const std::string& name) {
  const YAML::Node* node = find(name);
  if (node == nullptr) return error("`" + name + "` is missing");
  DF_ASSIGN_OR_RETURN(std::string value, yaml_->scalar(*node, what_ + ": `" + name + "`"));
  if (value.empty()) return error_at(*node, "`" + name + "` is empty");
  return value;
}

Result<int64_t> read_duration(const YamlText& yaml, const YAML::Node& node,
                              const std::string& what) {
  const Result<std::string> value = yaml.scalar(node, what);
  if (!value.ok()) return value.status();
  std::string_view size = *value;
  const bool negative = size.starts_with('-');
  if (negative) size.remove_prefix(1);
  const Result<int64_t> ms = is_number(size) ? parse_int(size) : parse_duration_ms(size);
  if (!ms.ok()) {
    return yaml.error(node, what + ": `" + *value +
                                "` is not a duration such as 30s, 500ms or a number of "
                                "milliseconds");
  }
  return negative ? -*ms : *ms;
}

Result<std::optional<int64_t>> YamlMap::duration(const std::string& name, int64_t least) {
  const YAML::Node* node = find(name);
  if (node == nullptr) return std::optional<int64_t>();
  DF_ASSIGN_OR_RETURN(const int64_t ms, read_duration(*yaml_, *node, what_ + ": `" + name + "`"));
  if (ms < 0) return error_at(*node, "`" + name + "` cannot be negative");
  if (ms < least) return error_at(*node, "`" + name + "` must be longer than 0");
  return std::optional<int64_t>(ms);
}

Result<std::optional<int64_t>> YamlMap::integer(const std::string& name, int64_t least,
                                                int64_t most) {
  DF_ASSIGN_OR_RETURN(const std::optional<std::string> value, text(name));
  if (!value) return std::optional<int64_t>();
  const Result<int64_t> number = parse_int(*value);
  if (!number.ok() || *number < least || *number > most) {
    return error_at(*find(name), "`" + name + "` is `" + *value + "`; it must be a number from " +
                                     std::to_string(least) + " to " + std::to_string(most));
  }
  return std::optional<int64_t>(*number);
}

Result<std::optional<bool>> YamlMap::boolean(const std::string& name) {
  DF_ASSIGN_OR_RETURN(const std::optional<std::string> value, text(name));
  if (!value) return std::optional<bool>();
  const Result<bool> flag = parse_bool(*value);
  if (!flag.ok()) {
    return error_at(*find(name), "`" + name + "` is `" + *value + "`; it must be true or false");
  }
  return std::optional<bool>(*flag);
}

Result<std::vector<std::string>> YamlMap::names(const std::string& name) {
  std::vector<std::string> out;
  const YAML::Node* node = find(name);
  if (node == nullptr) return out;
  const std::string words = what_ + ": `" + name + "`";
  if (node->IsScalar()) {
    DF_ASSIGN_OR_RETURN(std::string one, yaml_->scalar(*node, words));
    out.push_back(std::move(one));
    return out;
  }
  if (!node->IsSequence()) return error_at(*node, "`" + name + "` must be a list of names");
  for (const auto& item : *node) {
    DF_ASSIGN_OR_RETURN(std::string one, yaml_->scalar(item, words));
    out.push_back(std::move(one));
  }
  return out;
}

Result<std::optional<size_t>> YamlMap::choice(const std::string& name,
                                              const std::vector<std::string>& words) {
  DF_ASSIGN_OR_RETURN(const std::optional<std::string> value, text(name));
  if (!value) return std::optional<size_t>();
  const std::string word = value.value_or("");
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == word) return std::optional<size_t>(i);
  }
  return error_at(*find(name), "`" + name + "` is `" + word + "`, which is none of " +
                                   listed(words) + suggestion(word, words));
}

Result<YamlMap> YamlMap::required_map(const std::string& name) {
  const YAML::Node* node = find(name);
  if (node == nullptr) return error("`" + name + "` is missing");
  return open(*yaml_, *node, what_.empty() ? name : what_ + ": " + name);
}

Result<std::optional<YamlMap>> YamlMap::map(const std::string& name) {
  if (!has(name)) return std::optional<YamlMap>();
  DF_ASSIGN_OR_RETURN(YamlMap inner, required_map(name));
  return std::optional<YamlMap>(std::move(inner));
}

Result<expr::ExpressionPtr> read_expression(const YamlText& yaml, const YAML::Node& node,
                                            const std::string& what) {
  DF_ASSIGN_OR_RETURN(const std::string value, yaml.scalar(node, what));
  const expr::Place place = yaml.text_place(node);
  Result<expr::ExpressionPtr> parsed = expr::parse_expression(value, place);
  if (!parsed.ok()) return with_file(yaml.file(), parsed.status(), what);
  return parsed;
}

std::vector<YamlEntry> YamlMap::rest() const {
  std::vector<YamlEntry> out;
  for (const YamlEntry& entry : entries_) {
    if (!known_.contains(entry.name)) out.push_back(entry);
  }
  return out;
}

Status YamlMap::refuse_rest() const {
  const std::vector<YamlEntry> unknown = rest();
  if (unknown.empty()) return {};
  const std::vector<std::string> names = known();
  const std::string near = suggestion(unknown[0].name, names);
  return error_at(unknown[0].key, "`" + unknown[0].name + "` is not known here" +
                                      (near.empty() ? "; known: " + listed(names) : near));
}

}  // namespace dataflow::jobs
