#include "cli/fetcher.h"

#include <algorithm>
#include <set>

#include "cli/interrupt.h"
#include "cli/topic_offsets.h"

namespace dataflow::cli {
namespace {

constexpr size_t kMaxUncompressedBytes = size_t{1} << 30;
constexpr int64_t kPauseNanos = 100'000'000;

// Which transactional batches of one answer were aborted: follows the list that came with it.
class AbortedFilter {
 public:
  explicit AbortedFilter(const wire::FetchResponse::Partition& answer) {
    if (answer.aborted_transactions) starts_ = *answer.aborted_transactions;
    std::sort(starts_.begin(), starts_.end(),
              [](const auto& a, const auto& b) { return a.first_offset < b.first_offset; });
  }

  // Batches come in order of offset.
  bool is_aborted(const BatchHeader& batch) {
    while (next_ < starts_.size() && starts_[next_].first_offset <= batch.last_offset().value()) {
      aborting_.insert(starts_[next_++].producer_id);
    }
    return batch.is_transactional() && !batch.is_control() &&
           aborting_.contains(batch.producer_id.value());
  }
  void note_marker(const BatchHeader& batch) { aborting_.erase(batch.producer_id.value()); }

 private:
  std::vector<wire::FetchResponse::AbortedTransaction> starts_;
  size_t next_ = 0;
  std::set<int64_t> aborting_;
};

}  // namespace

Fetcher::Fetcher(KafkaCluster& cluster, TopicPlace topic, FetcherOptions options, Notice notice)
    : cluster_(cluster), topic_(std::move(topic)), options_(options), notice_(std::move(notice)) {}

void Fetcher::assign(const std::map<int32_t, int64_t>& positions) {
  readings_.clear();
  for (const auto& [partition, offset] : positions) readings_[partition].position = offset;
}

std::map<int32_t, int64_t> Fetcher::positions() const {
  std::map<int32_t, int64_t> out;
  for (const auto& [partition, reading] : readings_) out[partition] = reading.position;
  return out;
}

bool Fetcher::at_end() const {
  return std::all_of(readings_.begin(), readings_.end(), [](const auto& entry) {
    return entry.second.end >= 0 && entry.second.position >= entry.second.end;
  });
}

Status Fetcher::endure(const Status& problem) {
  const int64_t now = posix_env().monotonic_nanos();
  if (failing_since_ < 0) failing_since_ = now;
  DF_RETURN_IF_ERROR(check_interrupt());
  if (now - failing_since_ > cluster_.timeout_ms() * 1'000'000) return problem;
  pause_for(kPauseNanos);
  DF_ASSIGN_OR_RETURN(topic_, cluster_.topic(topic_.name));
  return {};
}

wire::FetchRequest Fetcher::request_for(int32_t leader, bool wait) const {
  wire::FetchRequest request;
  request.max_wait_ms = wait ? options_.max_wait_ms : 0;
  request.min_bytes = wait ? 1 : 0;
  request.max_bytes = options_.max_bytes;
  request.isolation_level = options_.read_committed ? 1 : 0;
  request.topics.resize(1);
  request.topics[0].topic = topic_.name;
  auto& partitions = request.topics[0].partitions;
  for (const auto& [index, reading] : readings_) {
    const PartitionPlace* place = topic_.find(index);
    if (place == nullptr || place->leader != leader) continue;
    wire::FetchRequest::Partition partition;
    partition.partition = index;
    partition.fetch_offset = reading.position;
    partition.partition_max_bytes = options_.max_partition_bytes;
    partitions.push_back(partition);
  }
  auto turn = first_turn_.find(leader);
  if (turn != first_turn_.end() && !partitions.empty()) {
    std::rotate(partitions.begin(),
                partitions.begin() + turn->second % static_cast<int>(partitions.size()),
                partitions.end());
  }
  return request;
}

Status Fetcher::poll(bool wait, const Visit& visit) {
  std::set<int32_t> leaders;
  for (const auto& [index, reading] : readings_) {
    const PartitionPlace* place = topic_.find(index);
    if (place == nullptr || place->leader < 0) {
      return endure(Status::unavailable("partition " + std::to_string(index) + " of stream \"" +
                                        topic_.name + "\" has no leader"));
    }
    leaders.insert(place->leader);
  }
  stopped_ = false;
  Status problem;
  for (const int32_t leader : leaders) {
    // Only one leader is waited for; with several the others would be late by that much.
    const bool wait_here = wait && leaders.size() == 1;
    auto answer = cluster_.call(leader, request_for(leader, wait_here), options_.max_wait_ms);
    ++first_turn_[leader];
    Status taken = answer.ok() ? take(*answer, visit) : answer.status();
    if (stopped_) return taken;
    if (!taken.ok() && !is_connection_failure(taken)) return taken;
    if (!taken.ok()) problem = taken;
  }
  if (!problem.ok()) return endure(problem);
  failing_since_ = -1;
  if (wait && leaders.size() > 1 && at_end()) pause_for(kPauseNanos);
  return {};
}

Status Fetcher::take(const wire::FetchResponse& answer, const Visit& visit) {
  DF_RETURN_IF_ERROR(kafka_error(answer.error_code, "reading stream \"" + topic_.name + "\""));
  Status problem;
  std::vector<int32_t> out_of_range;
  for (const auto& topic : answer.responses) {
    for (const auto& partition : topic.partitions) {
      if (partition.error_code == wire::ErrorCode::kOffsetOutOfRange) {
        out_of_range.push_back(partition.partition_index);
        continue;
      }
      Status taken = take_partition(partition, visit);
      if (stopped_) return taken;
      if (!taken.ok() && !is_connection_failure(taken)) return taken;
      if (!taken.ok()) problem = taken;
    }
  }
  // Last, because it asks the same broker again and the answer's records are gone with that.
  for (const int32_t partition : out_of_range) {
    auto found = readings_.find(partition);
    if (found != readings_.end()) DF_RETURN_IF_ERROR(move_into_range(partition, found->second));
  }
  return problem;
}

Status Fetcher::take_partition(const wire::FetchResponse::Partition& answer, const Visit& visit) {
  auto found = readings_.find(answer.partition_index);
  if (found == readings_.end()) return {};
  Reading& reading = found->second;
  const std::string doing = "reading partition " + std::to_string(answer.partition_index) +
                            " of stream \"" + topic_.name + "\" at offset " +
                            std::to_string(reading.position);
  if (answer.error_code == wire::ErrorCode::kCorruptMessage ||
      answer.error_code == wire::ErrorCode::kKafkaStorageError) {
    return Status::corrupt(
        kafka_error(answer.error_code, doing).message() +
        "\n  the data on the server's disk may be damaged; stop the server and see:"
        "  dataflow log verify --data-dir DIR");
  }
  DF_RETURN_IF_ERROR(kafka_error(answer.error_code, doing));
  reading.end = options_.read_committed && answer.last_stable_offset >= 0
                    ? answer.last_stable_offset
                    : answer.high_watermark;
  return take_records(answer, reading, visit);
}

Status Fetcher::move_into_range(int32_t partition, Reading& reading) {
  TopicPlace one = topic_;
  std::erase_if(one.partitions, [&](const PartitionPlace& p) { return p.index != partition; });
  DF_ASSIGN_OR_RETURN(auto ranges, offset_ranges(cluster_, one));
  const OffsetRange range = ranges[partition];
  const int64_t moved = std::clamp(reading.position, range.first, std::max(range.first, range.end));
  notice_("partition " + std::to_string(partition) + " has no offset " +
          std::to_string(reading.position) + " (it holds " + std::to_string(range.first) + " to " +
          std::to_string(range.end) + "): going on at " + std::to_string(moved));
  reading.position = moved;
  return {};
}

Status Fetcher::take_records(const wire::FetchResponse::Partition& answer, Reading& reading,
                             const Visit& visit) {
  std::string_view bytes = answer.records.bytes.value_or(std::string_view());
  AbortedFilter aborted(answer);
  while (bytes.size() >= kBatchHeaderBytes) {
    DF_ASSIGN_OR_RETURN(BatchHeader header, parse_batch_header(bytes));
    // The server may cut the last batch short; the next poll asks for it again.
    if (header.total_bytes() > bytes.size()) break;
    const std::string_view batch = bytes.substr(0, header.total_bytes());
    bytes.remove_prefix(batch.size());
    if (!batch_crc_ok(batch)) {
      return Status::corrupt("partition " + std::to_string(answer.partition_index) +
                             " of stream \"" + topic_.name + "\": the batch at offset " +
                             std::to_string(header.base_offset.value()) + " fails its checksum");
    }
    const bool skip = options_.read_committed && aborted.is_aborted(header);
    if (header.is_control()) aborted.note_marker(header);
    if (!skip && !header.is_control()) {
      DF_ASSIGN_OR_RETURN(bool more, take_batch(answer.partition_index, batch, reading, visit));
      if (!more) {
        stopped_ = true;
        return {};
      }
    }
    reading.position = std::max(reading.position, header.next_offset().value());
  }
  return {};
}

Result<bool> Fetcher::take_batch(int32_t partition, std::string_view batch, Reading& reading,
                                 const Visit& visit) {
  DF_ASSIGN_OR_RETURN(RecordReader reader, RecordReader::open(batch, kMaxUncompressedBytes));
  Record record;
  while (true) {
    DF_ASSIGN_OR_RETURN(bool more, reader.next(record));
    if (!more) return true;
    // A batch comes whole, also when the position lies inside of it.
    if (record.offset.value() < reading.position) continue;
    reading.position = record.offset.value() + 1;
    if (!visit(partition, record)) return false;
  }
}

}  // namespace dataflow::cli
