#include "jobs/pipelines.h"

#include <cmath>
#include <thread>

#include "base/edit_distance.h"
#include "base/logger.h"
#include "base/uuid.h"
#include "changed_plan.h"
#include "pipelines_impl.h"

namespace dataflow::jobs {

namespace {

constexpr size_t kIdChars = 36;  // of a UUID as text

}  // namespace

Status PipelinesImpl::load() {
  std::set<std::string> ids;
  DF_RETURN_IF_ERROR(settle_replacements(ids));
  DF_RETURN_IF_ERROR(load_rows(ids));
  DF_RETURN_IF_ERROR(load_ends());
  DF_RETURN_IF_ERROR(parts_.env.create_dirs(parts_.dir));
  return remove_orphans(ids);
}

Status PipelinesImpl::load_rows(std::set<std::string>& ids) {
  Status bad;
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
        if (const auto why = unsettled_.find(name); why != unsettled_.end()) {
          usable = why->second.with_context("finding out whether its replacement has started");
        }
        auto deployed = std::make_shared<Deployed>(
            std::move(*row),
            std::make_shared<const plan::Plan>(usable.ok() ? std::move(*plan) : plan::Plan()));
        deployed->keep_events(parts_.env, events_dir(deployed->row().id));
        if (!usable.ok()) {
          usable = usable.with_context("reading the plan of pipeline " + name);
          log_error("a pipeline cannot be read", {{"pipeline", name}, {"why", usable.message()}});
          (void)deployed->next_run();
          deployed->set_failed(usable);
        }
        pipelines_.emplace(name, std::move(deployed));
        return true;
      }));
  return bad;
}

Result<std::optional<PipelineRow>> PipelinesImpl::stored_row(const std::string& name) {
  const std::string key = pipeline_key(name);
  DF_ASSIGN_OR_RETURN(const std::optional<std::string> bytes,
                      parts_.store.get(kPipelinesTable, key));
  if (!bytes) return std::optional<PipelineRow>();
  DF_ASSIGN_OR_RETURN(PipelineRow row, decode_pipeline(key, *bytes));
  return std::optional<PipelineRow>(std::move(row));
}

Status PipelinesImpl::load_ends() {
  Status bad;
  DF_RETURN_IF_ERROR(
      parts_.store.scan(kPipelineEndsTable, "", [&](std::string_view key, std::string_view bytes) {
        const Result<PipelineEnd> end = decode_end(key, bytes);
        bad = end.status();
        if (!bad.ok()) return false;
        const auto found = pipelines_.find(end->name);
        if (found != pipelines_.end() && found->second->row().id == end->id) {
          found->second->set_finished();
        }
        return true;
      }));
  return bad;
}

// State of pipelines that were deleted, where the process ended before their folder was gone.
Status PipelinesImpl::remove_orphans(const std::set<std::string>& ids) {
  DF_ASSIGN_OR_RETURN(const std::vector<DirEntry> entries, parts_.env.list_dir(parts_.dir));
  for (const DirEntry& entry : entries) {
    // What follows an id is of its events, or of a folder that was not finished.
    if (!entry.is_dir || ids.contains(entry.name)) continue;
    const bool of_events = entry.name.ends_with(kEventsFolder);
    if (of_events && ids.contains(entry.name.substr(0, kIdChars))) continue;
    if (!Uuid::parse(entry.name.substr(0, kIdChars)).ok()) continue;
    DF_RETURN_IF_ERROR(parts_.env.remove_tree(parts_.dir + "/" + entry.name));
  }
  return {};
}

std::vector<PipelinesImpl::DeployedPtr> PipelinesImpl::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<DeployedPtr> out;
  for (const auto& [name, deployed] : pipelines_) out.push_back(deployed);
  return out;
}

