// The group coordinator over a real store: what is durable when, restarts, offsets and their
// expiry.
#include "log/groups.h"

#include <atomic>
#include <future>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator_test_bed.h"
#include "log/fault.h"

namespace dataflow::log {
namespace {

using testing::IsEmpty;

constexpr int64_t kDayMs = 24LL * 3600 * 1000;

class GroupsTest : public testing::Test {
 protected:
  GroupsTest() {
    const Status opened = bed.open();
    EXPECT_TRUE(opened.ok()) << opened;
  }

  static JoinRequest join_request(const std::string& member = "") {
    JoinRequest out;
    out.group = "g";
    out.member_id = member;
    out.client_id = "c";
    out.client_host = "/127.0.0.1";
    out.protocol_type = "consumer";
    // Version 1, one topic "t", no user data.
    out.protocols = {{"range", std::string("\0\1\0\0\0\1\0\1t\0\0\0\0", 13)}};
    out.session_timeout_ms = 10000;
    out.rebalance_timeout_ms = 30000;
    return out;
  }
  // The one member of a stable generation.
  std::string stable_member() {
    const JoinResult joined = bed.join(join_request());
    EXPECT_TRUE(joined.status.ok()) << joined.status;
    const SyncResult synced = bed.sync(
        {"g", joined.member_id, {}, joined.generation, {}, {}, {{joined.member_id, "mine"}}});
    EXPECT_EQ(synced.assignment, "mine");
    return joined.member_id;
  }
  static OffsetCommitRequest simple_commit(const TopicPartition& partition, int64_t offset,
                                           std::string metadata = "") {
    return {{"g", Generation(-1), "", {}}, {}, {offset_of(partition, offset, std::move(metadata))}};
  }
  int64_t offset(const TopicPartition& partition, bool stable = false) {
    const OffsetFetchResult out =
        bed.groups().fetch_offsets({"g", std::vector<TopicPartition>{partition}, stable});
    return out.offsets.at(0).status.ok() ? out.offsets.at(0).offset.value() : -2;
  }
  void settle_store() { EXPECT_TRUE(bed.store().drain().ok()); }

