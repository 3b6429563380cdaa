// The sink "http": what is sent, how often, and when not.
#include "http_sink.h"

#include <gtest/gtest.h>

#include <deque>

#include "connect_test_bed.h"

namespace dataflow::connect {
namespace {

struct Sent {
  HttpHeaders headers;
  std::string body;
};

// Answers as it is told, at last always with 200; what it is sent stays.
struct Script {
  std::deque<Result<HttpPostAnswer>> answers;
  std::vector<Sent> sent;
  std::vector<int64_t> slept;
};

class ScriptedSender final : public HttpSender {
 public:
  explicit ScriptedSender(Script& script) : script_(script) {}
  Result<HttpPostAnswer> post(const HttpHeaders& headers, std::string_view body) override {
    script_.sent.push_back({headers, std::string(body)});
    if (script_.answers.empty()) return HttpPostAnswer{200, "", {}};
    Result<HttpPostAnswer> answer = script_.answers.front();
    script_.answers.pop_front();
    return answer;
  }

 private:
  Script& script_;
};

HttpPostAnswer answer(int status, std::optional<int64_t> retry_after = {}) {
  return {status, "why\nmore", retry_after};
}

class HttpSink : public testing::Test {
 protected:
  Result<std::unique_ptr<engine::Sink>> make(plan::Options options = {}) {
    plan::SinkSpec spec;
    spec.connector = "http";
    spec.format = "json";
    spec.options = std::move(options);
    spec.options.emplace("url", "http://example.org/in");
    HttpSinkParts parts = http_sink_parts(env_, breakers_);
    parts.sender = [this](const HttpSinkSpec&) {
      return std::make_unique<ScriptedSender>(script_);
    };
    parts.sleep = [this](int64_t ms, const std::stop_token&) {
      script_.slept.push_back(ms);
      env_.advance_ms(ms);
    };
    return make_http_sink(parts, spec, payload_schema(), {"job", "s"});
  }
  void open(plan::Options options = {}) {
    auto made = make(std::move(options));
    ASSERT_TRUE(made.ok()) << made.status();
    sink_ = std::move(*made);
    writer_ = sink_->make_writer(0, {}).value();
    committer_ = sink_->make_committer().value();
    ASSERT_TRUE(committer_->restore(named_).ok());
  }
  std::vector<std::string> stage(int64_t id, const std::vector<std::string>& values) {
    std::vector<RowFault> faults;
    EXPECT_TRUE(writer_->write(payloads(values), faults).ok());
    std::vector<std::string> committables;
    EXPECT_TRUE(writer_->on_barrier(engine::CheckpointId(id), committables, named_).ok());
    EXPECT_TRUE(committer_->prepare(engine::CheckpointId(id), committables, named_).ok());
    return committables;
  }
  std::string key(size_t i) const {
    for (const auto& [name, value] : script_.sent[i].headers) {
      if (name == "Idempotency-Key") return value;
    }
    return "none";
  }

