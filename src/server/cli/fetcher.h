// Reads records of one topic from the leaders of its partitions, in order within each partition.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/status.h"
#include "cli/kafka_cluster.h"
#include "types/record.h"
#include "wire/messages/fetch.h"

namespace dataflow::cli {

struct FetcherOptions {
  bool read_committed = true;
  int32_t max_wait_ms = 500;
  int32_t max_bytes = 16 << 20;  // of one answer
  int32_t max_partition_bytes = 1 << 20;
};

class Fetcher {
 public:
  // Returns false to stop: the next poll goes on behind this record.
  using Visit = std::function<bool(int32_t partition, const Record& record)>;
  // Told when a partition's position had to be moved, with words for people.
  using Notice = std::function<void(const std::string&)>;

  Fetcher(KafkaCluster& cluster, TopicPlace topic, FetcherOptions options, Notice notice);

  // Which partitions are read, and from which offsets.
  void assign(const std::map<int32_t, int64_t>& positions);
  std::map<int32_t, int64_t> positions() const;

  // One request to each leader; `wait` false takes what is there now. Failures that may pass are
  // repeated by the next poll, until they have lasted for the cluster's timeout.
  Status poll(bool wait, const Visit& visit);

  // Every partition has been read to the end that its last answer told.
  bool at_end() const;

 private:
  struct Reading {
    int64_t position = 0;
    int64_t end = -1;  // readable end as last told; -1: not asked yet
  };

  wire::FetchRequest request_for(int32_t leader, bool wait) const;
  Status take(const wire::FetchResponse& answer, const Visit& visit);
  Status take_partition(const wire::FetchResponse::Partition& answer, const Visit& visit);
  Status take_records(const wire::FetchResponse::Partition& answer, Reading& reading,
                      const Visit& visit);
  Result<bool> take_batch(int32_t partition, std::string_view batch, Reading& reading,
                          const Visit& visit);
  Status move_into_range(int32_t partition, Reading& reading);
  // The failure, once it has lasted too long; ok before that.
  Status endure(const Status& problem);

  KafkaCluster& cluster_;
  TopicPlace topic_;
  const FetcherOptions options_;
  Notice notice_;
  std::map<int32_t, Reading> readings_;
  std::map<int32_t, int>
      first_turn_;        // by leader: which partition comes first, so that all get their turn
  bool stopped_ = false;  // by the visitor, in this poll
  int64_t failing_since_ = -1;
};

}  // namespace dataflow::cli
