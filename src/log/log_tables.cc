#include "log_tables.h"

#include <algorithm>

#include "meta/codec.h"

namespace dataflow::log {
namespace {

constexpr uint8_t kRowVersion = 1;

std::string partition_key(const Uuid& topic, PartitionIndex partition) {
  return meta::KeyWriter().fixed(topic.view()).i32(partition.value()).bytes();
}

Uuid uuid_from(std::string_view bytes) {
  std::array<uint8_t, Uuid::kSize> raw{};
  std::copy_n(bytes.begin(), raw.size(), raw.begin());
  return Uuid(raw);
}

}  // namespace

void put_topic(meta::WriteBatch& batch, const TopicInfo& topic) {
  meta::RowWriter row(kRowVersion);
  row.fixed(topic.id.view()).i32(topic.partitions).i64(topic.created.value());
  row.i32(static_cast<int32_t>(topic.overrides.size()));
  for (const auto& [name, value] : topic.overrides) row.string(name).string(value);
  batch.put(kTopicsTable, topic.name, row.bytes());
}

Result<TopicInfo> decode_topic(std::string_view key, std::string_view row) {
  DF_ASSIGN_OR_RETURN(meta::RowReader in, meta::RowReader::open(row, kRowVersion, "topic row"));
  TopicInfo topic;
  topic.name = std::string(key);
  DF_ASSIGN_OR_RETURN(std::string id, in.fixed(Uuid::kSize));
  topic.id = uuid_from(id);
  DF_ASSIGN_OR_RETURN(topic.partitions, in.i32());
  DF_ASSIGN_OR_RETURN(int64_t created, in.i64());
  topic.created = Timestamp(created);
  DF_ASSIGN_OR_RETURN(int32_t count, in.i32());
  for (int32_t i = 0; i < count; ++i) {
    DF_ASSIGN_OR_RETURN(std::string name, in.string());
    DF_ASSIGN_OR_RETURN(std::string value, in.string());
    topic.overrides.emplace(std::move(name), std::move(value));
  }
  DF_RETURN_IF_ERROR(in.finish());
  return topic;
}

void put_epochs(meta::WriteBatch& batch, const Uuid& topic, PartitionIndex partition,
                const std::vector<EpochStart>& epochs) {
  meta::RowWriter row(kRowVersion);
  row.vector(epochs, [](meta::RowWriter& out, const EpochStart& e) {
    out.i32(e.epoch.value()).i64(e.start.value());
  });
  batch.put(kPartitionEpochsTable, partition_key(topic, partition), row.bytes());
}

Result<std::vector<EpochStart>> get_epochs(meta::Store& store, const Uuid& topic,
                                           PartitionIndex partition) {
  DF_ASSIGN_OR_RETURN(std::optional<std::string> row,
                      store.get(kPartitionEpochsTable, partition_key(topic, partition)));
  if (!row) return std::vector<EpochStart>{{LeaderEpoch(0), Offset(0)}};
  DF_ASSIGN_OR_RETURN(meta::RowReader in,
                      meta::RowReader::open(*row, kRowVersion, "partition epochs row"));
  DF_ASSIGN_OR_RETURN(std::vector<EpochStart> epochs,
                      in.vector<EpochStart>([](meta::RowReader& r) -> Result<EpochStart> {
                        DF_ASSIGN_OR_RETURN(int32_t epoch, r.i32());
                        DF_ASSIGN_OR_RETURN(int64_t start, r.i64());
                        return EpochStart{LeaderEpoch(epoch), Offset(start)};
                      }));
  DF_RETURN_IF_ERROR(in.finish());
  if (epochs.empty()) return Status::corrupt("a partition's row of epochs is empty");
  return epochs;
}

void put_log_start(meta::WriteBatch& batch, const Uuid& topic, PartitionIndex partition,
                   Offset start) {
  batch.put(kLogStartsTable, partition_key(topic, partition),
            meta::RowWriter(kRowVersion).i64(start.value()).bytes());
}

Result<Offset> get_log_start(meta::Store& store, const Uuid& topic, PartitionIndex partition) {
  DF_ASSIGN_OR_RETURN(std::optional<std::string> row,
                      store.get(kLogStartsTable, partition_key(topic, partition)));
  if (!row) return Offset(0);
  DF_ASSIGN_OR_RETURN(meta::RowReader in,
                      meta::RowReader::open(*row, kRowVersion, "log start row"));
  DF_ASSIGN_OR_RETURN(int64_t start, in.i64());
  DF_RETURN_IF_ERROR(in.finish());
  return Offset(start);
}

void put_topic_deletion(meta::WriteBatch& batch, const TopicInfo& topic) {
  batch.remove(kTopicsTable, topic.name);
  batch.remove_prefix(kPartitionEpochsTable, topic.id.view());
  batch.remove_prefix(kLogStartsTable, topic.id.view());
  batch.put(kDeletedTopicsTable, topic.id.view(),
            meta::RowWriter(kRowVersion).string(topic.name).bytes());
}

void remove_deletion_note(meta::WriteBatch& batch, const Uuid& topic) {
  batch.remove(kDeletedTopicsTable, topic.view());
}

Result<std::vector<Uuid>> get_deletion_notes(meta::Store& store) {
  std::vector<Uuid> notes;
  DF_RETURN_IF_ERROR(
      store.scan(kDeletedTopicsTable, "", [&](std::string_view key, std::string_view) {
        if (key.size() == Uuid::kSize) notes.push_back(uuid_from(key));
        return true;
      }));
  return notes;
}

}  // namespace dataflow::log
