// The transaction coordinator over a real store and a fake log: the order of an end, fencing,
// timeouts, restarts at every step.
#include "log/transactions.h"

#include <atomic>
#include <future>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator_test_bed.h"
#include "log/fault.h"

namespace dataflow::log {
namespace {

using testing::ElementsAre;

class TransactionsTest : public testing::Test {
 protected:
  TransactionsTest() { EXPECT_TRUE(bed.open().ok()); }

  TransactionIdentity producer(const std::string& id = "x", int32_t timeout_ms = 60000) {
    const InitProducerResult out = bed.init(id, timeout_ms);
    EXPECT_TRUE(out.status.ok()) << out.status;
    return {id, out.producer_id, out.producer_epoch};
  }
  void produce(const TransactionIdentity& who, const TopicPartition& to) {
    const auto permit = verify(who, to);
    ASSERT_TRUE(permit.ok()) << permit.status();
    bed.log().at(to.topic, to.partition.value()).produce(who.producer_id, who.producer_epoch);
  }
  Result<AppendPermit> verify(const TransactionIdentity& who, const TopicPartition& to) {
    return bed.transactions().verify_partition(who.transactional_id, who.producer_id,
                                               who.producer_epoch, to);
  }
  TransactionIdentity ongoing(const TopicPartition& to = part("t")) {
    TransactionIdentity who = producer();
    EXPECT_TRUE(bed.add(who, {to}).at(0).ok());
    produce(who, to);
    return who;
  }
  static TxnOffsetCommitRequest offsets(const TransactionIdentity& who, int64_t offset) {
    return {who, {"g", Generation(-1), "", {}}, {offset_of(part("u"), offset)}};
  }
  int64_t group_offset(bool stable = true) {
    const auto out =
        bed.groups().fetch_offsets({"g", std::vector<TopicPartition>{part("u")}, stable});
    return out.offsets.at(0).status.ok() ? out.offsets.at(0).offset.value() : -2;
  }
  TransactionPhase phase(const std::string& id = "x") {
    return bed.transactions().describe(id).phase;
  }
  std::vector<bool> markers(const TopicPartition& of) {
    std::vector<bool> out;
    for (const auto& entry : bed.log().at(of.topic, of.partition.value()).entries()) {
      if (entry.marker) out.push_back(entry.commit);
    }
    return out;
  }

  CoordinatorBed bed;
};

TEST_F(TransactionsTest, ProducerIdsNeverRepeat) {
  std::set<int64_t> seen;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 1500; ++i) {
      const InitProducerResult out = bed.init(InitProducerRequest{});
      ASSERT_TRUE(out.status.ok());
      EXPECT_EQ(out.producer_epoch, ProducerEpoch(0));
      EXPECT_TRUE(seen.insert(out.producer_id.value()).second);
    }
    bed.crash();
  }
}

TEST_F(TransactionsTest, TimeoutsBeyondTheLimitAreRefused) {
  EXPECT_EQ(fault_of(bed.init("x", 3600001).status), Fault::kInvalidTransactionTimeout);
  EXPECT_EQ(fault_of(bed.init("x", 0).status), Fault::kInvalidTransactionTimeout);
  EXPECT_TRUE(bed.init("x", 3600000).status.ok());
  EXPECT_EQ(bed.init("").status.code(), StatusCode::kInvalid);
}

TEST_F(TransactionsTest, CommitWritesMarkersAndAnswersOnceTheyAreReadable) {
  const TransactionIdentity who = ongoing();
  EXPECT_EQ(phase(), TransactionPhase::kOngoing);
  EXPECT_TRUE(bed.end(who, true).ok());
  EXPECT_THAT(markers(part("t")), ElementsAre(true));
  EXPECT_EQ(bed.log().at("t").synced(), 2u);
  EXPECT_EQ(phase(), TransactionPhase::kCompleteCommit);
  EXPECT_TRUE(bed.end(who, true).ok()) << "the answer may have been lost";
  EXPECT_EQ(fault_of(bed.end(who, false)), Fault::kInvalidTransactionState);
  EXPECT_TRUE(bed.add(who, {part("t")}).at(0).ok()) << "the next one begins at once";
  EXPECT_TRUE(bed.end(who, false).ok());
  EXPECT_THAT(markers(part("t")), ElementsAre(true, false));
}

