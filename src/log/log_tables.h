// The log's rows in meta. Tables 1 to 15 are the log's own; 16 to 31 belong to the coordinators.
//
//   topics            key: name            row: id, partitions, created, overrides
//   partition_epochs  key: id, partition   row: each leader epoch and the offset where it began
//   log_starts        key: id, partition   row: the offset that DeleteRecords set
//   deleted_topics    key: id              row: name; its files are still to be removed
#pragma once

#include <string>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "base/uuid.h"
#include "log/log.h"
#include "log_partition.h"
#include "meta/store.h"

namespace dataflow::log {

inline constexpr meta::Table kTopicsTable{1, "topics"};
inline constexpr meta::Table kPartitionEpochsTable{2, "partition_epochs"};
inline constexpr meta::Table kLogStartsTable{3, "log_starts"};
inline constexpr meta::Table kDeletedTopicsTable{4, "deleted_topics"};

void put_topic(meta::WriteBatch& batch, const TopicInfo& topic);
Result<TopicInfo> decode_topic(std::string_view key, std::string_view row);

void put_epochs(meta::WriteBatch& batch, const Uuid& topic, PartitionIndex partition,
                const std::vector<EpochStart>& epochs);
// One epoch, 0 from offset 0, if there is no row.
Result<std::vector<EpochStart>> get_epochs(meta::Store& store, const Uuid& topic,
                                           PartitionIndex partition);

void put_log_start(meta::WriteBatch& batch, const Uuid& topic, PartitionIndex partition,
                   Offset start);
Result<Offset> get_log_start(meta::Store& store, const Uuid& topic, PartitionIndex partition);

// Everything of the topic goes, and a note that its files are to be removed comes.
void put_topic_deletion(meta::WriteBatch& batch, const TopicInfo& topic);
void remove_deletion_note(meta::WriteBatch& batch, const Uuid& topic);
Result<std::vector<Uuid>> get_deletion_notes(meta::Store& store);

}  // namespace dataflow::log
