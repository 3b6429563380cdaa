// Fetching: whole partitions as fast as they come, single batches at random offsets, and the way
// from producer to consumer end to end.
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <optional>
#include <random>
#include <thread>

#include "base/bytes.h"
#include "options.h"
#include "types/batch_builder.h"
#include "wire/client.h"
#include "wire/messages/fetch.h"
#include "wire/messages/list_offsets.h"

namespace loadgen {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using dataflow::wire::Client;

constexpr int16_t kFetchVersion = 11;

std::unique_ptr<Client> connect(const Options& o) {
  auto client = Client::connect(o.host, o.port, 5s);
  if (!client.ok()) die(client.status().message());
  return std::move(*client);
}

int64_t end_offset(Client& client, const Options& o, int partition) {
  dataflow::wire::ListOffsetsRequest request;
  auto& topic = request.topics.emplace_back();
  topic.name = o.topic;
  auto& p = topic.partitions.emplace_back();
  p.partition_index = partition;
  p.timestamp = -1;
  auto answer = client.call(request, 2, 10s);
  if (!answer.ok()) die(answer.status().message());
  return answer->topics.at(0).partitions.at(0).offset;
}

struct Fetched {
  int64_t next = 0;
  int64_t records = 0;
  int64_t bytes = 0;
};

// One fetch of one partition; walks the batches' headers only.
Fetched fetch(Client& client, const Options& o, int partition, int64_t offset, int64_t max_bytes,
              int max_wait_ms) {
  dataflow::wire::FetchRequest request;
  request.max_wait_ms = max_wait_ms;
  request.min_bytes = 1;
  request.max_bytes = static_cast<int32_t>(max_bytes);
  auto& topic = request.topics.emplace_back();
  topic.topic = o.topic;
  auto& p = topic.partitions.emplace_back();
  p.partition = partition;
  p.fetch_offset = offset;
  p.partition_max_bytes = static_cast<int32_t>(max_bytes);
  auto answer = client.call(request, kFetchVersion, 30s);
  if (!answer.ok()) die(answer.status().message());
  const auto& got = answer->responses.at(0).partitions.at(0);
  if (got.error_code != dataflow::wire::ErrorCode::kNone) {
    die("fetch failed with error " + std::to_string(static_cast<int>(got.error_code)));
  }
  Fetched out{offset, 0, 0};
  std::string_view bytes = got.records.bytes.value_or(std::string_view());
  out.bytes = static_cast<int64_t>(bytes.size());
  while (bytes.size() >= dataflow::kBatchHeaderBytes) {
    auto header = dataflow::parse_batch_header(bytes);
    if (!header.ok()) die(header.status().message());
    if (header->total_bytes() > bytes.size()) break;
    out.records += header->next_offset().value() - std::max(out.next, header->base_offset.value());
    out.next = header->next_offset().value();
    bytes.remove_prefix(header->total_bytes());
  }
  return out;
}

}  // namespace

int run_fetch(const Options& o) {
  std::atomic<int64_t> records{0}, bytes{0}, fetches{0};
  std::vector<std::thread> threads;
  const auto start = Clock::now();
  for (int c = 0; c < o.connections; ++c) {
    threads.emplace_back([&, c] {
      auto client = connect(o);
      for (int i = c; i < o.partitions * o.repeats; i += o.connections) {
        const int p = i % o.partitions;
        const int64_t end = end_offset(*client, o, p);
        for (int64_t at = 0; at < end;) {
          const Fetched got = fetch(*client, o, p, at, o.fetch_bytes, 500);
          at = got.next;
          records += got.records;
          bytes += got.bytes;
          ++fetches;
        }
      }
    });
  }
  for (std::thread& t : threads) t.join();
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  std::printf(
      "{\"mode\":\"fetch\",\"records\":%lld,\"seconds\":%.3f,\"records_per_s\":%.0f,"
      "\"mb_per_s\":%.1f,\"fetches\":%lld}\n",
      static_cast<long long>(records), seconds, static_cast<double>(records) / seconds,
      static_cast<double>(bytes) / seconds / 1e6, static_cast<long long>(fetches));
  return 0;
}

int run_random(const Options& o) {
  auto client = connect(o);
  std::vector<int64_t> ends;
  for (int p = 0; p < o.partitions; ++p) ends.push_back(end_offset(*client, o, p));
  std::mt19937_64 random(42);
  Latencies all;
  for (int64_t i = 0; i < o.requests; ++i) {
    const int p = static_cast<int>(random() % static_cast<uint64_t>(o.partitions));
    const int64_t end = ends[static_cast<size_t>(p)];
    if (end == 0) continue;
    const auto before = Clock::now();
    fetch(*client, o, p, static_cast<int64_t>(random() % static_cast<uint64_t>(end)), 1, 0);
    all.add(std::chrono::duration<double, std::micro>(Clock::now() - before).count());
  }
  std::printf("{\"mode\":\"random\",%s}\n", all.json().c_str());
  return 0;
}

// The moment at which the request was due stands in the first record's value; a consumer that
// long-polls tells how old it is when it has it.
namespace {

int64_t micros_of(Clock::time_point moment) {
  return std::chrono::duration_cast<std::chrono::microseconds>(moment.time_since_epoch()).count();
}

// So many empty answers in a row, and results that are missing will not come.
constexpr int kPatience = 50;

struct EndToEnd {
  const Options& options;
  std::atomic<bool> done{false};
  std::atomic<int> ready{0};
  std::atomic<int64_t> missing{0};  // results that nobody has read yet
  std::vector<Latencies> latencies;
};

// The moment in an event's JSON; nothing if there is none.
std::optional<int64_t> due_of(std::string_view json) {
  constexpr std::string_view kName = "\"due\":";
  const size_t at = json.find(kName);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view text = json.substr(at + kName.size());
  int64_t due = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), due).ec != std::errc()) return {};
  return due;
}

