#include "log_test_bed.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <future>
#include <set>

#include "base/durable_dirs.h"
#include "base/logger.h"
#include "types/record.h"

namespace dataflow::log {
namespace {

// That of a FaultEnv when it begins.
constexpr int64_t kUsualTime = 1'700'000'000'000;
constexpr size_t kMaxUncompressed = size_t{64} << 20;

int64_t number_from(const char* variable, int64_t usual) {
  const char* text = std::getenv(variable);
  return text != nullptr && *text != '\0' ? std::strtoll(text, nullptr, 10) : usual;
}

// A client's rules for leaving out aborted transactions (KIP-98).
class AbortFilter {
 public:
  void learn(const std::vector<AbortedTransaction>& aborted) {
    ahead_ = {aborted.begin(), aborted.end()};
  }
  bool hides(const BatchHeader& batch, std::string_view bytes) {
    std::erase_if(ahead_, [&](const AbortedTransaction& a) {
      if (a.first_offset > batch.last_offset()) return false;
      aborting_.insert(a.producer_id);
      return true;
    });
    if (batch.is_control()) {
      Result<ControlRecord> end = parse_control_batch(bytes);
      if (end.ok() && end->type == ControlType::kAbort) aborting_.erase(batch.producer_id);
      return true;
    }
    return batch.is_transactional() && aborting_.contains(batch.producer_id);
  }

 private:
  std::vector<AbortedTransaction> ahead_;
  std::set<ProducerId> aborting_;
};

Status collect(std::string_view batch, Offset from, std::vector<SeenRecord>& out) {
  DF_ASSIGN_OR_RETURN(RecordReader reader, RecordReader::open(batch, kMaxUncompressed));
  Record record;
  while (true) {
    DF_ASSIGN_OR_RETURN(bool more, reader.next(record));
    if (!more) return {};
    if (record.offset < from) continue;
    out.push_back({record.offset, std::string(record.value.value_or("")), record.timestamp});
  }
}

Status wrong(const std::string& what) { return Status::internal("the partition served " + what); }

}  // namespace

std::string make_batch(const std::vector<std::string>& values, const BatchShape& shape) {
  BatchOptions options;
  options.codec = shape.codec;
  options.producer_id = shape.producer;
  options.producer_epoch = shape.epoch;
  options.base_sequence = shape.sequence;
  options.transactional = shape.transactional;
  BatchBuilder builder(options);
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t t = std::min(i, shape.times.empty() ? 0 : shape.times.size() - 1);
    const Timestamp time(shape.times.empty() ? kUsualTime : shape.times[t]);
    EXPECT_TRUE(builder.add(time, shape.key, values[i]).ok());
  }
  return builder.finish();
}

BatchShape idempotent(int64_t producer, int32_t sequence, int16_t epoch) {
  return {ProducerId(producer), ProducerEpoch(epoch), sequence, false, Codec::kNone, {}, "key"};
}

BatchShape transactional(int64_t producer, int32_t sequence, int16_t epoch) {
  BatchShape shape = idempotent(producer, sequence, epoch);
  shape.transactional = true;
  return shape;
}

Result<std::string> slice_bytes(const LogSlice& slice) {
  std::string bytes(slice.length, '\0');
  if (bytes.empty()) return bytes;
  DF_ASSIGN_OR_RETURN(size_t got,
                      slice.file->read_at(slice.position, {bytes.data(), bytes.size()}));
  if (got != bytes.size()) return wrong("a slice that is longer than its file");
  return bytes;
}

Result<std::vector<SeenRecord>> consume(Partition& partition, Offset from, Isolation isolation,
                                        uint32_t max_bytes) {
  std::vector<SeenRecord> seen;
  AbortFilter filter;
  const bool committed = isolation == Isolation::kReadCommitted;
  Offset next = from;
  for (bool first = true;; first = false) {
    DF_ASSIGN_OR_RETURN(ReadOutcome outcome, partition.read(next, max_bytes, isolation, true));
    if (outcome.slice.length == 0) return seen;
    DF_ASSIGN_OR_RETURN(std::string bytes, slice_bytes(outcome.slice));
    filter.learn(outcome.aborted);
    for (size_t at = 0; at < bytes.size();) {
      std::string_view rest = std::string_view(bytes).substr(at);
      Result<BatchHeader> header = parse_batch_header(rest);
      if (!header.ok()) return wrong("no batch header: " + header.status().message());
      if (header->total_bytes() > rest.size()) return wrong("a part of a batch");
      std::string_view batch = rest.substr(0, header->total_bytes());
      if (!batch_crc_ok(batch)) return wrong("a batch that fails its checksum");
      // A read may begin behind a gap that compaction left, never within an earlier batch; inside
      // of a slice there is no gap.
      const bool holds = header->base_offset <= next && header->last_offset() >= next;
      const bool fits =
          at > 0 ? header->base_offset == next : header->base_offset >= next || (first && holds);
      if (!fits) {
        return wrong("offset " + std::to_string(header->base_offset.value()) + " where " +
                     std::to_string(next.value()) + " was asked");
      }
      if (header->next_offset() > (committed ? outcome.last_stable : outcome.high_offset)) {
        return wrong("an offset beyond its readable end");
      }
      const bool hidden = committed ? filter.hides(*header, batch) : header->is_control();
      if (!hidden) DF_RETURN_IF_ERROR(collect(batch, from, seen));
      next = header->next_offset();
      at += header->total_bytes();
    }
  }
}