  FaultEnv env_;
  CircuitBreakers breakers_;
  Script script_;
  std::map<std::string, std::string> named_;
  std::unique_ptr<engine::Sink> sink_;
  std::unique_ptr<engine::SinkWriter> writer_;
  std::unique_ptr<engine::SinkCommitter> committer_;
};

TEST_F(HttpSink, SendsBatchesOfLinesOnceTheyAreDurable) {
  open({{"batch_rows", "2"}, {"headers.X-Token", "t"}});
  const auto committables = stage(7, {"a", "b", "c"});
  EXPECT_TRUE(script_.sent.empty());
  ASSERT_TRUE(committer_->commit(engine::CheckpointId(7), committables, false).ok());
  ASSERT_EQ(script_.sent.size(), 2u);
  EXPECT_EQ(script_.sent[0].body, "{\"payload\":\"a\"}\n{\"payload\":\"b\"}\n");
  EXPECT_EQ(script_.sent[1].body, "{\"payload\":\"c\"}\n");
  EXPECT_EQ(script_.sent[0].headers.back(), (std::pair<std::string, std::string>{"X-Token", "t"}));
  EXPECT_NE(key(0), key(1));
}

TEST_F(HttpSink, SendsAgainUnderTheSameKey) {
  open();
  script_.answers = {answer(503), Status::unavailable("connecting: refused"), answer(429, 3000)};
  const auto committables = stage(1, {"a"});
  ASSERT_TRUE(committer_->commit(engine::CheckpointId(1), committables, false).ok());
  ASSERT_EQ(script_.sent.size(), 4u);
  EXPECT_EQ(key(3), key(0));
  ASSERT_EQ(script_.slept.size(), 3u);
  EXPECT_GE(script_.slept[1], script_.slept[0] / 2);
  EXPECT_EQ(script_.slept[2], 3000);
  // Also after a restart.
  open();
  ASSERT_TRUE(committer_->commit(engine::CheckpointId(1), committables, true).ok());
  EXPECT_EQ(key(4), key(0));
  // A batch of a later checkpoint is another one.
  const auto later = stage(2, {"a"});
  ASSERT_TRUE(committer_->commit(engine::CheckpointId(2), later, false).ok());
  EXPECT_NE(key(5), key(0));
}

TEST_F(HttpSink, WhatIsRefusedStopsTheJob) {
  open();
  script_.answers = {answer(422)};
  const auto committables = stage(1, {"a"});
  const Status status = committer_->commit(engine::CheckpointId(1), committables, false);
  EXPECT_EQ(status.code(), StatusCode::kInvalid);
  EXPECT_NE(status.message().find("http://example.org/in: the answer is 422: why"),
            std::string::npos)
      << status;
  EXPECT_EQ(script_.sent.size(), 1u);
}

TEST_F(HttpSink, GivesUpInTime) {
  open({{"give_up_after", "2s"}, {"backoff", "500ms"}});
  script_.answers.assign(100, answer(500));
  const auto committables = stage(1, {"a"});
  const Status status = committer_->commit(engine::CheckpointId(1), committables, false);
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  int64_t slept = 0;
  for (const int64_t ms : script_.slept) slept += ms;
  EXPECT_LE(slept, 2000);
  EXPECT_LT(script_.sent.size(), 10u);
}

TEST_F(HttpSink, TheBreakerHoldsBackOtherSinksToo) {
  open({{"give_up_after", "100ms"}, {"backoff", "1ms"}, {"max_backoff", "1ms"}});
  script_.answers.assign(CircuitBreaker::kFailures, answer(500));
  const auto committables = stage(1, {"a"});
  EXPECT_FALSE(committer_->commit(engine::CheckpointId(1), committables, false).ok());
  EXPECT_EQ(script_.sent.size(), static_cast<size_t>(CircuitBreaker::kFailures));
  open({{"give_up_after", "100ms"}});
  EXPECT_FALSE(committer_->commit(engine::CheckpointId(1), committables, true).ok());
  EXPECT_EQ(script_.sent.size(), static_cast<size_t>(CircuitBreaker::kFailures));
  env_.advance_ms(CircuitBreaker::kPauseMs);
  EXPECT_TRUE(committer_->commit(engine::CheckpointId(1), committables, true).ok());
}

TEST_F(HttpSink, RefusesWhatItCannotDo) {
  const auto refusal = [&](plan::Options options) {
    const auto made = make(std::move(options));
    return made.ok() ? std::string("ok") : made.status().message();
  };
  EXPECT_NE(refusal({{"url", "https://x/"}}).find("https is not spoken"), std::string::npos);
  EXPECT_NE(refusal({{"url", "example.org"}}).find("http://"), std::string::npos);
  EXPECT_NE(refusal({{"headers.X", "a\r\nb: c"}}).find("head"), std::string::npos);
  EXPECT_NE(refusal({{"time_out", "1s"}}).find("timeout"), std::string::npos);
  EXPECT_EQ(make().value()->guarantee(), plan::Guarantee::kAtLeastOnce);
}

TEST(HttpPost, ReadsAddresses) {
  const HttpUrl url = parse_http_url("http://example.org:8080/a/b?c=d#e").value();
  EXPECT_EQ(url.host, "example.org");
  EXPECT_EQ(url.port, 8080);
  EXPECT_EQ(url.target, "/a/b?c=d");
  EXPECT_EQ(url.authority, "example.org:8080");
  EXPECT_EQ(parse_http_url("http://[::1]:90").value().host, "::1");
  EXPECT_EQ(parse_http_url("http://x?a").value().target, "/?a");
  for (const char* wrong : {"", "x", "http://", "http://:80/", "http://x:0/", "http://x:99999/",
                            "http://a b/", "http://u:p@x/"}) {
    EXPECT_FALSE(parse_http_url(wrong).ok()) << wrong;
  }
}

TEST(HttpPost, ReadsAnswers) {
  const HttpPostAnswer read =
      parse_http_answer(
          "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 Busy\r\nretry-After: 7 \r\n\r\nno")
          .value();
  EXPECT_EQ(read.status, 503);
  EXPECT_EQ(read.retry_after_ms, 7000);
  EXPECT_EQ(read.body, "no");
  for (const char* wrong :
       {"", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\n", "SSH-2.0\r\n\r\n", "HTTP/1.1 abc\r\n\r\n",
        "HTTP/1.1 99 Low\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n"}) {
    EXPECT_FALSE(parse_http_answer(wrong).ok()) << wrong;
  }
  std::string interim;
  for (int i = 0; i < 300'000; ++i) interim += "HTTP/1.1 100 Continue\r\n\r\n";
  EXPECT_FALSE(parse_http_answer(interim).ok());
  EXPECT_EQ(parse_http_answer(interim + "HTTP/1.1 204 Done\r\n\r\n").value().status, 204);
}

TEST(HttpRetry, WaitsLongerEachTimeAndNeverTooLong) {
  for (uint64_t random : {uint64_t{0}, uint64_t{12345}, ~uint64_t{0}}) {
    int64_t last = 0;
    for (int failures = 1; failures < 70; ++failures) {
      const int64_t wait = backoff_ms(failures, 100, 5000, random);
      EXPECT_GE(wait, 50);
      EXPECT_LE(wait, 5000);
      EXPECT_GE(wait * 2 + 1, last);
      last = wait;
    }
  }
}

}  // namespace
}  // namespace dataflow::connect