TEST_F(TransactionsTest, RefusesStrangersAndStaleProducers) {
  const TransactionIdentity old = producer();
  const TransactionIdentity who = producer();
  EXPECT_EQ(who.producer_id, old.producer_id);
  EXPECT_EQ(who.producer_epoch, ProducerEpoch(1));
  EXPECT_EQ(fault_of(bed.add(old, {part("t")}).at(0)), Fault::kProducerFenced);
  EXPECT_EQ(fault_of(bed.end(old, true)), Fault::kProducerFenced);
  EXPECT_EQ(fault_of(bed.add_group(old, "g")), Fault::kProducerFenced);
  EXPECT_EQ(fault_of(bed.txn_commit(offsets(old, 1)).at(0)), Fault::kInvalidProducerEpoch);
  EXPECT_EQ(fault_of(verify(old, part("t")).status()), Fault::kInvalidProducerEpoch);
  TransactionIdentity stranger = who;
  stranger.producer_id = ProducerId(999);
  EXPECT_EQ(fault_of(bed.add(stranger, {part("t")}).at(0)), Fault::kInvalidProducerIdMapping);
  EXPECT_EQ(fault_of(verify(stranger, part("t")).status()), Fault::kInvalidProducerIdMapping);
  stranger.transactional_id = "nobody";
  EXPECT_EQ(fault_of(bed.end(stranger, true)), Fault::kInvalidProducerIdMapping);
  EXPECT_EQ(fault_of(bed.end(who, true)), Fault::kInvalidTransactionState) << "nothing has begun";
}

TEST_F(TransactionsTest, OnlyPartitionsOfTheTransactionMayBeWritten) {
  const TransactionIdentity who = producer();
  EXPECT_EQ(fault_of(verify(who, part("t")).status()), Fault::kInvalidTransactionState);
  bed.add(who, {part("t")});
  EXPECT_TRUE(verify(who, part("t")).ok());
  EXPECT_EQ(fault_of(verify(who, part("t", 1)).status()), Fault::kInvalidTransactionState);
  EXPECT_TRUE(bed.end(who, true).ok());
  EXPECT_EQ(fault_of(verify(who, part("t")).status()), Fault::kInvalidTransactionState);
}

TEST_F(TransactionsTest, AnUnknownPartitionKeepsTheOthersOut) {
  const TransactionIdentity who = producer();
  const std::vector<Status> statuses = bed.add(who, {part("t"), part("nope"), part("t", 3)});
  EXPECT_EQ(fault_of(statuses.at(0)), Fault::kOperationNotAttempted);
  EXPECT_EQ(fault_of(statuses.at(1)), Fault::kUnknownTopic);
  EXPECT_EQ(fault_of(statuses.at(2)), Fault::kUnknownTopic);
  EXPECT_EQ(phase(), TransactionPhase::kEmpty);
}

TEST_F(TransactionsTest, TheDecisionWaitsForTheData) {
  const TransactionIdentity who = ongoing();
  bed.log().at("t").hold_syncs(true);
  bed.log().at("t").produce(who.producer_id, who.producer_epoch);
  std::promise<Status> done;
  bed.transactions().end(who, true, [&](const Status& status) { done.set_value(status); });
  ASSERT_TRUE(bed.store().drain().ok());
  EXPECT_EQ(phase(), TransactionPhase::kOngoing);
  EXPECT_TRUE(markers(part("t")).empty());
  EXPECT_EQ(fault_of(bed.end(who, true)), Fault::kConcurrentTransactions);
  bed.log().at("t").hold_syncs(false);
  EXPECT_TRUE(done.get_future().get().ok());
  EXPECT_THAT(markers(part("t")), ElementsAre(true));
}

TEST_F(TransactionsTest, DataThatCannotBeSyncedIsNotCommitted) {
  const TransactionIdentity who = ongoing();
  bed.log().at("t").fail_syncs(true);
  EXPECT_EQ(fault_of(bed.end(who, true)), Fault::kStorage);
  EXPECT_EQ(phase(), TransactionPhase::kOngoing);
  bed.log().at("t").fail_syncs(false);
  EXPECT_TRUE(bed.end(who, false).ok());
  EXPECT_THAT(markers(part("t")), ElementsAre(false));
}

TEST_F(TransactionsTest, TheEndWaitsForAppendsUnderWay) {
  const TransactionIdentity who = ongoing();
  Result<AppendPermit> permit = verify(who, part("t"));
  ASSERT_TRUE(permit.ok());
  std::promise<Status> done;
  std::future<Status> answer = done.get_future();
  bed.transactions().end(who, false, [&](const Status& status) { done.set_value(status); });
  EXPECT_EQ(fault_of(verify(who, part("t")).status()), Fault::kInvalidTransactionState);
  ASSERT_TRUE(bed.store().drain().ok());
  EXPECT_TRUE(markers(part("t")).empty());
  bed.log().at("t").produce(who.producer_id, who.producer_epoch);
  *permit = AppendPermit();
  EXPECT_TRUE(answer.get().ok());
  EXPECT_FALSE(bed.log().at("t").hanging(who.producer_id));
}

