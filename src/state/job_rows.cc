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

std::string encode_table_spec(const TableSpec& spec) {
  RowWriter row(kRowVersion);
  row.string(spec.name).u8(spec.version);
  row.vector(spec.columns,
             [](RowWriter& to, ValueKind kind) { to.u8(static_cast<uint8_t>(kind)); });
  return std::move(row).bytes();
}

Result<TableSpec> decode_table_spec(std::string_view bytes) {
  DF_ASSIGN_OR_RETURN(RowReader row, RowReader::open(bytes, kRowVersion, "state table row"));
  TableSpec spec;
  DF_ASSIGN_OR_RETURN(spec.name, row.string());
  DF_ASSIGN_OR_RETURN(spec.version, row.u8());
  const auto read_kind = [](RowReader& from) -> Result<ValueKind> {
    DF_ASSIGN_OR_RETURN(const uint8_t kind, from.u8());
    if (kind < 1 || kind > static_cast<uint8_t>(ValueKind::kBytes)) {
      return Status::corrupt("there is no kind of column " + std::to_string(kind));
    }
    return static_cast<ValueKind>(kind);
  };
  DF_ASSIGN_OR_RETURN(spec.columns, row.vector<ValueKind>(read_kind));
  DF_RETURN_IF_ERROR(row.finish());
  return spec;
}

}  // namespace dataflow::state
