// What `dataflow group …` asks of the server.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "cli/session.h"

namespace dataflow::cli {

Status list_groups(Session& session);
Result<std::vector<std::string>> group_names(Session& session);
Status describe_group(Session& session, const std::string& group);

struct GroupReset {
  std::string group;
  std::string to;                   // a start point; empty: `shift` says it
  std::optional<int64_t> shift;     // so many records forward, or back when negative
  std::vector<std::string> topics;  // empty: those that the group has offsets of
  bool dry_run = false;
};
Status reset_group(Session& session, const GroupReset& options);

Status delete_groups(Session& session, const std::vector<std::string>& groups, bool yes);

}  // namespace dataflow::cli
