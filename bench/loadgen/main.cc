// A load generator for anything that speaks Kafka's protocol. It sends batches that were built
// before the clock starts, so that what it costs itself stays small, and prints one JSON object.
//
//   loadgen produce port=9092 topic=t connections=10 in_flight=5 records=1000 record_bytes=100
//           codec=lz4 acks=-1 requests=10000 [rate=500]
//   loadgen e2e port=9092 topic=events partitions=10 connections=10 records=100 requests=10000
//           rate=500 [results=out result_partitions=4]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "options.h"
#include "types/batch_builder.h"
#include "wire/client.h"
#include "wire/messages/create_topics.h"
#include "wire/messages/metadata.h"

namespace loadgen {

using namespace std::chrono_literals;

void die(const std::string& why) {
  std::fprintf(stderr, "loadgen: %s\n", why.c_str());
  std::exit(1);
}

Options parse_options(int argc, char** argv) {
  Options o;
  if (argc < 2) die("say what to do: produce, fetch, random, e2e, fsync, create or first");
  o.mode = argv[1];
  for (int i = 2; i < argc; ++i) {
    const std::string a = argv[i];
    const size_t eq = a.find('=');
    if (eq == std::string::npos) die("`" + a + "` is not name=value");
    const std::string name = a.substr(0, eq), value = a.substr(eq + 1);
    if (name == "host")
      o.host = value;
    else if (name == "port")
      o.port = static_cast<uint16_t>(std::stoi(value));
    else if (name == "topic")
      o.topic = value;
    else if (name == "partitions")
      o.partitions = std::stoi(value);
    else if (name == "connections")
      o.connections = std::stoi(value);
    else if (name == "in_flight")
      o.in_flight = std::stoi(value);
    else if (name == "records")
      o.records = std::stoi(value);
    else if (name == "record_bytes")
      o.record_bytes = std::stoi(value);
    else if (name == "codec")
      o.codec = value;
    else if (name == "acks")
      o.acks = std::stoi(value);
    else if (name == "requests")
      o.requests = std::stoll(value);
    else if (name == "rate")
      o.rate = std::stod(value);
    else if (name == "fetch_bytes")
      o.fetch_bytes = std::stoll(value);
    else if (name == "repeats")
      o.repeats = std::stoi(value);
    else if (name == "path")
      o.path = value;
    else if (name == "results")
      o.results = value;
    else if (name == "result_partitions")
      o.result_partitions = std::stoi(value);
    else
      die("`" + name + "` is not known");
  }
  return o;
}

std::string Latencies::json() {
  if (values_.empty()) return "\"count\":0";
  std::sort(values_.begin(), values_.end());
  auto at = [&](double q) {
    return values_[std::min(values_.size() - 1,
                            static_cast<size_t>(q * static_cast<double>(values_.size())))];
  };
  double sum = 0;
  for (double v : values_) sum += v;
  char text[256];
  std::snprintf(text, sizeof text,
                "\"count\":%zu,\"mean_us\":%.1f,\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,"
                "\"max_us\":%.1f",
                values_.size(), sum / static_cast<double>(values_.size()), at(0.5), at(0.99),
                at(0.999), values_.back());
  return text;
}

std::string make_batch(const Options& options, uint32_t seed) {
  auto codec = dataflow::codec_from_name(options.codec);
  if (!codec.ok()) die(codec.status().message());
  dataflow::BatchOptions batch;
  batch.codec = *codec;
  dataflow::BatchBuilder builder(batch);
  const dataflow::Timestamp now = dataflow::posix_env().now();
  // Half text that compresses, half noise that does not: about what JSON events are like.
  uint32_t state = seed * 2654435761u + 1;
  std::string value(static_cast<size_t>(options.record_bytes), 'x');
  for (int r = 0; r < options.records; ++r) {
    for (size_t i = 0; i < value.size(); ++i) {
      state = state * 1664525u + 1013904223u;
      value[i] = i % 2 == 0 ? static_cast<char>('a' + i % 16)
                            : static_cast<char>('!' + (state >> 24) % 90);
    }
    if (!builder.add(now, std::nullopt, value).ok()) die("a record does not fit into the batch");
  }
  return builder.finish();
}

dataflow::wire::ProduceRequest produce_request(const Options& options, int partition,
                                               const std::string& batch) {
  dataflow::wire::ProduceRequest request;
  request.acks = static_cast<int16_t>(options.acks);
  request.timeout_ms = 30000;
  auto& topic = request.topic_data.emplace_back();
  topic.name = options.topic;
  auto& to = topic.partition_data.emplace_back();
  to.index = partition;
  to.records = dataflow::wire::RecordsField::of(batch);
  return request;
}

namespace {

// kTopicAlreadyExists is fine.
void create_topic(dataflow::wire::Client& client, const Options& options) {
  dataflow::wire::CreateTopicsRequest request;
  request.timeout_ms = 10000;
  auto& topic = request.topics.emplace_back();
  topic.name = options.topic;
  topic.num_partitions = options.partitions;
  topic.replication_factor = 1;
  auto answer = client.call(request, 5, 15s);
  if (!answer.ok()) die(answer.status().message());
  for (const auto& t : answer->topics) {
    if (t.error_code != dataflow::wire::ErrorCode::kNone &&
        t.error_code != dataflow::wire::ErrorCode::kTopicAlreadyExists) {
      die("creating the topic failed with error " + std::to_string(static_cast<int>(t.error_code)));
    }
  }
  // Kafka answers before every partition has its leader.
  for (int i = 0; i < 200; ++i) {
    dataflow::wire::MetadataRequest question;
    question.topics.emplace();
    question.topics->emplace_back().name = options.topic;
    auto known = client.call(question, 5, 5s);
    if (!known.ok()) die(known.status().message());
    bool ready = known->topics.size() == 1;
    for (const auto& t : known->topics) {
      ready = ready && static_cast<int>(t.partitions.size()) == options.partitions;
      for (const auto& p : t.partitions) ready = ready && p.leader_id >= 0;
    }
    if (ready) break;
  }
}

}  // namespace

int run_create(const Options& options) {
  auto client = dataflow::wire::Client::connect(options.host, options.port, 5s);
  if (!client.ok()) die(client.status().message());
  create_topic(**client, options);
  std::printf("{\"created\":\"%s\"}\n", options.topic.c_str());
  return 0;
}

int run_first(const Options& options) {
  using Clock = std::chrono::steady_clock;
  const auto limit = Clock::now() + 120s;
  auto client = dataflow::wire::Client::connect(options.host, options.port, 5s);
  while (!client.ok()) {
    if (Clock::now() > limit) die(client.status().message());
    std::this_thread::sleep_for(500us);
    client = dataflow::wire::Client::connect(options.host, options.port, 5s);
  }
  create_topic(**client, options);
  const std::string batch = make_batch(options, 1);
  auto answer = (*client)->call(produce_request(options, 0, batch), 7, 60s);
  if (!answer.ok()) die(answer.status().message());
  if (answer->responses.at(0).partition_responses.at(0).error_code !=
      dataflow::wire::ErrorCode::kNone) {
    die("the record was refused");
  }
  const auto now = Clock::now().time_since_epoch();
  std::printf("{\"monotonic_ms\":%.3f}\n", std::chrono::duration<double, std::milli>(now).count());
  return 0;
}

}  // namespace loadgen

int main(int argc, char** argv) {
  const loadgen::Options options = loadgen::parse_options(argc, argv);
  if (options.mode == "produce") return loadgen::run_produce(options);
  if (options.mode == "fetch") return loadgen::run_fetch(options);
  if (options.mode == "random") return loadgen::run_random(options);
  if (options.mode == "e2e") return loadgen::run_e2e(options);
  if (options.mode == "fsync") return loadgen::run_fsync(options);
  if (options.mode == "create") return loadgen::run_create(options);
  if (options.mode == "first") return loadgen::run_first(options);
  loadgen::die("`" + options.mode +
               "` is not one of produce, fetch, random, e2e, fsync, create, first");
}
