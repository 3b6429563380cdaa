#include "connect_test_bed.h"

#include <gtest/gtest.h>

#include <future>

#include "base/durable_dirs.h"
#include "base/logger.h"

namespace dataflow::connect {

ConnectBed::ConnectBed(uint64_t seed) : env_(seed) {
  set_log_level(LogLevel::kOff);
  options.dir = "data/log";
  options.sync_threads = 1;
  options.reserve_bytes = 0;
  options.housekeeping_interval_ms = 0;
  EXPECT_TRUE(create_dirs_durably(env_, "data").ok());
}

ConnectBed::~ConnectBed() { drop(); }

void ConnectBed::drop() {
  connectors_.reset();
  log_.reset();
  producer_ids_.reset();
  store_.reset();
}

Status ConnectBed::open() {
  DF_ASSIGN_OR_RETURN(store_, meta::Store::open(env_, "data/meta"));
  DF_ASSIGN_OR_RETURN(log_, log::Log::open(env_, *store_, options, nullptr));
  DF_ASSIGN_OR_RETURN(producer_ids_, log::ProducerIds::open(*store_));
  connectors_ = make_connectors(parts());
  return {};
}

void ConnectBed::crash(CrashOptions how) {
  if (!env_.crashed()) env_.set_crash_after(1);
  drop();
  env_.crash(how);
}

std::shared_ptr<log::Partition> ConnectBed::make(const std::string& topic, int32_t partitions,
                                                 const log::ConfigOverrides& overrides) {
  Result<log::TopicInfo> made = log_->create_topic(topic, partitions, overrides);
  EXPECT_TRUE(made.ok()) << made.status();
  return log_->partition(topic, PartitionIndex(0));
}

std::vector<std::string> ConnectBed::values(const std::string& topic, int32_t partition) {
  plan::SourceSpec spec;
  spec.connector = "log";
  spec.format = "raw";
  spec.schema = payload_schema();
  spec.options = {{"topic", topic}, {"on_missing", "earliest"}};
  Result<std::unique_ptr<engine::Source>> source =
      connectors_->make_source(spec, {"job", "check", true});
  EXPECT_TRUE(source.ok()) << source.status();
  if (!source.ok()) return {};
  Result<ReadRows> rows =
      read_split(**source, {topic + "-" + std::to_string(partition), "earliest"});
  EXPECT_TRUE(rows.ok()) << rows.status();
  return rows.ok() ? rows->values : std::vector<std::string>();
}

SchemaPtr payload_schema() {
  return std::make_shared<const Schema>(std::vector<Field>{{"payload", Type::string(), true}});
}

Batch payloads(const std::vector<std::string>& values) {
  std::vector<std::vector<Value>> rows;
  for (const std::string& value : values) rows.push_back({Value::string(value)});
  return batch_of(payload_schema(), rows).value();
}

Status append_synced(log::Partition& partition, std::string batch) {
  DF_ASSIGN_OR_RETURN(log::AppendOutcome outcome, partition.append({batch.data(), batch.size()}));
  auto told = std::make_shared<std::promise<Status>>();
  partition.await_synced(outcome.next_offset, [told](Status s) { told->set_value(std::move(s)); });
  return told->get_future().get();
}

Result<ReadRows> read_split(engine::Source& source, const engine::Split& split) {
  DF_ASSIGN_OR_RETURN(std::unique_ptr<engine::SplitReader> reader, source.open(split));
  DF_ASSIGN_OR_RETURN(std::unique_ptr<engine::ChunkDecoder> decoder, source.make_decoder());
  ReadRows out;
  while (true) {
    engine::Chunk chunk;
    DF_ASSIGN_OR_RETURN(out.last, reader->poll(chunk));
    out.position = reader->position();
    if (out.last != engine::Polled::kMore) return out;
    engine::DecodedRows rows;
    DF_RETURN_IF_ERROR(decoder->decode(split, chunk, rows, out.faults));
    EXPECT_EQ(rows.batch.rows, static_cast<int64_t>(rows.offsets.size()));
    for (int64_t row = 0; row < rows.batch.rows; ++row) {
      const std::vector<Value> values = row_of(rows.batch, row);
      if (values.empty()) continue;
      const TypeId id = values[0].type().id();
      const bool is_text = id == TypeId::kString || id == TypeId::kBytes || id == TypeId::kJson;
      const bool as_it_is = is_text && !values[0].is_null();
      out.values.push_back(as_it_is ? values[0].as_text() : values[0].to_string());
      out.offsets.push_back(rows.offsets[static_cast<size_t>(row)]);
    }
    out.batches.push_back(std::move(rows.batch));
  }
}

}  // namespace dataflow::connect
