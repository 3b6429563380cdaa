// ~/.dataflow: the profile, and the emulator's place.
#pragma once

#include <optional>
#include <string>

#include "base/status.h"
#include "base/units.h"

namespace dataflow::cli {

// DATAFLOW_HOME, or ~/.dataflow.
std::string home_dir();

// From the current folder on, so that another process finds the same.
std::string absolute_path(const std::string& path);

// What config.yaml in it says of the server to talk to; empty where it says nothing.
//
//   server: 127.0.0.1:8080
//   kafka: 127.0.0.1:9092
//   profile: dev            # which of the profiles below is used when --profile names none
//   profiles:
//     dev: {server: 127.0.0.1:18080}
struct Profile {
  std::string path;
  std::string name;  // empty: the top level
  std::string server;
  std::string kafka;
  std::string output;
};

// `wanted`: a profile's name, or empty. An unknown key or profile is refused with the nearest one.
Result<Profile> load_profile(const std::string& wanted);

// The emulator that was started here: its files, and where it listens if it runs.
struct EmulatorPlace {
  std::string dir;         // ~/.dataflow/emulator
  std::string ready_file;  // written by the server once it is up, removed by a clean stop
  std::string log_file;
  std::string data_note;  // which data directory was used last
  std::string default_data_dir;
};
EmulatorPlace emulator_place();

struct RunningEmulator {
  int pid = 0;
  std::string kafka;
  std::string http;
  std::string metrics;
  std::string postgres;
};
// Only if the process with the noted pid is the server that this emulator started.
std::optional<RunningEmulator> find_running_emulator();
// The noted pid, if that process has given up its memory and is not gone yet.
std::optional<int> find_ending_emulator();

}  // namespace dataflow::cli
