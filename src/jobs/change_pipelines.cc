// Deploying, starting and stopping pipelines.
#include "base/logger.h"
#include "base/uuid.h"
#include "pipelines_impl.h"

namespace dataflow::jobs {

Status PipelinesImpl::stop_job(const DeployedPtr& deployed) {
  if (deployed->job() == nullptr) return {};
  const Status ended = end_job(deployed);
  const bool may_owe = ended.code() == StatusCode::kConflict;
  if (!ended.ok() && !may_owe) return ended;
  PipelineRow row = deployed->row();
  row.delivered = !may_owe;
  DF_RETURN_IF_ERROR(save(row));
  deployed->set_row(std::move(row), deployed->plan());
  return {};
}

Status PipelinesImpl::want(const DeployedPtr& deployed, Desired desired) {
  PipelineRow row = deployed->row();
  if (row.desired == desired) return {};
  row.desired = desired;
  row.updated = parts_.env.now();
  DF_RETURN_IF_ERROR(save(row));
  deployed->set_row(std::move(row), deployed->plan());
  return {};
}

void PipelinesImpl::keep_for(OwnerOf owner_of) {
  const std::lock_guard lock(owner_mutex_);
  owner_of_ = std::move(owner_of);
}

Status PipelinesImpl::refuse_strangers(const std::string& name, bool by_owner) const {
  if (by_owner) return {};
  const std::lock_guard lock(owner_mutex_);
  const std::string owner = owner_of_ ? owner_of_(name) : std::string();
  if (owner.empty()) return {};
  return Status::conflict("pipeline \"" + name + "\" belongs to " + owner);
}

Result<PipelineView> PipelinesImpl::deploy(plan::Plan plan, std::string source,
                                           DeployOptions options) {
  DF_RETURN_IF_ERROR(refuse_strangers(plan.name, options.by_owner));
  DF_RETURN_IF_ERROR(check(plan));
  PipelineRow row;
  row.name = plan.name;
  row.id = Uuid::random(parts_.env).to_string();
  row.desired = options.start ? Desired::kRunning : Desired::kStopped;
  row.created = row.updated = parts_.env.now();
  row.plan_json = plan::to_json(plan);
  row.source = source;
  if (!options.from_savepoint.empty()) {
    if (options.replace) {
      return Status::invalid(
          "a pipeline that replaces another keeps its state; delete the one that is there, or "
          "deploy under another name, to begin from a savepoint");
    }
    DF_RETURN_IF_ERROR(begin_from(options.from_savepoint, plan, row));
  }
  // Where it was refused.
  const auto forget_state = [&](const Status& why) {
    if (!options.from_savepoint.empty()) (void)parts_.env.remove_tree(state_dir(row.id)).ok();
    return why;
  };
  const auto deployed = std::make_shared<Deployed>(row, std::make_shared<const plan::Plan>(plan));
  // Whoever finds it waits until it is on disk.
  std::unique_lock change(deployed->change);
  DeployedPtr present;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return forget_state(Status::unavailable("the server is stopping"));
    const auto [at, added] = pipelines_.emplace(row.name, deployed);
    if (!added) present = at->second;
  }
  if (present != nullptr) {
    if (!options.replace) {
      return forget_state(
          Status::already_exists("there is a pipeline \"" + row.name +
                                 "\" already; deploy it with --replace, or delete it first"));
    }
    return replace(present, std::move(plan), std::move(source), options);
  }
  const Status saved = save(row);
  if (!saved.ok()) {
    const std::lock_guard lock(mutex_);
    pipelines_.erase(row.name);
    return forget_state(saved);
  }
  deployed->keep_events(parts_.env, events_dir(row.id));
  note(*deployed, "deployed",
       options.from_savepoint.empty() ? "" : "from savepoint " + options.from_savepoint);
  if (!options.start) return deployed->view();
  const Status started = start_job(deployed, engine::FirstAttempt::kMustRun);
  if (started.ok()) return deployed->view();
  const Status forgotten = forget(deployed);
  if (!forgotten.ok()) {
    log_warn("a pipeline that did not start is still there", {{"why", forgotten.message()}});
  }
  return started;
}

Result<PipelineView> PipelinesImpl::start(const std::string& name) {
  DF_ASSIGN_OR_RETURN(const DeployedPtr deployed, find(name));
  const std::lock_guard change(deployed->change);
  DF_RETURN_IF_ERROR(still_there(deployed));
  DF_RETURN_IF_ERROR(can_start(deployed));
  DF_RETURN_IF_ERROR(want(deployed, Desired::kRunning));
  DF_RETURN_IF_ERROR(start_job(deployed, engine::FirstAttempt::kGoesOn));
  return deployed->view();
}

Result<PipelineView> PipelinesImpl::end(const std::string& name, Desired desired) {
  DF_ASSIGN_OR_RETURN(const DeployedPtr deployed, find(name));
  const std::lock_guard change(deployed->change);
  DF_RETURN_IF_ERROR(still_there(deployed));
  DF_RETURN_IF_ERROR(want(deployed, desired));
  DF_RETURN_IF_ERROR(stop_job(deployed));
  return deployed->view();
}

Result<PipelineView> PipelinesImpl::stop(const std::string& name) {
  return end(name, Desired::kStopped);
}

Result<PipelineView> PipelinesImpl::pause(const std::string& name) {
  return end(name, Desired::kPaused);
}

Result<PipelineView> PipelinesImpl::restart(const std::string& name) {
  DF_ASSIGN_OR_RETURN(const DeployedPtr deployed, find(name));
  const std::lock_guard change(deployed->change);
  DF_RETURN_IF_ERROR(still_there(deployed));
  DF_RETURN_IF_ERROR(can_start(deployed));
  DF_RETURN_IF_ERROR(stop_job(deployed));
  DF_RETURN_IF_ERROR(want(deployed, Desired::kRunning));
  DF_RETURN_IF_ERROR(start_job(deployed, engine::FirstAttempt::kGoesOn));
  return deployed->view();
}

Result<state::CheckpointId> PipelinesImpl::checkpoint(const std::string& name) {
  DF_ASSIGN_OR_RETURN(const DeployedPtr deployed, find(name));
  const std::shared_ptr<engine::Job> job = deployed->job();
  if (job == nullptr) {
    return Status::conflict("pipeline \"" + name + "\" is " + deployed->view().state +
                            "; only a running one takes a checkpoint");
  }
  const Result<state::CheckpointId> made = job->checkpoint();
  if (!made.ok()) return unless_ended(made.status());
  return made;
}

}  // namespace dataflow::jobs
