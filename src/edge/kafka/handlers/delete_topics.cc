#include "wire/messages/delete_topics.h"

#include "handlers/handlers.h"

namespace dataflow::kafka {

namespace {

using Question = wire::DeleteTopicsRequest;
using Answer = wire::DeleteTopicsResponse;

void answer(Broker& broker, const Reply& reply, Question& question) {
  Answer answer;
  for (const std::string& name : question.topic_names) {
    Answer::Topic& to = answer.responses.emplace_back();
    to.name = name;
    Status status = broker.log.delete_topic(name);
    if (status.ok()) continue;
    to.error_code = broker.noted(status);
    to.error_message = status.message();
  }
  reply.send(answer);
}

}  // namespace

void handle_delete_topics(Request& request) { answer_on_control<Question>(request, answer); }

}  // namespace dataflow::kafka
