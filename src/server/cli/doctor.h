// `dataflow doctor`: what may keep a server from running well on this machine, and what to do about
// it.
#pragma once

#include <string>
#include <vector>

#include "cli/session.h"

namespace dataflow::cli {

enum class Finding { kOk, kWarning, kProblem };

struct Check {
  std::string name;
  Finding finding = Finding::kOk;
  std::string found;
  std::string advice;  // empty where nothing is to be done
};

// The machine, seen from where the data would be.
Check check_disk_space(const std::string& data_dir, int64_t reserve_bytes);
Check check_file_system(const std::string& data_dir);
Check check_sync_time(const std::string& data_dir);
Check check_clock();
Check check_open_files();
Check check_memory();
// `ours`: the server that answered listens there. `what`: the listener's name in the configuration.
Check check_port(const std::string& what, const Address& address, bool ours);

struct Doctor {
  std::string config;    // the server's YAML file
  std::string data_dir;  // instead of the configured one
};
// Fails (exit code 1) if there is a problem; warnings do not count.
Status run_doctor(Session& session, const Doctor& options);

}  // namespace dataflow::cli
