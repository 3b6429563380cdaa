// A topic whose records replace each other by key, as the source "log" reads it.
#include <gtest/gtest.h>

#include "connect_test_bed.h"
#include "engine/connectors.h"
#include "types/batch_builder.h"

namespace dataflow::connect {
namespace {

constexpr Timestamp kThen{1'700'000'000'000};
using Bytes = std::optional<std::string_view>;

class LogUpsertSource : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(bed_.open().ok());
    in_ = bed_.make("in");
    spec_.connector = "log";
    spec_.options = {{"topic", "in"}};
    spec_.format = "json";
    spec_.schema = std::make_shared<const Schema>(std::vector<Field>{{"id", Type::int64(), false},
                                                                     {"zone", Type::string()},
                                                                     {"n", Type::int64(), false},
                                                                     {"o", Type::int64()},
                                                                     {"k", Type::string()}});
    spec_.metadata = {{"o", plan::Metadata::kOffset}, {"k", plan::Metadata::kKey}};
    spec_.upsert_keys = {"id"};
  }
  void append(const std::vector<std::pair<Bytes, Bytes>>& records) {
    BatchBuilder builder;
    for (const auto& [key, value] : records) ASSERT_TRUE(builder.add(kThen, key, value).ok());
    const Status appended = append_synced(*in_, builder.finish());
    ASSERT_TRUE(appended.ok()) << appended;
  }
  // "+I 1, a, 5, 0, 1 …", a row a line.
  std::string rows() {
    auto source = bed_.connectors().make_source(spec_, {"job", "in"});
    if (!source.ok()) return source.status().message();
    auto read = read_split(**source, {"in-0", "earliest"});
    if (!read.ok()) return read.status().message();
    faults_ = read->faults;
    std::string text;
    for (const Batch& batch : read->batches) {
      for (int64_t row = 0; row < batch.rows; ++row) {
        text += std::string(row_kind_name(batch.kind(row)));
        for (const Value& value : row_of(batch, row)) text += " " + value.to_string();
        text += "\n";
      }
    }
    return text;
  }

  ConnectBed bed_;
  std::shared_ptr<log::Partition> in_;
  plan::SourceSpec spec_;
  std::vector<engine::SourceFault> faults_;
};

TEST_F(LogUpsertSource, ARecordWithoutAValueDeletesItsKey) {
  append({{"2", std::nullopt},
          {"1", R"({"id":1,"zone":"a","n":5})"},
          {"1", std::nullopt},
          {"7", std::nullopt},
          {"1", R"({"id":1,"n":6})"}});
  append({{"3", R"({"id":3,"n":7})"}});
  EXPECT_EQ(rows(),
            "-D 2 NULL NULL 0 2\n"
            "+I 1 a 5 1 1\n"
            "-D 1 NULL NULL 2 1\n"
            "-D 7 NULL NULL 3 7\n"
            "+I 1 NULL 6 4 1\n"
            "+I 3 NULL 7 5 3\n");
  EXPECT_TRUE(faults_.empty());
}

TEST_F(LogUpsertSource, KeysOfSeveralColumnsHaveAFormat) {
  spec_.upsert_keys = {"zone", "id"};
  spec_.key_format = "json";
  append({{R"({"zone":"a","id":4})", std::nullopt}, {R"({"id":5,"zone":null})", std::nullopt}});
  EXPECT_EQ(rows(),
            "-D 4 a NULL 0 {\"zone\":\"a\",\"id\":4}\n-D 5 NULL NULL 1 {\"id\":5,\"zone\":null}\n");
  spec_.key_format = "raw";
  EXPECT_EQ(rows(), "source `in`: the key: key format `raw` takes one key column, and there are 2");
  spec_.key_format = "json";
  spec_.key_format_options = {{"stile", "flink"}};
  EXPECT_NE(rows().find("stile"), std::string::npos);
}

TEST_F(LogUpsertSource, WhatHasNoKeyOrNoneThatCanBeReadIsADeadLetter) {
  append({{std::nullopt, R"({"id":1,"n":5})"},
          {std::nullopt, std::nullopt},
          {"x", std::nullopt},
          {"1", R"({"id":1})"},
          {"2", std::nullopt}});
  EXPECT_EQ(rows(), "-D 2 NULL NULL 4 2\n");
  ASSERT_EQ(faults_.size(), 4U);
  const std::string none = "the record has no key, by which rows of the topic replace each other";
  EXPECT_EQ(faults_[0].reason, none);
  EXPECT_EQ(faults_[0].payload, R"({"id":1,"n":5})");
  EXPECT_EQ(faults_[1].reason, none);
  EXPECT_EQ(faults_[2].field, "n");
  EXPECT_EQ(faults_[3].field, "id");
  EXPECT_EQ(faults_[3].offset, 2);
  EXPECT_EQ(faults_[3].reason.substr(0, 16), "the record's key");
}

