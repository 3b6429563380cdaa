// The source "log" against a real log.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "connect_test_bed.h"
#include "log_source.h"
#include "types/batch_builder.h"

namespace dataflow::connect {
namespace {

plan::SourceSpec source_spec(plan::Options options = {}) {
  plan::SourceSpec spec;
  spec.connector = "log";
  spec.format = "raw";
  spec.schema = payload_schema();
  spec.options = std::move(options);
  spec.options.emplace("topic", "in");
  return spec;
}

std::string record_batch(const std::vector<std::string>& values, BatchOptions options = {}) {
  BatchBuilder builder(options);
  for (const std::string& value : values) {
    EXPECT_TRUE(builder.add(Timestamp(1'700'000'000'000), "key", value).ok());
  }
  return builder.finish();
}

BatchOptions transaction(int64_t producer, int32_t sequence) {
  BatchOptions options;
  options.transactional = true;
  options.producer_id = ProducerId(producer);
  options.producer_epoch = ProducerEpoch(0);
  options.base_sequence = sequence;
  return options;
}

class LogSource : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(bed_.open().ok());
    in_ = bed_.make("in");
  }
  std::unique_ptr<engine::Source> source(plan::Options options = {}, bool bounded = false) {
    auto made =
        bed_.connectors().make_source(source_spec(std::move(options)), {"job", "orders", bounded});
    EXPECT_TRUE(made.ok()) << made.status();
    return std::move(*made);
  }
  void append(std::string batch) {
    Status appended = append_synced(*in_, std::move(batch));
    ASSERT_TRUE(appended.ok()) << appended;
  }
  ReadRows read(engine::Source& source, const std::string& position = "earliest") {
    Result<ReadRows> rows = read_split(source, {"in-0", position});
    EXPECT_TRUE(rows.ok()) << rows.status();
    return rows.ok() ? *rows : ReadRows();
  }

  ConnectBed bed_;
  std::shared_ptr<log::Partition> in_;
};

TEST_F(LogSource, ReadsEveryCodec) {
  std::vector<std::string> all;
  for (int codec = 0; codec < kCodecCount; ++codec) {
    BatchOptions options;
    options.codec = static_cast<Codec>(codec);
    const std::string name(codec_name(options.codec));
    append(record_batch({name + "1", name + "2", name + "3"}, options));
    for (const char* n : {"1", "2", "3"}) all.push_back(name + n);
  }
  const ReadRows rows = read(*source());
  EXPECT_EQ(rows.values, all);
  EXPECT_EQ(rows.offsets.back(), 14);
  EXPECT_EQ(rows.last, engine::Polled::kIdle);
}

TEST_F(LogSource, BeginsWithinABatchAndGoesOnFromItsPosition) {
  append(record_batch({"a", "b", "c"}));
  auto s = source();
  ReadRows rows = read(*s, "1");
  EXPECT_EQ(rows.values, (std::vector<std::string>{"b", "c"}));
  append(record_batch({"d"}));
  EXPECT_EQ(read(*s, rows.position).values, std::vector<std::string>{"d"});
}

TEST_F(LogSource, LeavesOutWhatWasAborted) {
  append(record_batch({"x1", "x2"}, transaction(7, 0)));
  append(record_batch({"kept"}));
  append(record_batch({"y1"}, transaction(8, 0)));
  ASSERT_TRUE(in_->append_marker(ProducerId(7), ProducerEpoch(0), false, 0).ok());
  ASSERT_TRUE(in_->append_marker(ProducerId(8), ProducerEpoch(0), true, 0).ok());
  append(record_batch({"x3"}, transaction(7, 2)));
  ASSERT_TRUE(in_->append_marker(ProducerId(7), ProducerEpoch(0), true, 0).ok());
  append(record_batch({"end"}));
  EXPECT_EQ(read(*source()).values, (std::vector<std::string>{"kept", "y1", "x3", "end"}));
  // From within the aborted transaction.
  EXPECT_EQ(read(*source(), "1").values, (std::vector<std::string>{"kept", "y1", "x3", "end"}));
  EXPECT_EQ(read(*source({{"isolation", "read_uncommitted"}})).values,
            (std::vector<std::string>{"x1", "x2", "kept", "y1", "x3", "end"}));
}

