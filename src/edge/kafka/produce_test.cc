#include <gtest/gtest.h>

#include "server_bed.h"
#include "wire/messages/init_producer_id.h"

namespace dataflow::kafka {
namespace {

using wire::ErrorCode;
using Answer = wire::ProduceResponse::Partition;

class Produce : public ::testing::Test {
 protected:
  Produce() : client_(bed_.connect()) { bed_.log.make("t", 2); }

  Answer send_batch(std::string_view batch, int16_t version = 9, int16_t acks = -1) {
    auto answer = ask(*client_, produce_to("t", batch, acks), version);
    return answer.responses.at(0).partition_responses.at(0);
  }

  ServerBed bed_;
  std::unique_ptr<wire::Client> client_;
};

TEST_F(Produce, EveryVersionSaysWhereTheRecordsAre) {
  int64_t next = 0;
  for (int16_t version = 3; version <= 9; ++version) {
    for (int16_t acks : {-1, 1}) {
      Answer answer = send_batch(batch_of({"a", "b"}), version, acks);
      EXPECT_EQ(answer.error_code, ErrorCode::kNone);
      EXPECT_EQ(answer.base_offset, next);
      EXPECT_EQ(answer.log_append_time_ms, -1);
      next += 2;
    }
  }
  EXPECT_EQ(bed_.log.at("t").high_offset(), Offset(next));
}

TEST_F(Produce, AcksAllIsAnsweredWhenEveryPartitionIsOnDisk) {
  bed_.log.at("t", 0).hold_syncs();
  bed_.log.at("t", 1).hold_syncs();
  std::string batch = batch_of({"a"});
  wire::ProduceRequest request = produce_to("t", batch);
  request.topic_data[0].partition_data.push_back({1, wire::RecordsField::of(batch)});
  send(*client_, request, 9);
  bed_.log.at("t", 1).until_waiting_syncs(1);
  bed_.log.at("t", 0).release_syncs();
  bed_.log.at("t", 1).until_waiting_syncs(1);
  bed_.log.at("t", 1).release_syncs(Status::io_error("the disk is gone"));
  auto parts = receive<wire::ProduceRequest>(*client_).responses.at(0).partition_responses;
  EXPECT_EQ(parts.at(0).error_code, ErrorCode::kNone);
  EXPECT_EQ(parts.at(0).base_offset, 0);
  EXPECT_EQ(parts.at(1).error_code, ErrorCode::kKafkaStorageError);
  EXPECT_EQ(parts.at(1).base_offset, -1);
}

TEST_F(Produce, AcksOneDoesNotWaitForTheDisk) {
  bed_.log.at("t").hold_syncs();
  EXPECT_EQ(send_batch(batch_of({"a"}), 9, 1).error_code, ErrorCode::kNone);
  EXPECT_EQ(bed_.log.at("t").high_offset(), Offset(0));
  bed_.log.at("t").release_syncs();
}

TEST_F(Produce, AcksNoneHasNoAnswer) {
  ASSERT_TRUE(client_->send_without_answer(produce_to("t", batch_of({"a"}), 0), 9, kPatience).ok());
  EXPECT_EQ(send_batch(batch_of({"b"})).base_offset, 1);
}

TEST_F(Produce, AcksNoneThatFailsLosesTheConnection) {
  ASSERT_TRUE(
      client_->send_without_answer(produce_to("missing", batch_of({"a"}), 0), 9, kPatience).ok());
  EXPECT_TRUE(is_closed(*client_));
}

TEST_F(Produce, OldVersionsAreAnsweredWithAnError) {
  for (int16_t version = 0; version <= 2; ++version) {
    EXPECT_EQ(send_batch("old message set", version).error_code, ErrorCode::kUnsupportedVersion);
  }
}

TEST_F(Produce, Errors) {
  EXPECT_EQ(send_batch(batch_of({"a"}), 9, 2).error_code, ErrorCode::kInvalidRequiredAcks);
  EXPECT_EQ(send_batch("").error_code, ErrorCode::kInvalidRecord);
  std::string broken = batch_of({"hello"});
  broken.back() ^= 1;
  EXPECT_EQ(send_batch(broken).error_code, ErrorCode::kCorruptMessage);
  EXPECT_EQ(send_batch(batch_of({"a"}, {.base_offset = Offset(1)})).error_code,
            ErrorCode::kInvalidRecord);
  std::string zstd = batch_of({"hello"}, {.codec = Codec::kZstd});
  EXPECT_EQ(send_batch(zstd, 6).error_code, ErrorCode::kUnsupportedCompressionType);
  EXPECT_EQ(send_batch(zstd, 7).error_code, ErrorCode::kNone);
  auto unknown = ask(*client_, produce_to("t", zstd, -1, 5), 9);
  EXPECT_EQ(unknown.responses.at(0).partition_responses.at(0).error_code,
            ErrorCode::kUnknownTopicOrPartition);
}

TEST_F(Produce, TransactionalBatchesNeedATransaction) {
  std::string batch = batch_of({"a"}, {.producer_id = ProducerId(5),
                                       .producer_epoch = ProducerEpoch(0),
                                       .base_sequence = 0,
                                       .transactional = true});
  EXPECT_EQ(send_batch(batch).error_code, ErrorCode::kTransactionalIdAuthorizationFailed);
  wire::ProduceRequest request = produce_to("t", batch);
  request.transactional_id = "tx";
  EXPECT_EQ(ask(*client_, request, 9).responses.at(0).partition_responses.at(0).error_code,
            ErrorCode::kInvalidTxnState);
  // A second batch may not slip in under the first one's name.
  std::string other = batch_of({"a"}, {.producer_id = ProducerId(6),
                                       .producer_epoch = ProducerEpoch(0),
                                       .base_sequence = 0,
                                       .transactional = true});
  std::string both = batch_of({"plain"}) + other;
  EXPECT_EQ(send_batch(both).error_code, ErrorCode::kInvalidRecord);
}

TEST_F(Produce, LargeRequestsPassThrough) {
  std::string value(5 << 20, 'x');
  EXPECT_EQ(send_batch(batch_of({value})).error_code, ErrorCode::kNone);
  EXPECT_EQ(send_batch(batch_of({"a"})).base_offset, 1);
}

TEST(ProduceMemory, RequestsWaitWhileOthersHoldTheMemory) {
  KafkaOptions options;
  options.request_memory_bytes = 1 << 20;
  options.io_threads = 1;
  ServerBed bed(options);
  bed.log.make("t");
  // Several half-sent requests, together larger than the budget: each must come through in the end.
  std::string batch = batch_of({std::string(800 << 10, 'x')});
  std::vector<std::unique_ptr<wire::Client>> clients;
  std::vector<std::string> frames;
  for (int i = 0; i < 6; ++i) {
    clients.push_back(bed.connect());
    wire::Writer out;
    wire::write_request_frame(out, produce_to("t", batch), 9, i, std::optional<std::string>("me"));
    frames.emplace_back(out.view());
    ASSERT_TRUE(
        clients[i]->send_raw(std::string_view(frames[i]).substr(0, 200 << 10), kPatience).ok());
  }
  for (int i = 0; i < 6; ++i) {
    ASSERT_TRUE(
        clients[i]->send_raw(std::string_view(frames[i]).substr(200 << 10), kPatience).ok());
  }
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(clients[i]->receive_raw(kPatience).ok());
  EXPECT_EQ(bed.log.at("t").high_offset(), Offset(6));
}

TEST(ProduceMemory, SmallRequestsPassWhileALargeOneHoldsTheMemory) {
  KafkaOptions options;
  options.request_memory_bytes = 1 << 20;
  options.io_threads = 1;
  ServerBed bed(options);
  bed.log.make("t");
  wire::Writer out;
  std::string batch = batch_of({std::string(3 << 20, 'x')});
  wire::write_request_frame(out, produce_to("t", batch), 9, 1, std::optional<std::string>("me"));
  auto large = bed.connect();
  ASSERT_TRUE(large->send_raw(out.view().substr(0, 2 << 20), kPatience).ok());
  // Each of these finds the memory used up, or about to be.
  for (int i = 0; i < 50; ++i) {
    auto other = bed.connect();
    EXPECT_EQ(ask(*other, produce_to("t", batch_of({"a"})), 9).responses.size(), 1u);
  }
  ASSERT_TRUE(large->send_raw(out.view().substr(2 << 20), kPatience).ok());
  EXPECT_TRUE(large->receive_raw(kPatience).ok());
  EXPECT_EQ(bed.log.at("t").high_offset(), Offset(51));
}

}  // namespace
}  // namespace dataflow::kafka
