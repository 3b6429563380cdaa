// The table from API keys to handlers.
#include <algorithm>
#include <array>

#include "handlers/handlers.h"
#include "request.h"

namespace dataflow::kafka {

namespace {

struct Route {
  wire::ApiKey key;
  Handler handler;
};

using wire::ApiKey;

constexpr std::array kRoutes = {
    Route{ApiKey::kProduce, handle_produce},
    Route{ApiKey::kFetch, handle_fetch},
    Route{ApiKey::kListOffsets, handle_list_offsets},
    Route{ApiKey::kMetadata, handle_metadata},
    Route{ApiKey::kOffsetCommit, handle_offset_commit},
    Route{ApiKey::kOffsetFetch, handle_offset_fetch},
    Route{ApiKey::kFindCoordinator, handle_find_coordinator},
    Route{ApiKey::kJoinGroup, handle_join_group},
    Route{ApiKey::kHeartbeat, handle_heartbeat},
    Route{ApiKey::kLeaveGroup, handle_leave_group},
    Route{ApiKey::kSyncGroup, handle_sync_group},
    Route{ApiKey::kDescribeGroups, handle_describe_groups},
    Route{ApiKey::kListGroups, handle_list_groups},
    Route{ApiKey::kApiVersions, handle_api_versions},
    Route{ApiKey::kCreateTopics, handle_create_topics},
    Route{ApiKey::kDeleteTopics, handle_delete_topics},
    Route{ApiKey::kDeleteRecords, handle_delete_records},
    Route{ApiKey::kInitProducerId, handle_init_producer_id},
    Route{ApiKey::kOffsetForLeaderEpoch, handle_offset_for_leader_epoch},
    Route{ApiKey::kAddPartitionsToTxn, handle_add_partitions_to_txn},
    Route{ApiKey::kAddOffsetsToTxn, handle_add_offsets_to_txn},
    Route{ApiKey::kEndTxn, handle_end_txn},
    Route{ApiKey::kTxnOffsetCommit, handle_txn_offset_commit},
    Route{ApiKey::kDescribeAcls, handle_describe_acls},
    Route{ApiKey::kDescribeConfigs, handle_describe_configs},
    Route{ApiKey::kAlterConfigs, handle_alter_configs},
    Route{ApiKey::kDescribeLogDirs, handle_describe_log_dirs},
    Route{ApiKey::kCreatePartitions, handle_create_partitions},
    Route{ApiKey::kDeleteGroups, handle_delete_groups},
    Route{ApiKey::kIncrementalAlterConfigs, handle_incremental_alter_configs},
    Route{ApiKey::kOffsetDelete, handle_offset_delete},
    Route{ApiKey::kDescribeCluster, handle_describe_cluster},
    Route{ApiKey::kDescribeProducers, handle_describe_producers},
    Route{ApiKey::kDescribeTransactions, handle_describe_transactions},
    Route{ApiKey::kListTransactions, handle_list_transactions},
};

constexpr size_t kTableSize = 80;

constexpr std::array<Handler, kTableSize> make_table() {
  std::array<Handler, kTableSize> table{};
  for (const Route& route : kRoutes) table[static_cast<size_t>(route.key)] = route.handler;
  return table;
}

constexpr std::array<Handler, kTableSize> kTable = make_table();

}  // namespace

Handler find_handler(int16_t api_key) {
  if (api_key < 0 || static_cast<size_t>(api_key) >= kTableSize) return nullptr;
  return kTable[static_cast<size_t>(api_key)];
}

Status check_handlers() {
  size_t served = 0;
  for (const wire::ApiRange& api : wire::api_ranges()) {
    if (!api.served) continue;
    ++served;
    if (find_handler(static_cast<int16_t>(api.key)) == nullptr) {
      return Status::internal("the protocol table serves " + std::string(api.name) +
                              ", which has no handler");
    }
  }
  if (served != kRoutes.size()) {
    return Status::internal("there are handlers for APIs that the protocol table does not serve");
  }
  return {};
}

}  // namespace dataflow::kafka
