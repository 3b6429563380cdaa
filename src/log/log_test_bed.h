// What the log's tests stand on: batches to append, a log over a disk that can fail, and a
// consumer. Test-only; not part of the room.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/fault_env.h"
#include "log/log.h"
#include "log_partition.h"
#include "meta/store.h"
#include "types/batch_builder.h"

namespace dataflow::log {

// One batch as a producer sends it.
struct BatchShape {
  ProducerId producer = kNoProducerId;
  ProducerEpoch epoch = kNoProducerEpoch;
  int32_t sequence = kNoSequence;
  bool transactional = false;
  Codec codec = Codec::kNone;
  std::vector<int64_t>
      times;  // of the records; the last one goes on; by default when a FaultEnv begins
  std::string key = "key";
};
std::string make_batch(const std::vector<std::string>& values, const BatchShape& shape = {});
BatchShape idempotent(int64_t producer, int32_t sequence, int16_t epoch = 0);
BatchShape transactional(int64_t producer, int32_t sequence, int16_t epoch = 0);

struct SeenRecord {
  Offset offset;
  std::string value;
  Timestamp timestamp;
};

// Reads from `from` to the readable end as a client does: whole batches, one behind the other
// without a hole, each with its CRC, control records and (kReadCommitted) aborted ones left out.
// kInternal if the partition serves something that a client must never see.
Result<std::vector<SeenRecord>> consume(Partition& partition, Offset from, Isolation isolation,
                                        uint32_t max_bytes = 1 << 20);
std::vector<std::string> values_of(const std::vector<SeenRecord>& records);
// The bytes of what read() gave.
Result<std::string> slice_bytes(const LogSlice& slice);

Result<AppendOutcome> append_batch(Partition& partition, std::string batch);
// Blocks until everything below `next` is on disk, or can no longer get there.
Status wait_synced(Partition& partition, Offset next);
Result<AppendOutcome> append_synced(Partition& partition, std::string batch);

// DATAFLOW_SOAK_ROUNDS, or `usual` if it is not set: how many rounds a random test runs.
int test_rounds(int usual);
// DATAFLOW_TEST_SEED, or `usual`.
uint64_t test_seed(uint64_t usual);

// A store and a log over one FaultEnv. Nothing runs by itself but the syncing threads: the test
// calls keep_house().
class LogBed {
 public:
  explicit LogBed(uint64_t seed = 1);
  ~LogBed();

  FaultEnv& env() { return env_; }
  LogOptions& options() { return options_; }
  Log& log() { return *log_; }
  meta::Store& store() { return *store_; }
  bool is_open() const { return log_ != nullptr; }

  Status open();
  Status stop();                      // as a server does that is asked to stop
  void crash(CrashOptions how = {});  // whether open or not; at the crash point if that was reached
  // stop() and open(), crash() and open(): for tests where both must succeed.
  void restart();
  void crash_and_open(CrashOptions how = {});

  // Makes the topic and gives its first partition.
  LogPartition& make(const std::string& topic = "t", const ConfigOverrides& overrides = {},
                     int32_t partitions = 1);
  LogPartition& at(const std::string& topic = "t", int32_t partition = 0);
  // Paths of files in the partition's folder that end so, in order of name.
  std::vector<std::string> files(LogPartition& partition, std::string_view suffix = ".log");
  std::vector<std::string> cut_files();

 private:
  FaultEnv env_;
  LogOptions options_;
  std::unique_ptr<meta::Store> store_;
  std::unique_ptr<Log> log_;
};

}  // namespace dataflow::log
