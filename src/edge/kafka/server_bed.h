// A listener over a fake log, and a client for it. Test-only; not part of the room.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "edge/kafka/server.h"
#include "fake_coordinators.h"
#include "fake_log.h"
#include "types/batch_builder.h"
#include "wire/client.h"
#include "wire/messages/fetch.h"
#include "wire/messages/produce.h"

namespace dataflow::kafka {

inline constexpr std::chrono::milliseconds kPatience{30'000};

struct ServerBed {
  explicit ServerBed(KafkaOptions options = {}, bool descriptors = false) : log(descriptors) {
    options.port = 0;
    auto started =
        KafkaServer::start(posix_env(), log, groups, transactions, std::move(options), &metrics);
    EXPECT_TRUE(started.ok()) << started.status();
    if (started.ok()) server = std::move(started).value();
  }

  std::unique_ptr<wire::Client> connect() {
    auto client = wire::Client::connect("127.0.0.1", server->port(), kPatience);
    EXPECT_TRUE(client.ok()) << client.status();
    return std::move(client).value();
  }

  FakeLog log;
  FakeGroups groups;
  FakeTransactions transactions;
  Metrics metrics;
  std::unique_ptr<KafkaServer> server;
};

inline std::string batch_of(const std::vector<std::string>& values, BatchOptions options = {}) {
  BatchBuilder builder(options);
  for (const std::string& value : values) EXPECT_TRUE(builder.add(Timestamp(1000), {}, value).ok());
  return builder.finish();
}

inline wire::ProduceRequest produce_to(const std::string& topic, std::string_view batch,
                                       int16_t acks = -1, int32_t partition = 0) {
  wire::ProduceRequest request;
  request.acks = acks;
  request.timeout_ms = 1000;
  auto& to = request.topic_data.emplace_back();
  to.name = topic;
  to.partition_data.push_back({partition, wire::RecordsField::of(batch)});
  return request;
}

struct FetchWish {
  int64_t from = 0;
  int32_t max_wait_ms = 0;
  int32_t min_bytes = 1;
  int32_t max_bytes = 1 << 20;
};

inline wire::FetchRequest fetch_from(const std::string& topic, FetchWish wish = {}) {
  wire::FetchRequest request;
  request.max_wait_ms = wish.max_wait_ms;
  request.min_bytes = wish.min_bytes;
  auto& from = request.topics.emplace_back();
  from.topic = topic;
  wire::FetchRequest::Partition partition;
  partition.fetch_offset = wish.from;
  partition.partition_max_bytes = wish.max_bytes;
  from.partitions.push_back(partition);
  return request;
}

template <class Request>
typename Request::Response ask(wire::Client& client, const Request& request, int16_t version) {
  auto answer = client.call(request, version, kPatience);
  EXPECT_TRUE(answer.ok()) << answer.status();
  return answer.ok() ? std::move(answer).value() : typename Request::Response();
}

template <class Request>
void send(wire::Client& client, const Request& request, int16_t version) {
  auto sent = client.send(request, version, kPatience);
  ASSERT_TRUE(sent.ok()) << sent.status();
}

// The next answer, which must be one to a Request.
template <class Request>
typename Request::Response receive(wire::Client& client) {
  auto frame = client.receive(kPatience);
  EXPECT_TRUE(frame.ok()) << frame.status();
  if (!frame.ok()) return {};
  auto answer = wire::decode_response<typename Request::Response>(*frame);
  EXPECT_TRUE(answer.ok()) << answer.status();
  return answer.ok() ? std::move(answer).value() : typename Request::Response();
}

// Whether the server closed the connection, with nothing more said.
inline bool is_closed(wire::Client& client) {
  auto frame = client.receive_raw(kPatience);
  return !frame.ok() && frame.status().code() != StatusCode::kTimedOut;
}

}  // namespace dataflow::kafka
