// When a connection on which nothing happens is closed, and when not.
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/fault_env.h"
#include "broker.h"
#include "connection.h"
#include "input_transport.h"
#include "server_bed.h"
#include "wire/frame.h"
#include "wire/messages/api_versions.h"
#include "wire/messages/create_topics.h"

namespace dataflow::kafka {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kIdleTimeout = 600 * kSecond;

class Idle : public ::testing::Test {
 protected:
  Idle() : broker_(make_broker()), io_(std::make_shared<IoThread>(env_, 0, 600'000)) {
    io_->poll();
  }
  ~Idle() override {
    connection_->close({});
    broker_->control.stop();
  }

  std::shared_ptr<Broker> make_broker() {
    KafkaOptions options;
    options.request_memory_bytes = 1000;
    return std::make_shared<Broker>(env_, log_, groups_, transactions_, options, nullptr);
  }

  void receive(std::string_view input) {
    auto transport = std::make_unique<InputTransport>(input, 1 << 20, InputTransport::Then::kBlock);
    transport_ = transport.get();
    if (full_) transport_->fill_up();
    connection_ = std::make_shared<Connection>(io_, broker_, std::move(transport),
                                               ClientAddress{"127.0.0.1", 1, "127.0.0.1", 2});
    connection_->start();
    while (transport_->step()) io_->poll();
  }
  bool closes_after(int64_t quiet) {
    connection_->check_idle(io_->now() + quiet, kIdleTimeout);
    return connection_->closed();
  }

  static std::string ask_versions(int times) {
    std::string all;
    for (int i = 0; i < times; ++i) {
      wire::Writer out;
      wire::write_request_frame(out, wire::ApiVersionsRequest(), 0, i,
                                std::optional<std::string>("me"));
      all += out.view();
    }
    return all;
  }

  FaultEnv env_;
  FakeLog log_;
  FakeGroups groups_;
  FakeTransactions transactions_;
  std::shared_ptr<Broker> broker_;
  std::shared_ptr<IoThread> io_;
  bool full_ = false;
  InputTransport* transport_ = nullptr;
  std::shared_ptr<Connection> connection_;
};

TEST_F(Idle, QuietConnectionIsClosedAfterTheTimeout) {
  receive("");
  EXPECT_FALSE(closes_after(kIdleTimeout));
  EXPECT_TRUE(closes_after(kIdleTimeout + 1));
}

TEST_F(Idle, ConnectionThatWaitsForItsAnswerIsKept) {
  log_.make("t").hold_syncs();
  std::string batch = batch_of({"a"});
  wire::Writer out;
  wire::write_request_frame(out, produce_to("t", batch), 9, 1, std::optional<std::string>("me"));
  receive(out.view());
  EXPECT_FALSE(closes_after(2 * kIdleTimeout));
  log_.at("t").release_syncs();
  io_->poll();
  EXPECT_GT(transport_->answered_bytes(), 0u);
  EXPECT_TRUE(closes_after(2 * kIdleTimeout));
}

TEST_F(Idle, HalfSentRequestIsKeptUnlessOthersNeedItsMemory) {
  std::string start;
  append_be32(start, 100'000);
  append_be16(start, 0);
  append_be16(start, 9);
  start += std::string(2000, 'x');
  receive(start);
  ASSERT_FALSE(connection_->closed());
  EXPECT_FALSE(closes_after(9 * kSecond));
  // More than the whole budget lies in this one request.
  EXPECT_TRUE(broker_->memory.exhausted());
  EXPECT_TRUE(closes_after(11 * kSecond));
  EXPECT_EQ(broker_->memory.used(), 0u);
}

TEST_F(Idle, HalfSentRequestMustNotTrickleWhileOthersNeedItsMemory) {
  std::string start;
  append_be32(start, 100'000);
  append_be16(start, 0);
  append_be16(start, 9);
  start += std::string(2000, 'x');
  receive(start);
  for (int i = 0; i < 2; ++i) {
    env_.advance_nanos(6 * kSecond);
    transport_->feed("y");
    while (transport_->step()) io_->poll();
    EXPECT_EQ(closes_after(0), i == 1) << "a byte every six seconds is enough for ten seconds";
  }
}

TEST_F(Idle, AnswersThatAreNotTakenAreBoundedInTotal) {
  full_ = true;
  std::string questions = ask_versions(1);
  receive(questions);
  const size_t one = broker_->unsent.used();
  ASSERT_GT(one, 0u);
  EXPECT_FALSE(closes_after(11 * kSecond)) << "there is room";
  connection_->close({});
  EXPECT_EQ(broker_->unsent.used(), 0u);

  broker_->unsent.take_anyway(1000);  // by other connections
  questions = ask_versions(10);
  receive(questions);
  EXPECT_EQ(broker_->unsent.used(), 1000 + one) << "nothing was started behind an untaken answer";
  EXPECT_FALSE(closes_after(9 * kSecond));
  EXPECT_TRUE(closes_after(11 * kSecond));
  EXPECT_EQ(broker_->unsent.used(), 1000u);
}

TEST_F(Idle, RequestsThatWaitForTheDiskAreBoundedInTotal) {
  wire::CreateTopicsRequest request;
  request.topics.push_back({"t", 1, 1, {}, {}});
  wire::Writer out;
  wire::write_request_frame(out, request, 7, 1, std::optional<std::string>("me"));
  broker_->queued.take_anyway(1000);  // by requests that came before
  receive(out.view());
  EXPECT_TRUE(connection_->closed());
  EXPECT_FALSE(log_.topic("t"));
  EXPECT_EQ(broker_->queued.used(), 1000u);
}

}  // namespace
}  // namespace dataflow::kafka
