// What the connectors' tests stand on: a log over a disk that can fail, and producer ids.
// Test-only; not part of the room.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/fault_env.h"
#include "connect/connectors.h"
#include "meta/store.h"

namespace dataflow::connect {

class ConnectBed {
 public:
  explicit ConnectBed(uint64_t seed = 1);
  ~ConnectBed();

  FaultEnv& env() { return env_; }
  log::Log& log() { return *log_; }
  engine::Connectors& connectors() { return *connectors_; }
  ConnectorParts parts() { return {env_, *log_, *producer_ids_, nullptr, &timers_}; }
  TimerQueue& timers() { return timers_; }  // run_due() runs them

  Status open();
  void crash(CrashOptions how);  // whether open or not; open() again afterwards
  std::shared_ptr<log::Partition> make(const std::string& topic, int32_t partitions = 1,
                                       const log::ConfigOverrides& overrides = {});
  // The values of all records of a partition that a reader of committed data sees, in order.
  std::vector<std::string> values(const std::string& topic, int32_t partition = 0);

  // Producers that were inactive for so long are forgotten.
  log::LogOptions options;

 private:
  void drop();

  FaultEnv env_;
  TimerQueue timers_{env_};
  std::unique_ptr<meta::Store> store_;
  std::unique_ptr<log::Log> log_;
  std::unique_ptr<log::ProducerIds> producer_ids_;
  std::unique_ptr<engine::Connectors> connectors_;
};

// "payload": one STRING column.
SchemaPtr payload_schema();
Batch payloads(const std::vector<std::string>& values);
// Appends a batch and waits until it is on disk.
Status append_synced(log::Partition& partition, std::string batch);
// Everything that a reader of the split has, until it is idle or ends.
struct ReadRows {
  std::vector<std::string> values;
  std::vector<int64_t> offsets;
  std::vector<engine::SourceFault> faults;
  std::vector<Batch> batches;
  std::string position;
  engine::Polled last = engine::Polled::kIdle;
};
Result<ReadRows> read_split(engine::Source& source, const engine::Split& split);

}  // namespace dataflow::connect
