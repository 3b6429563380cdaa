// How the configuration is shown: `config print` and the reference page.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/config.h"

namespace dataflow {
namespace {

std::string_view type_name(OptionType type) {
  switch (type) {
    case OptionType::kBool: return "bool";
    case OptionType::kInt: return "int";
    case OptionType::kBytes: return "size";
    case OptionType::kDuration: return "duration";
    case OptionType::kDouble: return "number";
    case OptionType::kString: return "string";
    case OptionType::kEnum: return "choice";
    case OptionType::kAddress: return "host:port";
  }
  return "unknown";
}

const char* layer_name(ConfigLayer layer) {
  switch (layer) {
    case ConfigLayer::kDefault: return "default";
    case ConfigLayer::kFile: return "file";
    case ConfigLayer::kEnvironment: return "environment";
    case ConfigLayer::kFlag: return "flag";
  }
  return "unknown";
}

std::string code(const std::string& text) { return text.empty() ? "" : "`" + text + "`"; }

// A bar would end the cell.
std::string cell(std::string text) {
  for (size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2)
    text.insert(at, "\\");
  return text;
}

std::string range(const Option& option) {
  if (option.type == OptionType::kEnum) {
    std::string all;
    for (const std::string& choice : option.choices)
      all += (all.empty() ? "" : ", ") + code(choice);
    return all;
  }
  if (option.min.empty() && option.max.empty()) return "";
  if (option.max.empty()) return "from " + code(option.min);
  if (option.min.empty()) return "up to " + code(option.max);
  return code(option.min) + " to " + code(option.max);
}

std::string group_of(const Option& option) { return option.name.substr(0, option.name.find('.')); }

std::string padded(std::string text, size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

}  // namespace

std::string config_reference(const ConfigSchema& schema) {
  std::string page =
      "# Configuration\n\n"
      "This page is generated from the declarations in the program; do not edit it by hand.\n\n"
      "An option is set by its flag, else by its environment variable, else in the YAML file of\n"
      "`--config`, else it has its default. In YAML the dots of a name may be nesting\n"
      "(`log: {segment: {bytes: 1GiB}}`) or part of the key (`log.segment.bytes: 1GiB`). Sizes "
      "take\n"
      "KiB, MiB, GiB, TiB; durations take ms, s, m, h, d. `dataflow-cli config print` shows each "
      "value\n"
      "and where it comes from. An unknown name is an error.\n";
  std::vector<std::string> groups;
  for (const Option& option : schema.options()) {
    if (std::find(groups.begin(), groups.end(), group_of(option)) == groups.end()) {
      groups.push_back(group_of(option));
    }
  }
  for (const std::string& group : groups) {
    page += "\n## " + group + "\n\n";
    page +=
        "| Option | Type | Default | Allowed | Flag | Environment | At run time | What it does |\n";
    page += "|---|---|---|---|---|---|---|---|\n";
    for (const Option& option : schema.options()) {
      if (group_of(option) != group) continue;
      page += "| " + code(option.name) + " | " + std::string(type_name(option.type)) + " | " +
              cell(code(option.default_value)) + " | " + cell(range(option)) + " | " +
              code(option.flag) + " | " + code(option.environment) + " | " +
              (option.changeable ? "yes" : "no") + " | " + cell(option.doc) + " |\n";
    }
  }
  return page;
}

std::string Config::to_table() const {
  size_t name_width = 4;
  size_t value_width = 5;
  for (const Entry& each : entries_) {
    name_width = std::max(name_width, each.option.name.size());
    value_width = std::max(value_width, each.value.text.size());
  }
  std::string table =
      padded("NAME", name_width) + "  " + padded("VALUE", value_width) + "  ORIGIN\n";
  for (const Entry& each : entries_) {
    table += padded(each.option.name, name_width) + "  " + padded(each.value.text, value_width) +
             "  " + each.value.origin.place + "\n";
  }
  return table;
}

std::string Config::to_json() const {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const Entry& each : entries_) {
    nlohmann::ordered_json one;
    one["name"] = each.option.name;
    std::visit([&](const auto& value) { one["value"] = value; }, each.value.value);
    one["text"] = each.value.text;
    one["origin"] = layer_name(each.value.origin.layer);
    one["place"] = each.value.origin.place;
    all.push_back(std::move(one));
  }
  // Values come from files and the environment, so they may be no UTF-8.
  return all.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace dataflow
