// What a pipeline that is run without a server keeps, in DIR/runs/NAME:
//
//   state/     the job's
//   plan.json  what it was made by
//   finished   the last run came to its end: the next one begins anew
#pragma once

#include <string>

#include "base/env.h"
#include "plan/plan.h"

namespace dataflow::cli {

class RunDir {
 public:
  enum class Begin { kFirst, kGoesOn, kAnew };

  RunDir(Env& env, std::string dir) : env_(env), dir_(std::move(dir)) {}

  std::string state() const { return dir_ + "/state"; }
  // Removes what a finished run left, and keeps the plan. kConflict if the plan cannot go on with
  // the state that is there.
  Result<Begin> prepare(const plan::Plan& plan);
  // This very plan came to its end here, in the run of that id.
  bool has_finished(const plan::Plan& plan, const std::string& run) const;
  Status finish(const std::string& run = "") {
    return env_.write_file_durably(path("finished"), "finished" + run + "\n");
  }

 private:
  std::string path(const char* name) const { return dir_ + "/" + name; }
  Status check_plan(const plan::Plan& plan);

  Env& env_;
  const std::string dir_;
};

}  // namespace dataflow::cli
