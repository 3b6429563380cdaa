// Deleting a pipeline. What its checkpoints still owe to sinks stands in its state alone:
// savepoints of it do not have it, so it is delivered first, or given up by whoever says so.
#include "base/logger.h"
#include "owed_output.h"
#include "pipelines_impl.h"

namespace dataflow::jobs {

Result<RemovedPipeline> PipelinesImpl::remove(const std::string& name, RemoveOptions options) {
  DF_ASSIGN_OR_RETURN(const DeployedPtr deployed, find(name));
  DF_RETURN_IF_ERROR(refuse_strangers(name, options.by_owner));
  // Before its turn comes: whoever changes it may be waiting for this job.
  const std::shared_ptr<engine::Job> running = deployed->job();
  if (running != nullptr) running->cancel();
  const std::lock_guard change(deployed->change);
  DF_RETURN_IF_ERROR(still_there(deployed));
  const std::shared_ptr<engine::Job> again = deployed->job();
  if (again != nullptr) {
    again->cancel();
    (void)again->wait().ok();  // it ended as it was told to
    deployed->await_end();
  }
  const std::string owed = undelivered(deployed);
  if (!owed.empty() && !options.give_up_output) {
    const Status refused =
        Status::conflict("pipeline \"" + name + "\" is not deleted: it owes " + owed +
                         ". Start it again to have that delivered, or delete it with --force "
                         "(?force=true), which gives it up");
    note(*deployed, "not deleted", refused.message());
    const bool ran = running != nullptr || again != nullptr;
    if (ran && deployed->row().desired == Desired::kRunning) {
      (void)start_job(deployed, engine::FirstAttempt::kNotAwaited).ok();
    }
    return refused;
  }
  if (!owed.empty()) note_given_up(*deployed, owed);
  DF_RETURN_IF_ERROR(forget(deployed));
  return RemovedPipeline{owed};
}

std::string PipelinesImpl::undelivered(const DeployedPtr& deployed) {
  const PipelineRow row = deployed->row();
  // State is to be dropped only where all was delivered before.
  if (row.delivered || deployed->finished() || !row.dropped.empty()) return "";
  // It may hold the store open.
  deployed->drop_job();
  const std::string state = state_dir(row.id);
  Result<std::vector<OwedOutput>> owed = owed_output(parts_.env, state);
  if (owed.ok() && owed->empty()) return "";
  Status delivered = can_start(deployed);
  if (delivered.ok()) {
    engine::JobConfig config;
    config.name = row.name;
    config.plan = *deployed->plan();
    config.state_dir = state;
    delivered = parts_.engine.deliver(std::move(config));
    if (delivered.ok()) return "";
    // Some of it may be delivered.
    Result<std::vector<OwedOutput>> left = owed_output(parts_.env, state);
    if (left.ok() && !left->empty()) owed = std::move(left);
  }
  // Who holds the store open knows more than who cannot open it.
  const std::string what = owed.ok() ? words_of(*owed) : "what nobody can tell now";
  return what + " (" + delivered.message() + ")";
}

void PipelinesImpl::note_given_up(Deployed& deployed, const std::string& what) const {
  log_warn("output that was owed is given up", {{"pipeline", deployed.row().name}, {"what", what}});
  note(deployed, "gave up", what);
}

Status PipelinesImpl::forget(const DeployedPtr& deployed) {
  const std::string name = deployed->row().name;
  meta::WriteBatch batch;
  remove_pipeline(batch, name);
  DF_RETURN_IF_ERROR(parts_.store.commit(std::move(batch)).with_context("deleting " + name));
  {
    const std::lock_guard lock(mutex_);
    pipelines_.erase(name);
  }
  // The store of the state is held open by the job.
  deployed->drop_job();
  if (parts_.metrics != nullptr) parts_.metrics->remove_labelled("pipeline", name);
  const std::string id = deployed->row().id;
  DF_RETURN_IF_ERROR(parts_.env.remove_tree(events_dir(id)));
  return parts_.env.remove_tree(state_dir(id));
}

}  // namespace dataflow::jobs