TEST_F(LogSource, WaitsBehindAnOpenTransaction) {
  append(record_batch({"a"}));
  append(record_batch({"open"}, transaction(7, 0)));
  append(record_batch({"b"}));
  EXPECT_EQ(read(*source()).values, std::vector<std::string>{"a"});
}

TEST_F(LogSource, ABoundedRunEndsWhereTheTopicEndedWhenItBegan) {
  append(record_batch({"a", "b"}));
  auto s = source({}, true);
  auto reader = s->open({"in-0", "earliest"});
  ASSERT_TRUE(reader.ok());
  append(record_batch({"later"}));
  engine::Chunk chunk;
  ASSERT_EQ((*reader)->poll(chunk).value(), engine::Polled::kMore);
  auto decoder = s->make_decoder();
  engine::DecodedRows rows;
  std::vector<engine::SourceFault> faults;
  ASSERT_TRUE((*decoder)->decode({"in-0", ""}, chunk, rows, faults).ok());
  EXPECT_EQ(rows.offsets, (std::vector<int64_t>{0, 1}));
  EXPECT_EQ((*reader)->poll(chunk).value(), engine::Polled::kEnd);
  EXPECT_EQ((*reader)->lag(), 0);
}

TEST_F(LogSource, TellsWhatCouldNotBeDecoded) {
  append(record_batch({"a", "\xff bad", "b"}));
  const ReadRows rows = read(*source());
  EXPECT_EQ(rows.values, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(rows.offsets, (std::vector<int64_t>{0, 2}));
  ASSERT_EQ(rows.faults.size(), 1u);
  EXPECT_EQ(rows.faults[0].offset, 1);
  EXPECT_EQ(rows.faults[0].payload, "\xff bad");
}

TEST_F(LogSource, ATombstoneIsNullWhereTheFormatIsRaw) {
  BatchBuilder builder;
  ASSERT_TRUE(builder.add(Timestamp(1'700'000'000'000), "k", "v").ok());
  ASSERT_TRUE(builder.add(Timestamp(1'700'000'000'000), "k", std::nullopt).ok());
  append(builder.finish());
  EXPECT_EQ(read(*source()).values, (std::vector<std::string>{"v", "NULL"}));
}

TEST_F(LogSource, FillsMetadataColumns) {
  append(record_batch({"a", "b"}));
  plan::SourceSpec spec = source_spec();
  spec.schema = std::make_shared<const Schema>(
      std::vector<Field>{{"payload", Type::string()},
                         {"at", Type::timestamp_tz(3)},
                         {"o", Type::int64()},
                         {"p", Type::int32()},
                         {"k", Type::string()},
                         {"h", Type::map(Type::string(), Type::bytes())}});
  spec.metadata = {{"at", plan::Metadata::kTimestamp},
                   {"o", plan::Metadata::kOffset},
                   {"p", plan::Metadata::kPartition},
                   {"k", plan::Metadata::kKey},
                   {"h", plan::Metadata::kHeaders}};
  auto made = bed_.connectors().make_source(spec, {"job", "orders"});
  ASSERT_TRUE(made.ok()) << made.status();
  const ReadRows rows = read(**made);
  ASSERT_EQ(rows.batches.size(), 1u);
  const std::vector<Value> row = row_of(rows.batches[0], 1);
  EXPECT_EQ(row[1].as_int(), 1'700'000'000'000);
  EXPECT_EQ(row[2].as_int(), 1);
  EXPECT_EQ(row[3].as_int(), 0);
  EXPECT_EQ(row[4].as_text(), "key");
}

TEST_F(LogSource, GivesTheColumnsThatAreRead) {
  BatchBuilder builder;
  ASSERT_TRUE(builder.add(Timestamp(1'700'000'000'000), "k", "v").ok());
  ASSERT_TRUE(builder.add(Timestamp(1'700'000'000'000), "k", std::nullopt).ok());
  append(builder.finish());
  plan::SourceSpec spec = source_spec();
  spec.schema = std::make_shared<const Schema>(
      std::vector<Field>{{"payload", Type::string()}, {"o", Type::int64()}, {"p", Type::int32()}});
  spec.metadata = {{"o", plan::Metadata::kOffset}, {"p", plan::Metadata::kPartition}};
  const auto batch_of = [&](std::vector<std::string> columns) {
    spec.read = std::move(columns);
    auto made = bed_.connectors().make_source(spec, {"job", "orders"});
    EXPECT_TRUE(made.ok()) << made.status();
    const Batch batch = read(**made).batches.at(0);
    EXPECT_EQ(*batch.schema, *plan::schema_read(spec));
    EXPECT_EQ(batch.columns.size(), spec.read->size());
    EXPECT_EQ(batch.rows, 2);
    return batch;
  };
  EXPECT_EQ(row_of(batch_of({"o"}), 1)[0].as_int(), 1);
  EXPECT_EQ(row_of(batch_of({"payload"}), 0)[0].as_text(), "v");
  EXPECT_TRUE(row_of(batch_of({"payload", "p"}), 1)[0].is_null());
  batch_of({});
}

TEST_F(LogSource, SaysWhatRetentionTook) {
  append(record_batch({"a"}));
  append(record_batch({"b"}));
  ASSERT_TRUE(in_->delete_records(Offset(1)).ok());
  auto strict = source();
  Result<ReadRows> refused = read_split(*strict, {"in-0", "0"});
  EXPECT_EQ(refused.status().code(), StatusCode::kOutOfRange);
  EXPECT_NE(refused.status().message().find("on_missing"), std::string::npos);
  EXPECT_EQ(read(*source({{"on_missing", "earliest"}}), "0").values, std::vector<std::string>{"b"});
}

TEST_F(LogSource, KnowsATopicThatWasMadeAnew) {
  append(record_batch({"a"}));
  auto before = source();
  const ReadRows rows = read(*before);
  ASSERT_TRUE(bed_.log().delete_topic("in").ok());
  in_ = bed_.make("in");
  EXPECT_FALSE(read_split(*before, {"in-0", rows.position}).ok());
  auto after = source();
  EXPECT_EQ(read_split(*after, {"in-0", rows.position}).status().code(), StatusCode::kConflict);
}

TEST_F(LogSource, WakesWhenSomethingCame) {
  auto s = source();
  auto reader = s->open({"in-0", "earliest"});
  engine::Chunk chunk;
  ASSERT_EQ((*reader)->poll(chunk).value(), engine::Polled::kIdle);
  std::atomic<int> woken{0};
  (*reader)->wake_when_ready([&] { ++woken; });
  EXPECT_EQ(woken, 0);
  append(record_batch({"a"}));
  while (woken == 0) std::this_thread::yield();
  EXPECT_EQ((*reader)->poll(chunk).value(), engine::Polled::kMore);
  EXPECT_EQ(woken, 1);
}

TEST_F(LogSource, BeginsWhereItIsTold) {
  append(record_batch({"a", "b"}));
  EXPECT_TRUE(source({{"start", "latest"}})->splits().value()[0].position.starts_with("2@"));
  EXPECT_EQ(source()->splits().value()[0].position, "earliest");
  EXPECT_TRUE(source({{"start", "timestamp:2023-01-01T00:00:00Z"}})
                  ->splits()
                  .value()[0]
                  .position.starts_with("0@"));
}

TEST_F(LogSource, RefusesWhatItDoesNotKnow) {
  const auto refusal = [&](const plan::SourceSpec& spec) {
    return bed_.connectors().make_source(spec, {"job", "orders"}).status().message();
  };
  EXPECT_NE(refusal(source_spec({{"strat", "latest"}})).find("did you mean \"start\""),
            std::string::npos);
  EXPECT_NE(refusal(source_spec({{"start", "lately"}})).find("earliest"), std::string::npos);
  plan::SourceSpec spec = source_spec();
  spec.connector = "lag";
  EXPECT_NE(refusal(spec).find("did you mean \"log\""), std::string::npos);
}

}  // namespace
}  // namespace dataflow::connect