// Of a batch of results every record's age, else the first one's.
void note_ages_of(std::string_view batch, bool results, int64_t now, Latencies& latencies) {
  auto reader = dataflow::RecordReader::open(batch, 1 << 28);
  if (!reader.ok()) die(reader.status().message());
  dataflow::Record record;
  if (!results) {
    if (reader->next(record).ok() && record.value && record.value->size() >= 8) {
      const auto due = static_cast<int64_t>(dataflow::load_le64(record.value->data()));
      latencies.add(static_cast<double>(now - due));
    }
    return;
  }
  while (true) {
    auto more = reader->next(record);
    if (!more.ok()) die(more.status().message());
    if (!*more) return;
    const auto due = record.value ? due_of(*record.value) : std::nullopt;
    if (!due) die("a result has no member `due`");
    latencies.add(static_cast<double>(now - *due));
  }
}

// Notes the age of every batch; returns the offset behind the last one.
int64_t note_ages(std::string_view bytes, int64_t at, bool results, Latencies& latencies) {
  const int64_t now = micros_of(Clock::now());
  while (bytes.size() >= dataflow::kBatchHeaderBytes) {
    auto header = dataflow::parse_batch_header(bytes);
    if (!header.ok() || header->total_bytes() > bytes.size()) break;
    note_ages_of(bytes.substr(0, header->total_bytes()), results, now, latencies);
    at = header->next_offset().value();
    bytes.remove_prefix(header->total_bytes());
  }
  return at;
}

void consume_until_done(EndToEnd& run, int partition) {
  auto client = connect(run.options);
  Options read = run.options;
  const bool results = !read.results.empty();
  if (results) read.topic = read.results;
  int64_t at = end_offset(*client, read, partition);
  ++run.ready;
  int empty = 0;
  while (true) {
    dataflow::wire::FetchRequest request;
    request.max_wait_ms = 200;
    request.min_bytes = 1;
    request.isolation_level = results ? 1 : 0;
    auto& topic = request.topics.emplace_back();
    topic.topic = read.topic;
    auto& part = topic.partitions.emplace_back();
    part.partition = partition;
    part.fetch_offset = at;
    part.partition_max_bytes = 1 << 20;
    auto answer = client->call(request, kFetchVersion, 30s);
    if (!answer.ok()) die(answer.status().message());
    const auto& got = answer->responses.at(0).partitions.at(0);
    const std::string_view bytes = got.records.bytes.value_or(std::string_view());
    if (bytes.empty() && run.done && (run.missing <= 0 || ++empty > kPatience)) return;
    Latencies& mine = run.latencies[static_cast<size_t>(partition)];
    const size_t before = mine.count();
    at = note_ages(bytes, at, results, mine);
    if (results) run.missing -= static_cast<int64_t>(mine.count() - before);
  }
}

std::string stamped_batch(const Options& o, Clock::time_point due, uint64_t seed) {
  dataflow::BatchBuilder builder;
  const dataflow::Timestamp now = dataflow::posix_env().now();
  std::string value(static_cast<size_t>(o.record_bytes), 'x');
  dataflow::store_le64(value.data(), static_cast<uint64_t>(micros_of(due)));
  for (int r = 0; r < o.records; ++r) {
    if (!o.results.empty()) {
      seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
      value = "{\"meeting_id\":\"meeting_" + std::to_string((seed >> 40) % 1000) +
              "\",\"user_id\":\"user_" + std::to_string((seed >> 33) % 50000) +
              "\",\"value\":" + std::to_string((seed >> 50) % 100) +
              ".25,\"ts\":" + std::to_string(now.value()) +
              ",\"due\":" + std::to_string(micros_of(due)) + "}";
    }
    if (!builder.add(now, std::nullopt, value).ok()) die("no room");
  }
  return builder.finish();
}

void produce_at_rate(const Options& o, int connection) {
  auto client = connect(o);
  const double rate = o.rate / o.connections;
  const auto start = Clock::now();
  for (int64_t i = 0; i < o.requests / o.connections; ++i) {
    const std::chrono::duration<double> since(static_cast<double>(i) / rate);
    const auto due = start + std::chrono::duration_cast<Clock::duration>(since);
    std::this_thread::sleep_until(due);
    const std::string batch = stamped_batch(o, due, static_cast<uint64_t>(connection + i * 1000));
    const auto partition = static_cast<int>((connection + i * o.connections) % o.partitions);
    auto answer = client->call(produce_request(o, partition, batch), 7, 30s);
    if (!answer.ok()) die(answer.status().message());
  }
}

}  // namespace

int run_e2e(const Options& o) {
  const int partitions = o.results.empty() ? o.partitions : o.result_partitions;
  EndToEnd run{o, {}, {}, {}, std::vector<Latencies>(static_cast<size_t>(partitions))};
  if (!o.results.empty()) run.missing = o.requests / o.connections * o.connections * o.records;
  std::vector<std::thread> consumers;
  for (int p = 0; p < partitions; ++p) {
    consumers.emplace_back([&run, p] { consume_until_done(run, p); });
  }
  while (run.ready < partitions) std::this_thread::yield();
  std::vector<std::thread> producers;
  for (int c = 0; c < o.connections; ++c) {
    producers.emplace_back([&o, c] { produce_at_rate(o, c); });
  }
  for (std::thread& t : producers) t.join();
  run.done = true;
  for (std::thread& t : consumers) t.join();
  Latencies all;
  for (const Latencies& l : run.latencies) all.merge(l);
  std::printf("{\"mode\":\"e2e\",%s}\n", all.json().c_str());
  return 0;
}

}  // namespace loadgen
