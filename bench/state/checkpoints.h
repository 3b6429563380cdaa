// What a job's checkpoints cost while a large table is updated.
#pragma once

#include <cstdint>
#include <string>

namespace dataflow::state {

struct CheckpointLoad {
  size_t keys = 10'000'000;
  size_t key_size = 8;
  int64_t number = 0;  // of all rows
  double updates_per_second = 200'000;
  double seconds = 60;
  double interval_ms = 50;
  std::string dir;  // made, and removed afterwards
};

// Prints sizes, updates per second, the checkpoints' durations, write amplification, the time of a
// recovery. False if something failed.
bool measure_checkpoints(const CheckpointLoad& load);

}  // namespace dataflow::state
