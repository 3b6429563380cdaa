// EventLog: what befell a pipeline, as lines of JSON in a folder of its own. It outlives the
// server, and is bounded: when `events` is full it becomes `events.1`, in the place of the one
// before.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/env.h"
#include "jobs/pipelines.h"

namespace dataflow::jobs {

// Used by one thread at a time.
class EventLog {
 public:
  // Nothing is made before the first append().
  EventLog(Env& env, std::string dir) : env_(env), dir_(std::move(dir)) {}

  // The newest, oldest first. What cannot be read is passed over: a line may be torn.
  std::vector<PipelineEvent> read(size_t most);
  // Not synced: it is for people.
  Status append(const PipelineEvent& event);
  // Whoever appends next makes it anew, there.
  Status move_to(const std::string& dir);

 private:
  Status open();

  Env& env_;
  std::string dir_;
  std::unique_ptr<File> file_;
  uint64_t end_ = 0;
};

}  // namespace dataflow::jobs
