// What SET says: options of a session, by Flink's names where Flink has them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/status.h"
#include "plan/plan.h"

namespace dataflow::sql {

enum class RuntimeMode : uint8_t { kStreaming, kBatch };
// What becomes of a row with NULL for a NOT NULL column of a sink.
enum class NullRows : uint8_t { kDeadLetter, kFail, kLeftOut };

class Settings {
 public:
  // kInvalid for a value that does not fit or a key that nobody knows (with the nearest). Keys of
  // Flink's that mean nothing here are taken and do nothing.
  Status set(const std::string& key, const std::string& value);
  Status reset(const std::string& key);  // empty: all
  const std::map<std::string, std::string>& given() const { return given_; }
  // Those that bear on how a query runs, whoever runs it: what is kept with a view.
  std::map<std::string, std::string> of_plans() const;

  RuntimeMode mode() const;                // execution.runtime-mode
  std::string time_zone() const;           // table.local-time-zone
  int parallelism() const;                 // parallelism.default; 0: the machine's
  int64_t checkpoint_interval_ms() const;  // execution.checkpointing.interval; 0: the engine's
  int64_t idle_timeout_ms() const;         // table.exec.source.idle-timeout; 0: none
  int64_t state_ttl_ms() const;            // table.exec.state.ttl; 0: for ever
  std::string pipeline_name() const;       // pipeline.name
  NullRows null_rows() const;              // table.exec.sink.not-null-enforcer
  std::string dead_letters() const;        // sql.dead-letters: a topic; empty: only counted
  bool point_reads() const;                // sql.point-reads: keyed tables from memory

 private:
  std::map<std::string, std::string> given_;
};

}  // namespace dataflow::sql
