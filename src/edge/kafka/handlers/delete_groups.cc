#include "wire/messages/delete_groups.h"

#include <atomic>
#include <memory>

#include "handlers/handlers.h"

namespace dataflow::kafka {

namespace {

// Each group's callback fills its own place; the last one sends.
struct Deletion {
  Deletion(Broker& broker_in, const Reply& reply_in) : broker(broker_in), reply(reply_in) {}

  void one_done() {
    if (left.fetch_sub(1) == 1) reply.send(answer);
  }

  Broker& broker;
  Reply reply;
  wire::DeleteGroupsResponse answer;
  std::atomic<size_t> left{0};
};

}  // namespace

void handle_delete_groups(Request& request) {
  auto question = request.decode<wire::DeleteGroupsRequest>();
  if (!question) return;
  auto deletion = std::make_shared<Deletion>(request.broker, request.reply);
  deletion->answer.results.resize(question->groups_names.size());
  deletion->left = question->groups_names.size() + 1;
  for (size_t i = 0; i < question->groups_names.size(); ++i) {
    deletion->answer.results[i].group_id = question->groups_names[i];
    request.broker.groups.delete_group(
        question->groups_names[i], [deletion, i](const Status& status) {
          deletion->answer.results[i].error_code = deletion->broker.coordinator(status);
          deletion->one_done();
        });
  }
  deletion->one_done();
}

}  // namespace dataflow::kafka
