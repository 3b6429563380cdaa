// Publishes records to one topic: a batch for each partition, one request under way to each leader,
// repeated as long as that may help, without loss of order and (idempotent) without doubles.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "cli/kafka_cluster.h"
#include "types/log_batch.h"
#include "wire/messages/produce.h"

namespace dataflow::cli {

struct OutgoingRecord {
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::vector<std::pair<std::string, std::string>> headers;
  int64_t timestamp = 0;
  uint64_t line = 0;  // where it came from, for messages; 0: nowhere
};

struct ProducerOptions {
  int16_t acks = -1;
  Codec codec = Codec::kNone;
  size_t batch_records = 1000;
  // A full batch goes on growing, up to batch_bytes, while its leader has not answered the last
  // one.
  bool may_grow = true;
  size_t batch_bytes = 512 << 10;
  std::optional<int32_t> partition;  // all records go there
  bool idempotent = true;            // needs acks -1
};

class Producer {
 public:
  struct Failure {
    uint64_t first_line = 0;
    uint64_t last_line = 0;
    int64_t records = 0;
    Status why;
  };

  static Result<std::unique_ptr<Producer>> open(KafkaCluster& cluster, const std::string& topic,
                                                const ProducerOptions& options);

  // Takes the record; sends when a batch is full. Fails only when there is no use in going on: then
  // everything not yet acknowledged counts as failed.
  Status add(OutgoingRecord record);
  // Sends what is there and waits for all answers.
  Status flush();

  bool has_pending() const { return pending_records_ > 0; }
  int64_t published() const { return published_; }
  int64_t failed() const { return failed_; }
  const std::vector<Failure>& failures() const { return failures_; }
  const TopicPlace& topic() const { return topic_; }

 private:
  struct Batch {
    int32_t partition = 0;
    std::vector<OutgoingRecord> records;
    size_t bytes = 0;
    // Set when it is first sent; a repeat carries the same ones.
    int64_t producer_id = -1;
    int16_t producer_epoch = -1;
    int32_t base_sequence = -1;
  };
  struct InFlight {
    std::vector<Batch> batches;
  };

  Producer(KafkaCluster& cluster, TopicPlace topic, const ProducerOptions& options)
      : cluster_(cluster), topic_(std::move(topic)), options_(options) {}

  Status renew_producer_id();
  int32_t choose_partition(const OutgoingRecord& record);
  Result<int32_t> leader_of(int32_t partition);
  void number(Batch& batch);
  wire::ProduceRequest request_for(const std::vector<Batch>& batches,
                                   std::vector<std::string>& bytes) const;
  bool is_busy(int32_t leader);
  Status send_to(int32_t leader);
  Status await(int32_t leader);
  // Sorts the answers; what is worth another try comes back in `again`.
  Status settle(std::vector<Batch> batches, const wire::ProduceResponse& answer,
                std::vector<Batch>& again);
  Status settle_one(Batch batch, wire::ErrorCode error, const std::optional<std::string>& words,
                    std::vector<Batch>& again);
  void forget_sequences(std::vector<Batch>& batches, int32_t partition);
  Status repeat(std::vector<Batch> batches, Status why);
  Result<wire::ErrorCode> try_alone(const Batch& batch, std::optional<std::string>& words);
  void fail(const Batch& batch, const Status& why);
  Status give_up(const std::vector<Batch>& batches, const Status& why);

  KafkaCluster& cluster_;
  TopicPlace topic_;
  const ProducerOptions options_;
  int64_t producer_id_ = -1;
  int16_t producer_epoch_ = -1;
  std::map<int32_t, int32_t> next_sequence_;
  std::map<int32_t, Batch> pending_;       // by partition
  std::map<int32_t, InFlight> in_flight_;  // by leader
  int32_t sticky_ = 0;
  int64_t pending_records_ = 0;  // taken, not acknowledged, not failed
  int64_t published_ = 0;
  int64_t failed_ = 0;
  std::vector<Failure> failures_;
};

}  // namespace dataflow::cli
