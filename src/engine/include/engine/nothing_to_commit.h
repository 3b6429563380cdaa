// The committer of sinks that have nothing to commit.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/sink.h"

namespace dataflow::engine {

class NothingToCommit final : public SinkCommitter {
 public:
  Status restore(const std::map<std::string, std::string>&) override { return {}; }
  Status prepare(CheckpointId, std::vector<std::string>&,
                 std::map<std::string, std::string>&) override {
    return {};
  }
  Status commit(CheckpointId, const std::vector<std::string>&, bool) override { return {}; }
};

}  // namespace dataflow::engine
