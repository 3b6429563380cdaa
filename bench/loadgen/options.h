// What the load generator is asked to do, from `name=value` arguments.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "wire/messages/produce.h"

namespace loadgen {

struct Options {
  std::string mode;  // produce, fetch, random, e2e, fsync, create, first
  std::string host = "127.0.0.1";
  uint16_t port = 9092;
  std::string topic = "bench";
  int partitions = 10;
  int connections = 10;
  int in_flight = 5;   // produce: requests of a connection that wait for their answers
  int records = 1000;  // of a request
  int record_bytes = 100;
  std::string codec = "none";
  int acks = -1;
  int64_t requests = 10000;  // in all
  double rate = 0;           // requests a second in all; 0: as fast as they are answered
  int64_t fetch_bytes = 1 << 20;
  int repeats = 1;   // fetch: how often each partition is read from start to end
  std::string path;  // fsync: a file to write to
  // e2e: events are JSON objects with their moment as the member "due", and a pipeline's results,
  // which keep it, are read from this topic instead of the events.
  std::string results;
  int result_partitions = 4;
};

// Ends the process with a message if an argument is not known.
Options parse_options(int argc, char** argv);

// Latencies in microseconds; prints count, mean, p50, p99, p99.9 and max as JSON members.
class Latencies {
 public:
  void add(double micros) { values_.push_back(micros); }
  size_t count() const { return values_.size(); }
  void merge(const Latencies& other) {
    values_.insert(values_.end(), other.values_.begin(), other.values_.end());
  }
  std::string json();

 private:
  std::vector<double> values_;
};

int run_produce(const Options& options);
int run_fetch(const Options& options);
int run_random(const Options& options);
int run_e2e(const Options& options);
int run_fsync(const Options& options);
int run_create(const Options& options);
// Waits until somebody listens, creates the topic unless it is there, and produces one record.
int run_first(const Options& options);

// `batch` for one partition; the request refers to its bytes.
dataflow::wire::ProduceRequest produce_request(const Options& options, int partition,
                                               const std::string& batch);
// One pre-built batch; `seed` makes its bytes differ from another one's.
std::string make_batch(const Options& options, uint32_t seed);
// Prints why and ends the process.
[[noreturn]] void die(const std::string& why);

}  // namespace loadgen
