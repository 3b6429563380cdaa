// What a transactional id may do next, rule by rule.
#include "transaction_state.h"

#include <gtest/gtest.h>

#include "transaction_rows.h"

namespace dataflow::log {
namespace {

constexpr Timestamp kNow{1000};

TransactionRecord record_of(int16_t epoch, TransactionPhase phase = TransactionPhase::kEmpty) {
  TransactionRecord out;
  out.producer_id = ProducerId(7);
  out.epoch = ProducerEpoch(epoch);
  out.phase = phase;
  out.timeout_ms = 60000;
  return out;
}
InitProducerRequest init_request(int64_t producer = -1, int16_t epoch = -1) {
  return {"x", 5000, ProducerId(producer), ProducerEpoch(epoch)};
}
Result<InitDecision> init(const TransactionRecord& current, int64_t producer = -1,
                          int16_t epoch = -1) {
  return decide_init(current, init_request(producer, epoch), kNow);
}
Fault refusal(const Result<InitDecision>& decision) { return fault_of(decision.status()); }

TEST(TransactionState, ANewIdGetsAProducerId) {
  const auto decision = init(TransactionRecord());
  ASSERT_TRUE(decision.ok());
  EXPECT_EQ(decision->kind, InitDecision::Kind::kNewProducerId);
  EXPECT_EQ(decision->next.epoch, ProducerEpoch(0));
  EXPECT_EQ(decision->next.timeout_ms, 5000);
  // A producer whose id was forgotten meanwhile is served as a new one.
  EXPECT_EQ(init(TransactionRecord(), 7, 3)->kind, InitDecision::Kind::kNewProducerId);
}

TEST(TransactionState, AnotherInstanceRaisesTheEpoch) {
  for (const auto phase : {TransactionPhase::kEmpty, TransactionPhase::kCompleteAbort,
                           TransactionPhase::kCompleteCommit}) {
    const auto decision = init(record_of(4, phase));
    ASSERT_TRUE(decision.ok());
    EXPECT_EQ(decision->kind, InitDecision::Kind::kStore);
    EXPECT_EQ(decision->next.epoch, ProducerEpoch(5));
    EXPECT_EQ(decision->next.producer_id, ProducerId(7));
    EXPECT_EQ(decision->next.phase, TransactionPhase::kEmpty);
  }
}

TEST(TransactionState, AnOngoingTransactionIsAbortedFirst) {
  const auto decision = init(record_of(4, TransactionPhase::kOngoing));
  ASSERT_TRUE(decision.ok());
  EXPECT_EQ(decision->kind, InitDecision::Kind::kAbortFirst);
  EXPECT_EQ(decision->next.epoch, ProducerEpoch(5));
  EXPECT_EQ(refusal(init(record_of(4, TransactionPhase::kPrepareCommit))),
            Fault::kConcurrentTransactions);
}

TEST(TransactionState, AProducerRaisesItsOwnEpochAndMayRepeatThat) {
  const auto first = init(record_of(4), 7, 4);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->next.epoch, ProducerEpoch(5));
  const auto repeated = init(first->next, 7, 4);
  ASSERT_TRUE(repeated.ok());
  EXPECT_EQ(repeated->next.epoch, ProducerEpoch(5));
  EXPECT_EQ(refusal(init(first->next, 7, 3)), Fault::kProducerFenced);
  EXPECT_EQ(refusal(init(first->next, 8, 5)), Fault::kProducerFenced);
  const auto other = init(first->next);
  EXPECT_EQ(refusal(init(other->next, 7, 5)), Fault::kProducerFenced);
  EXPECT_EQ(refusal(init(record_of(4, TransactionPhase::kOngoing), 7, 3)), Fault::kProducerFenced)
      << "a producer that was replaced must not abort its successor's transaction";
}

TEST(TransactionState, AnExhaustedEpochGetsANewProducerId) {
  const auto rotation = init(record_of(kExhaustedEpoch.value()), 7, kExhaustedEpoch.value());
  ASSERT_TRUE(rotation.ok());
  EXPECT_EQ(rotation->kind, InitDecision::Kind::kNewProducerId);
  TransactionRecord next = rotation->next;
  next.producer_id = ProducerId(8);
  const auto repeated = init(next, 7, kExhaustedEpoch.value());
  ASSERT_TRUE(repeated.ok());
  EXPECT_EQ(repeated->kind, InitDecision::Kind::kStore);
  EXPECT_EQ(repeated->next.producer_id, ProducerId(8));
  EXPECT_EQ(repeated->next.epoch, ProducerEpoch(0));
  EXPECT_EQ(init(record_of(INT16_MAX))->kind, InitDecision::Kind::kNewProducerId);
  EXPECT_EQ(fenced(record_of(kExhaustedEpoch.value())).epoch, ProducerEpoch(INT16_MAX));
}

TEST(TransactionState, AProducerThatATimeoutFencedMayAskForTheNextEpoch) {
  const TransactionRecord ongoing = record_of(4, TransactionPhase::kOngoing);
  const TransactionRecord aborted = completed(decided(fenced(ongoing), false, kNow), kNow);
  const auto recovered = init(aborted, 7, 4);
  ASSERT_TRUE(recovered.ok()) << recovered.status();
  EXPECT_EQ(recovered->next.epoch, ProducerEpoch(5));
  EXPECT_EQ(init(recovered->next, 7, 4)->next.epoch, ProducerEpoch(5)) << "its answer was lost";
  EXPECT_EQ(init(recovered->next, 7, 5)->next.epoch, ProducerEpoch(6));
  // Not once another instance has taken over, and never an older one.
  EXPECT_EQ(refusal(init(init(aborted)->next, 7, 4)), Fault::kProducerFenced);
  EXPECT_EQ(refusal(init(aborted, 7, 3)), Fault::kProducerFenced);
}

TEST(TransactionState, TheEpochThatIsLeftToFenceWithIsNeverGivenAway) {
  const TransactionRecord last = record_of(kExhaustedEpoch.value(), TransactionPhase::kOngoing);
  const TransactionRecord aborted = completed(decided(fenced(last), false, kNow), kNow);
  ASSERT_EQ(aborted.epoch, ProducerEpoch(INT16_MAX));
  const auto recovered = init(aborted, 7, kExhaustedEpoch.value());
  ASSERT_TRUE(recovered.ok()) << recovered.status();
  EXPECT_EQ(recovered->kind, InitDecision::Kind::kNewProducerId);
  TransactionRecord next = recovered->next;
  next.producer_id = ProducerId(8);
  const auto repeated = init(next, 7, kExhaustedEpoch.value());
  ASSERT_TRUE(repeated.ok()) << repeated.status();
  EXPECT_EQ(repeated->next.producer_id, ProducerId(8));
  EXPECT_EQ(repeated->next.epoch, ProducerEpoch(0));
}

TEST(TransactionState, EndsOnlyOneWay) {
  const auto end = [](TransactionPhase phase, bool commit) {
    return decide_end(record_of(1, phase), "x", commit);
  };
  EXPECT_EQ(*end(TransactionPhase::kOngoing, true), EndDecision::kBegin);
  EXPECT_EQ(*end(TransactionPhase::kCompleteCommit, true), EndDecision::kDoneAlready);
  EXPECT_EQ(*end(TransactionPhase::kCompleteAbort, false), EndDecision::kDoneAlready);
  for (const auto& [phase, commit] : {std::pair(TransactionPhase::kCompleteCommit, false),
                                      std::pair(TransactionPhase::kCompleteAbort, true),
                                      std::pair(TransactionPhase::kPrepareCommit, false),
                                      std::pair(TransactionPhase::kPrepareAbort, true),
                                      std::pair(TransactionPhase::kEmpty, true)}) {
    EXPECT_EQ(fault_of(end(phase, commit).status()), Fault::kInvalidTransactionState);
  }
  EXPECT_EQ(fault_of(end(TransactionPhase::kPrepareCommit, true).status()),
            Fault::kConcurrentTransactions);
}

TEST(TransactionState, AddingBeginsATransactionAndRepeatingChangesNothing) {
  const TopicPartition t{"t", PartitionIndex(0)};
  const auto begun = with_added(record_of(1, TransactionPhase::kCompleteCommit), {t}, {}, kNow);
  ASSERT_TRUE(begun.has_value());
  EXPECT_EQ(begun->phase, TransactionPhase::kOngoing);
  EXPECT_EQ(begun->started, kNow);
  EXPECT_FALSE(with_added(*begun, {t}, {}, Timestamp(2000)).has_value());
  const auto more = with_added(*begun, {}, "g", Timestamp(2000));
  ASSERT_TRUE(more.has_value());
  EXPECT_EQ(more->started, kNow);
  EXPECT_EQ(more->groups.count("g"), 1u);
}

TEST(TransactionState, IdsExpireOnlyWhenNothingIsUnderWay) {
  TransactionRecord idle = record_of(1, TransactionPhase::kCompleteCommit);
  idle.updated = Timestamp(0);
  EXPECT_FALSE(expired(idle, 1001, kNow));
  EXPECT_TRUE(expired(idle, 1000, kNow));
  idle.phase = TransactionPhase::kPrepareCommit;
  EXPECT_FALSE(expired(idle, 1000, kNow));
}

TEST(TransactionRows, RoundTripAndRefuseWhatIsBroken) {
  TransactionRecord record = record_of(3, TransactionPhase::kPrepareAbort);
  record.partitions = {{"t", PartitionIndex(1)}, {"u", PartitionIndex(0)}};
  record.groups = {"g"};
  record.last_epoch = ProducerEpoch(2);
  record.started = Timestamp(5);
  const std::string row = transaction_row(record);
  const auto read = read_transaction_row(row);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(*read, record);
  for (size_t size = 0; size < row.size(); ++size) {
    EXPECT_FALSE(read_transaction_row(std::string_view(row).substr(0, size)).ok());
  }
  EXPECT_EQ(read_transaction_row(row + "x").status().code(), StatusCode::kCorrupt);
}

}  // namespace
}  // namespace dataflow::log