Result<PipelinesImpl::DeployedPtr> PipelinesImpl::find(const std::string& name) const {
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

void PipelinesImpl::note_end(Deployed& deployed, uint64_t run, engine::JobState state,
                             const Status& why) {
  const PipelineRow row = deployed.row();
  if (!why.ok()) log_warn("a job ended", {{"pipeline", row.name}, {"why", why.message()}});
  if (state == engine::JobState::kFinished) {
    // Before anybody hears of the end, so that nobody begins another run meanwhile.
    meta::WriteBatch batch;
    put_end(batch, {row.name, row.id, parts_.env.now()});
    const Status kept = parts_.store.commit(std::move(batch));
    if (!kept.ok()) {
      log_warn("a finished pipeline will start again with the server",
               {{"pipeline", row.name}, {"why", kept.message()}});
    }
  }
  note(deployed, std::string(engine::job_state_name(state)), why.message());
  deployed.end_job(run, state, why);
}

std::shared_ptr<Histogram> PipelinesImpl::durations_of(const std::string& name) const {
  if (parts_.metrics == nullptr) return nullptr;
  return parts_.metrics->histogram("stream_processing_duration_seconds",
                                   "From the barrier behind rows to their committed results.",
                                   latency_bounds(), {{"pipeline", name}});
}

void PipelinesImpl::note_event(Deployed& deployed, const engine::JobEvent& event,
                               Histogram* durations) const {
  if (event.kind == engine::JobEvent::Kind::kRestart) {
    note(deployed, "restarting",
         "in " + std::to_string(std::llround(event.seconds * 1000)) + " ms: " + event.reason);
  } else if (durations != nullptr) {
    durations->observe(event.seconds);
  }
}

Status PipelinesImpl::make_ready(const DeployedPtr& deployed) {
  PipelineRow row = deployed->row();
  meta::WriteBatch batch;
  if (deployed->finished()) remove_end(batch, row.name);
  DF_RETURN_IF_ERROR(drop_operators(parts_.env, state_dir(row.id), row.dropped, row.plan_json));
  if (!row.dropped.empty() || row.delivered) {
    row.dropped.clear();
    row.delivered = false;
    put_pipeline(batch, row);
  } else if (!deployed->finished()) {
    return {};
  }
  DF_RETURN_IF_ERROR(parts_.store.commit(std::move(batch)));
  deployed->set_row(std::move(row), deployed->plan());
  return {};
}

Status PipelinesImpl::start_job(const DeployedPtr& deployed, engine::FirstAttempt first_attempt) {
  if (deployed->job() != nullptr) return {};
  const std::string name = deployed->row().name;
  const Status ready = make_ready(deployed);
  const uint64_t run = deployed->next_run();
  engine::JobConfig config;
  config.name = name;
  config.plan = *deployed->plan();
  config.state_dir = state_dir(deployed->row().id);
  config.first_attempt = first_attempt;
  config.on_end = [this, weak = std::weak_ptr<Deployed>(deployed), run](engine::JobState state,
                                                                        const Status& why) {
    if (const DeployedPtr kept = weak.lock()) note_end(*kept, run, state, why);
  };
  config.on_event = [this, weak = std::weak_ptr<Deployed>(deployed),
                     durations = durations_of(name)](const engine::JobEvent& event) {
    if (const DeployedPtr kept = weak.lock()) note_event(*kept, event, durations.get());
  };
  Result<std::shared_ptr<engine::Job>> job =
      ready.ok() ? parts_.engine.start(std::move(config)) : ready;
  if (!job.ok()) {
    Status why = job.status().with_context("starting pipeline " + name);
    // The pipeline is there; what it reads or writes is not.
    if (why.code() == StatusCode::kNotFound) why = Status::conflict(why.message());
    // What the engine could not start has told its end.
    if (!ready.ok()) note(*deployed, "failed", why.message());
    deployed->set_failed(why);
    return why;
  }
  note(*deployed, "started");
  deployed->set_job(std::move(*job), run);
  return {};
}

Status PipelinesImpl::end_job(const DeployedPtr& deployed) {
  const std::shared_ptr<engine::Job> job = deployed->job();
  if (job == nullptr) return {};
  const Status stopped = job->stop();
  // It is over before its end is told.
  deployed->await_end();
  return stopped.with_context("stopping pipeline " + deployed->row().name);
}

Status PipelinesImpl::unless_ended(const Status& status) {
  if (status.code() != StatusCode::kCancelled) return status;
  return Status::conflict(status.message());
}

Status PipelinesImpl::can_start(const DeployedPtr& deployed) {
  if (!deployed->plan()->nodes.empty()) return {};
  return Status::conflict("the plan that pipeline \"" + deployed->row().name +
                          "\" has cannot be used (" + deployed->view().reason +
                          "); replace it, or delete it");
}

void PipelinesImpl::start_all() {
  for (const DeployedPtr& deployed : all()) {
    const std::lock_guard change(deployed->change);
    // It may have been deleted while others started.
    if (!still_there(deployed).ok()) continue;
    const PipelineRow row = deployed->row();
    if (row.desired != Desired::kRunning || !can_start(deployed).ok()) continue;
    if (deployed->finished()) continue;
    const Status started = start_job(deployed, engine::FirstAttempt::kNotAwaited);
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
  // All at once: one that is held up makes none of the others wait.
  std::vector<std::thread> ends;
  for (const DeployedPtr& deployed : all()) {
    ends.emplace_back([deployed] {
      const std::lock_guard change(deployed->change);
      const Status stopped = end_job(deployed);
      deployed->drop_job();
      if (stopped.ok()) return;
      log_warn("a pipeline did not stop cleanly; its last checkpoint stands",
               {{"why", stopped.message()}});
    });
  }
  for (std::thread& end : ends) end.join();
}

Status PipelinesImpl::check(plan::Plan& plan) {
  DF_RETURN_IF_ERROR(plan::validate(plan, &parts_.connectors));
  return check_plan(plan, parts_.connectors, parts_.engine);
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

Result<std::vector<PipelineEvent>> PipelinesImpl::events(const std::string& name) const {
  DF_ASSIGN_OR_RETURN(const DeployedPtr deployed, find(name));
  return deployed->events();
}

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
