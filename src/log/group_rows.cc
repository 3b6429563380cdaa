// Rows, version 1:
//   groups         phase u8, generation i32, protocol type, protocol, leader, phase since i64,
//                  members: id, instance id?, client id, client host, session ms i32, rebalance ms
//                  i32, protocols: name, metadata; assignment
//   group_offsets  offset i64, leader epoch i32, metadata, commit time i64, expires i64 (-1: by
//   retention)
#include "group_rows.h"

namespace dataflow::log {

namespace {

constexpr uint8_t kGroupRowVersion = 1;
constexpr uint8_t kOffsetRowVersion = 1;

void write_member(meta::RowWriter& row, const MemberRecord& member) {
  row.string(member.id);
  write_optional(row, member.instance_id);
  row.string(member.client_id).string(member.client_host);
  row.i32(member.session_timeout_ms).i32(member.rebalance_timeout_ms);
  row.vector(member.protocols, [](meta::RowWriter& out, const GroupProtocol& protocol) {
    out.string(protocol.name).string(protocol.metadata);
  });
  row.string(member.assignment);
}

Result<GroupProtocol> read_protocol(meta::RowReader& row) {
  GroupProtocol protocol;
  DF_ASSIGN_OR_RETURN(protocol.name, row.string());
  DF_ASSIGN_OR_RETURN(protocol.metadata, row.string());
  return protocol;
}

Result<MemberRecord> read_member(meta::RowReader& row) {
  MemberRecord member;
  DF_ASSIGN_OR_RETURN(member.id, row.string());
  DF_ASSIGN_OR_RETURN(member.instance_id, read_optional(row));
  DF_ASSIGN_OR_RETURN(member.client_id, row.string());
  DF_ASSIGN_OR_RETURN(member.client_host, row.string());
  DF_ASSIGN_OR_RETURN(member.session_timeout_ms, row.i32());
  DF_ASSIGN_OR_RETURN(member.rebalance_timeout_ms, row.i32());
  DF_ASSIGN_OR_RETURN(member.protocols, row.vector<GroupProtocol>(read_protocol));
  DF_ASSIGN_OR_RETURN(member.assignment, row.string());
  return member;
}

Result<GroupPhase> read_phase(meta::RowReader& row) {
  DF_ASSIGN_OR_RETURN(const uint8_t raw, row.u8());
  const auto phase = static_cast<GroupPhase>(raw);
  if (phase != GroupPhase::kEmpty && phase != GroupPhase::kCompletingRebalance &&
      phase != GroupPhase::kStable) {
    return Status::corrupt("reading a group row: there is no stored phase " + std::to_string(raw));
  }
  return phase;
}

}  // namespace

void write_optional(meta::RowWriter& row, const std::optional<std::string>& text) {
  row.boolean(text.has_value());
  if (text) row.string(*text);
}

Result<std::optional<std::string>> read_optional(meta::RowReader& row) {
  DF_ASSIGN_OR_RETURN(const bool present, row.boolean());
  if (!present) return std::optional<std::string>();
  DF_ASSIGN_OR_RETURN(std::string text, row.string());
  return std::optional<std::string>(std::move(text));
}

std::string group_key(std::string_view group) { return meta::KeyWriter().string(group).bytes(); }

Result<std::string> read_group_key(std::string_view key) {
  meta::KeyReader reader(key);
  DF_ASSIGN_OR_RETURN(std::string group, reader.string());
  DF_RETURN_IF_ERROR(reader.finish());
  return group;
}

std::string group_row(const GroupRecord& record) {
  meta::RowWriter row(kGroupRowVersion);
  row.u8(static_cast<uint8_t>(record.phase)).i32(record.generation.value());
  row.string(record.protocol_type).string(record.protocol).string(record.leader);
  row.i64(record.phase_since.value());
  row.vector(record.members, write_member);
  return std::move(row).bytes();
}

Result<GroupRecord> read_group_row(std::string_view bytes) {
  DF_ASSIGN_OR_RETURN(meta::RowReader row,
                      meta::RowReader::open(bytes, kGroupRowVersion, "group row"));
  GroupRecord record;
  DF_ASSIGN_OR_RETURN(record.phase, read_phase(row));
  DF_ASSIGN_OR_RETURN(const int32_t generation, row.i32());
  record.generation = Generation(generation);
  DF_ASSIGN_OR_RETURN(record.protocol_type, row.string());
  DF_ASSIGN_OR_RETURN(record.protocol, row.string());
  DF_ASSIGN_OR_RETURN(record.leader, row.string());
  DF_ASSIGN_OR_RETURN(const int64_t since, row.i64());
  record.phase_since = Timestamp(since);
  DF_ASSIGN_OR_RETURN(record.members, row.vector<MemberRecord>(read_member));
  DF_RETURN_IF_ERROR(row.finish());
  return record;
}

std::string group_offsets_prefix(std::string_view group) { return group_key(group); }

std::string group_offset_key(std::string_view group, const TopicPartition& partition) {
  return meta::KeyWriter()
      .string(group)
      .string(partition.topic)
      .i32(partition.partition.value())
      .bytes();
}

Result<GroupOffsetKey> read_group_offset_key(std::string_view key) {
  meta::KeyReader reader(key);
  GroupOffsetKey out;
  DF_ASSIGN_OR_RETURN(out.group, reader.string());
  DF_ASSIGN_OR_RETURN(out.partition.topic, reader.string());
  DF_ASSIGN_OR_RETURN(const int32_t index, reader.i32());
  out.partition.partition = PartitionIndex(index);
  DF_RETURN_IF_ERROR(reader.finish());
  return out;
}

std::string group_offset_row(const CommittedOffset& offset) {
  meta::RowWriter row(kOffsetRowVersion);
  row.i64(offset.offset.value()).i32(offset.leader_epoch.value()).string(offset.metadata);
  row.i64(offset.commit_time.value()).i64(offset.expires.value_or(kNoTimestamp).value());
  return std::move(row).bytes();
}

Result<CommittedOffset> read_group_offset_row(std::string_view bytes) {
  DF_ASSIGN_OR_RETURN(meta::RowReader row,
                      meta::RowReader::open(bytes, kOffsetRowVersion, "group offset row"));
  CommittedOffset out;
  DF_ASSIGN_OR_RETURN(const int64_t offset, row.i64());
  DF_ASSIGN_OR_RETURN(const int32_t epoch, row.i32());
  DF_ASSIGN_OR_RETURN(out.metadata, row.string());
  DF_ASSIGN_OR_RETURN(const int64_t committed, row.i64());
  DF_ASSIGN_OR_RETURN(const int64_t expires, row.i64());
  DF_RETURN_IF_ERROR(row.finish());
  out.offset = Offset(offset);
  out.leader_epoch = LeaderEpoch(epoch);
  out.commit_time = Timestamp(committed);
  if (expires >= 0) out.expires = Timestamp(expires);
  return out;
}

}  // namespace dataflow::log
