// What `dataflow group …` asks of the server.
#pragma once

#include <string>
#include <vector>

#include "cli/session.h"

namespace dataflow::cli {

Status list_groups(Session& session);
Status describe_group(Session& session, const std::string& group);

struct GroupReset {
  std::string group;
  std::string to;                   // a start point
  std::vector<std::string> topics;  // empty: those that the group has offsets of
  bool dry_run = false;
};
Status reset_group(Session& session, const GroupReset& options);

Status delete_groups(Session& session, const std::vector<std::string>& groups, bool yes);

}  // namespace dataflow::cli