TEST_F(LogUpsertSource, OfAFormatAKeyThatCannotBeReadIsADeadLetterToo) {
  spec_.key_format = "json";
  append({{"{\"id\":\"x\"}", std::nullopt}, {"{}", std::nullopt}, {"{\"id\":9}", std::nullopt}});
  EXPECT_EQ(rows(), "-D 9 NULL NULL 2 {\"id\":9}\n");
  ASSERT_EQ(faults_.size(), 2U);
  EXPECT_EQ(faults_[0].payload, "{\"id\":\"x\"}");
}

// Column by column: what the sink writes is what the source reads.
TEST_F(LogUpsertSource, ReadsTheKeysThatTheSinkWrites) {
  const std::vector<std::pair<Type, Value>> keys = {
      {Type::string(), Value::string("größe")},
      {Type::bytes(), Value::text(Type::bytes(), "\xff\x01")},
      {Type::int32(), Value::integer(Type::int32(), -7)},
      {Type::boolean(), Value::boolean(true)},
      {Type::date(), Value::integer(Type::date(), 19'000)},
      {Type::timestamp(3), Value::integer(Type::timestamp(3), 1'700'000'000'123)}};
  int number = 0;
  for (const std::string format : {"raw", "json"}) {
    for (const auto& [type, value] : keys) {
      SCOPED_TRACE(format + " " + type.to_string());
      const std::string topic = "keys-" + std::to_string(number++);
      const auto partition = bed_.make(topic);
      plan::SinkSpec sink;
      sink.connector = "log";
      sink.format = "json";
      sink.options = {{"topic", topic}};
      sink.key_columns = {"id"};
      sink.key_format = spec_.key_format = format;
      sink.guarantee = plan::Guarantee::kAtLeastOnce;
      const auto schema =
          std::make_shared<const Schema>(std::vector<Field>{{"id", type}, {"n", Type::int64()}});
      auto made = bed_.connectors().make_sink(sink, schema, {"job", "out"});
      ASSERT_TRUE(made.ok()) << made.status();
      auto writer = (*made)->make_writer(0, {});
      ASSERT_TRUE(writer.ok()) << writer.status();
      Batch batch = *batch_of(schema, {{value, Value::int64(1)}, {value, Value::int64(1)}});
      batch.kinds = std::make_shared<std::vector<RowKind>>(
          std::vector<RowKind>{RowKind::kInsert, RowKind::kDelete});
      std::vector<RowFault> faults;
      ASSERT_TRUE((*writer)->write(batch, faults).ok());
      ASSERT_TRUE(faults.empty());
      std::vector<std::string> committables;
      std::map<std::string, std::string> named;
      ASSERT_TRUE((*writer)->on_barrier(engine::CheckpointId(1), committables, named).ok());

      spec_.options = {{"topic", topic}};
      spec_.schema = schema;
      spec_.metadata.clear();
      auto source = bed_.connectors().make_source(spec_, {"job", "in", true});
      ASSERT_TRUE(source.ok()) << source.status();
      engine::Chunk chunk;
      auto reader = (*source)->open({topic + "-0", "earliest"});
      ASSERT_TRUE(reader.ok());
      ASSERT_EQ((*reader)->poll(chunk).value(), engine::Polled::kMore);
      engine::DecodedRows rows;
      std::vector<engine::SourceFault> dead;
      ASSERT_TRUE((*(*source)->make_decoder())->decode({topic + "-0", ""}, chunk, rows, dead).ok());
      ASSERT_TRUE(dead.empty()) << dead[0].reason;
      ASSERT_EQ(rows.batch.rows, 2);
      EXPECT_EQ(rows.batch.kind(1), RowKind::kDelete);
      EXPECT_EQ(row_of(rows.batch, 0)[0], value);
      EXPECT_EQ(row_of(rows.batch, 1)[0], value);
      EXPECT_TRUE(row_of(rows.batch, 1)[1].is_null());
    }
  }
}

TEST_F(LogUpsertSource, OtherConnectorsHaveNoSuchRows) {
  spec_.connector = "file";
  EXPECT_EQ(rows(),
            "source `in`: rows replace each other by key only in topics, and the connector is "
            "`file`");
}

}  // namespace
}  // namespace dataflow::connect
