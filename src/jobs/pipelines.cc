#include "jobs/pipelines.h"

#include <map>
#include <set>

#include "base/edit_distance.h"
#include "base/logger.h"
#include "base/uuid.h"
#include "deployed.h"

namespace dataflow::jobs {
namespace {

using DeployedPtr = std::shared_ptr<Deployed>;

class PipelinesImpl final : public Pipelines {
 public:
  explicit PipelinesImpl(PipelinesParts parts) : parts_(std::move(parts)) {}
  ~PipelinesImpl() override { close(); }

  Status load();
  void start_all() override;
  void close() override;
  Status check(plan::Plan& plan) override;
  Result<PipelineView> deploy(plan::Plan plan, std::string source, DeployOptions options) override;
  std::vector<PipelineView> list() const override;
  Result<PipelineView> describe(const std::string& name) const override;
  Result<PipelineView> start(const std::string& name) override;
  Result<PipelineView> stop(const std::string& name) override;
  Result<PipelineView> pause(const std::string& name) override;
  Result<PipelineView> restart(const std::string& name) override;
  Status remove(const std::string& name) override;
  Result<state::CheckpointId> checkpoint(const std::string& name) override;

 private:
  std::vector<DeployedPtr> all() const;
  Result<DeployedPtr> find(const std::string& name) const;
  std::string state_dir(const std::string& id) const { return parts_.dir + "/" + id; }
  Status remove_orphans(const std::set<std::string>& ids);
  Status save(const PipelineRow& row);
  // These are called with the pipeline's `change` held.
  Status still_there(const DeployedPtr& deployed) const;
  Status start_job(const DeployedPtr& deployed);
  static Status stop_job(const DeployedPtr& deployed);
  Status want(const DeployedPtr& deployed, Desired desired);
  Result<PipelineView> replace(const DeployedPtr& deployed, plan::Plan plan, std::string source,
                               DeployOptions options);
  Result<PipelineView> end(const std::string& name, Desired desired);

