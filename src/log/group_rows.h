// The rows of the groups' tables.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "group_offsets.h"
#include "group_state.h"
#include "log/partition.h"
#include "meta/codec.h"

namespace dataflow::log {

std::string group_key(std::string_view group);
Result<std::string> read_group_key(std::string_view key);
std::string group_row(const GroupRecord& record);
Result<GroupRecord> read_group_row(std::string_view row);

// The prefix of exactly the keys of one group's offsets.
std::string group_offsets_prefix(std::string_view group);
std::string group_offset_key(std::string_view group, const TopicPartition& partition);
struct GroupOffsetKey {
  std::string group;
  TopicPartition partition;
};
Result<GroupOffsetKey> read_group_offset_key(std::string_view key);
std::string group_offset_row(const CommittedOffset& offset);
Result<CommittedOffset> read_group_offset_row(std::string_view row);

// A text that may be missing: a bool, then the text.
void write_optional(meta::RowWriter& row, const std::optional<std::string>& text);
Result<std::optional<std::string>> read_optional(meta::RowReader& row);

}  // namespace dataflow::log
