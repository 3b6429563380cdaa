#include "wire/messages/describe_configs.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "broker_config_view.h"
#include "config_resource.h"
#include "handlers/handlers.h"
#include "log/fault.h"
#include "topic_config_view.h"

namespace dataflow::kafka {

namespace {

using wire::ErrorCode;
using Question = wire::DescribeConfigsRequest;
using Answer = wire::DescribeConfigsResponse;

// No keys asked for, by null or by an empty list: all of them.
bool is_asked(const Question::Resource& resource, std::string_view name) {
  if (!resource.configuration_keys || resource.configuration_keys->empty()) return true;
  const auto& keys = *resource.configuration_keys;
  return std::find(keys.begin(), keys.end(), name) != keys.end();
}

template <class Entry>
Answer::Config to_config(const Question& question, Entry& entry) {
  Answer::Config config;
  config.name = entry.name;
  config.value = std::move(entry.value);
  config.config_source = static_cast<int8_t>(entry.source);
  config.config_type = entry.type;
  config.documentation.reset();
  if (question.include_documentation) config.documentation = std::string(entry.doc);
  return config;
}

Refusal describe_topic(Broker& broker, const Question& question, const Question::Resource& resource,
                       Answer::Resource& to) {
  auto info = broker.log.topic(resource.resource_name);
  if (!info) {
    Status status = broker.log.check_new_topic(resource.resource_name, 1, {});
    if (log::fault_of(status) == log::Fault::kInvalidTopicName) return Refusal::of(status);
    return {ErrorCode::kUnknownTopicOrPartition, "there is no topic " + resource.resource_name};
  }
  for (TopicConfigEntry& entry : topic_config_entries(broker, info->config, info->overrides)) {
    if (!is_asked(resource, entry.name)) continue;
    Answer::Config& config = to.configs.emplace_back(to_config(question, entry));
    if (!question.include_synonyms) continue;
    for (ConfigSynonym& synonym : entry.synonyms) {
      config.synonyms.push_back({std::string(synonym.name), std::move(synonym.value),
                                 static_cast<int8_t>(synonym.source)});
    }
  }
  return {};
}

Refusal describe_broker(Broker& broker, const Question& question,
                        const Question::Resource& resource, Answer::Resource& to) {
  Refusal wrong = check_broker_resource(broker, resource.resource_name);
  // Without a name it is about settings for all brokers that were changed at run time: there are
  // none.
  if (wrong.refused() || resource.resource_name.empty()) return wrong;
  for (BrokerConfigEntry& entry : broker_config_entries(broker)) {
    if (!is_asked(resource, entry.name)) continue;
    Answer::Config config = to_config(question, entry);
    config.read_only = true;
    if (question.include_synonyms) {
      config.synonyms.push_back({config.name, config.value, config.config_source});
    }
    to.configs.push_back(std::move(config));
  }
  return {};
}

}  // namespace

void handle_describe_configs(Request& request) {
  auto question = request.decode<Question>();
  if (!question) return;
  Broker& broker = request.broker;
  Answer answer;
  std::set<std::pair<int8_t, std::string_view>> named;  // each is answered once
  for (const auto& resource : question->resources) {
    if (!named.emplace(resource.resource_type, resource.resource_name).second) continue;
    Answer::Resource& to = answer.results.emplace_back();
    to.resource_type = resource.resource_type;
    to.resource_name = resource.resource_name;
    to.error_message.reset();
    Refusal refusal{ErrorCode::kInvalidRequest,
                    "only topics (2) and brokers (4) have settings here"};
    if (resource.resource_type == kTopicResource) {
      refusal = describe_topic(broker, *question, resource, to);
    } else if (resource.resource_type == kBrokerResource) {
      refusal = describe_broker(broker, *question, resource, to);
    }
    if (!refusal.refused()) continue;
    to.error_code = broker.noted(refusal.code);
    to.error_message = std::move(refusal.message);
  }
  request.reply.send(answer);
}

}  // namespace dataflow::kafka
