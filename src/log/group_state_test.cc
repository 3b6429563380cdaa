// The classic group protocol, rule by rule, as Kafka's broker shows it to its clients.
#include "group_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "group_state_bed.h"

namespace dataflow::log {
namespace {

using testing::ElementsAre;

TEST(GroupState, FirstMemberLeadsAtOnce) {
  GroupBed bed;
  const JoinResult& joined = bed.joins.at((bed.join(""), 1));
  EXPECT_TRUE(joined.status.ok());
  EXPECT_EQ(joined.member_id, "m1");
  EXPECT_EQ(joined.leader, "m1");
  EXPECT_EQ(joined.generation, Generation(1));
  EXPECT_EQ(joined.protocol, "r");
  EXPECT_EQ(joined.protocol_type, "consumer");
  ASSERT_EQ(joined.members.size(), 1u);
  const Ticket sync = bed.sync("m1", {{"m1", "all"}});
  EXPECT_EQ(bed.syncs.at(sync).assignment, "all");
  EXPECT_EQ(bed.state->phase(), GroupPhase::kStable);
  EXPECT_EQ(bed.heartbeat("m1"), Fault::kNone);
}

TEST(GroupState, UnknownMemberMustComeBackWithItsId) {
  GroupBed bed;
  JoinRequest asked = GroupBed::request("");
  asked.require_member_id = true;
  const Ticket first = bed.join(asked);
  EXPECT_EQ(fault_of(bed.joins.at(first).status), Fault::kMemberIdRequired);
  EXPECT_EQ(bed.joins.at(first).member_id, "m1");
  EXPECT_EQ(bed.state->phase(), GroupPhase::kEmpty);
  asked.member_id = "m1";
  EXPECT_TRUE(bed.joins.at(bed.join(asked)).status.ok());
  EXPECT_EQ(bed.state->pending(), 0u);
}

TEST(GroupState, AnIdThatIsNotUsedIsForgottenAfterTheSessionTimeout) {
  GroupBed bed;
  JoinRequest asked = GroupBed::request("");
  asked.require_member_id = true;
  bed.join(asked);
  bed.pass(9999);
  EXPECT_EQ(bed.state->pending(), 1u);
  bed.pass(1);
  EXPECT_EQ(bed.state->pending(), 0u);
  EXPECT_EQ(fault_of(bed.joins.at(bed.join("m1")).status), Fault::kUnknownMember);
}

TEST(PendingMembers, AreForgottenInTheOrderOfTheirTimes) {
  PendingMembers pending;
  EXPECT_EQ(pending.next_ms(), GroupState::kNever);
  pending.add("b", 20);
  pending.add("a", 30);
  pending.add("c", 10);
  EXPECT_EQ(pending.next_ms(), 10);
  EXPECT_FALSE(pending.forget_due(9));
  EXPECT_TRUE(pending.erase("c"));
  EXPECT_FALSE(pending.erase("c"));
  EXPECT_EQ(pending.next_ms(), 20);
  EXPECT_TRUE(pending.forget_due(20));
  EXPECT_FALSE(pending.contains("b"));
  EXPECT_TRUE(pending.contains("a"));
  EXPECT_EQ(pending.size(), 1u);
}

TEST(GroupState, APendingMemberHoldsTheRebalanceUntilItJoins) {
  GroupBed bed;
  bed.two_stable();
  JoinRequest asked = GroupBed::request("");
  asked.require_member_id = true;
  const Ticket first = bed.join(asked);
  const std::string id = bed.joins.at(first).member_id;
  const Ticket one = bed.join("m1");
  const Ticket two = bed.join("m2");
  EXPECT_FALSE(bed.joins.contains(one));
  EXPECT_FALSE(bed.joins.contains(two));
  const Ticket three = bed.join(id);
  EXPECT_EQ(bed.joins.at(one).members.size(), 3u);
  EXPECT_TRUE(bed.joins.at(three).members.empty());
}

TEST(GroupState, AnIdThatIsNeverUsedDoesNotHoldUpAnEmptyGroup) {
  GroupBed bed;
  JoinRequest asked = GroupBed::request("");
  asked.require_member_id = true;
  bed.join(asked);  // and its client dies
  const Ticket second = bed.join(asked);
  const Ticket joined = bed.join(bed.joins.at(second).member_id);
  ASSERT_TRUE(bed.joins.contains(joined));
  EXPECT_EQ(bed.joins.at(joined).generation, Generation(1));
  EXPECT_EQ(bed.joins.at(joined).members.size(), 1u);
}

TEST(GroupState, SecondMemberWaitsForTheFirstToRejoin) {
  GroupBed bed;
  bed.join("");
  bed.sync("m1");
  const Ticket second = bed.join("");
  EXPECT_FALSE(bed.joins.contains(second));
  EXPECT_EQ(bed.heartbeat("m1"), Fault::kRebalanceInProgress);
  const Ticket first = bed.join("m1");
  EXPECT_EQ(bed.joins.at(first).generation, Generation(2));
  EXPECT_EQ(bed.joins.at(second).generation, Generation(2));
  EXPECT_EQ(bed.joins.at(second).leader, "m1");
}

TEST(GroupState, MembersThatDoNotRejoinInTimeAreLeftBehind) {
  GroupBed bed;
  bed.join("");
  bed.sync("m1");
  const Ticket second = bed.join("");
  bed.pass(6000);
  bed.heartbeat("m1");
  bed.pass(6000);
  bed.heartbeat("m1");
  bed.pass(9000);
  bed.heartbeat("m1");
  bed.pass(8999);
  bed.heartbeat("m1");
  EXPECT_FALSE(bed.joins.contains(second));
  bed.pass(1);
  EXPECT_TRUE(bed.joins.at(second).status.ok());
  EXPECT_EQ(bed.joins.at(second).leader, "m2");
  EXPECT_EQ(bed.heartbeat("m1"), Fault::kUnknownMember);
}

TEST(GroupState, ASessionThatEndsStartsARebalance) {
  GroupBed bed;
  bed.two_stable();
  bed.pass(9000);
  EXPECT_EQ(bed.heartbeat("m1"), Fault::kNone);
  bed.pass(1000);
  EXPECT_EQ(bed.state->phase(), GroupPhase::kPreparingRebalance);
  EXPECT_EQ(bed.heartbeat("m2"), Fault::kUnknownMember);
  EXPECT_EQ(bed.heartbeat("m1"), Fault::kRebalanceInProgress);
}

TEST(GroupState, WaitingMembersDoNotLoseTheirSession) {
  GroupBed bed;
  bed.two_stable();
  const Ticket waiting = bed.join("m1");
  for (int i = 0; i < 3; ++i) {
    bed.pass(9000);
    bed.heartbeat("m2");
  }
  EXPECT_FALSE(bed.joins.contains(waiting));
  bed.pass(3000);
  EXPECT_TRUE(bed.joins.at(waiting).status.ok());
  EXPECT_EQ(bed.state->size(), 1u);
}

TEST(GroupState, ANewMemberThatWaitsTooLongIsForgotten) {
  GroupBed bed;
  bed.join("");
  bed.sync("m1");
  JoinRequest slow = GroupBed::request("m1", "rs");
  slow.rebalance_timeout_ms = 900000;
  bed.join(slow);
  bed.sync("m1");
  const Ticket second = bed.join("");
  for (int i = 0; i < 33; ++i) {
    bed.pass(9000);
    EXPECT_EQ(bed.heartbeat("m1"), Fault::kRebalanceInProgress);
  }
  EXPECT_FALSE(bed.joins.contains(second));
  bed.pass(3000);
  EXPECT_EQ(fault_of(bed.joins.at(second).status), Fault::kUnknownMember);
}

TEST(GroupState, ProtocolIsTheOneMostMembersPreferOfThoseAllKnow) {
  GroupBed bed;
  bed.join(GroupBed::request("", "abc"));
  bed.sync("m1");
  bed.join(GroupBed::request("", "cb"));
  const Ticket odd = bed.join(GroupBed::request("", "xy"));
  EXPECT_EQ(fault_of(bed.joins.at(odd).status), Fault::kInconsistentProtocol);
  bed.join(GroupBed::request("", "dcb"));
  const Ticket last = bed.join(GroupBed::request("m1", "abc"));
  EXPECT_EQ(bed.joins.at(last).protocol, "c");
  EXPECT_EQ(bed.joins.at(last).members.size(), 3u);
}

TEST(GroupState, ProtocolTypeMustBeTheGroups) {
  GroupBed bed;
  bed.join("");
  JoinRequest connect = GroupBed::request("");
  connect.protocol_type = "connect";
  EXPECT_EQ(fault_of(bed.joins.at(bed.join(connect)).status), Fault::kInconsistentProtocol);
  JoinRequest bare = GroupBed::request("");
  bare.protocols.clear();
  EXPECT_EQ(fault_of(bed.joins.at(bed.join(bare)).status), Fault::kInconsistentProtocol);
}

TEST(GroupState, SyncChecksGenerationProtocolAndPhase) {
  GroupBed bed;
  bed.two_stable();
  SyncRequest asked;
  asked.member_id = "m1";
  asked.generation = Generation(1);
  EXPECT_EQ(fault_of(bed.syncs.at(bed.sync(asked)).status), Fault::kIllegalGeneration);
  asked.generation = bed.state->generation();
  asked.protocol = "other";
  EXPECT_EQ(fault_of(bed.syncs.at(bed.sync(asked)).status), Fault::kInconsistentProtocol);
  asked.protocol = "r";
  asked.protocol_type = "connect";
  EXPECT_EQ(fault_of(bed.syncs.at(bed.sync(asked)).status), Fault::kInconsistentProtocol);
  asked.protocol_type = "consumer";
  EXPECT_EQ(bed.syncs.at(bed.sync(asked)).assignment, "a1");
  EXPECT_EQ(fault_of(bed.syncs.at(bed.sync("nobody")).status), Fault::kUnknownMember);
  bed.join("m1");
  EXPECT_EQ(fault_of(bed.syncs.at(bed.sync("m2")).status), Fault::kRebalanceInProgress);
}

TEST(GroupState, FollowersGetTheirAssignmentOnceTheLeadersIsStored) {
  GroupBed bed;
  bed.two_stable();
  bed.join("m1");
  bed.join("m2");
  const Ticket follower = bed.sync("m2");
  EXPECT_EQ(bed.heartbeat("m2"), Fault::kNone);
  bed.hold_stores = true;
  const Ticket leader = bed.sync("m1", {{"m2", "second"}});
  EXPECT_FALSE(bed.syncs.contains(follower));
  EXPECT_EQ(bed.state->phase(), GroupPhase::kCompletingRebalance);
  bed.finish_stores();
  EXPECT_EQ(bed.syncs.at(follower).assignment, "second");
  EXPECT_EQ(bed.syncs.at(leader).assignment, "");
}

TEST(GroupState, AnAssignmentThatCannotBeStoredRebalancesAgain) {
  GroupBed bed;
  bed.two_stable();
  bed.join("m1");
  bed.join("m2");
  bed.hold_stores = true;
  const Ticket follower = bed.sync("m2");
  bed.sync("m1", {{"m2", "second"}});
  bed.finish_stores(false);
  EXPECT_EQ(bed.syncs.at(follower).status.code(), StatusCode::kUnavailable);
  EXPECT_EQ(bed.state->phase(), GroupPhase::kPreparingRebalance);
}

TEST(GroupState, AJoinDuringCompletionAnswersTheWaitingSyncs) {
  GroupBed bed;
  bed.two_stable();
  bed.join("m1");
  bed.join("m2");
  const Ticket follower = bed.sync("m2");
  bed.join("");
  EXPECT_EQ(fault_of(bed.syncs.at(follower).status), Fault::kRebalanceInProgress);
}

TEST(GroupState, MembersThatNeverSyncAreRemoved) {
  GroupBed bed;
  bed.two_stable();
  bed.join("m1");
  bed.join("m2");
  bed.sync("m1", {{"m1", "x"}});
  for (int i = 0; i < 3; ++i) {
    bed.pass(9000);
    EXPECT_EQ(bed.heartbeat("m1"), Fault::kNone);
    EXPECT_EQ(bed.heartbeat("m2"), Fault::kNone);
  }
  bed.pass(3000);
  EXPECT_EQ(bed.heartbeat("m2"), Fault::kUnknownMember);
  EXPECT_EQ(bed.state->phase(), GroupPhase::kPreparingRebalance);
}

TEST(GroupState, ARepeatedJoinWithTheSameMetadataChangesNothing) {
  GroupBed bed;
  bed.two_stable();
  const Ticket again = bed.join(GroupBed::request("m2"));
  // The metadata of m2's first join was made before it had an id.
  EXPECT_FALSE(bed.joins.contains(again));
  bed.join("m1");
  bed.sync("m1");
  bed.sync("m2");
  const Ticket third = bed.join(GroupBed::request("m2"));
  EXPECT_EQ(bed.joins.at(third).generation, bed.state->generation());
  EXPECT_EQ(bed.joins.at(third).leader, "m1");
  EXPECT_EQ(bed.state->phase(), GroupPhase::kStable);
  const Ticket leader = bed.join(GroupBed::request("m1"));
  EXPECT_FALSE(bed.joins.contains(leader)) << "a leader that rejoins asks for a rebalance";
}

TEST(GroupState, ARepeatedJoinDuringCompletionGetsTheSameAnswer) {
  GroupBed bed;
  bed.join("");
  const Ticket again = bed.join([] {
    JoinRequest same = GroupBed::request("");
    same.member_id = "m1";
    return same;
  }());
  EXPECT_EQ(bed.joins.at(again).generation, Generation(1));
  EXPECT_EQ(bed.joins.at(again).members.size(), 1u);
}

TEST(GroupState, ALaterJoinOfAMemberTakesTheEarlierOnesPlace) {
  GroupBed bed;
  bed.two_stable();
  const Ticket first = bed.join("m1");
  const Ticket second = bed.join("m1");
  EXPECT_EQ(bed.joins.at(first).status.code(), StatusCode::kUnavailable);
  bed.join("m2");
  EXPECT_TRUE(bed.joins.at(second).status.ok());
}

TEST(GroupState, LeavingRebalancesTheOthersAndTheLastOneEmptiesTheGroup) {
  GroupBed bed;
  bed.two_stable();
  EXPECT_THAT(bed.leave({{"m1", {}}}), ElementsAre(Fault::kNone));
  EXPECT_EQ(bed.state->phase(), GroupPhase::kPreparingRebalance);
  EXPECT_EQ(bed.joins.at(bed.join("m2")).leader, "m2");
  EXPECT_EQ(bed.state->generation(), Generation(3));
  EXPECT_THAT(bed.leave({{"m1", {}}, {"m2", {}}}),
              ElementsAre(Fault::kUnknownMember, Fault::kNone));
  EXPECT_EQ(bed.state->phase(), GroupPhase::kEmpty);
  EXPECT_EQ(bed.state->generation(), Generation(4));
  ASSERT_TRUE(bed.disk.has_value());
  EXPECT_EQ(bed.disk->phase, GroupPhase::kEmpty);
}

TEST(GroupState, APendingMemberCanLeave) {
  GroupBed bed;
  JoinRequest asked = GroupBed::request("");
  asked.require_member_id = true;
  bed.join(asked);
  EXPECT_THAT(bed.leave({{"m1", {}}}), ElementsAre(Fault::kNone));
  EXPECT_EQ(bed.state->pending(), 0u);
  bed.join(asked);
  EXPECT_THAT(bed.leave({{"m2", "instance"}}), ElementsAre(Fault::kNone));
  EXPECT_EQ(bed.state->pending(), 0u);
}

TEST(GroupState, LeavingByInstanceId) {
  GroupBed bed;
  bed.join_static("i");
  bed.sync("m1");
  EXPECT_THAT(bed.leave({{"", "j"}, {"m9", "i"}, {"", "i"}}),
              ElementsAre(Fault::kUnknownMember, Fault::kFencedInstance, Fault::kNone));
  EXPECT_EQ(bed.state->phase(), GroupPhase::kEmpty);
}

TEST(GroupState, AStaticMemberThatReturnsKeepsItsAssignmentWithoutARebalance) {
  GroupBed bed;
  bed.join_static("leader");
  bed.sync("m1");
  bed.join_static("follower");
  bed.join([] {
    JoinRequest asked = GroupBed::request("m1");
    asked.instance_id = "leader";
    return asked;
  }());
  bed.sync("m1", {{"m1", "a1"}, {"m2", "a2"}});
  bed.sync("m2");
  const Ticket back = bed.join_static("follower");
  EXPECT_EQ(bed.joins.at(back).member_id, "m4");
  EXPECT_EQ(bed.joins.at(back).generation, Generation(2));
  EXPECT_EQ(bed.joins.at(back).leader, "m1");
  EXPECT_EQ(bed.state->phase(), GroupPhase::kStable);
  EXPECT_EQ(bed.syncs.at(bed.sync("m4")).assignment, "a2");
  // The one that it replaced is fenced wherever it names its instance, and unknown where it does
  // not.
  const HeartbeatRequest old{"g", "m2", "follower", Generation(2)};
  EXPECT_EQ(fault_of(bed.state->heartbeat(old, bed.now)), Fault::kFencedInstance);
  EXPECT_EQ(bed.heartbeat("m2"), Fault::kUnknownMember);
  EXPECT_EQ(bed.commit(2, "m2", false, "follower"), Fault::kFencedInstance);
  ASSERT_EQ(bed.disk->members.size(), 2u);
  EXPECT_EQ(bed.disk->members[1].id, "m4");
}

TEST(GroupState, AStaticLeaderThatReturnsMustNotAssign) {
  GroupBed bed;
  bed.join_static("leader");
  bed.sync("m1", {{"m1", "a1"}});
  const Ticket old_client = bed.join_static("leader", false);
  EXPECT_EQ(bed.joins.at(old_client).member_id, "m2");
  EXPECT_EQ(bed.joins.at(old_client).leader, "m1");
  EXPECT_TRUE(bed.joins.at(old_client).members.empty());
  EXPECT_FALSE(bed.joins.at(old_client).skip_assignment);
  const Ticket new_client = bed.join_static("leader", true);
  EXPECT_EQ(bed.joins.at(new_client).leader, "m3");
  EXPECT_TRUE(bed.joins.at(new_client).skip_assignment);
  EXPECT_EQ(bed.joins.at(new_client).members.size(), 1u);
  EXPECT_EQ(bed.syncs.at(bed.sync("m3")).assignment, "a1");
}

TEST(GroupState, AStaticMemberThatReturnsWithOtherProtocolsRebalances) {
  GroupBed bed;
  bed.join_static("one", false, "ab");
  bed.sync("m1");
  const Ticket back = bed.join_static("one", false, "ba");
  EXPECT_EQ(bed.joins.at(back).protocol, "b");
  EXPECT_EQ(bed.joins.at(back).generation, Generation(2));
}

TEST(GroupState, AStaticMemberThatReturnsDuringCompletionRebalances) {
  GroupBed bed;
  bed.join_static("one");
  const Ticket waiting = bed.sync([] {
    SyncRequest asked;
    asked.member_id = "m1";
    asked.generation = Generation(1);
    return asked;
  }());
  EXPECT_TRUE(bed.syncs.contains(waiting));
  bed.join_static("two");
  const Ticket first = bed.join([] {
    JoinRequest asked = GroupBed::request("m1");
    asked.instance_id = "one";
    return asked;
  }());
  EXPECT_TRUE(bed.joins.contains(first));
  const Ticket follower = bed.sync("m2");
  const Ticket back = bed.join_static("two");
  EXPECT_EQ(fault_of(bed.syncs.at(follower).status), Fault::kFencedInstance);
  EXPECT_FALSE(bed.joins.contains(back));
  EXPECT_EQ(bed.state->phase(), GroupPhase::kPreparingRebalance);
}

TEST(GroupState, AStaticMemberThatIsAwayKeepsItsPlaceOverARebalance) {
  GroupBed bed;
  bed.join_static("one");
  bed.sync("m1");
  const Ticket second = bed.join("");
  bed.pass(9000);
  for (int i = 0; i < 2; ++i) {
    const HeartbeatRequest beat{"g", "m1", "one", bed.state->generation()};
    EXPECT_EQ(fault_of(bed.state->heartbeat(beat, bed.now)), Fault::kRebalanceInProgress);
    bed.pass(9000);
  }
  const HeartbeatRequest beat{"g", "m1", "one", bed.state->generation()};
  EXPECT_EQ(fault_of(bed.state->heartbeat(beat, bed.now)), Fault::kRebalanceInProgress);
  bed.pass(3000);
  ASSERT_TRUE(bed.joins.contains(second));
  EXPECT_EQ(bed.joins.at(second).leader, "m2");
  EXPECT_EQ(bed.joins.at(second).members.size(), 2u);
}

TEST(GroupState, InitialDelayWaitsForMoreMembers) {
  GroupsOptions options;
  options.initial_rebalance_delay_ms = 3000;
  GroupBed bed(options);
  const Ticket first = bed.join("");
  bed.pass(2000);
  const Ticket second = bed.join("");
  bed.pass(1000);
  EXPECT_FALSE(bed.joins.contains(first)) << "a member came, so the wait goes on";
  bed.pass(3000);
  EXPECT_EQ(bed.joins.at(first).members.size() + bed.joins.at(second).members.size(), 2u);
  EXPECT_EQ(bed.joins.at(second).generation, Generation(1));
}

TEST(GroupState, AFullGroupRefusesOneMore) {
  GroupsOptions options;
  options.max_size = 2;
  GroupBed bed(options);
  bed.two_stable();
  EXPECT_EQ(fault_of(bed.joins.at(bed.join("")).status), Fault::kGroupMaxSizeReached);
  const Ticket known = bed.join("m1");
  bed.join("m2");
  EXPECT_TRUE(bed.joins.at(known).status.ok());
}

TEST(GroupState, CommitsAreOfTheCurrentGenerationsMembers) {
  GroupBed bed;
  EXPECT_EQ(bed.commit(-1, ""), Fault::kNone) << "an empty group takes commits of simple consumers";
  EXPECT_EQ(bed.commit(0, "m1"), Fault::kUnknownMember);
  bed.two_stable();
  const int32_t generation = bed.state->generation().value();
  EXPECT_EQ(bed.commit(generation, "m1"), Fault::kNone);
  EXPECT_EQ(bed.commit(generation - 1, "m1"), Fault::kIllegalGeneration);
  EXPECT_EQ(bed.commit(generation, "m9"), Fault::kUnknownMember);
  EXPECT_EQ(bed.commit(-1, ""), Fault::kUnknownMember) << "the group has members now";
  EXPECT_EQ(bed.commit(-1, "", true), Fault::kNone) << "old producers send no member";
  bed.join("m1");
  EXPECT_EQ(bed.commit(generation, "m2"), Fault::kNone) << "what it read before the rebalance";
  bed.join("m2");
  EXPECT_EQ(bed.commit(generation + 1, "m2"), Fault::kRebalanceInProgress);
  EXPECT_EQ(bed.commit(generation + 1, "m2", true), Fault::kNone);
}

TEST(GroupState, ACommitKeepsTheSessionAlive) {
  GroupBed bed;
  bed.join("");
  bed.sync("m1");
  for (int i = 0; i < 3; ++i) {
    bed.pass(9000);
    EXPECT_EQ(bed.commit(1, "m1"), Fault::kNone);
  }
  EXPECT_EQ(bed.heartbeat("m1"), Fault::kNone);
}

TEST(GroupState, AfterARestartMembersGoOnInTheirGeneration) {
  GroupBed bed;
  bed.two_stable();
  bed.pass(8000);
  bed.restart();
  EXPECT_EQ(bed.state->phase(), GroupPhase::kStable);
  bed.pass(9000);
  EXPECT_EQ(bed.heartbeat("m1", 2), Fault::kNone);
  EXPECT_EQ(bed.heartbeat("m2", 2), Fault::kNone);
  EXPECT_EQ(bed.syncs.at(bed.sync("m2")).assignment, "a2");
  EXPECT_EQ(bed.state->leader(), "m1");
}

TEST(GroupState, ARestartBeforeTheAssignmentGoesOnToTheSync) {
  GroupBed bed;
  bed.join("");
  bed.restart();
  EXPECT_EQ(bed.state->phase(), GroupPhase::kCompletingRebalance);
  JoinRequest again = GroupBed::request("");
  again.member_id = "m1";
  EXPECT_EQ(bed.joins.at(bed.join(again)).generation, Generation(1));
  EXPECT_EQ(bed.syncs.at(bed.sync("m1", {{"m1", "x"}})).assignment, "x");
}

TEST(GroupState, AnEmptyGroupsGenerationSurvivesARestart) {
  GroupBed bed;
  bed.two_stable();
  bed.leave({{"m1", {}}, {"m2", {}}});
  bed.restart();
  EXPECT_EQ(bed.joins.at(bed.join("")).generation, Generation(4));
}

TEST(GroupState, DescribesMetadataOnlyWhileStableAndAssignmentsUntilTheNextGeneration) {
  GroupBed bed;
  bed.two_stable();
  GroupDescription about = bed.state->describe();
  EXPECT_EQ(about.protocol, "r");
  ASSERT_EQ(about.members.size(), 2u);
  EXPECT_EQ(about.members[1].assignment, "a2");
  EXPECT_EQ(about.members[0].metadata, "about m1");
  EXPECT_EQ(about.members[0].client_host, "/127.0.0.1");
  bed.join("m1");
  about = bed.state->describe();
  EXPECT_EQ(about.phase, GroupPhase::kPreparingRebalance);
  EXPECT_EQ(about.protocol, "");
  EXPECT_EQ(about.members[0].metadata, "");
  EXPECT_EQ(about.members[1].assignment, "a2");
  bed.join("m2");
  about = bed.state->describe();
  EXPECT_EQ(about.phase, GroupPhase::kCompletingRebalance);
  EXPECT_EQ(about.members[1].assignment, "");
}

TEST(GroupState, SubscribedTopicsComeFromTheMembersMetadata) {
  GroupBed bed;
  JoinRequest asked = GroupBed::request("");
  asked.protocols[0].metadata = std::string("\0\1\0\0\0\2\0\1a\0\2bc\0\0\0\0", 17);
  bed.join(asked);
  ASSERT_TRUE(bed.state->subscribed_topics().has_value());
  EXPECT_THAT(*bed.state->subscribed_topics(), ElementsAre("a", "bc"));
  GroupBed other;
  other.join("");
  EXPECT_FALSE(other.state->subscribed_topics().has_value()) << "not a subscription's bytes";
}

TEST(GroupState, StoppingAnswersEverybodyWhoWaits) {
  GroupBed bed;
  bed.two_stable();
  const Ticket join = bed.join("m1");
  bed.take(bed.state->abandon(Status::unavailable("stopping")));
  EXPECT_EQ(bed.joins.at(join).status.code(), StatusCode::kUnavailable);
}

}  // namespace
}  // namespace dataflow::log