  CoordinatorBed bed;
};

TEST_F(GroupsTest, RefusesWhatNoGroupAllows) {
  JoinRequest bad = join_request();
  bad.group = "";
  EXPECT_EQ(fault_of(bed.join(bad).status), Fault::kInvalidGroupId);
  bad = join_request();
  bad.session_timeout_ms = 5999;
  EXPECT_EQ(fault_of(bed.join(bad).status), Fault::kInvalidSessionTimeout);
  bad.session_timeout_ms = 1800001;
  EXPECT_EQ(fault_of(bed.join(bad).status), Fault::kInvalidSessionTimeout);
  EXPECT_EQ(fault_of(bed.join(join_request("who")).status), Fault::kUnknownMember);
  EXPECT_EQ(fault_of(bed.groups().heartbeat({"g", "who", {}, Generation(1)})),
            Fault::kUnknownMember);
  EXPECT_EQ(fault_of(bed.sync({"g", "who", {}, Generation(1), {}, {}, {}}).status),
            Fault::kUnknownMember);
  const LeaveResult left = bed.leave({"g", {{"who", {}}}});
  EXPECT_TRUE(left.status.ok());
  EXPECT_EQ(fault_of(left.member_statuses.at(0)), Fault::kUnknownMember);
}

TEST_F(GroupsTest, AMemberGoesOnInItsGenerationAfterAPowerLoss) {
  const std::string member = stable_member();
  bed.crash();
  EXPECT_TRUE(bed.groups().heartbeat({"g", member, {}, Generation(1)}).ok());
  EXPECT_EQ(bed.sync({"g", member, {}, Generation(1), {}, {}, {}}).assignment, "mine");
  const GroupDescription about = bed.groups().describe("g");
  EXPECT_EQ(about.phase, GroupPhase::kStable);
  EXPECT_EQ(about.members.at(0).client_id, "c");
  bed.pass(9999);
  EXPECT_EQ(bed.groups().describe("g").phase, GroupPhase::kStable);
  bed.pass(1);
  EXPECT_EQ(bed.groups().describe("g").phase, GroupPhase::kEmpty);
}

TEST_F(GroupsTest, TimersRunSessionsOut) {
  const std::string member = stable_member();
  bed.pass(9000);
  EXPECT_TRUE(bed.groups().heartbeat({"g", member, {}, Generation(1)}).ok());
  bed.pass(9000);
  EXPECT_TRUE(bed.groups().heartbeat({"g", member, {}, Generation(1)}).ok());
  bed.pass(10000);
  EXPECT_EQ(fault_of(bed.groups().heartbeat({"g", member, {}, Generation(1)})),
            Fault::kUnknownMember);
}

TEST_F(GroupsTest, CommittedOffsetsSurviveAPowerLoss) {
  EXPECT_TRUE(bed.commit(simple_commit(part("t", 1), 42, "note")).at(0).ok());
  bed.crash();
  const OffsetFetchResult all = bed.groups().fetch_offsets({"g", {}, false});
  ASSERT_EQ(all.offsets.size(), 1u);
  EXPECT_EQ(all.offsets[0].offset, Offset(42));
  EXPECT_EQ(all.offsets[0].metadata, "note");
  EXPECT_EQ(offset(part("t", 0)), -1);
  EXPECT_EQ(bed.groups().describe("g").phase, GroupPhase::kEmpty);
  EXPECT_EQ(bed.groups().all_offsets().at(0).offset, Offset(42));
}

TEST_F(GroupsTest, ACommitMayBeRefusedInPart) {
  OffsetCommitRequest request = simple_commit(part("t"), 1);
  request.offsets.push_back(offset_of(part("nope"), 2));
  request.offsets.push_back(offset_of(part("t", 9), 2));
  request.offsets.push_back(offset_of(part("u"), 2, std::string(4097, 'x')));
  request.offsets.push_back(offset_of(part("t", 2), 3, std::string(4096, 'x')));
  const std::vector<Status> statuses = bed.commit(request);
  EXPECT_TRUE(statuses.at(0).ok());
  EXPECT_EQ(fault_of(statuses.at(1)), Fault::kUnknownTopic);
  EXPECT_EQ(fault_of(statuses.at(2)), Fault::kUnknownTopic);
  EXPECT_EQ(fault_of(statuses.at(3)), Fault::kOffsetMetadataTooLarge);
  EXPECT_TRUE(statuses.at(4).ok());
  EXPECT_EQ(offset(part("u")), -1);
}

TEST_F(GroupsTest, AGenerationOfNoGroupCannotCommit) {
  OffsetCommitRequest request = simple_commit(part("t"), 1);
  request.origin.generation = Generation(3);
  EXPECT_EQ(fault_of(bed.commit(request).at(0)), Fault::kIllegalGeneration);
}

TEST_F(GroupsTest, AFullDiskRefusesAndRecovers) {
  EXPECT_TRUE(bed.commit(simple_commit(part("t"), 1)).at(0).ok());
  bed.env().set_capacity(bed.env().used_bytes());
  Status refused;
  for (int i = 2; refused.ok() && i < 2000; ++i) {
    refused = bed.commit(simple_commit(part("t"), i, std::string(4000, 'x'))).at(0);
  }
  EXPECT_EQ(refused.code(), StatusCode::kUnavailable);
  EXPECT_GE(offset(part("t")), 1);
}

TEST_F(GroupsTest, DeletingAGroup) {
  EXPECT_EQ(fault_of(bed.delete_group("g")), Fault::kGroupNotFound);
  const std::string member = stable_member();
  EXPECT_EQ(fault_of(bed.delete_group("g")), Fault::kGroupNotEmpty);
  bed.leave({"g", {{member, {}}}});
  bed.commit(simple_commit(part("t"), 7));
  EXPECT_TRUE(bed.delete_group("g").ok());
  EXPECT_EQ(bed.groups().describe("g").phase, GroupPhase::kDead);
  EXPECT_EQ(offset(part("t")), -1);
  bed.crash();
  EXPECT_EQ(bed.groups().describe("g").phase, GroupPhase::kDead);
  EXPECT_THAT(bed.groups().list({}), IsEmpty());
}

TEST_F(GroupsTest, ListsByPhase) {
  stable_member();
  OffsetCommitRequest other = simple_commit(part("t"), 1);
  other.origin.group = "h";
  bed.commit(other);
  EXPECT_EQ(bed.groups().list({}).size(), 2u);
  ASSERT_EQ(bed.groups().list({"stable"}).size(), 1u);
  EXPECT_EQ(bed.groups().list({"Stable"}).at(0).protocol_type, "consumer");
  EXPECT_EQ(bed.groups().list({"Empty"}).at(0).group, "h");
  EXPECT_THAT(bed.groups().list({"dead"}), IsEmpty());
}

TEST_F(GroupsTest, OffsetsOfTopicsThatAreReadCannotBeDeleted) {
  const std::string member = stable_member();
  OffsetCommitRequest mine = simple_commit(part("t"), 5);
  mine.origin = {"g", Generation(1), member, {}};
  mine.offsets.push_back(offset_of(part("u"), 6));
  bed.commit(mine);
  EXPECT_EQ(fault_of(bed.delete_offsets("", {part("t")}).status), Fault::kInvalidGroupId);
  OffsetDeleteResult result = bed.delete_offsets("g", {part("t"), part("u"), part("nope")});
  ASSERT_TRUE(result.status.ok());
  EXPECT_EQ(fault_of(result.statuses.at(0)), Fault::kGroupSubscribed);
  EXPECT_TRUE(result.statuses.at(1).ok());
  EXPECT_EQ(fault_of(result.statuses.at(2)), Fault::kUnknownTopic);
  EXPECT_EQ(offset(part("u")), -1);
  bed.leave({"g", {{member, {}}}});
  EXPECT_TRUE(bed.delete_offsets("g", {part("t")}).statuses.at(0).ok());
  bed.crash();
  EXPECT_EQ(offset(part("t")), -1);
  EXPECT_EQ(fault_of(bed.delete_offsets("nobody", {}).status), Fault::kGroupNotFound);
}

TEST_F(GroupsTest, OffsetsExpireSevenDaysAfterTheGroupIsEmpty) {
  const std::string member = stable_member();
  OffsetCommitRequest mine = simple_commit(part("t"), 5);
  mine.origin = {"g", Generation(1), member, {}};
  bed.commit(mine);
  // While somebody reads the topic its offsets stay, however old.
  for (int i = 0; i < 100; ++i) {
    bed.env().set_now(bed.env().now() + 3600000);
    ASSERT_TRUE(bed.groups().heartbeat({"g", member, {}, Generation(1)}).ok());
  }
  bed.env().set_now(bed.env().now() + 8 * kDayMs);
  bed.groups().expire_offsets();
  settle_store();
  EXPECT_EQ(offset(part("t")), 5);
  bed.leave({"g", {{member, {}}}});
  bed.env().set_now(bed.env().now() + 7 * kDayMs - 1);
  bed.groups().expire_offsets();
  settle_store();
  EXPECT_EQ(offset(part("t")), 5);
  bed.env().set_now(bed.env().now() + 1);
  bed.groups().expire_offsets();
  settle_store();
  EXPECT_EQ(offset(part("t")), -1);
  EXPECT_EQ(bed.groups().describe("g").phase, GroupPhase::kDead) << "nothing is left of the group";
  bed.crash();
  EXPECT_THAT(bed.groups().list({}), IsEmpty());
}

TEST_F(GroupsTest, AMembersOffsetsOfTopicsItDoesNotReadExpire) {
  const std::string member = stable_member();
  OffsetCommitRequest mine = simple_commit(part("t"), 5);
  mine.origin = {"g", Generation(1), member, {}};
  mine.offsets.push_back(offset_of(part("u"), 6));
  bed.commit(mine);
  bed.env().set_now(bed.env().now() + 7 * kDayMs);
  bed.groups().expire_offsets();
  settle_store();
  EXPECT_EQ(offset(part("t")), 5);
  EXPECT_EQ(offset(part("u")), -1);
}

TEST_F(GroupsTest, NoOffsetsExpireDuringARebalance) {
  const std::string member = stable_member();
  OffsetCommitRequest mine = simple_commit(part("u"), 6);
  mine.origin = {"g", Generation(1), member, {}};
  bed.commit(mine);
  bed.groups().join(join_request(), [](const JoinResult&) {});
  ASSERT_EQ(bed.groups().describe("g").phase, GroupPhase::kPreparingRebalance);
  bed.env().set_now(bed.env().now() + 7 * kDayMs);
  bed.groups().expire_offsets();
  settle_store();
  EXPECT_EQ(offset(part("u")), 6) << "its reader may be the one that is away";
}

TEST_F(GroupsTest, SimpleConsumersOffsetsExpireByTheirOwnAge) {
  bed.commit(simple_commit(part("t"), 1));
  OffsetCommitRequest brief = simple_commit(part("u"), 2);
  brief.retention_ms = 1000;
  bed.commit(brief);
  bed.env().set_now(bed.env().now() + 1000);
  bed.groups().expire_offsets();
  settle_store();
  EXPECT_EQ(offset(part("t")), 1);
  EXPECT_EQ(offset(part("u")), -1);
  bed.env().set_now(bed.env().now() + 7 * kDayMs);
  bed.pass(600000);
  settle_store();
  EXPECT_EQ(offset(part("t")), -1) << "the timer looks by itself";
}

TEST_F(GroupsTest, ADeletedTopicsOffsetsGo) {
  bed.commit(simple_commit(part("t"), 1));
  bed.commit(simple_commit(part("u"), 2));
  ASSERT_TRUE(bed.log().delete_topic("t").ok());
  bed.log().make("t", 3);
  EXPECT_EQ(offset(part("t")), -1);
  bed.crash();
  EXPECT_EQ(offset(part("t")), -1);
  EXPECT_EQ(offset(part("u")), 2);
}

TEST_F(GroupsTest, WaitingMembersAreAnsweredWhenTheServerStops) {
  stable_member();
  std::atomic<int> answered{0};
  Status status;
  bed.groups().join(join_request(), [&](const JoinResult& result) {
    status = result.status;
    ++answered;
  });
  EXPECT_EQ(answered, 0);
  bed.groups().close();
  EXPECT_EQ(answered, 1);
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_EQ(bed.join(join_request()).status.code(), StatusCode::kUnavailable);
  EXPECT_EQ(bed.commit(simple_commit(part("t"), 1)).at(0).code(), StatusCode::kUnavailable);
}

TEST_F(GroupsTest, StagedOffsetsMakeThePartitionUnstableUntilTheyAreSettled) {
  bed.commit(simple_commit(part("t"), 1));
  const ProducerId producer(9);
  const CommitOrigin origin{"g", Generation(-1), "", {}};
  const auto statuses =
      bed.groups().stage(producer, origin, {offset_of(part("t"), 5), offset_of(part("nope"), 5)});
  EXPECT_TRUE(statuses.at(0).ok());
  EXPECT_EQ(fault_of(statuses.at(1)), Fault::kUnknownTopic);
  EXPECT_EQ(offset(part("t"), true), -2);
  EXPECT_EQ(offset(part("t"), false), 1);
  EXPECT_EQ(offset(part("u"), true), -1);
  EXPECT_EQ(fault_of(bed.delete_group("g")), Fault::kGroupNotEmpty);
  std::promise<Status> done;
  bed.groups().settle(producer, meta::WriteBatch(), {{"g", offset_of(part("t"), 5)}},
                      [&](const Status& status) { done.set_value(status); });
  EXPECT_TRUE(done.get_future().get().ok());
  EXPECT_EQ(offset(part("t"), true), 5);
  bed.groups().stage(producer, origin, {offset_of(part("t"), 6)});
  bed.groups().forget(producer, {"g"});
  EXPECT_EQ(offset(part("t"), true), 5);
}

// Power is lost at every single change of the disk while a member comes, commits and goes: whatever
// was answered is there afterwards.
TEST(GroupsCrash, NothingAnsweredIsLostWhereverThePowerGoes) {
  for (uint64_t point = 1; point < 400; ++point) {
    SCOPED_TRACE("crash at change " + std::to_string(point));
    CoordinatorBed bed(point);
    ASSERT_TRUE(bed.open().ok());
    bed.env().set_crash_after(bed.env().mutations() + point);
    JoinRequest asked;
    asked.group = "g";
    asked.protocol_type = "consumer";
    asked.protocols = {{"range", ""}};
    asked.session_timeout_ms = 10000;
    const JoinResult joined = bed.join(asked);
    SyncResult synced;
    if (joined.status.ok()) {
      synced = bed.sync(
          {"g", joined.member_id, {}, joined.generation, {}, {}, {{joined.member_id, "mine"}}});
    }
    int64_t committed = -1;
    for (int64_t i = 0; i < 5 && synced.status.ok(); ++i) {
      const OffsetCommitRequest request{
          {"g", joined.generation, joined.member_id, {}}, {}, {offset_of(part("t"), i)}};
      if (!bed.commit(request).at(0).ok()) break;
      committed = i;
    }
    const bool over = !bed.env().crashed();
    bed.crash({.mode = CrashMode::kRandom, .seed = point});
    const OffsetFetchResult found =
        bed.groups().fetch_offsets({"g", std::vector<TopicPartition>{part("t")}, false});
    EXPECT_GE(found.offsets.at(0).offset.value(), committed);
    if (joined.status.ok()) {
      EXPECT_TRUE(bed.groups().heartbeat({"g", joined.member_id, {}, joined.generation}).ok());
    }
    if (joined.status.ok() && synced.status.ok()) {
      EXPECT_EQ(bed.sync({"g", joined.member_id, {}, joined.generation, {}, {}, {}}).assignment,
                "mine");
    }
    if (testing::Test::HasFailure() || over) return;
  }
  FAIL() << "the crash points never reached the end";
}

// Many threads at once; the thread sanitizer looks on.
TEST_F(GroupsTest, ThreadsCommitJoinAndLeaveAtOnce) {
  std::vector<std::thread> threads;
  std::atomic<int> refused{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 30; ++i) {
        OffsetCommitRequest request = simple_commit(part("t", t % 3), i);
        request.origin.group = "h" + std::to_string(t % 2);
        if (!bed.commit(request).at(0).ok()) ++refused;
        JoinRequest asked = join_request();
        asked.group = "j" + std::to_string(t);
        JoinResult joined = bed.join(asked);
        // Empty groups are being forgotten all the time here.
        while (joined.status.code() == StatusCode::kUnavailable) joined = bed.join(asked);
        EXPECT_TRUE(joined.status.ok()) << joined.status;
        bed.sync({asked.group, joined.member_id, {}, joined.generation, {}, {}, {}});
        bed.leave({asked.group, {{joined.member_id, {}}}});
        bed.groups().expire_offsets();
        bed.groups().list({});
        bed.groups().all_offsets();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(refused, 0);
  EXPECT_TRUE(bed.groups().describe("j0").members.empty());
}

}  // namespace
}  // namespace dataflow::log
