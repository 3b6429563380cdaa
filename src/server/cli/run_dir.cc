#include "cli/run_dir.h"

#include "base/durable_dirs.h"
#include "plan/analyze.h"

namespace dataflow::cli {
namespace {

constexpr uint64_t kLargestPlan = 16 << 20;

}  // namespace

Status RunDir::check_plan(const plan::Plan& plan) {
  if (!env_.exists(path("plan.json"))) return {};
  DF_ASSIGN_OR_RETURN(const std::string json, env_.read_file(path("plan.json"), kLargestPlan));
  DF_ASSIGN_OR_RETURN(plan::Plan before, plan::plan_from_json(json));
  DF_RETURN_IF_ERROR(plan::validate(before));
  for (const plan::NodeChange& node : plan::compare_for_restart(before, plan)) {
    if (node.change != plan::Continuity::kIncompatible) continue;
    return Status::conflict("the run that is under way in " + dir_ + " cannot go on with `" +
                            node.id + "`: " + node.reason + ". Run it to its end as it was, or " +
                            "remove that folder to begin anew");
  }
  return {};
}

bool RunDir::has_finished(const plan::Plan& plan, const std::string& run) const {
  if (!env_.exists(path("finished")) || !env_.exists(path("plan.json"))) return false;
  const Result<std::string> finished = env_.read_file(path("finished"), kLargestPlan);
  if (!finished.ok() || *finished != "finished" + run + "\n") return false;
  const Result<std::string> json = env_.read_file(path("plan.json"), kLargestPlan);
  if (!json.ok()) return false;
  Result<plan::Plan> before = plan::plan_from_json(*json);
  if (!before.ok()) return false;
  before->name = plan.name;  // another statement in front gives it another one
  return plan::to_json(*before) == plan::to_json(plan);
}

Result<RunDir::Begin> RunDir::prepare(const plan::Plan& plan) {
  DF_RETURN_IF_ERROR(create_dirs_durably(env_, dir_));
  Begin begin = env_.exists(state()) ? Begin::kGoesOn : Begin::kFirst;
  if (env_.exists(path("finished"))) {
    DF_RETURN_IF_ERROR(env_.remove_tree(state()));
    DF_RETURN_IF_ERROR(env_.remove_file(path("finished")));
    DF_RETURN_IF_ERROR(env_.sync_dir(dir_));
    begin = Begin::kAnew;
  }
  if (begin == Begin::kGoesOn) DF_RETURN_IF_ERROR(check_plan(plan));
  DF_RETURN_IF_ERROR(env_.write_file_durably(path("plan.json"), plan::to_json(plan)));
  return begin;
}

}  // namespace dataflow::cli
