// The sink "log" against a real log, with crashes between every two operations of the disk.
#include <gtest/gtest.h>

#include <map>
#include <optional>

#include "connect_test_bed.h"
#include "log_committable.h"

namespace dataflow::connect {
namespace {

using engine::CheckpointId;

plan::SinkSpec sink_spec(plan::Options options = {}) {
  plan::SinkSpec spec;
  spec.connector = "log";
  spec.format = "raw";
  spec.options = std::move(options);
  spec.options.emplace("topic", "out");
  return spec;
}

// A job of one sink as the engine runs it: what is durable of it survives, the rest does not.
struct TinyJob {
  explicit TinyJob(ConnectBed& bed, plan::SinkSpec spec = sink_spec()) : bed_(bed), spec_(spec) {}

  Status start() {
    DF_ASSIGN_OR_RETURN(sink_, bed_.connectors().make_sink(spec_, payload_schema(), {"job", "s"}));
    DF_ASSIGN_OR_RETURN(writer_, sink_->make_writer(0, {}));
    DF_ASSIGN_OR_RETURN(committer_, sink_->make_committer());
    DF_RETURN_IF_ERROR(committer_->restore({}));
    for (const auto& [id, committables] : durable) {
      DF_RETURN_IF_ERROR(committer_->commit(CheckpointId(id), committables, true));
    }
    durable.clear();
    return {};
  }
  Status write(const std::vector<std::string>& values) {
    std::vector<RowFault> faults;
    return writer_->write(payloads(values), faults);
  }
  Status write(const Batch& batch) {
    std::vector<RowFault> faults;
    return writer_->write(batch, faults);
  }
  // Up to the moment where the checkpoint is durable.
  Status checkpoint(int64_t id) {
    std::vector<std::string> committables;
    std::map<std::string, std::string> named;
    DF_RETURN_IF_ERROR(writer_->on_barrier(CheckpointId(id), committables, named));
    DF_RETURN_IF_ERROR(committer_->prepare(CheckpointId(id), committables, named));
    durable[id] = std::move(committables);
    return {};
  }
  Status commit(int64_t id) {
    DF_RETURN_IF_ERROR(committer_->commit(CheckpointId(id), durable[id], false));
    durable.erase(id);
    return {};
  }
  void stop() {
    writer_.reset();
    committer_.reset();
    sink_.reset();
  }

  std::map<int64_t, std::vector<std::string>> durable;

