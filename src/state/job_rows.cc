#include "job_rows.h"

namespace dataflow::state {

namespace {

using meta::KeyReader;
using meta::RowReader;
using meta::RowWriter;

constexpr uint8_t kRowVersion = 1;

struct NumberedKey {
  CheckpointId checkpoint;
  uint32_t index = 0;
};

Result<NumberedKey> read_numbered_key(std::string_view bytes) {
  KeyReader key(bytes);
  NumberedKey found;
  DF_RETURN_IF_ERROR(key.u8().status());
  DF_ASSIGN_OR_RETURN(const int64_t checkpoint, key.i64());
  DF_ASSIGN_OR_RETURN(const int32_t index, key.i32());
  DF_RETURN_IF_ERROR(key.finish());
  found.checkpoint = CheckpointId(checkpoint);
  found.index = static_cast<uint32_t>(index);
  return found;
}

}  // namespace

std::string numbered_key(RowKind kind, CheckpointId checkpoint, uint32_t index) {
  return key_of(kind).i64(checkpoint.value()).i32(static_cast<int32_t>(index)).bytes();
}

std::string part_key(CheckpointId checkpoint, uint32_t index, uint32_t part) {
  return key_of(RowKind::kPart)
      .i64(checkpoint.value())
      .i32(static_cast<int32_t>(index))
      .i32(static_cast<int32_t>(part))
      .bytes();
}

std::string named_key(RowKind kind, std::string_view operator_id, std::string_view name) {
  return key_of(kind).string(operator_id).string(name).bytes();
}

std::string encode_delta_row(const PendingDelta& delta) {
  return RowWriter(kRowVersion)
      .string(delta.operator_id)
      .string(delta.table)
      .i32(delta.task)
      .i64(static_cast<int64_t>(delta.bytes))
      .i32(static_cast<int32_t>(delta.rows))
      .bytes();
}

Result<PendingDelta> decode_delta_row(std::string_view key, std::string_view bytes) {
  DF_ASSIGN_OR_RETURN(const NumberedKey number, read_numbered_key(key));
  DF_ASSIGN_OR_RETURN(RowReader row, RowReader::open(bytes, kRowVersion, "delta row"));
  PendingDelta delta;
  delta.checkpoint = number.checkpoint;
  delta.index = number.index;
  DF_ASSIGN_OR_RETURN(delta.operator_id, row.string());
  DF_ASSIGN_OR_RETURN(delta.table, row.string());
  DF_ASSIGN_OR_RETURN(delta.task, row.i32());
  DF_ASSIGN_OR_RETURN(const int64_t size, row.i64());
  DF_ASSIGN_OR_RETURN(const int32_t rows, row.i32());
  DF_RETURN_IF_ERROR(row.finish());
  if (size < 0 || size > UINT32_MAX) return Status::corrupt("a delta row has an unlikely size");
  delta.bytes = static_cast<uint64_t>(size);
  delta.rows = static_cast<uint32_t>(rows);
  return delta;
}

std::string encode_last(const LastCheckpoint& last) {
  return RowWriter(kRowVersion).i64(last.id.value()).i64(last.wall_millis).bytes();
}

Result<LastCheckpoint> decode_last(std::string_view bytes) {
  DF_ASSIGN_OR_RETURN(RowReader row, RowReader::open(bytes, kRowVersion, "last checkpoint row"));
  LastCheckpoint last;
  DF_ASSIGN_OR_RETURN(const int64_t id, row.i64());
  DF_ASSIGN_OR_RETURN(last.wall_millis, row.i64());
  DF_RETURN_IF_ERROR(row.finish());
  last.id = CheckpointId(id);
  return last;
}

std::string encode_format() {
  return RowWriter(kRowVersion).i32(kJobFormat).i32(kKeyGroups).bytes();
}

Status check_format(std::string_view bytes) {
  DF_ASSIGN_OR_RETURN(RowReader row, RowReader::open(bytes, kRowVersion, "format row"));
  DF_ASSIGN_OR_RETURN(const int32_t format, row.i32());
  if (format > kJobFormat) {
    return Status::unsupported("written by a newer DataFlow: format " + std::to_string(format) +
                               ", this build reads up to " + std::to_string(kJobFormat) +
                               "; use a newer build");
  }
  if (format < kJobFormat) {
    return Status::unsupported("written by an older build, in format " + std::to_string(format) +
                               ", which was never released; begin the job anew");
  }
  DF_ASSIGN_OR_RETURN(const int32_t groups, row.i32());
  if (groups != kKeyGroups) {
    return Status::unsupported("its keys are in " + std::to_string(groups) +
                               " key groups, this build has " + std::to_string(kKeyGroups) +
                               "; use a build with as many");
  }
  return row.finish();
}

std::string encode_committable(const Committable& committable) {
  return RowWriter(kRowVersion).string(committable.sink).string(committable.bytes).bytes();
}

Result<StoredCommittable> decode_committable(std::string_view key, std::string_view bytes) {
  DF_ASSIGN_OR_RETURN(const NumberedKey number, read_numbered_key(key));
  DF_ASSIGN_OR_RETURN(RowReader row, RowReader::open(bytes, kRowVersion, "committable row"));
  StoredCommittable stored;
  stored.checkpoint = number.checkpoint;
  stored.index = number.index;
  DF_ASSIGN_OR_RETURN(stored.committable.sink, row.string());
  DF_ASSIGN_OR_RETURN(stored.committable.bytes, row.string());
  DF_RETURN_IF_ERROR(row.finish());
  return stored;
}

std::string block_key(const StoredBlock& block) {
  return key_of(RowKind::kBlock)
      .string(block.operator_id)
      .string(block.table)
      .i64(block.number)
      .bytes();
}

std::string encode_block_row(const StoredBlock& block) {
  return RowWriter(kRowVersion)
      .u8(static_cast<uint8_t>(block.groups.begin))
      .u8(static_cast<uint8_t>(block.groups.end))
      .boolean(block.is_base)
      .i64(block.file.number)
      .i64(static_cast<int64_t>(block.file.bytes))
      .i32(static_cast<int32_t>(block.file.crc))
      .i64(static_cast<int64_t>(block.position))
      .i64(static_cast<int64_t>(block.bytes))
      .i32(static_cast<int32_t>(block.rows))
      .bytes();
}

Result<StoredBlock> decode_block_row(std::string_view key_bytes, std::string_view bytes) {
  StoredBlock block;
  KeyReader key(key_bytes.substr(1));
  DF_ASSIGN_OR_RETURN(block.operator_id, key.string());
  DF_ASSIGN_OR_RETURN(block.table, key.string());
  DF_ASSIGN_OR_RETURN(block.number, key.i64());
  DF_RETURN_IF_ERROR(key.finish());
  DF_ASSIGN_OR_RETURN(RowReader row, RowReader::open(bytes, kRowVersion, "block row"));
  DF_ASSIGN_OR_RETURN(const uint8_t begin, row.u8());
  DF_ASSIGN_OR_RETURN(const uint8_t end, row.u8());
  DF_ASSIGN_OR_RETURN(block.is_base, row.boolean());
  DF_ASSIGN_OR_RETURN(block.file.number, row.i64());
  DF_ASSIGN_OR_RETURN(const int64_t file_bytes, row.i64());
  DF_ASSIGN_OR_RETURN(const int32_t crc, row.i32());
  DF_ASSIGN_OR_RETURN(const int64_t position, row.i64());
  DF_ASSIGN_OR_RETURN(const int64_t size, row.i64());
  DF_ASSIGN_OR_RETURN(const int32_t rows, row.i32());
  DF_RETURN_IF_ERROR(row.finish());
  if (begin >= end || end > kKeyGroups || position < 0 || size < 0 || size > UINT32_MAX ||
      file_bytes < size || position > file_bytes - size) {
    return Status::corrupt("a block row cannot be");
  }
  block.groups = {begin, end};
  block.file.bytes = static_cast<uint64_t>(file_bytes);
  block.file.crc = static_cast<uint32_t>(crc);
  block.position = static_cast<uint64_t>(position);
  block.bytes = static_cast<uint64_t>(size);
  block.rows = static_cast<uint32_t>(rows);
  return block;
}

}  // namespace dataflow::state