TEST_F(TransactionsTest, ANewInstanceAbortsTheOldOnesTransaction) {
  const TransactionIdentity old = ongoing();
  EXPECT_EQ(fault_of(bed.init("x").status), Fault::kConcurrentTransactions);
  ASSERT_TRUE(bed.store().drain().ok());
  const TransactionIdentity who = producer();
  EXPECT_EQ(who.producer_epoch, ProducerEpoch(2)) << "one for the fence, one for the new instance";
  EXPECT_THAT(markers(part("t")), ElementsAre(false));
  EXPECT_EQ(bed.log().at("t").entries().back().epoch, ProducerEpoch(1));
  EXPECT_EQ(fault_of(bed.end(old, true)), Fault::kProducerFenced);
}

TEST_F(TransactionsTest, ATransactionThatTakesTooLongIsAbortedAndItsProducerFenced) {
  const TransactionIdentity who = producer("x", 10000);
  bed.add(who, {part("t")});
  produce(who, part("t"));
  bed.pass(9999);
  EXPECT_EQ(phase(), TransactionPhase::kOngoing);
  bed.pass(1);
  EXPECT_EQ(phase(), TransactionPhase::kCompleteAbort);
  EXPECT_THAT(markers(part("t")), ElementsAre(false));
  EXPECT_EQ(fault_of(bed.end(who, true)), Fault::kProducerFenced);
  EXPECT_EQ(fault_of(verify(who, part("t")).status()), Fault::kInvalidProducerEpoch);
}

TEST_F(TransactionsTest, AProducerGoesOnAfterItsTransactionTimedOut) {
  const TransactionIdentity who = producer("x", 10000);
  bed.add(who, {part("t")});
  produce(who, part("t"));
  bed.pass(10000);
  ASSERT_TRUE(bed.store().drain().ok());  // else the start may write the marker once more
  bed.crash({});
  InitProducerRequest again{"x", 10000, who.producer_id, who.producer_epoch};
  const InitProducerResult raised = bed.init(again);
  ASSERT_TRUE(raised.status.ok()) << raised.status;
  EXPECT_EQ(raised.producer_id, who.producer_id);
  EXPECT_EQ(raised.producer_epoch, who.producer_epoch + 1);
  const TransactionIdentity now{"x", raised.producer_id, raised.producer_epoch};
  EXPECT_TRUE(bed.add(now, {part("t")}).at(0).ok());
  produce(now, part("t"));
  EXPECT_TRUE(bed.end(now, true).ok());
  EXPECT_THAT(markers(part("t")), ElementsAre(false, true));
  // Another instance still fences it for good.
  producer("x");
  EXPECT_EQ(fault_of(bed.init({"x", 10000, now.producer_id, now.producer_epoch}).status),
            Fault::kProducerFenced);
}

TEST_F(TransactionsTest, AnEmptyIdIsNoTransactionalId) {
  const TransactionIdentity nobody{"", ProducerId(1), ProducerEpoch(0)};
  EXPECT_EQ(bed.init("").status.code(), StatusCode::kInvalid);
  EXPECT_EQ(bed.add(nobody, {part("t")}).at(0).code(), StatusCode::kInvalid);
  EXPECT_EQ(bed.add_group(nobody, "g").code(), StatusCode::kInvalid);
  EXPECT_EQ(bed.end(nobody, true).code(), StatusCode::kInvalid);
  EXPECT_EQ(bed.transactions().describe("").status.code(), StatusCode::kInvalid);
  TxnOffsetCommitRequest request = offsets(producer(), 1);
  request.origin.group = "";
  EXPECT_EQ(fault_of(bed.txn_commit(request).at(0)), Fault::kInvalidGroupId);
}

TEST_F(TransactionsTest, OffsetsTakeEffectWithTheCommit) {
  const TransactionIdentity who = producer();
  EXPECT_EQ(fault_of(bed.txn_commit(offsets(who, 5)).at(0)), Fault::kInvalidTransactionState);
  EXPECT_TRUE(bed.add_group(who, "g").ok());
  EXPECT_TRUE(bed.txn_commit(offsets(who, 5)).at(0).ok());
  EXPECT_EQ(group_offset(), -2) << "unstable";
  EXPECT_EQ(group_offset(false), -1);
  EXPECT_TRUE(bed.end(who, true).ok());
  EXPECT_EQ(group_offset(), 5);
  bed.crash();
  EXPECT_EQ(group_offset(), 5);
}