  PipelinesParts parts_;
  mutable std::mutex mutex_;  // of the map only; nothing is done under it
  std::map<std::string, DeployedPtr, std::less<>> pipelines_;
  bool closed_ = false;
};

Status PipelinesImpl::load() {
  Status bad;
  std::set<std::string> ids;
  DF_RETURN_IF_ERROR(
      parts_.store.scan(kPipelinesTable, "", [&](std::string_view key, std::string_view bytes) {
        Result<PipelineRow> row = decode_pipeline(key, bytes);
        if (!row.ok()) {
          bad = row.status();
          return false;
        }
        ids.insert(row->id);
        Result<plan::Plan> plan = plan::plan_from_json(row->plan_json);
        // Compiled plans are kept as they are; validating sets what the JSON does not carry.
        Status usable = plan.ok() ? plan::validate(*plan) : plan.status();
        const std::string name = row->name;
        auto deployed = std::make_shared<Deployed>(
            std::move(*row),
            std::make_shared<const plan::Plan>(plan.ok() ? std::move(*plan) : plan::Plan()));
        if (!usable.ok()) {
          usable = usable.with_context("reading the plan of pipeline " + name);
          log_error("a pipeline cannot be read", {{"pipeline", name}, {"why", usable.message()}});
          (void)deployed->next_run();
          deployed->set_failed(usable);
        }
        pipelines_.emplace(name, std::move(deployed));
        return true;
      }));
  DF_RETURN_IF_ERROR(bad);
  DF_RETURN_IF_ERROR(parts_.env.create_dirs(parts_.dir));
  return remove_orphans(ids);
}

// State of pipelines that were deleted, where the process ended before their folder was gone.
Status PipelinesImpl::remove_orphans(const std::set<std::string>& ids) {
  DF_ASSIGN_OR_RETURN(const std::vector<DirEntry> entries, parts_.env.list_dir(parts_.dir));
  for (const DirEntry& entry : entries) {
    if (!entry.is_dir || ids.contains(entry.name) || !Uuid::parse(entry.name).ok()) continue;
    DF_RETURN_IF_ERROR(parts_.env.remove_tree(parts_.dir + "/" + entry.name));
  }
  return {};
}

std::vector<DeployedPtr> PipelinesImpl::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<DeployedPtr> out;
  for (const auto& [name, deployed] : pipelines_) out.push_back(deployed);
  return out;
}

Result<DeployedPtr> PipelinesImpl::find(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = pipelines_.find(name);
  if (found != pipelines_.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [known, deployed] : pipelines_) names.push_back(known);
  return Status::not_found("there is no pipeline \"" + name + "\"" + suggestion(name, names));
}

Status PipelinesImpl::still_there(const DeployedPtr& deployed) const {
  const std::string name = deployed->row().name;
  const std::lock_guard lock(mutex_);
  if (closed_) return Status::unavailable("the server is stopping");
  const auto found = pipelines_.find(name);
  if (found != pipelines_.end() && found->second == deployed) return {};
  return Status::not_found("pipeline \"" + name + "\" was deleted meanwhile");
}

Status PipelinesImpl::save(const PipelineRow& row) {
  meta::WriteBatch batch;
  put_pipeline(batch, row);
  return parts_.store.commit(std::move(batch)).with_context("keeping pipeline " + row.name);
}

Status PipelinesImpl::start_job(const DeployedPtr& deployed) {
  if (deployed->job() != nullptr) return {};
  const PipelineRow row = deployed->row();
  const uint64_t run = deployed->next_run();
  engine::JobConfig config;
  config.name = row.name;
  config.plan = *deployed->plan();
  config.state_dir = state_dir(row.id);
  config.on_end = [weak = std::weak_ptr<Deployed>(deployed), run, name = row.name](
                      engine::JobState state, const Status& why) {
    if (!why.ok()) log_warn("a job ended", {{"pipeline", name}, {"why", why.message()}});
    if (const DeployedPtr kept = weak.lock()) kept->end_job(run, state, why);
  };
  Result<std::shared_ptr<engine::Job>> job = parts_.engine.start(std::move(config));
  if (!job.ok()) {
    const Status why = job.status().with_context("starting pipeline " + row.name);
    deployed->set_failed(why);
    return why;
  }
  deployed->set_job(std::move(*job), run);
  return {};
}

Status PipelinesImpl::stop_job(const DeployedPtr& deployed) {
  const std::shared_ptr<engine::Job> job = deployed->job();
  if (job == nullptr) return {};
  return job->stop().with_context("stopping pipeline " + deployed->row().name);
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

void PipelinesImpl::start_all() {
  for (const DeployedPtr& deployed : all()) {
    const std::lock_guard change(deployed->change);
    const PipelineRow row = deployed->row();
    if (row.desired != Desired::kRunning || deployed->plan()->nodes.empty()) continue;
    const Status started = start_job(deployed);
    if (started.ok()) continue;
    log_error("a pipeline did not start", {{"pipeline", row.name}, {"why", started.message()}});
  }
}

void PipelinesImpl::close() {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    closed_ = true;
  }
  for (const DeployedPtr& deployed : all()) {
    const std::lock_guard change(deployed->change);
    const Status stopped = stop_job(deployed);
    if (stopped.ok()) continue;
    log_warn("a pipeline did not stop cleanly; its last checkpoint stands",
             {{"why", stopped.message()}});
  }
}

Status PipelinesImpl::check(plan::Plan& plan) {
  DF_RETURN_IF_ERROR(plan::validate(plan));
  return check_connectors(plan, parts_.connectors);
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
  const auto deployed = std::make_shared<Deployed>(row, std::make_shared<const plan::Plan>(plan));
  // Whoever finds it waits until it is on disk.
  std::unique_lock change(deployed->change);
  DeployedPtr present;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return Status::unavailable("the server is stopping");
    const auto [at, added] = pipelines_.emplace(row.name, deployed);
    if (!added) present = at->second;
  }
  if (present != nullptr) {
    if (!options.replace) {
      return Status::already_exists("there is a pipeline \"" + row.name +
                                    "\" already; deploy it with replace, or delete it first");
    }
    return replace(present, std::move(plan), std::move(source), options);
  }
  const Status saved = save(row);
  if (!saved.ok()) {
    const std::lock_guard lock(mutex_);
    pipelines_.erase(row.name);
    return saved;
  }
  if (options.start) DF_RETURN_IF_ERROR(start_job(deployed));
  return deployed->view();
}