std::vector<std::string> values_of(const std::vector<SeenRecord>& records) {
  std::vector<std::string> values;
  for (const SeenRecord& r : records) values.push_back(r.value);
  return values;
}

Status wait_synced(Partition& partition, Offset next) {
  std::promise<Status> told;
  partition.await_synced(next, [&](Status s) { told.set_value(std::move(s)); });
  return told.get_future().get();
}

Result<AppendOutcome> append_batch(Partition& partition, std::string batch) {
  return partition.append({batch.data(), batch.size()});
}

Result<AppendOutcome> append_synced(Partition& partition, std::string batch) {
  DF_ASSIGN_OR_RETURN(AppendOutcome outcome, append_batch(partition, std::move(batch)));
  DF_RETURN_IF_ERROR(wait_synced(partition, outcome.next_offset));
  return outcome;
}

int test_rounds(int usual) { return static_cast<int>(number_from("DATAFLOW_SOAK_ROUNDS", usual)); }

uint64_t test_seed(uint64_t usual) {
  return static_cast<uint64_t>(number_from("DATAFLOW_TEST_SEED", static_cast<int64_t>(usual)));
}

LogBed::LogBed(uint64_t seed) : env_(seed) {
  if (std::getenv("DATAFLOW_TEST_LOG") == nullptr)
    set_log_level(LogLevel::kOff);  // failing on purpose would fill the screen
  options_.dir = "data/log";
  options_.sync_threads = 1;
  options_.reserve_bytes = 0;
  options_.zeros_ahead = 1024;
  options_.housekeeping_interval_ms = 0;
  EXPECT_TRUE(create_dirs_durably(env_, "data").ok());
}

LogBed::~LogBed() {
  log_.reset();
  store_.reset();
}

Status LogBed::open() {
  DF_ASSIGN_OR_RETURN(store_, meta::Store::open(env_, "data/meta"));
  DF_ASSIGN_OR_RETURN(log_, Log::open(env_, *store_, options_, nullptr));
  return {};
}

Status LogBed::stop() {
  Status closed = log_->close();
  log_.reset();
  Status stored = store_->close();
  store_.reset();
  return closed.ok() ? stored : closed;
}

void LogBed::crash(CrashOptions how) {
  // Whatever the threads still do from here on does not reach the disk.
  if (!env_.crashed()) env_.set_crash_after(1);
  log_.reset();
  store_.reset();
  env_.crash(how);
}

void LogBed::restart() {
  Status stopped = stop();
  ASSERT_TRUE(stopped.ok()) << stopped;
  Status opened = open();
  ASSERT_TRUE(opened.ok()) << opened;
}

void LogBed::crash_and_open(CrashOptions how) {
  crash(how);
  Status opened = open();
  ASSERT_TRUE(opened.ok()) << opened;
}

LogPartition& LogBed::make(const std::string& topic, const ConfigOverrides& overrides,
                           int32_t partitions) {
  Result<TopicInfo> made = log_->create_topic(topic, partitions, overrides);
  EXPECT_TRUE(made.ok()) << made.status();
  return at(topic);
}

LogPartition& LogBed::at(const std::string& topic, int32_t partition) {
  auto found =
      std::dynamic_pointer_cast<LogPartition>(log_->partition(topic, PartitionIndex(partition)));
  EXPECT_NE(found, nullptr) << topic << "-" << partition;
  return *found;
}

std::vector<std::string> LogBed::files(LogPartition& partition, std::string_view suffix) {
  std::vector<std::string> paths;
  Result<std::vector<DirEntry>> entries = env_.list_dir(partition.dir());
  EXPECT_TRUE(entries.ok()) << entries.status();
  if (!entries.ok()) return paths;
  for (const DirEntry& entry : *entries) {
    if (entry.name.ends_with(suffix)) paths.push_back(partition.dir() + "/" + entry.name);
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::vector<std::string> LogBed::cut_files() {
  std::vector<std::string> paths;
  const std::string folder = options_.dir + "/cut";
  if (!env_.exists(folder)) return paths;
  Result<std::vector<DirEntry>> entries = env_.list_dir(folder);
  EXPECT_TRUE(entries.ok()) << entries.status();
  if (!entries.ok()) return paths;
  for (const DirEntry& entry : *entries) paths.push_back(folder + "/" + entry.name);
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace dataflow::log
