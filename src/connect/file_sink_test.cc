// The sink "file": whole files, each row once, wherever the disk stops.
#include "file_sink.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "connect_test_bed.h"
#include "file_committable.h"

namespace dataflow::connect {
namespace {

using engine::CheckpointId;
using Words = std::vector<std::string>;

plan::SinkSpec sink_spec(plan::Options options = {}, const std::string& format = "csv") {
  plan::SinkSpec spec;
  spec.connector = "file";
  spec.format = format;
  spec.options = std::move(options);
  spec.options.emplace("path", "out");
  spec.options.emplace("roll_interval", "1s");
  return spec;
}

// Into folders by the last letter of a row.
plan::SinkSpec parted_spec(plan::Options options = {}) {
  options.emplace("partition_by", "kind,last");
  return sink_spec(std::move(options));
}
SchemaPtr parted_schema() {
  return std::make_shared<const Schema>(std::vector<Field>{{"last", Type::string(), true},
                                                           {"payload", Type::string(), true},
                                                           {"kind", Type::int32(), true}});
}
Batch parted(const Words& values) {
  std::vector<std::vector<Value>> rows;
  for (const std::string& value : values) {
    const Value last = Value::string(value.substr(value.size() - 1));
    rows.push_back(
        {last, Value::string(value), Value::integer(Type::int32(), last.as_text() < "5")});
  }
  return batch_of(parted_schema(), rows).value();
}

// A job of one sink with two writers as the engine runs it: what is durable of it survives.
struct FileJob {
  explicit FileJob(ConnectBed& bed, plan::SinkSpec spec = sink_spec()) : bed_(bed), spec_(spec) {}

  Status start() {
    const SchemaPtr schema = is_parted() ? parted_schema() : payload_schema();
    DF_ASSIGN_OR_RETURN(sink_, bed_.connectors().make_sink(spec_, schema, {"job", "s"}));
    DF_ASSIGN_OR_RETURN(committer_, sink_->make_committer());
    DF_RETURN_IF_ERROR(committer_->restore(named));
    for (const auto& [id, committables] : left) {
      DF_RETURN_IF_ERROR(committer_->commit(CheckpointId(id), committables, true));
    }
    left.clear();
    for (int task = 0; task < 2; ++task) {
      DF_ASSIGN_OR_RETURN(auto writer, sink_->make_writer(task, {}));
      writers_.push_back(std::move(writer));
    }
    return {};
  }
  Status write(const Words& values, size_t task = 0) {
    std::vector<RowFault> faults;
    return writers_[task]->write(is_parted() ? parted(values) : payloads(values), faults);
  }
  Status end() {
    for (auto& writer : writers_) DF_RETURN_IF_ERROR(writer->on_end());
    return {};
  }
  // Up to the moment where the checkpoint is durable.
  Status checkpoint(int64_t id) {
    std::vector<std::string> committables;
    std::map<std::string, std::string> changed;
    for (auto& writer : writers_) {
      DF_RETURN_IF_ERROR(writer->on_barrier(CheckpointId(id), committables, changed));
    }
    if (committables.empty()) return {};
    DF_RETURN_IF_ERROR(committer_->prepare(CheckpointId(id), committables, changed));
    for (auto& [name, bytes] : changed) named[name] = bytes;
    left[id] = std::move(committables);
    return {};
  }
  Status commit(int64_t id) {
    if (!left.contains(id)) return {};
    DF_RETURN_IF_ERROR(committer_->commit(CheckpointId(id), left[id], false));
    left.erase(id);
    return {};
  }
  Status checkpoint_and_commit(int64_t id) {
    DF_RETURN_IF_ERROR(checkpoint(id));
    return commit(id);
  }
  void stop() {
    writers_.clear();
    committer_.reset();
    sink_.reset();
  }
  engine::SinkWriter& writer() { return *writers_[0]; }

  // What the store holds.
  std::map<std::string, std::string> named;
  std::map<int64_t, Words> left;

 private:
  bool is_parted() const { return spec_.options.contains("partition_by"); }

