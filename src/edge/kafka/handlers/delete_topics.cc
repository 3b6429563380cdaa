#include "wire/messages/delete_topics.h"

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "handlers/handlers.h"

namespace dataflow::kafka {

namespace {

using wire::ErrorCode;
using Question = wire::DeleteTopicsRequest;
using Answer = wire::DeleteTopicsResponse;

constexpr int16_t kFirstWithIds = 6;

void refuse(Broker& broker, ErrorCode code, std::string message, Answer::Topic& to) {
  to.error_code = broker.noted(code);
  to.error_message = std::move(message);
}

// All versions' questions in the form of the newest.
void use_newest_form(Question& question, int16_t version) {
  if (version >= kFirstWithIds) return;
  question.topics.clear();
  for (std::string& name : question.topic_names) {
    question.topics.emplace_back().name = std::move(name);
  }
}

// What the entry means, in the answer to it: the topic's name, or why there is none.
Answer::Topic resolve(Broker& broker, const Question::TopicState& topic) {
  Answer::Topic to;
  to.name = topic.name;
  to.topic_id = topic.topic_id;
  if (topic.name.has_value() != topic.topic_id.is_zero()) {
    refuse(broker, ErrorCode::kInvalidRequest, "name a topic by its name or by its id", to);
  } else if (!topic.name) {
    if (auto info = broker.log.topic_by_id(topic.topic_id)) {
      to.name = info->name;
    } else {
      refuse(broker, ErrorCode::kUnknownTopicId,
             "no topic has the id " + topic.topic_id.to_string(), to);
    }
  } else if (auto info = broker.log.topic(*topic.name)) {
    to.topic_id = info->id;
  }
  return to;
}

void delete_one(Broker& broker, Answer::Topic& to) {
  Status status = broker.log.delete_topic(*to.name);
  if (status.ok()) return;
  to.error_code = broker.noted(status);
  to.error_message = status.message();
}

// A topic that is named twice, in whatever way, is refused once and stays.
void answer(Broker& broker, const Reply& reply, Question& question) {
  use_newest_form(question, reply.version());
  Answer answer;
  std::map<std::string, std::pair<size_t, int>> named;  // name → where its answer is, how often
  for (const Question::TopicState& topic : question.topics) {
    Answer::Topic to = resolve(broker, topic);
    if (to.error_code == ErrorCode::kNone) {
      auto [entry, first] = named.try_emplace(*to.name, answer.responses.size(), 0);
      ++entry->second.second;
      if (!first) continue;
    }
    answer.responses.push_back(std::move(to));
  }
  for (const auto& [name, place] : named) {
    Answer::Topic& to = answer.responses[place.first];
    if (place.second == 1) {
      delete_one(broker, to);
    } else {
      refuse(broker, ErrorCode::kInvalidRequest, "the request names the topic more than once", to);
    }
  }
  reply.send(answer);
}

}  // namespace

void handle_delete_topics(Request& request) { answer_on_control<Question>(request, answer); }

}  // namespace dataflow::kafka
