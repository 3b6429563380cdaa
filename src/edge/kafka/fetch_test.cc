#include <gtest/gtest.h>

#include "server_bed.h"

namespace dataflow::kafka {
namespace {

using wire::ErrorCode;
using Answer = wire::FetchResponse::Partition;

// With and without real files under it: sendfile, and bytes that are copied.
class Fetch : public ::testing::TestWithParam<bool> {
 protected:
  Fetch() : bed_({}, GetParam()), client_(bed_.connect()) { bed_.log.make("t"); }

  std::string append(const std::vector<std::string>& values, BatchOptions options = {}) {
    std::string batch = batch_of(values, options);
    EXPECT_TRUE(bed_.log.at("t").append(batch, true).ok());
    return batch;
  }
  Answer fetch(FetchWish wish = {}, int16_t version = 11) {
    auto answer = ask(*client_, fetch_from("t", wish), version);
    EXPECT_EQ(answer.session_id, 0);
    Answer part = answer.responses.at(0).partitions.at(0);
    records_ = part.records.bytes.value_or("");
    return part;
  }

  ServerBed bed_;
  std::unique_ptr<wire::Client> client_;
  std::string records_;
};

INSTANTIATE_TEST_SUITE_P(Files, Fetch, ::testing::Bool());

TEST_P(Fetch, EveryVersionGivesTheBytesThatWereAppended) {
  std::string last;
  std::string all = append({"a", "b"});
  all += last = append({"c"});
  for (int16_t version = 4; version <= 12; ++version) {
    Answer part = fetch({}, version);
    EXPECT_EQ(part.error_code, ErrorCode::kNone);
    EXPECT_EQ(part.high_watermark, 3);
    EXPECT_EQ(part.last_stable_offset, 3);
    EXPECT_EQ(records_, all);
  }
  EXPECT_EQ(fetch({.from = 2}).error_code, ErrorCode::kNone);
  EXPECT_EQ(records_, last);
}

TEST_P(Fetch, LargeSlicesAndManyPartitions) {
  bed_.log.make("wide", 20);
  std::vector<std::string> batches;
  wire::FetchRequest request;
  request.min_bytes = 1;
  auto& topic = request.topics.emplace_back();
  topic.topic = "wide";
  for (int32_t i = 0; i < 20; ++i) {
    // Small and large ones by turns, across the size from which files are sent by the kernel.
    std::string batch =
        batch_of({std::string(i % 2 == 0 ? 100 : 200 << 10, static_cast<char>('a' + i))});
    ASSERT_TRUE(bed_.log.at("wide", i).append(batch, true).ok());
    batches.push_back(batch);
    wire::FetchRequest::Partition partition;
    partition.partition = i;
    partition.partition_max_bytes = 1 << 20;
    topic.partitions.push_back(partition);
  }
  auto sent = client_->call(request, 12, kPatience);
  ASSERT_TRUE(sent.ok()) << sent.status();
  ASSERT_EQ(sent->responses.at(0).partitions.size(), 20u);
  for (size_t i = 0; i < 20; ++i) {
    EXPECT_EQ(sent->responses[0].partitions[i].records.bytes.value_or(""), batches[i]) << i;
  }
}

TEST_P(Fetch, LimitsKeepTheFirstBatchWhole) {
  std::string first = append({std::string(1000, 'a')});
  append({std::string(1000, 'b')});
  fetch({.max_bytes = 10});
  EXPECT_EQ(records_, first);
  fetch({.max_bytes = static_cast<int32_t>(first.size() + 10)});
  EXPECT_EQ(records_, first);
}

TEST_P(Fetch, LongPollIsAnsweredByAnAppend) {
  send(*client_, fetch_from("t", {.max_wait_ms = 600'000}), 11);
  bed_.log.at("t").until_listeners(1);
  std::string batch = append({"a"});
  auto frame = client_->receive(kPatience);
  ASSERT_TRUE(frame.ok()) << frame.status();
  auto answer = wire::decode_response<wire::FetchResponse>(*frame);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->responses.at(0).partitions.at(0).records.bytes, batch);
}

TEST_P(Fetch, LongPollWaitsForMinBytes) {
  std::string batch = append({"a"});
  int32_t two = static_cast<int32_t>(2 * batch.size());
  send(*client_, fetch_from("t", {.max_wait_ms = 600'000, .min_bytes = two}), 11);
  bed_.log.at("t").until_listeners(1);
  append({"b"});
  auto answer = receive<wire::FetchRequest>(*client_);
  EXPECT_EQ(answer.responses.at(0).partitions.at(0).high_watermark, 2);
}

TEST_P(Fetch, LongPollEndsWithItsTime) {
  Answer part = fetch({.max_wait_ms = 20});
  EXPECT_EQ(part.error_code, ErrorCode::kNone);
  EXPECT_EQ(records_, "");
  bed_.log.at("t").until_listeners(0);
}

TEST_P(Fetch, LongPollEndsWithItsConnection) {
  send(*client_, fetch_from("t", {.max_wait_ms = 600'000}), 11);
  bed_.log.at("t").until_listeners(1);
  client_.reset();
  bed_.log.at("t").until_listeners(0);
}

TEST_P(Fetch, ErrorsAnswerAtOnce) {
  Answer part = fetch({.from = 7, .max_wait_ms = 600'000});
  EXPECT_EQ(part.error_code, ErrorCode::kOffsetOutOfRange);
  EXPECT_EQ(part.high_watermark, -1);
  auto missing = ask(*client_, fetch_from("missing", {.max_wait_ms = 600'000}), 11);
  EXPECT_EQ(missing.responses.at(0).partitions.at(0).error_code,
            ErrorCode::kUnknownTopicOrPartition);
}

TEST_P(Fetch, LeaderEpochs) {
  bed_.log.at("t").set_epoch(3);
  wire::FetchRequest request = fetch_from("t");
  auto error_at = [&](int32_t epoch) {
    request.topics[0].partitions[0].current_leader_epoch = epoch;
    Answer part = ask(*client_, request, 11).responses.at(0).partitions.at(0);
    EXPECT_EQ(part.high_watermark, part.error_code == ErrorCode::kNone ? 0 : -1);
    return part.error_code;
  };
  EXPECT_EQ(error_at(-1), ErrorCode::kNone);
  EXPECT_EQ(error_at(3), ErrorCode::kNone);
  EXPECT_EQ(error_at(2), ErrorCode::kFencedLeaderEpoch);
  EXPECT_EQ(error_at(4), ErrorCode::kUnknownLeaderEpoch);
}

TEST_P(Fetch, SessionsAreRefused) {
  wire::FetchRequest request = fetch_from("t");
  request.session_epoch = 0;
  EXPECT_EQ(ask(*client_, request, 11).error_code, ErrorCode::kNone);
  request.session_id = 12;
  request.session_epoch = 1;
  EXPECT_EQ(ask(*client_, request, 11).error_code, ErrorCode::kFetchSessionIdNotFound);
  request.session_epoch = -2;
  EXPECT_EQ(ask(*client_, request, 11).error_code, ErrorCode::kFetchSessionIdNotFound);
}

TEST_P(Fetch, ZstdIsKeptFromClientsThatDoNotKnowIt) {
  std::string plain = append({"a"});
  append({"b"}, {.codec = Codec::kZstd});
  fetch({}, 9);
  EXPECT_EQ(records_, plain);
  EXPECT_EQ(fetch({.from = 1}, 9).error_code, ErrorCode::kUnsupportedCompressionType);
  EXPECT_EQ(fetch({.from = 1}, 10).error_code, ErrorCode::kNone);
}

TEST_P(Fetch, PartitionThatIsNamedTwiceIsReadAndListenedToOnce) {
  wire::FetchRequest request = fetch_from("t", {.max_wait_ms = 600'000});
  request.topics[0].partitions.resize(10'000, request.topics[0].partitions[0]);
  request.topics.push_back(request.topics[0]);
  send(*client_, request, 11);
  bed_.log.at("t").until_listeners(1);
  std::string batch = append({"a"});
  auto answer = receive<wire::FetchRequest>(*client_);
  ASSERT_EQ(answer.responses.size(), 2u);
  ASSERT_EQ(answer.responses[0].partitions.size(), 1u);
  EXPECT_EQ(answer.responses[0].partitions[0].records.bytes.value_or("").size(), batch.size());
  EXPECT_TRUE(answer.responses[1].partitions.empty());
}

TEST_P(Fetch, SlowConsumerHoldsNobodyUp) {
  for (int i = 0; i < 20; ++i) append({std::string(1 << 20, 'x')});
  // Asks for far more than sockets hold, and reads nothing of it for now.
  for (int i = 0; i < 4; ++i) send(*client_, fetch_from("t", {.max_bytes = 20 << 20}), 11);
  for (int i = 0; i < 4; ++i) {
    auto other = bed_.connect();
    EXPECT_EQ(ask(*other, produce_to("t", batch_of({"a"})), 9).responses.size(), 1u);
  }
  for (int i = 0; i < 4; ++i) {
    auto answer = receive<wire::FetchRequest>(*client_);
    EXPECT_EQ(answer.responses.at(0).partitions.at(0).error_code, ErrorCode::kNone);
  }
}

}  // namespace
}  // namespace dataflow::kafka