TEST_F(TransactionsTest, OffsetsOfAnAbortedTransactionAreForgotten) {
  const TransactionIdentity who = producer();
  EXPECT_TRUE(bed.add_group(who, "g").ok());
  bed.txn_commit(offsets(who, 5));
  bed.crash();
  EXPECT_EQ(group_offset(), -2) << "still unstable after a restart";
  EXPECT_TRUE(bed.end(who, false).ok());
  EXPECT_EQ(group_offset(), -1);
  bed.crash();
  EXPECT_EQ(group_offset(), -1);
}

TEST_F(TransactionsTest, OffsetsOfAStaleGenerationAreRefused) {
  const TransactionIdentity who = producer();
  EXPECT_TRUE(bed.add_group(who, "g").ok());
  TxnOffsetCommitRequest request = offsets(who, 5);
  request.origin.generation = Generation(3);
  request.origin.member_id = "m";
  EXPECT_EQ(fault_of(bed.txn_commit(request).at(0)), Fault::kIllegalGeneration);
  EXPECT_TRUE(bed.end(who, true).ok());
  EXPECT_EQ(group_offset(), -1);
}

TEST_F(TransactionsTest, AfterARestartAnOngoingTransactionKeepsWhatIsLeftOfItsTimeout) {
  const TransactionIdentity who = producer("x", 10000);
  bed.add(who, {part("t")});
  bed.pass(6000);
  bed.crash();
  EXPECT_EQ(phase(), TransactionPhase::kOngoing);
  EXPECT_TRUE(verify(who, part("t")).ok());
  bed.pass(3999);
  EXPECT_EQ(phase(), TransactionPhase::kOngoing);
  bed.pass(1);
  EXPECT_EQ(phase(), TransactionPhase::kCompleteAbort);
}

TEST_F(TransactionsTest, ADecidedTransactionIsCarriedToItsEndAfterARestart) {
  const TransactionIdentity who = ongoing();
  bed.add(who, {part("t", 1)});
  bed.log().at("t", 1).refuse_markers(true);
  EXPECT_TRUE(bed.end(who, true).ok()) << "the decision stands, whatever one partition says";
  EXPECT_EQ(phase(), TransactionPhase::kPrepareCommit);
  EXPECT_EQ(fault_of(bed.add(who, {part("t")}).at(0)), Fault::kConcurrentTransactions);
  EXPECT_EQ(fault_of(bed.end(who, true)), Fault::kConcurrentTransactions);
  EXPECT_EQ(fault_of(bed.end(who, false)), Fault::kInvalidTransactionState);
  bed.crash();
  EXPECT_EQ(phase(), TransactionPhase::kCompleteCommit);
  EXPECT_THAT(markers(part("t")), ElementsAre(true, true)) << "once more, which does no harm";
  EXPECT_THAT(markers(part("t", 1)), ElementsAre(true));
}

TEST_F(TransactionsTest, AMarkerThatWasNotSyncedIsWrittenAgainAfterAPowerLoss) {
  const TransactionIdentity who = ongoing();
  bed.log().at("t").hold_syncs(false);  // the data is on disk
  bed.log().at("t").hold_syncs(true);
  std::promise<Status> done;
  bed.transactions().end(who, false, [&](const Status& status) { done.set_value(status); });
  ASSERT_TRUE(bed.store().drain().ok());
  EXPECT_THAT(markers(part("t")), ElementsAre(false));
  EXPECT_EQ(phase(), TransactionPhase::kPrepareAbort);
  bed.crash();
  EXPECT_EQ(phase(), TransactionPhase::kCompleteAbort);
  EXPECT_THAT(markers(part("t")), ElementsAre(false));
  EXPECT_EQ(bed.log().at("t").synced(), 2u);
  EXPECT_TRUE(bed.end(who, false).ok()) << "its producer never had the answer";
}

TEST_F(TransactionsTest, AMarkerThatIsRefusedIsTriedAgain) {
  const TransactionIdentity who = ongoing();
  bed.log().at("t").refuse_markers(true);
  EXPECT_TRUE(bed.end(who, true).ok());
  bed.pass(500);
  EXPECT_EQ(phase(), TransactionPhase::kPrepareCommit);
  bed.log().at("t").refuse_markers(false);
  bed.pass(500);
  EXPECT_EQ(phase(), TransactionPhase::kCompleteCommit);
  EXPECT_THAT(markers(part("t")), ElementsAre(true));
}