 private:
  ConnectBed& bed_;
  plan::SinkSpec spec_;
  std::unique_ptr<engine::Sink> sink_;
  std::unique_ptr<engine::SinkWriter> writer_;
  std::unique_ptr<engine::SinkCommitter> committer_;
};

std::vector<std::string> numbers(int from, int to) {
  std::vector<std::string> values;
  for (int i = from; i < to; ++i) values.push_back(std::to_string(i));
  return values;
}

TEST(LogSink, ShowsNothingBeforeItIsCommitted) {
  ConnectBed bed;
  ASSERT_TRUE(bed.open().ok());
  bed.make("out");
  TinyJob job(bed);
  ASSERT_TRUE(job.start().ok());
  ASSERT_TRUE(job.write(numbers(0, 10)).ok());
  ASSERT_TRUE(job.checkpoint(1).ok());
  EXPECT_TRUE(bed.values("out").empty());
  ASSERT_TRUE(job.commit(1).ok());
  EXPECT_EQ(bed.values("out"), numbers(0, 10));
}

TEST(LogSink, EveryRowOnceHoweverOftenItIsCommitted) {
  ConnectBed bed;
  ASSERT_TRUE(bed.open().ok());
  bed.make("out");
  TinyJob job(bed);
  ASSERT_TRUE(job.start().ok());
  ASSERT_TRUE(job.write(numbers(0, 10)).ok());
  ASSERT_TRUE(job.checkpoint(1).ok());
  const auto kept = job.durable;
  ASSERT_TRUE(job.commit(1).ok());
  for (int i = 0; i < 3; ++i) {
    job.stop();
    job.durable = kept;
    Status started = job.start();
    ASSERT_TRUE(started.ok()) << started;
  }
  EXPECT_EQ(bed.values("out"), numbers(0, 10));
}

TEST(LogSink, MoreBatchesThanTheLogRemembersAreToldApart) {
  ConnectBed bed;
  ASSERT_TRUE(bed.open().ok());
  // Each batch holds few rows.
  bed.make("out", 1, {{"max.message.bytes", "200"}});
  TinyJob job(bed);
  ASSERT_TRUE(job.start().ok());
  ASSERT_TRUE(job.write(numbers(0, 100)).ok());
  ASSERT_TRUE(job.checkpoint(1).ok());
  const auto kept = job.durable;
  const LogCommittable parsed = parse_committable(kept.at(1)[0]).value();
  EXPECT_GT(split_batches(parsed.batches)->size(), 6u);
  ASSERT_TRUE(job.commit(1).ok());
  job.stop();
  job.durable = kept;
  ASSERT_TRUE(job.start().ok());
  EXPECT_EQ(bed.values("out"), numbers(0, 100));
}

TEST(LogSink, FindsItsBatchesWhereTheLogForgotTheProducer) {
  ConnectBed bed;
  ASSERT_TRUE(bed.open().ok());
  auto partition = bed.make("out");
  TinyJob job(bed);
  ASSERT_TRUE(job.start().ok());
  ASSERT_TRUE(job.write(numbers(0, 10)).ok());
  ASSERT_TRUE(job.checkpoint(1).ok());
  const auto kept = job.durable;
  ASSERT_TRUE(job.commit(1).ok());
  bed.env().advance_ms(48LL * 3600 * 1000);
  bed.log().keep_house();
  ASSERT_TRUE(partition->producers().empty());
  job.stop();
  job.durable = kept;
  Status started = job.start();
  ASSERT_TRUE(started.ok()) << started;
  EXPECT_EQ(bed.values("out"), numbers(0, 10));
}

TEST(LogSink, SaysWhatToDoWhereTheTopicWasMadeAnew) {
  ConnectBed bed;
  ASSERT_TRUE(bed.open().ok());
  bed.make("out");
  TinyJob job(bed);
  ASSERT_TRUE(job.start().ok());
  ASSERT_TRUE(job.write({"a"}).ok());
  ASSERT_TRUE(job.checkpoint(1).ok());
  job.stop();
  ASSERT_TRUE(bed.log().delete_topic("out").ok());
  bed.make("out");
  Status refused = job.start();
  EXPECT_EQ(refused.code(), StatusCode::kConflict);
  EXPECT_NE(refused.message().find("on_recreated"), std::string::npos) << refused;
  TinyJob willing(bed, sink_spec({{"on_recreated", "append"}}));
  willing.durable = job.durable;
  ASSERT_TRUE(willing.start().ok());
  EXPECT_EQ(bed.values("out"), std::vector<std::string>{"a"});
}

TEST(LogSink, AtLeastOnceWaitsForNoCheckpoint) {
  ConnectBed bed;
  ASSERT_TRUE(bed.open().ok());
  bed.make("out", 2, {{"max.message.bytes", "300"}});
  plan::SinkSpec spec = sink_spec();
  spec.guarantee = plan::Guarantee::kAtLeastOnce;
  TinyJob job(bed, spec);
  ASSERT_TRUE(job.start().ok());
  ASSERT_TRUE(job.write(numbers(0, 50)).ok());
  ASSERT_TRUE(job.checkpoint(1).ok());  // and so they are on disk
  EXPECT_TRUE(job.durable.at(1).empty());
  std::vector<std::string> there = bed.values("out", 0);
  EXPECT_LT(there.size(), 50u);
  for (const std::string& value : bed.values("out", 1)) there.push_back(value);
  std::ranges::sort(there);
  std::vector<std::string> all = numbers(0, 50);
  std::ranges::sort(all);
  EXPECT_EQ(there, all);
  ASSERT_TRUE(job.commit(1).ok());
  // The topic goes, and one of its name comes, which will never have what the old one had.
  ASSERT_TRUE(job.write(numbers(0, 5)).ok());
  ASSERT_TRUE(bed.log().delete_topic("out").ok());
  bed.make("out", 2);
  (void)job.checkpoint(2);  // comes back, whether it was on disk by then or not
  // The topic goes: the next rows do not, silently.
  ASSERT_TRUE(bed.log().delete_topic("out").ok());
  EXPECT_EQ(job.write({"a"}).code(), StatusCode::kConflict);
}

TEST(LogSink, WhatARowWasIsDeletedUnlessItsNextVersionFollows) {
  ConnectBed bed;
  ASSERT_TRUE(bed.open().ok());
  bed.make("out", 1, {{"cleanup.policy", "compact"}});
  plan::SinkSpec spec = sink_spec();
  spec.key_columns = {"payload"};
  TinyJob job(bed, spec);
  ASSERT_TRUE(job.start().ok());
  Batch changes = payloads({"a", "a", "b", "c", "d"});
  changes.kinds = std::make_shared<const std::vector<RowKind>>(
      std::vector<RowKind>{RowKind::kUpdateBefore, RowKind::kUpdateAfter, RowKind::kUpdateBefore,
                           RowKind::kUpdateAfter, RowKind::kUpdateBefore});
  ASSERT_TRUE(job.write(changes).ok());
  ASSERT_TRUE(job.checkpoint(1).ok());
  ASSERT_TRUE(job.commit(1).ok());
  // The tombstones of b and d have no value.
  EXPECT_EQ(bed.values("out"), (std::vector<std::string>{"a", "NULL", "c", "NULL"}));
}

TEST(LogSink, ARowThatIsTooLargeIsAFault) {
  ConnectBed bed;
  ASSERT_TRUE(bed.open().ok());
  bed.make("out", 1, {{"max.message.bytes", "1000"}});
  auto sink = bed.connectors().make_sink(sink_spec(), payload_schema(), {"job", "s"});
  ASSERT_TRUE(sink.ok()) << sink.status();
  auto writer = (*sink)->make_writer(0, {});
  std::vector<RowFault> faults;
  ASSERT_TRUE((*writer)->write(payloads({"a", std::string(2000, 'x'), "b"}), faults).ok());
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_EQ(faults[0].row, 1);
}

TEST(LogSink, RefusesAnUnknownOptionWithTheNearestOne) {
  ConnectBed bed;
  ASSERT_TRUE(bed.open().ok());
  bed.make("out");
  auto sink = bed.connectors().make_sink(sink_spec({{"compresion", "zstd"}}), payload_schema(),
                                         {"job", "s"});
  EXPECT_NE(sink.status().message().find("did you mean \"compression\""), std::string::npos)
      << sink.status();
}

// More batches a checkpoint than the five that the log itself would recognise.
constexpr int kRows = 80;

// The disk stops at operation `point`, at a checkpoint or a commit; then the job starts again from
// what it had durable. False once the point lies behind the end.
bool crash_at(uint64_t point, CrashMode mode) {
  SCOPED_TRACE("operation " + std::to_string(point) + ", mode " +
               std::to_string(static_cast<int>(mode)));
  ConnectBed bed(point);
  EXPECT_TRUE(bed.open().ok());
  bed.make("out", 1, {{"max.message.bytes", "200"}});
  TinyJob job(bed, sink_spec({{"compression", point % 2 == 0 ? "none" : "lz4"}}));
  EXPECT_TRUE(job.start().ok());
  bed.env().set_crash_after(bed.env().mutations() + point);
  int kept = 0;  // rows of durable checkpoints
  for (int id = 1; id <= 4; ++id) {
    if (!job.write(numbers(kept, kept + kRows)).ok() || !job.checkpoint(id).ok()) break;
    kept += kRows;
    if (!job.commit(id).ok()) break;
  }
  const bool reached = bed.env().crashed();
  job.stop();
  bed.crash({.mode = mode, .seed = point});
  Status opened = bed.open();
  EXPECT_TRUE(opened.ok()) << opened;
  Status started = job.start();
  EXPECT_TRUE(started.ok()) << started;
  EXPECT_EQ(bed.values("out"), numbers(0, kept));
  EXPECT_TRUE(job.write(numbers(kept, kept + 5)).ok());
  EXPECT_TRUE(job.checkpoint(9).ok());
  EXPECT_TRUE(job.commit(9).ok());
  EXPECT_EQ(bed.values("out"), numbers(0, kept + 5));
  return reached && !testing::Test::HasFailure();
}

TEST(LogSink, EveryRowOnceWhereverTheDiskStops) {
  for (const CrashMode mode : {CrashMode::kLoseAll, CrashMode::kKeepAll, CrashMode::kRandom}) {
    uint64_t point = 1;
    while (crash_at(point, mode)) ++point;
    EXPECT_GT(point, 10u);
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace dataflow::connect
