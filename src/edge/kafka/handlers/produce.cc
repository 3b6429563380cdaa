#include "wire/messages/produce.h"

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "errors.h"
#include "handlers/handlers.h"
#include "io_thread.h"
#include "log/fault.h"
#include "types/log_batch.h"

namespace dataflow::kafka {

namespace {

using wire::ErrorCode;
using Answer = wire::ProduceResponse;
using Question = wire::ProduceRequest;

constexpr int16_t kAllReplicas = -1;
constexpr int16_t kFirstAnswered = 3;  // below it are only advertised (see kafka clients' tests)
constexpr int16_t kFirstWithZstd = 7;
constexpr int16_t kFirstWithStorageError = 4;
constexpr int16_t kFirstWithMessage = 8;
constexpr size_t kProducerIdAt = 43;
constexpr size_t kProducerEpochAt = 51;

// Calls back with each batch's first byte; stops where the bytes cannot be batches.
template <class Each>
void for_each_batch(std::span<const char> batches, Each each) {
  while (batches.size() >= kBatchHeaderBytes) {
    each(batches.data());
    size_t size = kBatchLengthOverhead + load_be32(batches.data() + 8);
    if (size > batches.size()) return;
    batches = batches.subspan(size);
  }
}

// What has to be known of the batches before the log looks at them.
struct BatchTraits {
  bool zstd = false;
  bool transactional = false;
  bool mixed = false;       // of several producers, or in part transactional
  int64_t base_offset = 0;  // the first batch's; the log refuses a second one
  ProducerId producer{-1};
  ProducerEpoch epoch{-1};
};

BatchTraits look_at(std::span<const char> batches) {
  BatchTraits traits;
  bool first = true;
  for_each_batch(batches, [&](const char* batch) {
    uint16_t attributes = load_be16(batch + kBatchCrcStart);
    bool transactional = (attributes & kAttributeTransactional) != 0;
    ProducerId producer(static_cast<int64_t>(load_be64(batch + kProducerIdAt)));
    ProducerEpoch epoch(static_cast<int16_t>(load_be16(batch + kProducerEpochAt)));
    if (first) traits.base_offset = static_cast<int64_t>(load_be64(batch));
    traits.zstd |= static_cast<Codec>(attributes & kAttributeCodecMask) == Codec::kZstd;
    traits.mixed |= !first && (transactional != traits.transactional ||
                               producer != traits.producer || epoch != traits.epoch);
    traits.transactional = transactional;
    traits.producer = producer;
    traits.epoch = epoch;
    first = false;
  });
  return traits;
}

int64_t count_records(std::span<const char> batches) {
  int64_t records = 0;
  for_each_batch(batches, [&](const char* batch) {
    records += static_cast<int32_t>(load_be32(batch + kBatchHeaderBytes - 4));
  });
  return records;
}

// The answer of one request while its partitions are being made durable.
class ProduceRun final : public IoTask {
 public:
  ProduceRun(const Request& request, int16_t acks)
      : broker_(request.broker), reply_(request.reply), acks_(acks), started_(reply_.io().now()) {}

  void append_all(Question& question);
  void run() override { finish(); }

 private:
  struct Wait {
    std::shared_ptr<log::Partition> partition;
    Offset until;
    Answer::Partition* answer;
  };

  void append(const Question& question, const std::string& topic, const Question::Partition& from,
              Answer::Partition& to);
  Status append_batches(const Question& question, const std::string& topic,
                        const Question::Partition& from, const BatchTraits& traits,
                        Answer::Partition& to);
  void await_synced();
  void one_synced(Answer::Partition* answer, const Status& status);
  void refuse(Answer::Partition& answer, const Status& status) const;
  void finish();

