// `dataflow consume`: what is in a stream, alone or as a member of a consumer group.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/session.h"

namespace dataflow::cli {

struct Consume {
  std::string stream;
  std::string from;  // empty: earliest, or what the group has committed
  std::string group;
  int64_t max_messages = -1;
  bool exit_at_end = false;
  bool follow = false;
  std::vector<int32_t> partitions;
  std::string format;
  bool has_format = false;
  std::string isolation = "read_committed";
  bool no_commit = false;
};
Status consume(Session& session, const Consume& options);

}  // namespace dataflow::cli
