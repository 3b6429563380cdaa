#include "pipeline_rows.h"

#include "meta/codec.h"

namespace dataflow::jobs {
namespace {

constexpr uint8_t kRowVersion = 1;

std::string key_of(const std::string& name) { return meta::KeyWriter().string(name).bytes(); }

}  // namespace

void put_pipeline(meta::WriteBatch& batch, const PipelineRow& row) {
  meta::RowWriter writer(kRowVersion);
  writer.string(row.id)
      .u8(static_cast<uint8_t>(row.desired))
      .i64(row.created.value())
      .i64(row.updated.value())
      .string(row.plan_json)
      .string(row.source);
  batch.put(kPipelinesTable, key_of(row.name), writer.bytes());
}

void remove_pipeline(meta::WriteBatch& batch, const std::string& name) {
  batch.remove(kPipelinesTable, key_of(name));
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
  DF_RETURN_IF_ERROR(reader.finish());
  return row;
}

}  // namespace dataflow::jobs