  Broker& broker_;
  const Reply reply_;
  const int16_t acks_;
  const int64_t started_;
  int64_t records_ = 0;
  Answer answer_;
  std::vector<Wait> waits_;
  std::atomic<size_t> left_{0};
};

void ProduceRun::refuse(Answer::Partition& answer, const Status& status) const {
  answer.error_code = error_of(status);
  if (answer.error_code == ErrorCode::kKafkaStorageError &&
      reply_.version() < kFirstWithStorageError) {
    answer.error_code = ErrorCode::kNotLeaderOrFollower;
  }
  answer.base_offset = -1;
  if (reply_.version() >= kFirstWithMessage) answer.error_message = status.message();
}

Status ProduceRun::append_batches(const Question& question, const std::string& topic,
                                  const Question::Partition& from, const BatchTraits& traits,
                                  Answer::Partition& to) {
  auto partition = broker_.log.partition(topic, PartitionIndex(from.index));
  if (!partition) {
    return log::fault(log::Fault::kUnknownTopic, StatusCode::kNotFound,
                      "producing to " + topic + "-" + std::to_string(from.index) +
                          ": there is no such partition");
  }
  if (!from.records.bytes || from.records.bytes->size() < kBatchHeaderBytes) {
    return log::fault(log::Fault::kInvalidRecord, StatusCode::kInvalid,
                      "producing to " + topic + ": the request holds no whole record batch");
  }
  if (traits.base_offset != 0) {
    return log::fault(log::Fault::kInvalidRecord, StatusCode::kInvalid,
                      "producing to " + topic + ": a producer's batch begins at offset 0, not " +
                          std::to_string(traits.base_offset));
  }
  // The bytes lie in the connection's own buffer, where they may be changed.
  std::span<char> batches(const_cast<char*>(from.records.bytes->data()),
                          from.records.bytes->size());

  log::AppendPermit permit;
  if (traits.transactional) {
    DF_ASSIGN_OR_RETURN(
        permit, broker_.transactions.verify_partition(*question.transactional_id, traits.producer,
                                                      traits.epoch, partition->name()));
  }
  DF_ASSIGN_OR_RETURN(log::AppendOutcome outcome, partition->append(batches));
  if (!outcome.duplicate) records_ += count_records(batches);
  to.base_offset = outcome.base_offset.value();
  to.log_append_time_ms = outcome.append_time.value();
  to.log_start_offset = outcome.log_start.value();
  if (acks_ == kAllReplicas) waits_.push_back({std::move(partition), outcome.next_offset, &to});
  return {};
}

void ProduceRun::append(const Question& question, const std::string& topic,
                        const Question::Partition& from, Answer::Partition& to) {
  to.index = from.index;
  to.base_offset = -1;
  std::string_view bytes = from.records.bytes.value_or(std::string_view());
  BatchTraits traits = look_at({bytes.data(), bytes.size()});
  if (reply_.version() < kFirstAnswered) {
    to.error_code = ErrorCode::kUnsupportedVersion;
  } else if (acks_ < kAllReplicas || acks_ > 1) {
    to.error_code = ErrorCode::kInvalidRequiredAcks;
  } else if (reply_.version() < kFirstWithZstd && traits.zstd) {
    to.error_code = ErrorCode::kUnsupportedCompressionType;
  } else if (traits.mixed) {
    to.error_code = ErrorCode::kInvalidRecord;
  } else if (traits.transactional && !question.transactional_id) {
    to.error_code = ErrorCode::kTransactionalIdAuthorizationFailed;
  } else {
    Status status = append_batches(question, topic, from, traits, to);
    if (!status.ok()) refuse(to, status);
  }
}

void ProduceRun::append_all(Question& question) {
  answer_.responses.resize(question.topic_data.size());
  for (size_t t = 0; t < question.topic_data.size(); ++t) {
    Question::Topic& from = question.topic_data[t];
    Answer::Topic& to = answer_.responses[t];
    to.partition_responses.resize(from.partition_data.size());
    for (size_t p = 0; p < from.partition_data.size(); ++p) {
      append(question, from.name, from.partition_data[p], to.partition_responses[p]);
    }
    to.name = std::move(from.name);
  }
  if (waits_.empty()) return finish();
  await_synced();
}

// One more than there are waits, so that no callback can finish the run while this still walks
// them.
void ProduceRun::await_synced() {
  left_ = waits_.size() + 1;
  for (const Wait& wait : waits_) {
    // Two pointers: std::function keeps them without taking memory.
    wait.partition->await_synced(
        wait.until, [this, answer = wait.answer](Status status) { one_synced(answer, status); });
  }
  if (left_.fetch_sub(1) == 1) finish();
}

void ProduceRun::one_synced(Answer::Partition* answer, const Status& status) {
  if (!status.ok()) refuse(*answer, status);
  if (left_.fetch_sub(1) == 1) reply_.io().post(this);
}

void ProduceRun::finish() {
  std::unique_ptr<ProduceRun> self(this);
  std::string_view failed;
  for (const Answer::Topic& topic : answer_.responses) {
    for (const Answer::Partition& partition : topic.partition_responses) {
      if (partition.error_code == ErrorCode::kNone) continue;
      broker_.metrics.error(partition.error_code);
      failed = wire::error_name(partition.error_code);
    }
  }
  broker_.metrics.published(records_, reply_.io().now() - started_);
  if (acks_ != 0) return reply_.send(answer_);
  // A producer that wants no answers learns of a failure only by losing its connection, as with
  // Kafka.
  if (failed.empty()) return reply_.send_nothing();
  reply_.refuse("its Produce request without acknowledgement failed with " + std::string(failed));
}

}  // namespace

void handle_produce(Request& request) {
  auto question = request.decode<Question>();
  if (!question) return;
  auto run = std::make_unique<ProduceRun>(request, question->acks);
  run.release()->append_all(*question);  // deletes itself when it has answered
}

}  // namespace dataflow::kafka
