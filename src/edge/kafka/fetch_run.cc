#include "fetch_run.h"

#include <algorithm>
#include <functional>
#include <set>
#include <string_view>
#include <utility>

#include "errors.h"
#include "old_fetch.h"

namespace dataflow::kafka {

using wire::ErrorCode;
using Answer = wire::FetchResponse;

namespace {

uint64_t fingerprint(const std::string& topic, int32_t partition) {
  return std::hash<std::string>()(topic) + static_cast<uint64_t>(partition) * 0x9E3779B97F4A7C15;
}

bool may_name_one_twice(const wire::FetchRequest& question) {
  std::vector<uint64_t> seen;
  for (const auto& topic : question.topics) {
    for (const auto& asked : topic.partitions) {
      seen.push_back(fingerprint(topic.topic, asked.partition));
    }
  }
  std::sort(seen.begin(), seen.end());
  return std::adjacent_find(seen.begin(), seen.end()) != seen.end();
}

// A partition is read once and listened to once, however often it is named: what a waiting request
// costs is bounded by what there is, not by the question's length.
void name_each_once(wire::FetchRequest& question) {
  if (!may_name_one_twice(question)) return;
  std::set<std::pair<std::string_view, int32_t>> named;
  for (auto& topic : question.topics) {
    std::erase_if(topic.partitions, [&](const wire::FetchRequest::Partition& asked) {
      return !named.emplace(topic.topic, asked.partition).second;
    });
    topic.partitions.shrink_to_fit();
  }
}

}  // namespace

FetchRun::FetchRun(const Request& request, wire::FetchRequest question)
    : broker_(request.broker),
      reply_(request.reply),
      question_(std::move(question)),
      isolation_(question_.isolation_level == 1 ? log::Isolation::kReadCommitted
                                                : log::Isolation::kReadUncommitted) {
  uint32_t limit = broker_.options.max_fetch_bytes;
  max_bytes_ = std::min<uint32_t>(limit, static_cast<uint32_t>(std::max(0, question_.max_bytes)));
  min_bytes_ =
      std::min<uint32_t>(max_bytes_, static_cast<uint32_t>(std::max(0, question_.min_bytes)));
}

void FetchRun::Part::on_advance() {
  moved.store(true);
  run->wake();
}

// The partition holds a listener that keeps this run alive during the call.
void FetchRun::wake() {
  if (queued_.exchange(true)) return;
  kept_ = shared_from_this();
  reply_.io().post(static_cast<IoTask*>(this));
}

void FetchRun::start() {
  name_each_once(question_);
  for (const auto& topic : question_.topics) part_count_ += topic.partitions.size();
  parts_ = std::make_unique<Part[]>(part_count_);
  size_t next = 0;
  for (const auto& topic : question_.topics) {
    for (const auto& asked : topic.partitions) look_up(topic.topic, asked, parts_[next++]);
  }
  read_all();
  if (enough() || question_.max_wait_ms <= 0 || part_count_ == 0) return answer();
  if (!listen_to_all()) return answer();
  // A client that left may be seen only when it is answered (its next request lies unread behind
  // this one), so that no wait outlasts the time after which quiet connections are closed.
  int64_t wait_ms = std::min<int64_t>(question_.max_wait_ms, broker_.options.idle_timeout_ms);
  timer_ = reply_.io().add_timer(reply_.io().now() + wait_ms * 1'000'000, shared_from_this());
  reply_.hold(shared_from_this());
}

void FetchRun::look_up(const std::string& topic, const wire::FetchRequest::Partition& asked,
                       Part& part) {
  part.run = this;
  part.asked = &asked;
  part.partition = broker_.log.partition(topic, PartitionIndex(asked.partition));
  if (!part.partition) {
    part.error = ErrorCode::kUnknownTopicOrPartition;
  } else {
    part.error = check_epoch(part);
  }
}

ErrorCode FetchRun::check_epoch(const Part& part) const {
  int32_t known = part.asked->current_leader_epoch;
  if (known < 0) return ErrorCode::kNone;
  int32_t current = part.partition->leader_epoch().value();
  if (known < current) return ErrorCode::kFencedLeaderEpoch;
  return known > current ? ErrorCode::kUnknownLeaderEpoch : ErrorCode::kNone;
}

// KIP-320: a client that has read records of an epoch which ended earlier than it thinks must step
// back.
bool FetchRun::check_divergence(Part& part) const {
  if (part.asked->last_fetched_epoch < 0) return false;
  auto end = part.partition->epoch_end(LeaderEpoch(part.asked->last_fetched_epoch));
  if (!end) return false;
  bool diverges = end->epoch.value() < part.asked->last_fetched_epoch ||
                  end->end.value() < part.asked->fetch_offset;
  if (diverges) part.diverging = {end->epoch.value(), end->end.value()};
  return diverges;
}

void FetchRun::read_all() {
  for (size_t i = 0; i < part_count_; ++i) read(parts_[i]);
}

// Reads the part anew; the first part that has anything may go past the limits by its first batch.
// One that diverges only says where its partition stands.
void FetchRun::read(Part& part) {
  bytes_ -= part.found.slice.length;
  part.found = {};
  if (part.error != ErrorCode::kNone || check_divergence(part)) {
    urgent_ = true;
    if (part.partition) {
      part.found.high_offset = part.partition->high_offset();
      part.found.last_stable = part.partition->last_stable();
      part.found.log_start = part.partition->log_start();
    }
    return;
  }
  uint64_t left = max_bytes_ > bytes_ ? max_bytes_ - bytes_ : 0;
  uint32_t limit = static_cast<uint32_t>(std::min<uint64_t>(
      left, static_cast<uint32_t>(std::max(0, part.asked->partition_max_bytes))));
  auto found =
      part.partition->read(Offset(part.asked->fetch_offset), limit, isolation_, bytes_ == 0);
  if (!found.ok()) {
    part.error = error_of(found.status());
    return read(part);
  }
  if (reply_.version() < kFirstFetchWithZstd) {
    Status status = cut_before_zstd(found->slice);
    if (!status.ok()) {
      bool zstd = status.code() == StatusCode::kUnsupported;
      part.error = zstd ? ErrorCode::kUnsupportedCompressionType : error_of(status);
      return read(part);
    }
  }
  part.found = std::move(*found);
  bytes_ += part.found.slice.length;
}

bool FetchRun::enough() const { return urgent_ || bytes_ >= min_bytes_; }

bool FetchRun::listen_to_all() {
  for (size_t i = 0; i < part_count_; ++i) {
    if (!listen_to(i)) {
      stop_waiting();
      return false;
    }
  }
  return true;
}

// A part that moved between its read and now is read again; false once that makes it enough.
bool FetchRun::listen_to(size_t index) {
  Part& part = parts_[index];
  std::shared_ptr<log::AdvanceListener> listener(shared_from_this(), &part);
  part.moved.store(false);
  while (!part.partition->listen(part.found.high_offset, part.found.last_stable, listener)) {
    const Offset high = part.found.high_offset;
    const Offset stable = part.found.last_stable;
    read(part);
    if (enough()) return false;
    // It did not move and yet takes no listener: its topic is being deleted.
    if (part.found.high_offset == high && part.found.last_stable == stable) {
      part.error = ErrorCode::kUnknownTopicOrPartition;
      read(part);
      return false;
    }
  }
  part.listening = true;
  return true;
}

void FetchRun::run() {
  std::shared_ptr<FetchRun> self = std::move(kept_);
  queued_.store(false);
  if (done_) return;
  for (size_t i = 0; i < part_count_; ++i) {
    Part& part = parts_[i];
    if (!part.moved.exchange(false)) continue;
    part.listening = false;
    read(part);
    if (enough() || !listen_to(i)) return answer();
  }
}

void FetchRun::on_timer() {
  timer_ = kNoTimer;
  if (!done_) answer();
}

void FetchRun::cancel() {
  if (done_) return;
  done_ = true;
  stop_waiting();
}

void FetchRun::stop_waiting() {
  for (size_t i = 0; i < part_count_; ++i) {
    Part& part = parts_[i];
    if (part.listening && !part.moved.load()) part.partition->forget(&part);
    part.listening = false;
  }
  if (timer_ != kNoTimer) reply_.io().cancel_timer(std::exchange(timer_, kNoTimer));
}

Answer FetchRun::build_answer(std::vector<log::LogSlice>& slices) {
  Answer answer;
  answer.responses.resize(question_.topics.size());
  size_t next = 0;
  for (size_t t = 0; t < question_.topics.size(); ++t) {
    Answer::Topic& topic = answer.responses[t];
    topic.partitions.resize(question_.topics[t].partitions.size());
    topic.topic = std::move(question_.topics[t].topic);
    for (Answer::Partition& to : topic.partitions) {
      Part& part = parts_[next++];
      to.partition_index = part.asked->partition;
      to.error_code = part.error;
      to.diverging_epoch = part.diverging;
      bool known = part.error == ErrorCode::kNone;
      to.high_watermark = known ? part.found.high_offset.value() : -1;
      to.last_stable_offset = known ? part.found.last_stable.value() : -1;
      to.log_start_offset = known ? part.found.log_start.value() : -1;
      if (isolation_ == log::Isolation::kReadUncommitted) to.aborted_transactions.reset();
      for (const log::AbortedTransaction& aborted : part.found.aborted) {
        to.aborted_transactions->push_back(
            {aborted.producer_id.value(), aborted.first_offset.value()});
      }
      to.records = wire::RecordsField::from_outside(part.found.slice.length);
      if (part.found.slice.length > 0) slices.push_back(std::move(part.found.slice));
      if (part.error != ErrorCode::kNone) broker_.metrics.error(part.error);
    }
  }
  return answer;
}

void FetchRun::answer() {
  if (done_) return;
  done_ = true;
  stop_waiting();
  std::vector<log::LogSlice> slices;
  Answer answer = build_answer(slices);
  reply_.send(answer, slices);
}

}  // namespace dataflow::kafka