TEST_F(TransactionsTest, ADeletedTopicIsSkipped) {
  const TransactionIdentity who = ongoing();
  bed.add(who, {part("u")});
  EXPECT_TRUE(bed.add_group(who, "g").ok());
  bed.txn_commit(offsets(who, 5));
  EXPECT_TRUE(bed.log().delete_topic("u").ok());
  EXPECT_TRUE(bed.end(who, true).ok());
  EXPECT_EQ(phase(), TransactionPhase::kCompleteCommit);
  EXPECT_EQ(group_offset(), -1);
  EXPECT_THAT(markers(part("t")), ElementsAre(true));
}

TEST_F(TransactionsTest, ListsAndDescribes) {
  const TransactionIdentity who = ongoing();
  producer("y");
  bed.pass(1000);
  EXPECT_EQ(bed.transactions().list({}).transactions.size(), 2u);
  const TransactionList open = bed.transactions().list({{"Ongoing", "Strange"}, {}, -1});
  ASSERT_EQ(open.transactions.size(), 1u);
  EXPECT_EQ(open.transactions[0].transactional_id, "x");
  EXPECT_THAT(open.unknown_phases, ElementsAre("Strange"));
  EXPECT_EQ(bed.transactions().list({{}, {who.producer_id}, -1}).transactions.size(), 1u);
  EXPECT_EQ(bed.transactions().list({{}, {}, 1000}).transactions.size(), 1u);
  EXPECT_EQ(bed.transactions().list({{}, {}, 1001}).transactions.size(), 0u);
  const TransactionDescription about = bed.transactions().describe("x");
  EXPECT_TRUE(about.status.ok());
  EXPECT_EQ(about.timeout_ms, 60000);
  EXPECT_THAT(about.partitions, ElementsAre(part("t")));
  EXPECT_EQ(bed.transactions().describe("y").started, kNoTimestamp);
  EXPECT_TRUE(bed.end(who, true).ok());
  EXPECT_EQ(bed.transactions().describe("x").started, about.started) << "as Kafka tells it";
  EXPECT_EQ(fault_of(bed.transactions().describe("nobody").status),
            Fault::kTransactionalIdNotFound);
}

TEST_F(TransactionsTest, UnusedIdsAreForgottenAfterSevenDays) {
  const TransactionIdentity who = producer();
  const int64_t week = 7LL * 24 * 3600 * 1000;
  bed.env().set_now(bed.env().now() + week - 1);
  bed.transactions().expire_ids();
  ASSERT_TRUE(bed.store().drain().ok());
  EXPECT_TRUE(bed.transactions().describe("x").status.ok());
  bed.env().set_now(bed.env().now() + 1);
  bed.pass(3600000);
  EXPECT_FALSE(bed.transactions().describe("x").status.ok());
  bed.crash();
  EXPECT_FALSE(bed.transactions().describe("x").status.ok());
  EXPECT_NE(producer().producer_id, who.producer_id);
}

TEST_F(TransactionsTest, RefusesEverythingOnceItIsClosed) {
  const TransactionIdentity who = ongoing();
  bed.transactions().close();
  EXPECT_EQ(bed.init("x").status.code(), StatusCode::kUnavailable);
  EXPECT_EQ(bed.init(InitProducerRequest{}).status.code(), StatusCode::kUnavailable);
  EXPECT_EQ(bed.end(who, true).code(), StatusCode::kUnavailable);
  EXPECT_EQ(verify(who, part("t")).status().code(), StatusCode::kUnavailable);
}

// Many producers at once; the thread sanitizer looks on.
TEST_F(TransactionsTest, ThreadsRunTransactionsAtOnce) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const TransactionIdentity who = producer("id" + std::to_string(t));
      for (int i = 0; i < 25; ++i) {
        const TopicPartition to = part("t", i % 3);
        EXPECT_TRUE(bed.add(who, {to}).at(0).ok());
        produce(who, to);
        EXPECT_TRUE(bed.add_group(who, "g").ok());
        EXPECT_TRUE(bed.txn_commit(offsets(who, i)).at(0).ok());
        EXPECT_TRUE(bed.end(who, i % 4 != 0).ok());
        bed.transactions().list({});
        bed.groups().all_offsets();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int i = 0; i < 3; ++i) {
    for (const auto& listing : bed.transactions().list({}).transactions) {
      EXPECT_FALSE(bed.log().at("t", i).hanging(listing.producer_id));
    }
  }
  EXPECT_EQ(group_offset(), 23);
}

}  // namespace
}  // namespace dataflow::log
