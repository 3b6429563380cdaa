// The HTTP sink's committer: sends what a checkpoint holds, and again until it is taken.
#include <algorithm>
#include <cstdio>

#include "base/logger.h"
#include "http_sink.h"

namespace dataflow::connect {
namespace {

constexpr const char* kRunState = "run";

class HttpSinkCommitter final : public engine::SinkCommitter {
 public:
  HttpSinkCommitter(HttpSinkParts parts, std::shared_ptr<const HttpSinkSpec> spec)
      : parts_(std::move(parts)),
        spec_(std::move(spec)),
        sender_(parts_.sender(*spec_)),
        breaker_(parts_.breakers.of(spec_->parsed.authority)) {}

  Status restore(const std::map<std::string, std::string>& named_state) override {
    const auto run = named_state.find(kRunState);
    if (run != named_state.end()) {
      run_ = run->second;
      return {};
    }
    uint64_t random = 0;
    parts_.env.fill_random(std::span(reinterpret_cast<char*>(&random), sizeof random));
    char text[32];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(random));
    run_ = text;
    return {};
  }

  // "<key>\n" in front of each batch's lines.
  Status prepare(engine::CheckpointId id, std::vector<std::string>& committables,
                 std::map<std::string, std::string>& named_state) override {
    for (size_t i = 0; i < committables.size(); ++i) {
      committables[i].insert(
          0, run_ + "-" + std::to_string(id.value()) + "-" + std::to_string(i) + "\n");
    }
    named_state[kRunState] = run_;
    return {};
  }

  Status commit(engine::CheckpointId, const std::vector<std::string>& committables,
                bool /*after_restart*/) override {
    for (const std::string& committable : committables) {
      const size_t end = committable.find('\n');
      if (end == std::string::npos) {
        return Status::corrupt(spec_->where + ": a batch without its key");
      }
      DF_RETURN_IF_ERROR(
          send(committable.substr(0, end), std::string_view(committable).substr(end + 1))
              .with_context(spec_->where + ": " + spec_->url));
    }
    return {};
  }

 private:
  int64_t now_ms() const { return parts_.env.monotonic_nanos() / 1'000'000; }
  uint64_t random() const {
    uint64_t bits = 0;
    parts_.env.fill_random(std::span(reinterpret_cast<char*>(&bits), sizeof bits));
    return bits;
  }

  Status send(const std::string& key, std::string_view lines) {
    HttpHeaders headers = {{"Content-Type", "application/x-ndjson"}, {"Idempotency-Key", key}};
    headers.insert(headers.end(), spec_->headers.begin(), spec_->headers.end());
    const int64_t deadline = now_ms() + spec_->give_up_ms;
    Status last = Status::unavailable("nothing is sent there for the moment: too much failed");
    for (int failures = 0;;) {
      if (spec_->interrupted.stop_requested()) {
        return Status::cancelled("given up, as the job has to end: " + last.message());
      }
      int64_t wait = breaker_->wait_ms(now_ms());
      if (wait == 0) {
        Result<HttpPostAnswer> answer = sender_->post(headers, lines);
        if (answer.status().code() == StatusCode::kCancelled) return answer.status();
        const HttpOutcome outcome = answer.ok() ? outcome_of(answer->status) : HttpOutcome::kAgain;
        // Who refuses a batch is well otherwise.
        breaker_->on_outcome(outcome != HttpOutcome::kAgain, now_ms());
        if (outcome == HttpOutcome::kTaken) return {};
        last = answer.ok() ? words_of(*answer) : answer.status();
        if (outcome == HttpOutcome::kRefused) return last;
        wait = backoff_ms(++failures, spec_->first_backoff_ms, spec_->most_backoff_ms, random());
        if (answer.ok()) wait = std::max(wait, answer->retry_after_ms.value_or(0));
      }
      if (now_ms() + wait > deadline) return last;
      parts_.sleep(wait, spec_->interrupted);
    }
  }

  static Status words_of(const HttpPostAnswer& answer) {
    std::string words = "the answer is " + std::to_string(answer.status);
    const std::string line = answer.body.substr(0, answer.body.find_first_of("\r\n"));
    if (!line.empty()) words += ": " + line;
    if (outcome_of(answer.status) == HttpOutcome::kRefused) return Status::invalid(words);
    return Status::unavailable(words);
  }

  HttpSinkParts parts_;
  std::shared_ptr<const HttpSinkSpec> spec_;
  std::unique_ptr<HttpSender> sender_;
  std::shared_ptr<CircuitBreaker> breaker_;
  std::string run_;
};

}  // namespace

std::unique_ptr<engine::SinkCommitter> make_http_sink_committer(
    HttpSinkParts parts, std::shared_ptr<const HttpSinkSpec> spec) {
  return std::make_unique<HttpSinkCommitter>(std::move(parts), std::move(spec));
}

}  // namespace dataflow::connect
