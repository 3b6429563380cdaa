#include "wire/messages/incremental_alter_configs.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "config_resource.h"
#include "handlers/handlers.h"

namespace dataflow::kafka {

namespace {

using wire::ErrorCode;
using Question = wire::IncrementalAlterConfigsRequest;
using Answer = wire::IncrementalAlterConfigsResponse;

enum Operation : int8_t { kSet = 0, kDelete = 1, kAppend = 2, kSubtract = 3 };

bool is_list(std::string_view name) {
  for (const log::ConfigKey& key : log::topic_config_keys()) {
    if (key.name == name) return key.type == log::ConfigValueType::kList;
  }
  return false;
}

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> words;
  while (!list.empty()) {
    size_t comma = std::min(list.find(','), list.size());
    std::string_view word = list.substr(0, comma);
    list.remove_prefix(std::min(comma + 1, list.size()));
    while (!word.empty() && word.front() == ' ') word.remove_prefix(1);
    while (!word.empty() && word.back() == ' ') word.remove_suffix(1);
    if (!word.empty()) words.emplace_back(word);
  }
  return words;
}

std::string join(const std::vector<std::string>& words) {
  std::string list;
  for (const std::string& word : words) {
    if (!list.empty()) list += ',';
    list += word;
  }
  return list;
}

// The list with `words` added or taken out.
std::string change_list(const std::string& old, const std::string& words, bool add) {
  std::vector<std::string> result = split(old);
  for (const std::string& word : split(words)) {
    auto found = std::find(result.begin(), result.end(), word);
    if (add && found == result.end()) result.push_back(word);
    if (!add && found != result.end()) result.erase(found);
  }
  return join(result);
}

Refusal apply(const log::TopicConfig& config, const Question::Config& change,
              log::ConfigOverrides& overrides) {
  if (change.config_operation == kDelete) {
    overrides.erase(change.name);
    return {};
  }
  if (!change.value)
    return {ErrorCode::kInvalidRequest, "the value of " + change.name + " is null"};
  switch (change.config_operation) {
    case kSet: overrides[change.name] = *change.value; return {};
    case kAppend:
    case kSubtract: {
      if (!is_list(change.name)) {
        return {
            ErrorCode::kInvalidConfig,
            change.name + " is no list: its value can be set or deleted, not extended or reduced"};
      }
      std::string old = log::topic_config_value(config, overrides, change.name).value_or("");
      overrides[change.name] = change_list(old, *change.value, change.config_operation == kAppend);
      return {};
    }
    default:
      return {ErrorCode::kInvalidRequest,
              "there is no operation " + std::to_string(change.config_operation)};
  }
}

Refusal alter(Broker& broker, const Question::Resource& resource, bool validate_only) {
  if (resource.resource_type != kTopicResource) {
    return refuse_change(broker, resource.resource_type, resource.resource_name);
  }
  auto info = broker.log.topic(resource.resource_name);
  if (!info) {
    return {ErrorCode::kUnknownTopicOrPartition, "there is no topic " + resource.resource_name};
  }
  std::set<std::string_view> named;
  for (const auto& change : resource.configs) {
    if (!named.insert(change.name).second) {
      return {ErrorCode::kInvalidRequest, "the request changes " + change.name + " twice"};
    }
    Refusal refusal = apply(info->config, change, info->overrides);
    if (refusal.refused()) return refusal;
  }
  auto checked = log::make_topic_config(broker.log.options().defaults, info->overrides);
  if (!checked.ok()) return Refusal::of(checked.status());
  if (validate_only) return {};
  return Refusal::of(broker.log.set_topic_config(resource.resource_name, info->overrides));
}

void answer(Broker& broker, const Reply& reply, Question& question) {
  std::map<std::pair<int8_t, std::string_view>, int> times;
  for (const auto& resource : question.resources) {
    ++times[{resource.resource_type, resource.resource_name}];
  }
  Answer answer;
  for (const auto& resource : question.resources) {
    auto& to = answer.responses.emplace_back();
    to.resource_type = resource.resource_type;
    to.resource_name = resource.resource_name;
    to.error_message.reset();
    Refusal refusal{ErrorCode::kInvalidRequest, "the request names the resource twice"};
    if (times[{resource.resource_type, resource.resource_name}] == 1) {
      refusal = alter(broker, resource, question.validate_only);
    }
    if (!refusal.refused()) continue;
    to.error_code = broker.noted(refusal.code);
    to.error_message = std::move(refusal.message);
  }
  reply.send(answer);
}

}  // namespace

void handle_incremental_alter_configs(Request& request) {
  answer_on_control<Question>(request, answer);
}

}  // namespace dataflow::kafka