Result<PipelineView> PipelinesImpl::replace(const DeployedPtr& deployed, plan::Plan plan,
                                            std::string source, DeployOptions options) {
  const std::lock_guard change(deployed->change);
  DF_RETURN_IF_ERROR(still_there(deployed));
  DF_RETURN_IF_ERROR(stop_job(deployed));
  PipelineRow row = deployed->row();
  row.desired = options.start ? Desired::kRunning : Desired::kStopped;
  row.updated = parts_.env.now();
  row.plan_json = plan::to_json(plan);
  row.source = std::move(source);
  DF_RETURN_IF_ERROR(save(row));
  deployed->set_row(std::move(row), std::make_shared<const plan::Plan>(std::move(plan)));
  if (options.start) DF_RETURN_IF_ERROR(start_job(deployed));
  return deployed->view();
}

std::vector<PipelineView> PipelinesImpl::list() const {
  std::vector<PipelineView> out;
  for (const DeployedPtr& deployed : all()) out.push_back(deployed->view());
  return out;
}

Result<PipelineView> PipelinesImpl::describe(const std::string& name) const {
  DF_ASSIGN_OR_RETURN(const DeployedPtr deployed, find(name));
  return deployed->view();
}

Result<PipelineView> PipelinesImpl::start(const std::string& name) {
  DF_ASSIGN_OR_RETURN(const DeployedPtr deployed, find(name));
  const std::lock_guard change(deployed->change);
  DF_RETURN_IF_ERROR(still_there(deployed));
  DF_RETURN_IF_ERROR(want(deployed, Desired::kRunning));
  DF_RETURN_IF_ERROR(start_job(deployed));
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
  DF_RETURN_IF_ERROR(start_job(deployed));
  return deployed->view();
}

Status PipelinesImpl::remove(const std::string& name) {
  DF_ASSIGN_OR_RETURN(const DeployedPtr deployed, find(name));
  const std::lock_guard change(deployed->change);
  DF_RETURN_IF_ERROR(still_there(deployed));
  if (const std::shared_ptr<engine::Job> job = deployed->job()) {
    job->cancel();
    (void)job->wait().ok();  // it ended as it was told to
  }
  meta::WriteBatch batch;
  remove_pipeline(batch, name);
  DF_RETURN_IF_ERROR(parts_.store.commit(std::move(batch)).with_context("deleting " + name));
  {
    const std::lock_guard lock(mutex_);
    pipelines_.erase(name);
  }
  // The store of the state is held open by the job.
  deployed->set_job(nullptr, 0);
  return parts_.env.remove_tree(state_dir(deployed->row().id));
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

}  // namespace

std::string_view desired_name(Desired desired) {
  switch (desired) {
    case Desired::kStopped: return "stopped";
    case Desired::kRunning: return "running";
    case Desired::kPaused: return "paused";
  }
  return "unknown";
}

Result<std::unique_ptr<Pipelines>> Pipelines::open(PipelinesParts parts) {
  auto pipelines = std::make_unique<PipelinesImpl>(std::move(parts));
  DF_RETURN_IF_ERROR(pipelines->load());
  return std::unique_ptr<Pipelines>(std::move(pipelines));
}

}  // namespace dataflow::jobs
