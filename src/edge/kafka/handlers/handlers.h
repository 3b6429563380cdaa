// One handler an API, each in the file of its name.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "broker.h"
#include "request.h"

namespace dataflow::kafka {

// Has `task` run on the control thread, for what waits for the disk. Requests in that queue are
// decoded, and those that their clients gave up are still in it: what they take is bounded here, by
// refusing the connection that brings one too many.
template <class Task>
void run_on_control(const Request& request, Task task) {
  std::shared_ptr<void> room = take_queue_room(request.broker.queued, request.body.size());
  if (!room) {
    return request.reply.refuse("its request of " + std::to_string(request.body.size()) +
                                " bytes finds too many large ones waiting already");
  }
  request.broker.control.post(
      [room = std::move(room), task = std::move(task)]() mutable { task(); });
}

// For a request whose effect waits for the disk: `answer` runs on the control thread.
template <class Question>
void answer_on_control(Request& request, void (*answer)(Broker&, const Reply&, Question&)) {
  auto question = request.decode<Question>();
  if (!question) return;
  run_on_control(request,
                 [&broker = request.broker, reply = request.reply, question = std::move(*question),
                  answer]() mutable { answer(broker, reply, question); });
}

void handle_produce(Request& request);
void handle_fetch(Request& request);
void handle_list_offsets(Request& request);
void handle_metadata(Request& request);
void handle_offset_commit(Request& request);
void handle_offset_fetch(Request& request);
void handle_find_coordinator(Request& request);
void handle_join_group(Request& request);
void handle_heartbeat(Request& request);
void handle_leave_group(Request& request);
void handle_sync_group(Request& request);
void handle_describe_groups(Request& request);
void handle_list_groups(Request& request);
void handle_api_versions(Request& request);
void handle_create_topics(Request& request);
void handle_delete_topics(Request& request);
void handle_delete_records(Request& request);
void handle_init_producer_id(Request& request);
void handle_offset_for_leader_epoch(Request& request);
void handle_add_partitions_to_txn(Request& request);
void handle_add_offsets_to_txn(Request& request);
void handle_end_txn(Request& request);
void handle_txn_offset_commit(Request& request);
void handle_describe_acls(Request& request);
void handle_describe_configs(Request& request);
void handle_alter_configs(Request& request);
void handle_describe_log_dirs(Request& request);
void handle_create_partitions(Request& request);
void handle_delete_groups(Request& request);
void handle_incremental_alter_configs(Request& request);
void handle_offset_delete(Request& request);
void handle_describe_cluster(Request& request);
void handle_describe_producers(Request& request);
void handle_describe_transactions(Request& request);
void handle_list_transactions(Request& request);

}  // namespace dataflow::kafka
