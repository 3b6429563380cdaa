#include "wire/messages/alter_configs.h"

#include <string>
#include <utility>

#include "config_resource.h"
#include "handlers/handlers.h"

namespace dataflow::kafka {

namespace {

using wire::ErrorCode;
using Question = wire::AlterConfigsRequest;
using Answer = wire::AlterConfigsResponse;

// The old form: what is named is set, and everything else goes back to its default.
Refusal alter(Broker& broker, const Question::Resource& resource, bool validate_only) {
  if (resource.resource_type != kTopicResource) {
    return refuse_change(broker, resource.resource_type, resource.resource_name);
  }
  if (!broker.log.topic(resource.resource_name)) {
    return {ErrorCode::kUnknownTopicOrPartition, "there is no topic " + resource.resource_name};
  }
  log::ConfigOverrides overrides;
  for (const auto& config : resource.configs) {
    if (!config.value)
      return {ErrorCode::kInvalidRequest, "the value of " + config.name + " is null"};
    if (!overrides.emplace(config.name, *config.value).second) {
      return {ErrorCode::kInvalidRequest, "the request sets " + config.name + " twice"};
    }
  }
  auto checked = log::make_topic_config(broker.log.options().defaults, overrides);
  if (!checked.ok()) return Refusal::of(checked.status());
  if (validate_only) return {};
  return Refusal::of(broker.log.set_topic_config(resource.resource_name, overrides));
}

void answer(Broker& broker, const Reply& reply, Question& question) {
  Answer answer;
  for (const auto& resource : question.resources) {
    auto& to = answer.responses.emplace_back();
    to.resource_type = resource.resource_type;
    to.resource_name = resource.resource_name;
    to.error_message.reset();
    Refusal refusal = alter(broker, resource, question.validate_only);
    if (!refusal.refused()) continue;
    to.error_code = broker.noted(refusal.code);
    to.error_message = std::move(refusal.message);
  }
  reply.send(answer);
}

}  // namespace

void handle_alter_configs(Request& request) { answer_on_control<Question>(request, answer); }

}  // namespace dataflow::kafka
