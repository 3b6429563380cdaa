#include "wire/messages/offset_fetch.h"

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "handlers/handlers.h"

namespace dataflow::kafka {

namespace {

using wire::ErrorCode;
using Question = wire::OffsetFetchRequest;
using Answer = wire::OffsetFetchResponse;

constexpr int16_t kFirstWithTopError = 2;
constexpr int16_t kFirstWithGroups = 8;

template <class Topics>
log::OffsetFetchRequest to_fetch(const std::string& group, const Topics& topics,
                                 bool require_stable) {
  log::OffsetFetchRequest fetch;
  fetch.group = group;
  fetch.require_stable = require_stable;
  if (!topics) return fetch;
  fetch.partitions.emplace();
  for (const auto& topic : *topics) {
    for (int32_t index : topic.partition_indexes) {
      fetch.partitions->push_back({topic.name, PartitionIndex(index)});
    }
  }
  return fetch;
}

// Both forms of the answer list the offsets by topic; those of one topic come one behind the other.
template <class Topic>
void add_offsets(Broker& broker, const std::vector<log::FetchedOffset>& offsets,
                 std::vector<Topic>& topics) {
  for (const log::FetchedOffset& offset : offsets) {
    if (topics.empty() || topics.back().name != offset.partition.topic) {
      topics.emplace_back().name = offset.partition.topic;
    }
    auto& to = topics.back().partitions.emplace_back();
    to.partition_index = offset.partition.partition.value();
    to.error_code = broker.coordinator(offset.status);
    to.committed_offset = offset.offset.value();
    to.committed_leader_epoch = offset.leader_epoch.value();
    to.metadata = offset.metadata;
  }
}

// The oldest form has no place for an error but each partition.
void repeat_error(const Question& question, ErrorCode error, Answer& answer) {
  for (const auto& topic : *question.topics) {
    auto& to = answer.topics.emplace_back();
    to.name = topic.name;
    for (int32_t index : topic.partition_indexes) {
      auto& part = to.partitions.emplace_back();
      part.partition_index = index;
      part.committed_offset = -1;
      part.error_code = error;
    }
  }
}

}  // namespace

void handle_offset_fetch(Request& request) {
  auto question = request.decode<Question>();
  if (!question) return;
  Broker& broker = request.broker;
  Answer answer;
  if (request.version() >= kFirstWithGroups) {
    std::set<std::string_view> named;  // each is answered once
    for (const auto& group : question->groups) {
      if (!named.insert(group.group_id).second) continue;
      auto result = broker.groups.fetch_offsets(
          to_fetch(group.group_id, group.topics, question->require_stable));
      auto& to = answer.groups.emplace_back();
      to.group_id = group.group_id;
      to.error_code = broker.coordinator(result.status);
      if (result.status.ok()) add_offsets(broker, result.offsets, to.topics);
    }
    return request.reply.send(answer);
  }
  auto result = broker.groups.fetch_offsets(
      to_fetch(question->group_id, question->topics, question->require_stable));
  answer.error_code = broker.coordinator(result.status);
  if (result.status.ok()) {
    add_offsets(broker, result.offsets, answer.topics);
  } else if (request.version() < kFirstWithTopError) {
    repeat_error(*question, answer.error_code, answer);
  }
  request.reply.send(answer);
}

}  // namespace dataflow::kafka
