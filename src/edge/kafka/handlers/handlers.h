// One handler an API, each in the file of its name.
#pragma once

#include <utility>

#include "broker.h"
#include "request.h"

namespace dataflow::kafka {

// For a request whose effect waits for the disk: `answer` runs on the control thread.
template <class Question>
void answer_on_control(Request& request, void (*answer)(Broker&, const Reply&, Question&)) {
  auto question = request.decode<Question>();
  if (!question) return;
  Broker& broker = request.broker;
  broker.control.post([&broker, reply = request.reply, question = std::move(*question),
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
