// Deploying, replacing, starting, stopping and deleting pipelines.
#include <algorithm>

#include "base/logger.h"
#include "base/uuid.h"
#include "changed_plan.h"
#include "pipelines_impl.h"

namespace dataflow::jobs {

namespace {

// Behind the name of a state's folder: what a replacement that cannot start gives back.
constexpr const char* kKeptState = ".before";

std::string words_of_replacement(const std::vector<std::string>& dropped, bool discarded) {
  if (discarded) return "its state is discarded";
  std::string all;
  for (const std::string& id : dropped) all += (all.empty() ? "" : ", ") + id;
  return all.empty() ? "" : "the state of what is gone is dropped: " + all;
}

}  // namespace

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

Result<PipelineView> PipelinesImpl::deploy(plan::Plan plan, std::string source,
                                           DeployOptions options) {
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

// What the new plan leaves behind of the state; refused where it cannot take the rest.
Result<std::vector<std::string>> PipelinesImpl::carry_over(const DeployedPtr& deployed,
                                                           const plan::Plan& plan) {
  const std::shared_ptr<const plan::Plan> before = deployed->plan();
  const PipelineRow row = deployed->row();
  if (before->nodes.empty()) {
    return Status::conflict("the plan that pipeline \"" + row.name +
                            "\" has cannot be read, so nobody can tell what its state fits; deploy "
                            "with --discard-state to begin it anew");
  }
  DF_ASSIGN_OR_RETURN(std::vector<std::string> gone, dropped_by(*before, plan));
  const bool delivered = row.delivered || deployed->job() != nullptr || deployed->finished();
  if (!delivered) DF_RETURN_IF_ERROR(check_delivered(parts_.env, state_dir(row.id), gone));
  return gone;
}

Result<PipelineView> PipelinesImpl::replace(const DeployedPtr& deployed, plan::Plan plan,
                                            std::string source, DeployOptions options) {
  const std::lock_guard change(deployed->change);
  DF_RETURN_IF_ERROR(still_there(deployed));
  std::vector<std::string> gone;
  if (!options.discard_state) {
    DF_ASSIGN_OR_RETURN(gone, carry_over(deployed, plan));
  }
  Before before;
  before.ran = deployed->job() != nullptr;
  before.finished = deployed->finished();
  const auto stop_and_keep = [&]() -> Status {
    const Status stopped = stop_job(deployed);
    if (!options.discard_state) DF_RETURN_IF_ERROR(stopped);
    if (!options.discard_state && !deployed->row().delivered) {
      DF_RETURN_IF_ERROR(check_delivered(parts_.env, state_dir(deployed->row().id), gone));
    }
    return keep_before(deployed, !gone.empty(), before);
  };
  const Status ready = stop_and_keep();
  if (!ready.ok()) {
    // The one that is there goes on from its last checkpoint.
    if (before.ran) (void)start_job(deployed, engine::FirstAttempt::kGoesOn).ok();
    return ready;
  }
  PipelineRow row = deployed->row();
  row.desired = options.start ? Desired::kRunning : Desired::kStopped;
  row.updated = parts_.env.now();
  row.plan_json = plan::to_json(plan);
  row.source = std::move(source);
  for (std::string& id : gone) {
    if (std::ranges::find(row.dropped, id) == row.dropped.end()) {
      row.dropped.push_back(std::move(id));
    }
  }
  if (options.discard_state) {
    row.id = Uuid::random(parts_.env).to_string();
    row.dropped.clear();
  }
  DF_RETURN_IF_ERROR(save(row));
  if (row.id != before.row.id) deployed->move_events(events_dir(row.id));
  note(*deployed, "replaced", words_of_replacement(row.dropped, options.discard_state));
  deployed->set_row(std::move(row), std::make_shared<const plan::Plan>(std::move(plan)));
  const Status started =
      options.start ? start_job(deployed, engine::FirstAttempt::kMustRun) : Status();
  if (!started.ok()) {
    const Status back = put_back(deployed, before);
    const std::string how = back.ok() ? "; the pipeline is again as it was"
                                      : "; nor could it be put back: " + back.message();
    return Status(started.code(), started.message() + how, started.detail());
  }
  // Should this fail, the next start of the server does it.
  Status removed;
  if (options.discard_state) removed = parts_.env.remove_tree(state_dir(before.row.id));
  if (removed.ok() && !before.kept.empty()) removed = parts_.env.remove_tree(before.kept);
  if (!removed.ok()) log_warn("discarded state is still there", {{"why", removed.message()}});
  return deployed->view();
}

Status PipelinesImpl::keep_before(const DeployedPtr& deployed, bool loses_state, Before& before) {
  before.row = deployed->row();
  before.plan = deployed->plan();
  const std::string state = state_dir(before.row.id);
  if (!loses_state || !parts_.env.exists(state)) return {};
  const std::string kept = state + kKeptState;
  DF_RETURN_IF_ERROR(parts_.env.remove_tree(kept));
  DF_RETURN_IF_ERROR(state::save_stopped_job(parts_.env, state, kept, before.row.name).status());
  before.kept = kept;
  return {};
}

Status PipelinesImpl::put_back(const DeployedPtr& deployed, const Before& before) {
  const std::string state = state_dir(before.row.id);
  const std::string other = state_dir(deployed->row().id);
  if (!before.kept.empty()) {
    DF_RETURN_IF_ERROR(parts_.env.remove_tree(state));
    DF_RETURN_IF_ERROR(state::restore_savepoint(parts_.env, before.kept, state, ""));
    (void)parts_.env.remove_tree(before.kept).ok();
  }
  if (other != state) (void)parts_.env.remove_tree(other).ok();
  meta::WriteBatch batch;
  put_pipeline(batch, before.row);
  if (before.finished) put_end(batch, {before.row.name, before.row.id, parts_.env.now()});
  DF_RETURN_IF_ERROR(
      parts_.store.commit(std::move(batch)).with_context("keeping pipeline " + before.row.name));
  if (deployed->row().id != before.row.id) deployed->move_events(events_dir(before.row.id));
  deployed->set_row(before.row, before.plan);
  note(*deployed, "put back", "what was to replace it did not start");
  if (before.finished) deployed->set_finished();
  if (!before.ran) return {};
  return start_job(deployed, engine::FirstAttempt::kGoesOn);
}

Result<PipelineView> PipelinesImpl::start(const std::string& name) {
  DF_ASSIGN_OR_RETURN(const DeployedPtr deployed, find(name));
  const std::lock_guard change(deployed->change);
  DF_RETURN_IF_ERROR(still_there(deployed));
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
  DF_RETURN_IF_ERROR(stop_job(deployed));
  DF_RETURN_IF_ERROR(want(deployed, Desired::kRunning));
  DF_RETURN_IF_ERROR(start_job(deployed, engine::FirstAttempt::kGoesOn));
  return deployed->view();
}

Status PipelinesImpl::remove(const std::string& name) {
  DF_ASSIGN_OR_RETURN(const DeployedPtr deployed, find(name));
  // Before its turn comes: whoever changes it may be waiting for this job.
  if (const std::shared_ptr<engine::Job> job = deployed->job()) job->cancel();
  const std::lock_guard change(deployed->change);
  DF_RETURN_IF_ERROR(still_there(deployed));
  if (const std::shared_ptr<engine::Job> job = deployed->job()) {
    job->cancel();
    (void)job->wait().ok();  // it ended as it was told to
    deployed->await_end();
  }
  return forget(deployed);
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

Result<state::CheckpointId> PipelinesImpl::checkpoint(const std::string& name) {
  DF_ASSIGN_OR_RETURN(const DeployedPtr deployed, find(name));
  const std::shared_ptr<engine::Job> job = deployed->job();
  if (job == nullptr) {
    return Status::conflict("pipeline \"" + name + "\" is " + deployed->view().state +
                            "; only a running one takes a checkpoint");
  }
  return job->checkpoint();
}

}  // namespace dataflow::jobs
