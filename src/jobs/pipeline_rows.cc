#include "pipeline_rows.h"

#include "meta/codec.h"

namespace dataflow::jobs {
namespace {

constexpr uint8_t kRowVersion = 2;
constexpr uint8_t kEndVersion = 1;

std::string key_of(const std::string& name) { return meta::KeyWriter().string(name).bytes(); }

}  // namespace

void put_pipeline(meta::WriteBatch& batch, const PipelineRow& row) {
  meta::RowWriter writer(kRowVersion);
  writer.string(row.id)
      .u8(static_cast<uint8_t>(row.desired))
      .i64(row.created.value())
      .i64(row.updated.value())
      .string(row.plan_json)
      .string(row.source)
      .vector(row.dropped, [](meta::RowWriter& to, const std::string& id) { to.string(id); })
      .boolean(row.delivered);
  batch.put(kPipelinesTable, key_of(row.name), writer.bytes());
}

void remove_pipeline(meta::WriteBatch& batch, const std::string& name) {
  batch.remove(kPipelinesTable, key_of(name));
  remove_end(batch, name);
}

void put_end(meta::WriteBatch& batch, const PipelineEnd& end) {
  meta::RowWriter writer(kEndVersion);
  writer.string(end.id).i64(end.when.value());
  batch.put(kPipelineEndsTable, key_of(end.name), writer.bytes());
}

void remove_end(meta::WriteBatch& batch, const std::string& name) {
  batch.remove(kPipelineEndsTable, key_of(name));
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
