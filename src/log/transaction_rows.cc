// Rows, version 1:
//   transactions         producer i64, epoch i16, last producer i64, last epoch i16, phase u8,
//                        timeout ms i32, started i64, updated i64, partitions (topic, index i32),
//                        groups
//   transaction_offsets  offset i64, leader epoch i32, metadata
#include "transaction_rows.h"

#include "meta/codec.h"

namespace dataflow::log {

namespace {

constexpr uint8_t kTransactionRowVersion = 1;
constexpr uint8_t kOffsetRowVersion = 1;

Result<TopicPartition> read_partition(meta::RowReader& row) {
  TopicPartition partition;
  DF_ASSIGN_OR_RETURN(partition.topic, row.string());
  DF_ASSIGN_OR_RETURN(const int32_t index, row.i32());
  partition.partition = PartitionIndex(index);
  return partition;
}

Status read_identities(meta::RowReader& row, TransactionRecord& record) {
  DF_ASSIGN_OR_RETURN(const int64_t producer, row.i64());
  DF_ASSIGN_OR_RETURN(const int16_t epoch, row.i16());
  DF_ASSIGN_OR_RETURN(const int64_t last_producer, row.i64());
  DF_ASSIGN_OR_RETURN(const int16_t last_epoch, row.i16());
  record.producer_id = ProducerId(producer);
  record.epoch = ProducerEpoch(epoch);
  record.last_producer_id = ProducerId(last_producer);
  record.last_epoch = ProducerEpoch(last_epoch);
  return {};
}

}  // namespace

std::string transaction_key(std::string_view transactional_id) {
  return meta::KeyWriter().string(transactional_id).bytes();
}

Result<std::string> read_transaction_key(std::string_view key) {
  meta::KeyReader reader(key);
  DF_ASSIGN_OR_RETURN(std::string id, reader.string());
  DF_RETURN_IF_ERROR(reader.finish());
  return id;
}

std::string transaction_row(const TransactionRecord& record) {
  meta::RowWriter row(kTransactionRowVersion);
  row.i64(record.producer_id.value()).i16(record.epoch.value());
  row.i64(record.last_producer_id.value()).i16(record.last_epoch.value());
  row.u8(static_cast<uint8_t>(record.phase)).i32(record.timeout_ms);
  row.i64(record.started.value()).i64(record.updated.value());
  row.i32(static_cast<int32_t>(record.partitions.size()));
  for (const TopicPartition& partition : record.partitions) {
    row.string(partition.topic).i32(partition.partition.value());
  }
  row.i32(static_cast<int32_t>(record.groups.size()));
  for (const std::string& group : record.groups) row.string(group);
  return std::move(row).bytes();
}

Result<TransactionRecord> read_transaction_row(std::string_view bytes) {
  DF_ASSIGN_OR_RETURN(meta::RowReader row,
                      meta::RowReader::open(bytes, kTransactionRowVersion, "transaction row"));
  TransactionRecord record;
  DF_RETURN_IF_ERROR(read_identities(row, record));
  DF_ASSIGN_OR_RETURN(const uint8_t phase, row.u8());
  if (phase > static_cast<uint8_t>(TransactionPhase::kCompleteAbort)) {
    return Status::corrupt("reading a transaction row: there is no phase " + std::to_string(phase));
  }
  record.phase = static_cast<TransactionPhase>(phase);
  DF_ASSIGN_OR_RETURN(record.timeout_ms, row.i32());
  DF_ASSIGN_OR_RETURN(const int64_t started, row.i64());
  DF_ASSIGN_OR_RETURN(const int64_t updated, row.i64());
  record.started = Timestamp(started);
  record.updated = Timestamp(updated);
  DF_ASSIGN_OR_RETURN(const auto partitions, row.vector<TopicPartition>(read_partition));
  record.partitions.insert(partitions.begin(), partitions.end());
  DF_ASSIGN_OR_RETURN(const auto groups,
                      row.vector<std::string>([](meta::RowReader& in) { return in.string(); }));
  record.groups.insert(groups.begin(), groups.end());
  DF_RETURN_IF_ERROR(row.finish());
  return record;
}

std::string transaction_offset_key(std::string_view transactional_id, const std::string& group,
                                   const TopicPartition& partition) {
  return meta::KeyWriter()
      .string(transactional_id)
      .string(group)
      .string(partition.topic)
      .i32(partition.partition.value())
      .bytes();
}

std::string transaction_offset_row(const OffsetToCommit& offset) {
  meta::RowWriter row(kOffsetRowVersion);
  row.i64(offset.offset.value()).i32(offset.leader_epoch.value()).string(offset.metadata);
  return std::move(row).bytes();
}

Result<TransactionOffset> read_transaction_offset(std::string_view key, std::string_view bytes) {
  TransactionOffset out;
  OffsetToCommit& offset = out.staged.offset;
  meta::KeyReader place(key);
  DF_ASSIGN_OR_RETURN(out.transactional_id, place.string());
  DF_ASSIGN_OR_RETURN(out.staged.group, place.string());
  DF_ASSIGN_OR_RETURN(offset.partition.topic, place.string());
  DF_ASSIGN_OR_RETURN(const int32_t index, place.i32());
  DF_RETURN_IF_ERROR(place.finish());
  offset.partition.partition = PartitionIndex(index);
  DF_ASSIGN_OR_RETURN(meta::RowReader row,
                      meta::RowReader::open(bytes, kOffsetRowVersion, "transaction offset row"));
  DF_ASSIGN_OR_RETURN(const int64_t position, row.i64());
  DF_ASSIGN_OR_RETURN(const int32_t epoch, row.i32());
  DF_ASSIGN_OR_RETURN(offset.metadata, row.string());
  DF_RETURN_IF_ERROR(row.finish());
  offset.offset = Offset(position);
  offset.leader_epoch = LeaderEpoch(epoch);
  return out;
}

}  // namespace dataflow::log
