// The whole log: topics, restarts of both kinds, what is found in the folder.
#include <gtest/gtest.h>

#include <mutex>

#include "log/fault.h"
#include "log_test_bed.h"

namespace dataflow::log {
namespace {

using Strings = std::vector<std::string>;

class LogOpenTest : public testing::Test {
 protected:
  void SetUp() override {
    Status opened = bed_.open();
    ASSERT_TRUE(opened.ok()) << opened;
  }
  void add(LogPartition& p, const std::string& value, const BatchShape& shape = {}) {
    Result<AppendOutcome> outcome = append_synced(p, make_batch({value}, shape));
    ASSERT_TRUE(outcome.ok()) << outcome.status();
  }
  Strings all(const std::string& topic = "t", int32_t partition = 0) {
    LogPartition& p = bed_.at(topic, partition);
    auto seen = consume(p, p.log_start(), Isolation::kReadUncommitted);
    EXPECT_TRUE(seen.ok()) << seen.status();
    return seen.ok() ? values_of(*seen) : Strings{};
  }
  std::string topic_folder(const TopicInfo& info) {
    return "data/log/topics/" + info.id.to_string();
  }

  LogBed bed_;
};

TEST_F(LogOpenTest, MakesFindsAndDeletesTopics) {
  Result<TopicInfo> made = bed_.log().create_topic("b", 3, {{"retention.ms", "5"}});
  ASSERT_TRUE(made.ok()) << made.status();
  ASSERT_TRUE(bed_.log().create_topic("a", 1, {}).ok());
  ASSERT_EQ(bed_.log().topics().size(), 2u);
  EXPECT_EQ(bed_.log().topics()[0].name, "a");
  EXPECT_EQ(bed_.log().topic("b")->config.retention_ms, 5);
  EXPECT_EQ(bed_.log().topic_by_id(made->id)->name, "b");
  EXPECT_NE(bed_.log().partition("b", PartitionIndex(2)), nullptr);
  EXPECT_EQ(bed_.log().partition("b", PartitionIndex(3)), nullptr);
  EXPECT_EQ(bed_.log().partition("b", PartitionIndex(-1)), nullptr);
  std::string told;
  bed_.log().on_topic_deleted([&](const std::string& name) { told = name; });
  ASSERT_TRUE(bed_.log().delete_topic("b").ok());
  EXPECT_EQ(told, "b");
  EXPECT_FALSE(bed_.log().topic("b").has_value());
  EXPECT_FALSE(bed_.log().topic_by_id(made->id).has_value());
  EXPECT_FALSE(bed_.env().exists(topic_folder(*made)));
  EXPECT_EQ(fault_of(bed_.log().delete_topic("b")), Fault::kUnknownTopic);
}

TEST_F(LogOpenTest, RefusesBadTopics) {
  Log& log = bed_.log();
  ASSERT_TRUE(log.create_topic("t", 1, {}).ok());
  auto why = [&](const std::string& name, int32_t partitions, const ConfigOverrides& o = {}) {
    Result<TopicInfo> made = log.create_topic(name, partitions, o);
    EXPECT_FALSE(made.ok());
    EXPECT_EQ(fault_of(log.check_new_topic(name, partitions, o)), fault_of(made.status()));
    return fault_of(made.status());
  };
  EXPECT_EQ(why("t", 1), Fault::kTopicExists);
  for (const char* name : {"", ".", "..", "a/b", "a b", "\xc3\xa4"}) {
    EXPECT_EQ(why(name, 1), Fault::kInvalidTopicName) << name;
  }
  EXPECT_EQ(why(std::string(250, 'x'), 1), Fault::kInvalidTopicName);
  EXPECT_EQ(why("n", 0), Fault::kInvalidPartitions);
  EXPECT_EQ(why("n", 10001), Fault::kInvalidPartitions);
  EXPECT_EQ(why("n", 1, {{"retention.ms", "x"}}), Fault::kInvalidConfig);
  EXPECT_EQ(log.topics().size(), 1u);
}

TEST_F(LogOpenTest, PartitionsAreAddedAndNeverTakenAway) {
  bed_.make("t", {}, 2);
  add(bed_.at("t", 1), "a");
  EXPECT_EQ(fault_of(bed_.log().add_partitions("t", 2)), Fault::kInvalidPartitions);
  EXPECT_EQ(fault_of(bed_.log().add_partitions("t", 1)), Fault::kInvalidPartitions);
  EXPECT_EQ(fault_of(bed_.log().add_partitions("x", 5)), Fault::kUnknownTopic);
  ASSERT_TRUE(bed_.log().add_partitions("t", 4).ok());
  add(bed_.at("t", 3), "b");
  bed_.crash_and_open({CrashMode::kLoseAll});
  EXPECT_EQ(bed_.log().topic("t")->partitions, 4);
  EXPECT_EQ(all("t", 1), (Strings{"a"}));
  EXPECT_EQ(all("t", 2), (Strings{}));
  EXPECT_EQ(all("t", 3), (Strings{"b"}));
}

TEST_F(LogOpenTest, ASettingChangesAtOnceAndForGood) {
  LogPartition& p = bed_.make("t", {{"retention.ms", "5"}});
  ASSERT_TRUE(bed_.log().set_topic_config("t", {{"max.message.bytes", "100"}}).ok());
  EXPECT_EQ(fault_of(append_batch(p, make_batch({std::string(100, 'x')})).status()),
            Fault::kBatchTooLarge);
  EXPECT_EQ(fault_of(bed_.log().set_topic_config("t", {{"nonsense", "1"}})), Fault::kInvalidConfig);
  bed_.crash_and_open({CrashMode::kLoseAll});
  EXPECT_EQ(bed_.log().topic("t")->config.max_message_bytes, 100);
  EXPECT_EQ(bed_.log().topic("t")->overrides.count("retention.ms"), 0u);
}

TEST_F(LogOpenTest, EverythingIsThereAfterACleanStop) {
  bed_.make("t", {{"segment.bytes", "1024"}});
  for (int i = 0; i < 10; ++i) add(bed_.at(), std::string(300, static_cast<char>('a' + i)));
  const Uuid id = bed_.log().topic("t")->id;
  bed_.restart();
  EXPECT_EQ(bed_.log().topic("t")->id, id);
  EXPECT_EQ(all().size(), 10u);
  EXPECT_EQ(bed_.at().leader_epoch(), LeaderEpoch(0));
  EXPECT_EQ(bed_.at().stats().health, PartitionHealth::kWritable);
  add(bed_.at(), "z");
  bed_.restart();
  EXPECT_EQ(all().size(), 11u);
}

TEST_F(LogOpenTest, TheFirstTopicSurvivesAPowerLoss) {
  bed_.make();
  add(bed_.at(), "a");
  bed_.crash_and_open({CrashMode::kLoseAll});
  ASSERT_TRUE(bed_.log().topic("t").has_value());
  EXPECT_EQ(bed_.at().stats().health, PartitionHealth::kWritable)
      << bed_.at().stats().health_reason;
  EXPECT_EQ(all(), (Strings{"a"}));
}

TEST_F(LogOpenTest, TheEpochRisesOnlyAfterAnUncleanStop) {
  bed_.make();
  add(bed_.at(), "a");
  bed_.restart();
  EXPECT_EQ(bed_.at().leader_epoch(), LeaderEpoch(0));
  bed_.crash_and_open({CrashMode::kKeepAll});
  EXPECT_EQ(bed_.at().leader_epoch(), LeaderEpoch(1));
  bed_.restart();
  EXPECT_EQ(bed_.at().leader_epoch(), LeaderEpoch(1));
  add(bed_.at(), "b");
  bed_.crash_and_open({CrashMode::kLoseAll});
  EXPECT_EQ(bed_.at().leader_epoch(), LeaderEpoch(2));
  EXPECT_EQ(all(), (Strings{"a", "b"}));
}

// Somebody took the log's end away. Its epochs were seen by clients: none may be given out twice,
// and what meta says of them must fit what is appended from now on.
TEST_F(LogOpenTest, AnEpochIsNeverUsedTwice) {
  for (const bool clean : {false, true}) {
    SCOPED_TRACE(clean ? "clean" : "unclean");
    const std::string topic = clean ? "clean" : "unclean";
    bed_.make(topic);
    add(bed_.at(topic), "a");
    const std::string path = bed_.files(bed_.at(topic)).front();
    const uint64_t one = *bed_.env().file_size(path);
    add(bed_.at(topic), "b");
    bed_.crash_and_open({CrashMode::kLoseAll});
    add(bed_.at(topic), "c");
    const LeaderEpoch used = bed_.at(topic).leader_epoch();
    if (clean) {
      ASSERT_TRUE(bed_.stop().ok());
    } else {
      bed_.crash({CrashMode::kKeepAll});
    }
    const std::string folder = path.substr(0, path.rfind('/'));
    (void)bed_.env().remove_file(folder + "/checkpoint");
    ASSERT_TRUE(bed_.env().remove_file(folder + "/synced").ok());
    ASSERT_TRUE((*bed_.env().open(path, OpenMode::kReadWrite))->truncate(one).ok());
    ASSERT_TRUE(bed_.open().ok());
    EXPECT_EQ(all(topic), (Strings{"a"}));
    EXPECT_GT(bed_.at(topic).leader_epoch(), used);
    for (const char* value : {"d", "e", "f"}) add(bed_.at(topic), value);
    bed_.crash_and_open({CrashMode::kLoseAll});
    EXPECT_EQ(bed_.at(topic).stats().health, PartitionHealth::kWritable)
        << bed_.at(topic).stats().health_reason;
    EXPECT_EQ(all(topic), (Strings{"a", "d", "e", "f"}));
  }
}

TEST_F(LogOpenTest, APartitionWithoutNewsCostsAStopAndAStartNothing) {
  bed_.make("t", {}, 3);
  add(bed_.at(), "a");
  bed_.restart();
  std::mutex mutex;
  Strings changed;
  bed_.env().set_hook([&](uint64_t, FaultOp op, const std::string& path) {
    const std::lock_guard lock(mutex);
    if (op != FaultOp::kOpen && path.find("/topics/") != std::string::npos) {
      changed.push_back(std::string(fault_op_name(op)) + " " + path);
    }
  });
  bed_.restart();
  bed_.env().set_hook(nullptr);
  EXPECT_EQ(changed, Strings());
  EXPECT_EQ(all(), (Strings{"a"}));
}

TEST_F(LogOpenTest, ATopicThatCouldNotBeMadeLeavesNothing) {
  const size_t before = bed_.env().list_dir("data/log/topics")->size();
  bed_.env().fail(FaultOp::kOpen, Status::no_space("disk"), "/2/", 1, 1);
  Result<TopicInfo> made = bed_.log().create_topic("t", 4, {});
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.status().code(), StatusCode::kNoSpace);
  EXPECT_EQ(bed_.env().list_dir("data/log/topics")->size(), before);
  EXPECT_TRUE(bed_.log().create_topic("t", 4, {}).ok());
}

TEST_F(LogOpenTest, ACleanStartReadsNoRecords) {
  bed_.make("t", {{"segment.bytes", "4096"}});
  for (int i = 0; i < 40; ++i) add(bed_.at(), std::string(1000, 'x'));
  ASSERT_GT(bed_.at().stats().segments, 5u);
  const std::vector<std::string> files = bed_.files(bed_.at());
  ASSERT_TRUE(bed_.stop().ok());
  // A start that looked at a record would find the damage.
  for (const std::string& path : files) ASSERT_TRUE(bed_.env().flip_bit(path, 200).ok());
  Status opened = bed_.open();
  ASSERT_TRUE(opened.ok()) << opened;
  EXPECT_EQ(bed_.at().stats().health, PartitionHealth::kWritable);
  EXPECT_EQ(fault_of(consume(bed_.at(), Offset(0), Isolation::kReadUncommitted).status()),
            Fault::kDamagedData);
  EXPECT_EQ(bed_.at().stats().health, PartitionHealth::kDamaged);
}

TEST_F(LogOpenTest, AnUncleanStartReadsOnlyBehindTheCheckpoint) {
  bed_.make("t", {{"segment.bytes", "4096"}});
  for (int i = 0; i < 40; ++i) add(bed_.at(), std::string(1000, 'x'));
  ASSERT_TRUE(bed_.at().write_checkpoint().ok());
  const std::vector<std::string> files = bed_.files(bed_.at());
  add(bed_.at(), "tail");
  bed_.crash({CrashMode::kKeepAll});
  for (const std::string& path : files) ASSERT_TRUE(bed_.env().flip_bit(path, 200).ok());
  Status opened = bed_.open();
  ASSERT_TRUE(opened.ok()) << opened;
  EXPECT_EQ(bed_.at().stats().health, PartitionHealth::kWritable);
  EXPECT_EQ(bed_.at().high_offset(), Offset(41));
}

TEST_F(LogOpenTest, ProducersAndTransactionsSurviveBothKindsOfStop) {
  bed_.make();
  add(bed_.at(), "a", idempotent(1, 0));
  add(bed_.at(), "t", transactional(2, 0));
  for (int round = 0; round < 3; ++round) {
    LogPartition& p = bed_.at();
    EXPECT_EQ(p.last_stable(), Offset(1)) << round;
    Result<AppendOutcome> repeat = append_synced(p, make_batch({"a"}, idempotent(1, 0)));
    ASSERT_TRUE(repeat.ok()) << repeat.status();
    EXPECT_TRUE(repeat->duplicate) << round;
    if (round == 0) bed_.restart();
    if (round == 1) bed_.crash_and_open({CrashMode::kLoseAll});
  }
}

TEST_F(LogOpenTest, ATornTailIsCutAndKeptAside) {
  bed_.make();
  add(bed_.at(), "a");
  const std::string path = bed_.files(bed_.at()).front();
  const uint64_t sound = *bed_.env().file_size(path);
  bed_.crash({CrashMode::kLoseAll});
  std::string torn = make_batch({std::string(500, 'x')});
  set_base_offset(torn.data(), Offset(1));
  torn.resize(300);
  {
    auto file = bed_.env().open(path, OpenMode::kReadWrite);
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE((*file)->write_at(sound, torn).ok());
  }
  ASSERT_TRUE(bed_.open().ok());
  EXPECT_EQ(all(), (Strings{"a"}));
  EXPECT_EQ(*bed_.env().file_size(path), sound);
  ASSERT_EQ(bed_.cut_files().size(), 1u);
  EXPECT_EQ(*bed_.env().read_file(bed_.cut_files()[0], 1 << 20), torn);
  EXPECT_TRUE(bed_.env().durable_content(bed_.cut_files()[0]).ok())
      << "what was cut must be kept before the cut is made";
  add(bed_.at(), "b");
  EXPECT_EQ(all(), (Strings{"a", "b"}));
}

TEST_F(LogOpenTest, ADeletionIsFinishedAtTheNextStart) {
  bed_.make();
  const TopicInfo info = *bed_.log().topic("t");
  add(bed_.at(), "a");
  bed_.env().fail(FaultOp::kRemove, Status::io_error("remove"), "topics", 1, FaultEnv::kAlways);
  ASSERT_TRUE(bed_.log().delete_topic("t").ok());
  EXPECT_TRUE(bed_.env().exists(topic_folder(info)));
  bed_.env().clear_faults();
  bed_.restart();
  EXPECT_FALSE(bed_.log().topic("t").has_value());
  EXPECT_FALSE(bed_.env().exists(topic_folder(info)));
}

TEST_F(LogOpenTest, ADeletedTopicsFilesDoNotComeBackAfterAPowerLoss) {
  bed_.make();
  const TopicInfo info = *bed_.log().topic("t");
  add(bed_.at(), "a");
  ASSERT_TRUE(bed_.log().delete_topic("t").ok());
  ASSERT_TRUE(bed_.store().drain().ok());
  bed_.crash_and_open({CrashMode::kLoseAll});
  EXPECT_FALSE(bed_.log().topic("t").has_value());
  EXPECT_FALSE(bed_.env().exists(topic_folder(info)));
}

TEST_F(LogOpenTest, ANewTopicOfAnOldNameHasNothingOfTheOldOne) {
  bed_.make();
  add(bed_.at(), "old", idempotent(1, 0));
  const Uuid old = bed_.log().topic("t")->id;
  ASSERT_TRUE(bed_.log().delete_topic("t").ok());
  bed_.make();
  EXPECT_NE(bed_.log().topic("t")->id, old);
  EXPECT_EQ(all(), (Strings{}));
  add(bed_.at(), "new", idempotent(1, 0));
  bed_.crash_and_open({CrashMode::kLoseAll});
  EXPECT_EQ(all(), (Strings{"new"}));
}

TEST_F(LogOpenTest, EmptyStrangersGoAndFullOnesStay) {
  ASSERT_TRUE(bed_.stop().ok());
  FaultEnv& env = bed_.env();
  ASSERT_TRUE(env.create_dirs("data/log/topics/empty/0").ok());
  ASSERT_TRUE(env.create_dirs("data/log/topics/full/0").ok());
  ASSERT_TRUE(env.write_file_durably("data/log/topics/empty/0/00000000000000000000.log", "").ok());
  ASSERT_TRUE(env.write_file_durably("data/log/topics/full/0/00000000000000000000.log", "x").ok());
  ASSERT_TRUE(bed_.open().ok());
  EXPECT_FALSE(env.exists("data/log/topics/empty"));
  EXPECT_TRUE(env.exists("data/log/topics/full/0/00000000000000000000.log"));
}

TEST_F(LogOpenTest, AStrayFileAmongTheTopicsStopsNobody) {
  ASSERT_TRUE(bed_.stop().ok());
  FaultEnv& env = bed_.env();
  ASSERT_TRUE(env.create_dirs("data/log/topics/odd").ok());
  ASSERT_TRUE(env.write_file_durably("data/log/topics/README", "hello").ok());
  ASSERT_TRUE(env.write_file_durably("data/log/topics/odd/notes", "hello").ok());
  Status opened = bed_.open();
  EXPECT_TRUE(opened.ok()) << opened;
  EXPECT_TRUE(env.exists("data/log/topics/README"));
  EXPECT_TRUE(env.exists("data/log/topics/odd/notes"));
}

TEST_F(LogOpenTest, ALostPartitionFolderIsDamageAndStaysDamage) {
  bed_.make();
  add(bed_.at(), "a");
  const std::string folder = bed_.at().dir();
  ASSERT_TRUE(bed_.stop().ok());
  ASSERT_TRUE(bed_.env().remove_tree(folder).ok());
  for (int round = 0; round < 3; ++round) {
    Status opened = bed_.open();
    ASSERT_TRUE(opened.ok()) << opened;
    EXPECT_EQ(bed_.at().stats().health, PartitionHealth::kDamaged) << "start " << round;
    EXPECT_EQ(append_batch(bed_.at(), make_batch({"x"})).status().code(), StatusCode::kReadOnly);
    EXPECT_EQ(all(), (Strings{}));
    ASSERT_TRUE(bed_.stop().ok());
  }
}

TEST_F(LogOpenTest, AfterCloseNothingIsTaken) {
  LogPartition& p = bed_.make();
  add(p, "a");
  ASSERT_TRUE(bed_.log().close().ok());
  ASSERT_TRUE(bed_.log().close().ok());
  EXPECT_EQ(append_batch(p, make_batch({"b"})).status().code(), StatusCode::kUnavailable);
  EXPECT_FALSE(bed_.log().create_topic("u", 1, {}).ok());
  EXPECT_FALSE(bed_.log().add_partitions("t", 2).ok());
  bool called = false;
  p.await_synced(Offset(9), [&](Status s) { called = !s.ok(); });
  EXPECT_TRUE(called);
}

TEST_F(LogOpenTest, APartitionIsOpenedAgainAfterACrashWithinTheStart) {
  bed_.make("t", {{"segment.bytes", "1024"}}, 2);
  for (int i = 0; i < 6; ++i) add(bed_.at("t", i % 2), std::string(500, 'x'));
  bed_.crash({CrashMode::kRandom, 3});
  for (uint64_t k = 1; k < 40; k += 3) {
    bed_.env().set_crash_after(bed_.env().mutations() + k);
    (void)bed_.open().ok();
    bed_.crash({CrashMode::kRandom, k});
  }
  ASSERT_TRUE(bed_.open().ok());
  EXPECT_EQ(all("t", 0).size(), 3u);
  EXPECT_EQ(all("t", 1).size(), 3u);
}

}  // namespace
}  // namespace dataflow::log
