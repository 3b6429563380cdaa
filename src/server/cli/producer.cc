#include "cli/producer.h"

#include <poll.h>

#include <algorithm>

#include "cli/exit_codes.h"
#include "cli/interrupt.h"
#include "types/batch_builder.h"
#include "types/partitioner.h"
#include "wire/messages/init_producer_id.h"

namespace dataflow::cli {
namespace {

constexpr size_t kRecordOverhead = 24;
constexpr size_t kMaxFailuresKept = 1000;
constexpr size_t kLookEvery = 250;  // records between two looks at whether the leader has answered

size_t size_of(const OutgoingRecord& record) {
  size_t size = kRecordOverhead + (record.key ? record.key->size() : 0) +
                (record.value ? record.value->size() : 0);
  for (const auto& [name, value] : record.headers) size += name.size() + value.size() + 6;
  return size;
}

std::optional<std::string_view> view_of(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  return std::string_view(*text);
}

}  // namespace

Result<std::unique_ptr<Producer>> Producer::open(KafkaCluster& cluster, const std::string& topic,
                                                 const ProducerOptions& options) {
  DF_ASSIGN_OR_RETURN(TopicPlace place, cluster.topic(topic));
  if (options.partition && place.find(*options.partition) == nullptr) {
    return Status::not_found("stream \"" + topic + "\" has no partition " +
                             std::to_string(*options.partition) + ": it has " +
                             std::to_string(place.partitions.size()) + ", numbered from 0");
  }
  std::unique_ptr<Producer> producer(new Producer(cluster, std::move(place), options));
  if (options.idempotent) DF_RETURN_IF_ERROR(producer->renew_producer_id());
  const auto nanos = static_cast<uint64_t>(posix_env().monotonic_nanos());
  producer->sticky_ = static_cast<int32_t>(nanos % producer->topic_.partitions.size());
  return producer;
}

Status Producer::renew_producer_id() {
  Backoff backoff(cluster_.timeout_ms());
  while (true) {
    wire::InitProducerIdRequest request;
    request.transactional_id.reset();
    request.transaction_timeout_ms = 60000;
    Result<wire::InitProducerIdResponse> answer = cluster_.call(KafkaCluster::kAnyBroker, request);
    Status problem = answer.status();
    if (answer.ok()) {
      if (answer->error_code == wire::ErrorCode::kNone) {
        producer_id_ = answer->producer_id;
        producer_epoch_ = answer->producer_epoch;
        next_sequence_.clear();
        return {};
      }
      problem = kafka_error(answer->error_code, "asking for a producer id");
      if (!is_retriable(answer->error_code)) return problem;
    } else if (!is_connection_failure(problem)) {
      return problem;
    }
    if (!backoff.wait()) {
      DF_RETURN_IF_ERROR(check_interrupt());
      return problem;
    }
  }
}

int32_t Producer::choose_partition(const OutgoingRecord& record) {
  if (options_.partition) return *options_.partition;
  const auto count = static_cast<int32_t>(topic_.partitions.size());
  if (record.key) return partition_of_key(*record.key, count);
  return topic_.partitions[static_cast<size_t>(sticky_ % count)].index;
}

Result<int32_t> Producer::leader_of(int32_t partition) {
  const PartitionPlace* place = topic_.find(partition);
  if (place == nullptr || place->leader < 0) {
    return Status::unavailable("partition " + std::to_string(partition) + " of stream \"" +
                               topic_.name + "\" has no leader");
  }
  return place->leader;
}

Status Producer::add(OutgoingRecord record) {
  const int32_t partition = choose_partition(record);
  Batch& batch = pending_[partition];
  batch.partition = partition;
  batch.bytes += size_of(record);
  const bool keyless = !record.key;
  batch.records.push_back(std::move(record));
  ++pending_records_;
  if (batch.records.size() < options_.batch_records && batch.bytes < options_.batch_bytes)
    return {};
  Result<int32_t> leader = leader_of(partition);
  if (!leader.ok()) return flush();
  if (options_.may_grow && batch.bytes < options_.batch_bytes &&
      (batch.records.size() % kLookEvery != 0 || is_busy(*leader))) {
    return {};
  }
  // As Kafka's own producer: records without keys stay with one partition for a batch, then move
  // on.
  if (keyless) ++sticky_;
  return send_to(*leader);
}

Status Producer::flush() {
  while (!pending_.empty()) {
    const int32_t partition = pending_.begin()->first;
    Result<int32_t> leader = leader_of(partition);
    if (leader.ok()) {
      DF_RETURN_IF_ERROR(send_to(*leader));
      continue;
    }
    std::vector<Batch> batches;
    batches.push_back(std::move(pending_.begin()->second));
    pending_.erase(pending_.begin());
    number(batches.front());
    DF_RETURN_IF_ERROR(repeat(std::move(batches), leader.status()));
  }
  while (!in_flight_.empty()) DF_RETURN_IF_ERROR(await(in_flight_.begin()->first));
  return {};
}

void Producer::number(Batch& batch) {
  if (!options_.idempotent || batch.base_sequence >= 0) return;
  batch.producer_id = producer_id_;
  batch.producer_epoch = producer_epoch_;
  int32_t& next = next_sequence_[batch.partition];
  batch.base_sequence = next;
  next = add_to_sequence(next, static_cast<int32_t>(batch.records.size()));
}

wire::ProduceRequest Producer::request_for(const std::vector<Batch>& batches,
                                           std::vector<std::string>& bytes) const {
  wire::ProduceRequest request;
  request.acks = options_.acks;
  request.timeout_ms = static_cast<int32_t>(cluster_.timeout_ms());
  request.topic_data.resize(1);
  request.topic_data[0].name = topic_.name;
  bytes.reserve(batches.size());
  for (const Batch& batch : batches) {
    BatchOptions how;
    how.codec = options_.codec;
    how.producer_id = ProducerId(batch.producer_id);
    how.producer_epoch = ProducerEpoch(batch.producer_epoch);
    how.base_sequence = batch.base_sequence;
    BatchBuilder builder(how);
    std::vector<RecordHeader> headers;
    for (const OutgoingRecord& record : batch.records) {
      headers.clear();
      for (const auto& [name, value] : record.headers) headers.push_back({name, value});
      // A batch is far below the builder's limit, so this cannot fail.
      (void)builder
          .add(Timestamp(record.timestamp), view_of(record.key), view_of(record.value), headers)
          .ok();
    }
    bytes.push_back(builder.finish());
    request.topic_data[0].partition_data.push_back(
        {batch.partition, wire::RecordsField::of(bytes.back())});
  }
  return request;
}

// Whether the answer to the last request to this leader is still to come.
bool Producer::is_busy(int32_t leader) {
  if (!in_flight_.contains(leader)) return false;
  Result<wire::Client*> client = cluster_.client(leader);
  if (!client.ok()) return false;
  pollfd entry{(*client)->descriptor(), POLLIN, 0};
  return ::poll(&entry, 1, 0) == 0;
}

// Everything that is pending for the leader's partitions, behind the answer to what went before.
Status Producer::send_to(int32_t leader) {
  DF_RETURN_IF_ERROR(await(leader));
  std::vector<Batch> batches;
  for (auto at = pending_.begin(); at != pending_.end();) {
    Result<int32_t> own = leader_of(at->first);
    if (own.ok() && *own == leader) {
      number(at->second);
      batches.push_back(std::move(at->second));
      at = pending_.erase(at);
    } else {
      ++at;
    }
  }
  if (batches.empty()) return {};
  std::vector<std::string> bytes;
  const wire::ProduceRequest request = request_for(batches, bytes);
  Result<wire::Client*> client = cluster_.client(leader);
  if (!client.ok()) return repeat(std::move(batches), client.status());
  const std::chrono::milliseconds timeout(cluster_.timeout_ms());
  const int16_t version = (*client)->best_version(wire::ApiKey::kProduce);
  if (version < 0) {
    return give_up(batches, Status::unsupported(
                                "the server takes no records in a form that this client speaks"));
  }
  Result<int32_t> sent = options_.acks == 0
                             ? (*client)->send_without_answer(request, version, timeout)
                             : (*client)->send(request, version, timeout);
  if (!sent.ok()) {
    cluster_.drop(leader);
    return repeat(std::move(batches), sent.status());
  }
  if (options_.acks == 0) {
    for (const Batch& batch : batches) {
      published_ += static_cast<int64_t>(batch.records.size());
      pending_records_ -= static_cast<int64_t>(batch.records.size());
    }
    return {};
  }
  in_flight_[leader].batches = std::move(batches);
  return {};
}

Status Producer::await(int32_t leader) {
  auto found = in_flight_.find(leader);
  if (found == in_flight_.end()) return {};
  std::vector<Batch> batches = std::move(found->second.batches);
  in_flight_.erase(found);
  DF_ASSIGN_OR_RETURN(wire::Client * client, cluster_.client(leader));
  // Twice the time: the server itself may use it up before it answers.
  Result<wire::ReceivedFrame> frame =
      client->receive(std::chrono::milliseconds(2 * cluster_.timeout_ms()));
  Result<wire::ProduceResponse> answer = frame.ok()
                                             ? wire::decode_response<wire::ProduceResponse>(*frame)
                                             : Result<wire::ProduceResponse>(frame.status());
  if (!answer.ok()) {
    cluster_.drop(leader);
    return repeat(std::move(batches), answer.status());
  }
  std::vector<Batch> again;
  DF_RETURN_IF_ERROR(settle(std::move(batches), *answer, again));
  if (again.empty()) return {};
  return repeat(std::move(again), Status::unavailable("the server asked to try again"));
}

Status Producer::settle(std::vector<Batch> batches, const wire::ProduceResponse& answer,
                        std::vector<Batch>& again) {
  for (Batch& batch : batches) {
    wire::ErrorCode error = wire::ErrorCode::kUnknownServerError;
    std::optional<std::string> words;
    for (const auto& topic : answer.responses) {
      for (const auto& partition : topic.partition_responses) {
        if (partition.index != batch.partition) continue;
        error = partition.error_code;
        words = partition.error_message;
      }
    }
    DF_RETURN_IF_ERROR(settle_one(std::move(batch), error, words, again));
  }
  return {};
}

Status Producer::settle_one(Batch batch, wire::ErrorCode error,
                            const std::optional<std::string>& words, std::vector<Batch>& again) {
  using E = wire::ErrorCode;
  const auto count = static_cast<int64_t>(batch.records.size());
  if (error == E::kNone || error == E::kDuplicateSequenceNumber) {
    published_ += count;
    pending_records_ -= count;
    return {};
  }
  const bool too_large = error == E::kMessageTooLarge || error == E::kRecordListTooLarge;
  if (too_large && count > 1) {
    // The server's limit is on the batch: halves may fit, down to the record that does not.
    const auto half = static_cast<std::ptrdiff_t>(count / 2);
    Batch second = batch;
    second.records.assign(std::make_move_iterator(batch.records.begin() + half),
                          std::make_move_iterator(batch.records.end()));
    batch.records.resize(static_cast<size_t>(half));
    if (batch.base_sequence >= 0) {
      second.base_sequence = add_to_sequence(batch.base_sequence, static_cast<int32_t>(half));
    }
    again.push_back(std::move(batch));
    again.push_back(std::move(second));
    return {};
  }
  if (is_retriable(error)) {
    again.push_back(std::move(batch));
    return {};
  }
  fail(batch,
       kafka_error(error, "publishing to partition " + std::to_string(batch.partition), words));
  // The failed batch's sequence numbers leave a gap that the server would refuse to pass.
  if (options_.idempotent) DF_RETURN_IF_ERROR(renew_producer_id());
  return {};
}

Result<wire::ErrorCode> Producer::try_alone(const Batch& batch, std::optional<std::string>& words) {
  DF_ASSIGN_OR_RETURN(int32_t leader, leader_of(batch.partition));
  std::vector<std::string> bytes;
  std::vector<Batch> one;
  one.push_back(batch);
  DF_ASSIGN_OR_RETURN(wire::ProduceResponse answer,
                      cluster_.call(leader, request_for(one, bytes), cluster_.timeout_ms()));
  if (answer.responses.empty() || answer.responses[0].partition_responses.empty()) {
    return Status::corrupt("the server's answer names no partition");
  }
  words = answer.responses[0].partition_responses[0].error_message;
  return answer.responses[0].partition_responses[0].error_code;
}

// What is left of a partition's split batch was never stored: it starts anew under the new producer
// id.
void Producer::forget_sequences(std::vector<Batch>& batches, int32_t partition) {
  for (Batch& batch : batches) {
    if (batch.partition == partition) batch.base_sequence = -1;
  }
}

// One batch after the other, so that a partition's order stays as it is.
Status Producer::repeat(std::vector<Batch> batches, Status why) {
  // Without acknowledgements nobody says whether a repeat is needed.
  if (options_.acks == 0) return give_up(batches, why);
  // Answers under way share connections and producer ids with what is repeated: they come first.
  while (!in_flight_.empty()) {
    Status status = await(in_flight_.begin()->first);
    if (!status.ok()) return give_up(batches, status);
  }
  std::vector<Batch> queue(std::make_move_iterator(batches.rbegin()),
                           std::make_move_iterator(batches.rend()));
  Backoff backoff(cluster_.timeout_ms());
  while (!queue.empty()) {
    Batch batch = std::move(queue.back());
    queue.pop_back();
    number(batch);
    std::optional<std::string> words;
    Result<wire::ErrorCode> error = try_alone(batch, words);
    std::vector<Batch> again;
    if (error.ok()) {
      if (*error != wire::ErrorCode::kNone) why = kafka_error(*error, "publishing", words);
      const bool wait = is_retriable(*error);
      const int64_t failed_before = failed_;
      const int32_t partition = batch.partition;
      DF_RETURN_IF_ERROR(settle_one(std::move(batch), *error, words, again));
      if (failed_ > failed_before) forget_sequences(queue, partition);
      std::move(again.rbegin(), again.rend(), std::back_inserter(queue));
      if (!wait) continue;
    } else {
      why = error.status();
      queue.push_back(std::move(batch));
      if (!is_connection_failure(why)) return give_up(queue, why);
    }
    if (!backoff.wait()) {
      Status stop = check_interrupt();
      return give_up(queue, stop.ok() ? why : stop);
    }
    Result<TopicPlace> fresh = cluster_.topic(topic_.name);
    if (fresh.ok()) topic_ = std::move(*fresh);
    if (fresh.status().code() == StatusCode::kNotFound) return give_up(queue, fresh.status());
  }
  return {};
}

void Producer::fail(const Batch& batch, const Status& why) {
  const auto count = static_cast<int64_t>(batch.records.size());
  failed_ += count;
  pending_records_ -= count;
  if (failures_.size() >= kMaxFailuresKept || count == 0) return;
  failures_.push_back({batch.records.front().line, batch.records.back().line, count, why});
}

Status Producer::give_up(const std::vector<Batch>& batches, const Status& why) {
  for (const Batch& batch : batches) fail(batch, why);
  for (const auto& [leader, flight] : in_flight_) {
    for (const Batch& batch : flight.batches) fail(batch, why);
  }
  for (const auto& [partition, batch] : pending_) fail(batch, why);
  in_flight_.clear();
  pending_.clear();
  return why;
}

}  // namespace dataflow::cli
