// Producing: closed loop (a number of requests in flight) or at a fixed rate, where a latency
// counts from the moment at which the request was due, not from when there was time to send it.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <deque>
#include <thread>

#include "base/bytes.h"
#include "options.h"
#include "wire/client.h"
#include "wire/frame.h"

namespace loadgen {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using dataflow::wire::Client;

constexpr int16_t kProduceVersion = 7;

double micros(Clock::duration d) { return std::chrono::duration<double, std::micro>(d).count(); }

// A connection's share of the requests, with its frames: one for each of its partitions.
struct Share {
  int index = 0;
  int64_t requests = 0;
  double rate = 0;
  Latencies latencies;
  int64_t failed = 0;
};

std::vector<std::string> make_frames(const Options& o, int connection) {
  std::vector<std::string> frames;
  for (int p = connection % o.partitions; p < o.partitions; p += std::max(1, o.connections)) {
    const std::string batch = make_batch(o, static_cast<uint32_t>(connection * 1000 + p));
    const auto request = produce_request(o, p, batch);
    dataflow::wire::Writer out;
    dataflow::wire::write_request_frame(out, request, kProduceVersion, 1, std::string("loadgen"));
    frames.emplace_back(out.view());
  }
  return frames;
}

// The error code of the one partition that was asked for.
bool answer_ok(const std::string& frame) {
  dataflow::wire::Reader in(std::string_view(frame).substr(4));
  auto response = dataflow::wire::ProduceResponse::decode(in, kProduceVersion);
  if (!response.ok()) die(response.status().message());
  for (const auto& t : response->responses) {
    for (const auto& p : t.partition_responses) {
      if (p.error_code != dataflow::wire::ErrorCode::kNone) return false;
    }
  }
  return true;
}

void run_share(const Options& o, Share& share, std::atomic<bool>& go) {
  auto client = Client::connect(o.host, o.port, 5s);
  if (!client.ok()) die(client.status().message());
  const std::vector<std::string> frames = make_frames(o, share.index);
  while (!go.load(std::memory_order_acquire)) std::this_thread::yield();
  const auto start = Clock::now();
  std::deque<Clock::time_point> due;  // of the requests without an answer
  int64_t sent = 0;
  auto receive = [&] {
    auto frame = (*client)->receive_raw(60s);
    if (!frame.ok()) die(frame.status().message());
    if (!answer_ok(*frame)) ++share.failed;
    share.latencies.add(micros(Clock::now() - due.front()));
    due.pop_front();
  };
  auto send = [&](Clock::time_point moment) {
    auto status = (*client)->send_raw(frames[static_cast<size_t>(sent) % frames.size()], 60s);
    if (!status.ok()) die(status.message());
    ++sent;
    if (o.acks != 0) due.push_back(moment);
  };
  while (sent < share.requests || !due.empty()) {
    if (share.rate <= 0) {
      if (sent < share.requests && static_cast<int>(due.size()) < o.in_flight)
        send(Clock::now());
      else
        receive();
      continue;
    }
    const auto next =
        start + std::chrono::duration_cast<Clock::duration>(
                    std::chrono::duration<double>(static_cast<double>(sent) / share.rate));
    const auto now = Clock::now();
    if (sent < share.requests && now >= next) {
      send(next);
      continue;
    }
    pollfd waiting{(*client)->descriptor(), POLLIN, 0};
    const auto left = sent < share.requests ? next - now : Clock::duration(1s);
    timespec timeout{
        std::chrono::duration_cast<std::chrono::seconds>(left).count(),
        std::chrono::duration_cast<std::chrono::nanoseconds>(left).count() % 1000000000};
    if (ppoll(&waiting, 1, &timeout, nullptr) > 0 && !due.empty()) receive();
  }
}

}  // namespace

int run_produce(const Options& o) {
  std::vector<Share> shares(static_cast<size_t>(o.connections));
  std::vector<std::thread> threads;
  std::atomic<bool> go{false};
  for (int i = 0; i < o.connections; ++i) {
    Share& share = shares[static_cast<size_t>(i)];
    share.index = i;
    share.requests = o.requests / o.connections;
    share.rate = o.rate / o.connections;
    threads.emplace_back([&o, &share, &go] { run_share(o, share, go); });
  }
  std::this_thread::sleep_for(500ms);  // connections and frames are ready before the clock starts
  const auto start = Clock::now();
  go.store(true, std::memory_order_release);
  for (std::thread& t : threads) t.join();
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  Latencies all;
  int64_t requests = 0, failed = 0;
  for (Share& share : shares) {
    all.merge(share.latencies);
    requests += share.requests;
    failed += share.failed;
  }
  const double records = static_cast<double>(requests) * o.records;
  std::printf(
      "{\"mode\":\"produce\",\"requests\":%lld,\"failed\":%lld,\"records\":%.0f,\"seconds\":%.3f,"
      "\"records_per_s\":%.0f,\"mb_per_s\":%.1f,%s}\n",
      static_cast<long long>(requests), static_cast<long long>(failed), records, seconds,
      records / seconds, records * o.record_bytes / seconds / 1e6, all.json().c_str());
  return failed == 0 ? 0 : 1;
}

// What the disk itself takes: append as much as a request of the same size would, then fdatasync.
int run_fsync(const Options& o) {
  const std::string block(static_cast<size_t>(o.records) * static_cast<size_t>(o.record_bytes),
                          'x');
  const int file = ::open(o.path.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0644);
  if (file < 0) die("cannot open " + o.path);
  Latencies all;
  const auto start = Clock::now();
  for (int64_t i = 0; i < o.requests; ++i) {
    if (o.rate > 0) {
      std::this_thread::sleep_until(
          start + std::chrono::duration_cast<Clock::duration>(
                      std::chrono::duration<double>(static_cast<double>(i) / o.rate)));
    }
    const auto before = Clock::now();
    if (::write(file, block.data(), block.size()) != static_cast<ssize_t>(block.size()))
      die("write failed");
    if (::fdatasync(file) != 0) die("fdatasync failed");
    all.add(micros(Clock::now() - before));
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  ::close(file);
  ::unlink(o.path.c_str());
  std::printf("{\"mode\":\"fsync\",\"seconds\":%.3f,\"mb_per_s\":%.1f,%s}\n", seconds,
              static_cast<double>(o.requests) * static_cast<double>(block.size()) / seconds / 1e6,
              all.json().c_str());
  return 0;
}

}  // namespace loadgen
