#include "pipeline_rows.h"

#include "meta/codec.h"

namespace dataflow::jobs {
namespace {

constexpr uint8_t kRowVersion = 2;
constexpr uint8_t kEndVersion = 1;
constexpr uint8_t kReplacementVersion = 1;

std::string encode(const PipelineRow& row) {
  meta::RowWriter writer(kRowVersion);
  writer.string(row.id)
      .u8(static_cast<uint8_t>(row.desired))
      .i64(row.created.value())
      .i64(row.updated.value())
      .string(row.plan_json)
      .string(row.source)
      .vector(row.dropped, [](meta::RowWriter& to, const std::string& id) { to.string(id); })
      .boolean(row.delivered);
  return std::move(writer).bytes();
}

}  // namespace

std::string pipeline_key(const std::string& name) { return meta::KeyWriter().string(name).bytes(); }

void put_pipeline(meta::WriteBatch& batch, const PipelineRow& row) {
  batch.put(kPipelinesTable, pipeline_key(row.name), encode(row));
}

void remove_pipeline(meta::WriteBatch& batch, const std::string& name) {
  batch.remove(kPipelinesTable, pipeline_key(name));
  remove_end(batch, name);
  remove_replacement(batch, name);
}

void put_end(meta::WriteBatch& batch, const PipelineEnd& end) {
  meta::RowWriter writer(kEndVersion);
  writer.string(end.id).i64(end.when.value());
  batch.put(kPipelineEndsTable, pipeline_key(end.name), writer.bytes());
}

void remove_end(meta::WriteBatch& batch, const std::string& name) {
  batch.remove(kPipelineEndsTable, pipeline_key(name));
}

void put_replacement(meta::WriteBatch& batch, const Replacement& before) {
  meta::RowWriter writer(kReplacementVersion);
  writer.string(encode(before.row)).i64(before.checkpoint).boolean(before.finished);
  batch.put(kPipelineReplacementsTable, pipeline_key(before.row.name), writer.bytes());
}

void remove_replacement(meta::WriteBatch& batch, const std::string& name) {
  batch.remove(kPipelineReplacementsTable, pipeline_key(name));
}

Result<Replacement> decode_replacement(std::string_view key, std::string_view bytes) {
  Replacement before;
  DF_ASSIGN_OR_RETURN(meta::RowReader reader,
                      meta::RowReader::open(bytes, kReplacementVersion, "replacement"));
  DF_ASSIGN_OR_RETURN(const std::string row, reader.string());
  DF_ASSIGN_OR_RETURN(before.row, decode_pipeline(key, row));
  DF_ASSIGN_OR_RETURN(before.checkpoint, reader.i64());
  DF_ASSIGN_OR_RETURN(before.finished, reader.boolean());
  DF_RETURN_IF_ERROR(reader.finish());
  return before;
}

Result<PipelineEnd> decode_end(std::string_view key, std::string_view bytes) {
  PipelineEnd end;
  meta::KeyReader key_reader(key);
  DF_ASSIGN_OR_RETURN(end.name, key_reader.string());
  DF_RETURN_IF_ERROR(key_reader.finish());
  DF_ASSIGN_OR_RETURN(meta::RowReader reader,
                      meta::RowReader::open(bytes, kEndVersion, "end of a pipeline"));
  DF_ASSIGN_OR_RETURN(end.id, reader.string());
  DF_ASSIGN_OR_RETURN(const int64_t when, reader.i64());
  end.when = Timestamp(when);
  DF_RETURN_IF_ERROR(reader.finish());
  return end;
}

Result<PipelineRow> decode_pipeline(std::string_view key, std::string_view bytes) {
  PipelineRow row;
  meta::KeyReader key_reader(key);
  DF_ASSIGN_OR_RETURN(row.name, key_reader.string());
  DF_RETURN_IF_ERROR(key_reader.finish());
  DF_ASSIGN_OR_RETURN(meta::RowReader reader,
                      meta::RowReader::open(bytes, kRowVersion, "pipeline row"));
  DF_ASSIGN_OR_RETURN(row.id, reader.string());
  DF_ASSIGN_OR_RETURN(const uint8_t desired, reader.u8());
  if (desired > static_cast<uint8_t>(Desired::kPaused)) {
    return Status::corrupt("pipeline row of " + row.name + ": unknown desired state " +
                           std::to_string(desired));
  }
  row.desired = static_cast<Desired>(desired);
  DF_ASSIGN_OR_RETURN(const int64_t created, reader.i64());
  DF_ASSIGN_OR_RETURN(const int64_t updated, reader.i64());
  row.created = Timestamp(created);
  row.updated = Timestamp(updated);
  DF_ASSIGN_OR_RETURN(row.plan_json, reader.string());
  DF_ASSIGN_OR_RETURN(row.source, reader.string());
  if (reader.version() >= 2) {
    DF_ASSIGN_OR_RETURN(row.dropped, reader.vector<std::string>(
                                         [](meta::RowReader& from) { return from.string(); }));
    DF_ASSIGN_OR_RETURN(row.delivered, reader.boolean());
  } else {
    row.delivered = false;
  }
  DF_RETURN_IF_ERROR(reader.finish());
  return row;
}

}  // namespace dataflow::jobs