  ConnectBed& bed_;
  plan::SinkSpec spec_;
  std::unique_ptr<engine::Sink> sink_;
  std::unique_ptr<engine::SinkCommitter> committer_;
  std::vector<std::unique_ptr<engine::SinkWriter>> writers_;
};

// Paths within the folder, also of folders within.
void add_names(ConnectBed& bed, const std::string& within, bool staged, Words& found) {
  const auto entries = bed.env().list_dir("out/" + within);
  if (!entries.ok()) return;
  for (const DirEntry& entry : *entries) {
    if (entry.is_dir) {
      add_names(bed, within + entry.name + "/", staged, found);
    } else if (entry.name.starts_with('_') == staged) {
      found.push_back(within + entry.name);
    }
  }
}

Words names(ConnectBed& bed, bool staged) {
  Words found;
  add_names(bed, "", staged, found);
  std::sort(found.begin(), found.end());
  return found;
}

// What a reader of the folder sees, sorted; a line that is cut stands out.
Words rows(ConnectBed& bed) {
  Words found;
  for (const std::string& name : names(bed, false)) {
    const std::string bytes = bed.env().read_file("out/" + name, 16 << 20).value();
    EXPECT_TRUE(bytes.ends_with('\n')) << name << ": " << bytes;
    size_t at = 0;
    while (at < bytes.size()) {
      const size_t end = std::min(bytes.find('\n', at), bytes.size());
      found.push_back(bytes.substr(at, end - at));
      at = end + 1;
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

Words numbers(int from, int to) {
  Words values;
  for (int i = from; i < to; ++i) values.push_back("row-" + std::to_string(1000 + i));
  return values;
}

class FileSink : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(bed_.open().ok()); }
  ConnectBed bed_;
};

TEST_F(FileSink, ShowsAFileWhenItIsDueAndCommitted) {
  FileJob job(bed_);
  ASSERT_TRUE(job.start().ok());
  EXPECT_EQ(job.writer().checkpoint_by(), std::nullopt);
  ASSERT_TRUE(job.write(numbers(0, 10)).ok());
  EXPECT_EQ(job.writer().checkpoint_by(), bed_.env().now().value() + 1000);
  ASSERT_TRUE(job.checkpoint_and_commit(1).ok());
  EXPECT_EQ(rows(bed_), Words{});
  ASSERT_TRUE(job.write(numbers(10, 20)).ok());
  bed_.env().advance_ms(1000);
  ASSERT_TRUE(job.checkpoint(2).ok());
  EXPECT_EQ(rows(bed_), Words{});
  ASSERT_TRUE(job.commit(2).ok());
  EXPECT_EQ(rows(bed_), numbers(0, 20));
  EXPECT_EQ(names(bed_, false).size(), 1u);
  EXPECT_EQ(job.writer().checkpoint_by(), std::nullopt);
}

TEST_F(FileSink, AnEndShowsEverything) {
  FileJob job(bed_);
  ASSERT_TRUE(job.start().ok());
  ASSERT_TRUE(job.write(numbers(0, 5), 0).ok());
  ASSERT_TRUE(job.write(numbers(5, 9), 1).ok());
  ASSERT_TRUE(job.end().ok());
  ASSERT_TRUE(job.checkpoint_and_commit(1).ok());
  EXPECT_EQ(rows(bed_), numbers(0, 9));
  EXPECT_EQ(names(bed_, true), Words{});
}

TEST_F(FileSink, RollsBySize) {
  FileJob job(bed_, sink_spec({{"roll_size", "1MiB"}}));
  ASSERT_TRUE(job.start().ok());
  const std::string wide(300'000, 'x');
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(job.write({std::to_string(i) + wide}).ok());
  ASSERT_TRUE(job.checkpoint_and_commit(1).ok());
  EXPECT_EQ(names(bed_, false).size(), 5u);
  EXPECT_EQ(rows(bed_).size(), 20u);
}

TEST_F(FileSink, AStopShowsWhatItsLastCheckpointHolds) {
  FileJob job(bed_);
  ASSERT_TRUE(job.start().ok());
  ASSERT_TRUE(job.write(numbers(0, 10)).ok());
  ASSERT_TRUE(job.checkpoint_and_commit(1).ok());
  ASSERT_TRUE(job.write(numbers(10, 12)).ok());
  job.stop();
  EXPECT_EQ(rows(bed_), numbers(0, 10));
  ASSERT_TRUE(job.start().ok());
  ASSERT_TRUE(job.write(numbers(10, 12)).ok());
  ASSERT_TRUE(job.end().ok());
  ASSERT_TRUE(job.checkpoint_and_commit(2).ok());
  EXPECT_EQ(rows(bed_), numbers(0, 12));
  EXPECT_EQ(names(bed_, true), Words{});
}

// What the last checkpoint says of the first attempt's file says nothing of the second one's.
TEST_F(FileSink, AnAttemptWithoutACheckpointLeavesNothing) {
  FileJob job(bed_);
  ASSERT_TRUE(job.start().ok());
  ASSERT_TRUE(job.write(numbers(0, 10)).ok());
  ASSERT_TRUE(job.checkpoint_and_commit(1).ok());
  for (int attempt = 0; attempt < 3; ++attempt) {
    job.stop();
    const Status started = job.start();
    ASSERT_TRUE(started.ok()) << started;
    ASSERT_TRUE(job.write(numbers(50, 90)).ok());
    bed_.env().crash({.mode = CrashMode::kKeepAll});
    job.stop();
    ASSERT_TRUE(bed_.open().ok());
    EXPECT_EQ(rows(bed_), numbers(0, 10));
  }
  ASSERT_TRUE(job.start().ok());
  EXPECT_EQ(names(bed_, true), Words{});
}

// Whether the last checkpoint became durable is not known: its file is not cut to the one before.
TEST_F(FileSink, AStopInTheMiddleOfACheckpointShowsNothing) {
  FileJob job(bed_);
  ASSERT_TRUE(job.start().ok());
  ASSERT_TRUE(job.write(numbers(0, 10)).ok());
  ASSERT_TRUE(job.checkpoint_and_commit(1).ok());
  ASSERT_TRUE(job.write(numbers(10, 20)).ok());
  ASSERT_TRUE(job.checkpoint(2).ok());
  job.stop();
  EXPECT_EQ(rows(bed_), Words{});
  ASSERT_TRUE(job.start().ok());
  EXPECT_EQ(rows(bed_), numbers(0, 20));
}

TEST_F(FileSink, FilesThatWereTakenAwayAreNotMissed) {
  FileJob job(bed_);
  ASSERT_TRUE(job.start().ok());
  ASSERT_TRUE(job.write(numbers(0, 10)).ok());
  ASSERT_TRUE(job.checkpoint_and_commit(1).ok());
  job.stop();
  for (const std::string& name : names(bed_, false)) {
    ASSERT_TRUE(bed_.env().remove_file("out/" + name).ok());
  }
  EXPECT_TRUE(job.start().ok());
  EXPECT_EQ(rows(bed_), Words{});
}

TEST_F(FileSink, AJobThatIsBegunAnewWritesOverNothing) {
  for (int round = 0; round < 2; ++round) {
    FileJob job(bed_);
    ASSERT_TRUE(job.start().ok());
    ASSERT_TRUE(job.write(numbers(round * 5, round * 5 + 5)).ok());
    ASSERT_TRUE(job.end().ok());
    ASSERT_TRUE(job.checkpoint_and_commit(1).ok());
  }
  EXPECT_EQ(rows(bed_), numbers(0, 10));
  EXPECT_EQ(names(bed_, false).size(), 2u);
}

TEST_F(FileSink, LeavesTheStagedFilesOfOthersAlone) {
  ASSERT_TRUE(bed_.env().create_dirs("out").ok());
  ASSERT_TRUE(bed_.env().open("out/_other", OpenMode::kCreate).ok());
  FileJob job(bed_);
  ASSERT_TRUE(job.start().ok());
  ASSERT_TRUE(job.write(numbers(0, 3)).ok());
  ASSERT_TRUE(job.checkpoint(1).ok());
  EXPECT_EQ(names(bed_, true).size(), 2u);
  job.stop();
  job.named.clear();
  job.left.clear();
  ASSERT_TRUE(job.start().ok());
  EXPECT_EQ(names(bed_, true), Words{"_other"});
}

TEST_F(FileSink, EachCsvFileHasItsHeader) {
  plan::SinkSpec spec = sink_spec({{"roll_interval", "0s"}});
  spec.format_options = {{"csv.header", "true"}, {"delimiter", ";"}};
  FileJob job(bed_, spec);
  ASSERT_TRUE(job.start().ok());
  for (int id = 1; id <= 2; ++id) {
    ASSERT_TRUE(job.write({"a;" + std::to_string(id)}).ok());
    ASSERT_TRUE(job.checkpoint_and_commit(id).ok());
  }
  EXPECT_EQ(rows(bed_), (Words{"\"a;1\"", "\"a;2\"", "payload", "payload"}));
}

TEST_F(FileSink, WritesJsonAndNoChanges) {
  FileJob job(bed_, sink_spec({}, "json"));
  ASSERT_TRUE(job.start().ok());
  Batch batch = payloads({"a", "gone", "c"});
  batch.kinds = std::make_shared<const std::vector<RowKind>>(
      std::vector<RowKind>{RowKind::kInsert, RowKind::kDelete, RowKind::kInsert});
  std::vector<RowFault> faults;
  ASSERT_TRUE(job.writer().write(batch, faults).ok());
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_EQ(faults[0].row, 1);
  ASSERT_TRUE(job.end().ok());
  ASSERT_TRUE(job.checkpoint_and_commit(1).ok());
  EXPECT_EQ(rows(bed_), (Words{R"({"payload":"a"})", R"({"payload":"c"})"}));
}

TEST_F(FileSink, RowsGoToTheFoldersOfTheirPartitions) {
  FileJob job(bed_, parted_spec({{"partition_default", "none"}}));
  ASSERT_TRUE(job.start().ok());
  Batch batch =
      batch_of(parted_schema(),
               {{Value::string("a b"), Value::string("1"), Value::integer(Type::int32(), 7)},
                {Value::string("10:05/%"), Value::string("2"), Value::null(Type::int32())},
                {Value::null(Type::string()), Value::string("3"), Value::null(Type::int32())},
                {Value::string(""), Value::string("4"), Value::null(Type::int32())},
                {Value::string("a b"), Value::string("5"), Value::integer(Type::int32(), 7)}})
          .value();
  std::vector<RowFault> faults;
  ASSERT_TRUE(job.writer().write(batch, faults).ok());
  ASSERT_TRUE(job.checkpoint_and_commit(1).ok());
  EXPECT_EQ(names(bed_, false), Words{});
  ASSERT_TRUE(job.writer().write(batch, faults).ok());
  ASSERT_TRUE(job.end().ok());
  ASSERT_TRUE(job.checkpoint_and_commit(2).ok());
  EXPECT_EQ(rows(bed_), (Words{"1", "1", "2", "2", "3", "3", "4", "4", "5", "5"}));
  Words folders = names(bed_, false);
  for (std::string& name : folders) name.erase(name.rfind('/'));
  EXPECT_EQ(folders, (Words{"kind=7/last=a b", "kind=none/last=10%3A05%2F%25",
                            "kind=none/last=none", "kind=none/last=none"}));
}

// Whatever bytes stand in the texts.
TEST_F(FileSink, PartitionsOfSeveralTextsAreToldApart) {
  plan::SinkSpec spec = parted_spec({{"partition_by", "last,payload"}});
  spec.format = "json";
  FileJob job(bed_, spec);
  ASSERT_TRUE(job.start().ok());
  const std::string between("\0\1", 2);
  const Value kind = Value::integer(Type::int32(), 7);
  Batch batch =
      batch_of(parted_schema(), {{Value::string("x" + between + "y"), Value::string("z"), kind},
                                 {Value::string("x"), Value::string("y" + between + "z"), kind}})
          .value();
  std::vector<RowFault> faults;
  ASSERT_TRUE(job.writer().write(batch, faults).ok());
  ASSERT_TRUE(job.end().ok());
  ASSERT_TRUE(job.checkpoint_and_commit(1).ok());
  EXPECT_EQ(names(bed_, false).size(), 2U);
}

// Its file could be written, and would never come to its place.
TEST_F(FileSink, APartitionThatNoFolderCanBeNamedAfterIsAFaultOfItsRow) {
  FileJob job(bed_, parted_spec());
  ASSERT_TRUE(job.start().ok());
  const auto row = [](size_t length, const char* text) -> std::vector<Value> {
    return {Value::string(std::string(length, 'x')), Value::string(text),
            Value::integer(Type::int32(), 0)};
  };
  const Batch batch =
      batch_of(parted_schema(), {row(2, "1"), row(251, "2"), row(250, "3"), row(300, "4")}).value();
  std::vector<RowFault> faults;
  ASSERT_TRUE(job.writer().write(batch, faults).ok());
  ASSERT_EQ(faults.size(), 2u);
  EXPECT_EQ(faults[0].row, 1);
  EXPECT_EQ(faults[1].row, 3);
  EXPECT_NE(faults[1].reason.find("255 bytes"), std::string::npos);
  ASSERT_TRUE(job.end().ok());
  ASSERT_TRUE(job.checkpoint_and_commit(1).ok());
  EXPECT_EQ(rows(bed_), (Words{"1", "3"}));
}

// More partitions than there may be open files.
TEST_F(FileSink, ManyPartitionsTakeTurns) {
  FileJob job(bed_, parted_spec());
  ASSERT_TRUE(job.start().ok());
  std::vector<std::vector<Value>> values;
  Words expected;
  for (int i = 0; i < 300; ++i) {
    values.push_back({Value::string(std::to_string(i % 150)),
                      Value::string(std::to_string(1000 + i)), Value::integer(Type::int32(), 0)});
    expected.push_back(std::to_string(1000 + i));
  }
  std::vector<RowFault> faults;
  ASSERT_TRUE(job.writer().write(batch_of(parted_schema(), values).value(), faults).ok());
  ASSERT_TRUE(job.end().ok());
  ASSERT_TRUE(job.checkpoint_and_commit(1).ok());
  EXPECT_EQ(rows(bed_), expected);
  EXPECT_EQ(names(bed_, true), Words{});
}

TEST_F(FileSink, RefusesWhatItCannotDo) {
  const auto refusal = [&](plan::Options options, const std::string& format = "csv") {
    const auto made = bed_.connectors().make_sink(sink_spec(std::move(options), format),
                                                  payload_schema(), {"job", "s"});
    return made.ok() ? std::string("ok") : made.status().message();
  };
  EXPECT_NE(refusal({}, "raw").find("as `json` or `csv`"), std::string::npos);
  EXPECT_NE(refusal({{"roll_size", "big"}}).find("128MiB"), std::string::npos);
  EXPECT_NE(refusal({{"roll_intervall", "1s"}}).find("roll_interval"), std::string::npos);
  ASSERT_TRUE(bed_.env().open("a-file", OpenMode::kCreate).ok());
  EXPECT_NE(refusal({{"path", "a-file"}}).find("give a folder"), std::string::npos);
  EXPECT_NE(refusal({{"partition_by", "day"}}).find("no column `day`"), std::string::npos);
  EXPECT_NE(refusal({{"partition_by", "payload"}}).find("no column is left"), std::string::npos);
}

TEST(FileCommittable, IsReadBackAsItWasWritten) {
  FileCommittable committable;
  committable.writer = 3;
  committable.done = {{"_x-3-1", 10, "part-1.csv"}, {"_x-3-2", 0, "-"}};
  committable.open = {{"_x-3-3", 77, "part-2.csv"}, {"_x-3-4", 7, "day=1 2/hour=%3A/part-2.csv"}};
  const std::string bytes = encode_file_committable(committable);
  EXPECT_EQ(encode_file_committable(decode_file_committable(bytes).value()), bytes);
  for (const char* wrong :
       {"", "writer x\n", "writer 1\nlost a 1 b\n", "writer 1\ndone a b c\n",
        "writer 1\ndone a 1 ../b\n", "writer 1\ndone a 1\n", "writer 1\ndone a/b 1 c\n",
        "writer 1\ndone a 1 /c\n", "writer 1\ndone a 1 b/../c\n", "writer 1\ndone a 1 b/\n"}) {
    EXPECT_FALSE(decode_file_committable(wrong).ok()) << wrong;
  }
}

constexpr int kRows = 8;

// The disk stops at operation `point`; then the job starts again from what it had durable, and what
// a reader sees is whole. False once the point lies behind the end.
bool crash_at(uint64_t point, CrashMode mode, const plan::SinkSpec& spec) {
  SCOPED_TRACE("operation " + std::to_string(point) + ", mode " +
               std::to_string(static_cast<int>(mode)));
  ConnectBed bed(point);
  EXPECT_TRUE(bed.open().ok());
  FileJob job(bed, spec);
  bed.env().set_crash_after(bed.env().mutations() + point);
  int kept = 0;  // rows of durable checkpoints
  Status status = job.start();
  for (int id = 1; id <= 7 && status.ok(); ++id) {
    status = job.write(numbers(kept, kept + kRows), static_cast<size_t>(id % 2));
    // Every third checkpoint rolls; the last one is an end.
    bed.env().advance_ms(400);
    if (status.ok() && id == 7) status = job.end();
    if (status.ok()) status = job.checkpoint(id);
    if (!status.ok()) break;
    kept += kRows;
    status = job.commit(id);
  }
  const bool reached = bed.env().crashed();
  EXPECT_EQ(status.ok(), !reached) << status;
  job.stop();
  bed.crash({.mode = mode, .seed = point});
  Status opened = bed.open();
  EXPECT_TRUE(opened.ok()) << opened;
  const Words before = rows(bed);
  const Words durable = numbers(0, kept);
  EXPECT_TRUE(std::includes(durable.begin(), durable.end(), before.begin(), before.end()));
  Status started = job.start();
  EXPECT_TRUE(started.ok()) << started;
  EXPECT_EQ(rows(bed), numbers(0, kept));
  EXPECT_EQ(names(bed, true), Words{});
  EXPECT_TRUE(job.write(numbers(kept, kept + 5)).ok());
  EXPECT_TRUE(job.end().ok());
  EXPECT_TRUE(job.checkpoint_and_commit(9).ok());
  EXPECT_EQ(rows(bed), numbers(0, kept + 5));
  return reached && !testing::Test::HasFailure();
}

TEST(FileSinkCrash, EveryRowOnceWhereverTheDiskStops) {
  for (const plan::SinkSpec& spec : {sink_spec(), parted_spec()}) {
    for (const CrashMode mode : {CrashMode::kLoseAll, CrashMode::kKeepAll, CrashMode::kRandom}) {
      uint64_t point = 1;
      while (crash_at(point, mode, spec)) ++point;
      EXPECT_GT(point, 20u);
      if (testing::Test::HasFailure()) return;
    }
  }
}

// Twice: also where the start after the first stop is stopped.
void crash_a_restart_at(uint64_t point, const plan::SinkSpec& spec, bool& reached) {
  SCOPED_TRACE(point);
  ConnectBed bed(point);
  ASSERT_TRUE(bed.open().ok());
  FileJob job(bed, spec);
  ASSERT_TRUE(job.start().ok());
  ASSERT_TRUE(job.write(numbers(0, 10), 0).ok());
  ASSERT_TRUE(job.write(numbers(10, 20), 1).ok());
  ASSERT_TRUE(job.checkpoint_and_commit(1).ok());
  ASSERT_TRUE(job.write(numbers(20, 30), 0).ok());
  bed.env().advance_ms(1000);
  ASSERT_TRUE(job.write(numbers(30, 40), 1).ok());
  ASSERT_TRUE(job.checkpoint(2).ok());
  ASSERT_TRUE(job.write(numbers(40, 50), 1).ok());
  bed.crash({.mode = CrashMode::kKeepAll});
  job.stop();
  const auto left = job.left;
  ASSERT_TRUE(bed.open().ok());
  bed.env().set_crash_after(bed.env().mutations() + point);
  const Status stopped = job.start();
  reached = bed.env().crashed();
  ASSERT_EQ(stopped.ok(), !reached) << stopped;
  job.stop();
  bed.crash({.mode = CrashMode::kRandom, .seed = point});
  job.left = left;
  ASSERT_TRUE(bed.open().ok());
  const Status started = job.start();
  ASSERT_TRUE(started.ok()) << started;
  EXPECT_EQ(rows(bed), numbers(0, 40));
  EXPECT_EQ(names(bed, true), Words{});
}

TEST(FileSinkCrash, EveryRowOnceWhereverARestartStops) {
  for (const plan::SinkSpec& spec : {sink_spec(), parted_spec()}) {
    bool reached = true;
    for (uint64_t point = 1; reached; ++point) {
      crash_a_restart_at(point, spec, reached);
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

}  // namespace
}  // namespace dataflow::connect
