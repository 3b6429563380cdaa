// PipelinesImpl: the pipelines in memory and in meta. pipelines.cc has what reads and starts them,
// change_pipelines.cc, replace_pipeline.cc and remove_pipeline.cc what users do to them,
// savepoints.cc what is kept of their state.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "deployed.h"
#include "jobs/pipelines.h"

namespace dataflow::jobs {

// Behind the name of a state's folder: what befell its pipeline.
inline constexpr const char* kEventsFolder = ".events";

class PipelinesImpl final : public Pipelines {
 public:
  explicit PipelinesImpl(PipelinesParts parts) : parts_(std::move(parts)) {}
  ~PipelinesImpl() override { close(); }

  Status load();
  void start_all() override;
  void close() override;
  void keep_for(OwnerOf owner_of) override;
  plan::CustomOperators& custom_operators() override { return parts_.connectors; }
  Status check(plan::Plan& plan) override;
  Result<PipelineView> deploy(plan::Plan plan, std::string source, DeployOptions options) override;
  std::vector<PipelineView> list() const override;
  Result<PipelineView> describe(const std::string& name) const override;
  Result<std::vector<PipelineEvent>> events(const std::string& name) const override;
  Result<PipelineView> start(const std::string& name) override;
  Result<PipelineView> stop(const std::string& name) override;
  Result<PipelineView> pause(const std::string& name) override;
  Result<PipelineView> restart(const std::string& name) override;
  Result<RemovedPipeline> remove(const std::string& name, RemoveOptions options) override;
  Result<state::CheckpointId> checkpoint(const std::string& name) override;
  Result<SavepointView> save_state(const std::string& name, std::string savepoint) override;
  Result<std::vector<SavepointView>> savepoints() const override;
  Status remove_savepoint(const std::string& id) override;

 private:
  using DeployedPtr = std::shared_ptr<Deployed>;

  Status load_rows(std::set<std::string>& ids);
  Status load_ends();
  Result<std::optional<PipelineRow>> stored_row(const std::string& name);
  Status remove_orphans(const std::set<std::string>& ids);
  std::vector<DeployedPtr> all() const;
  Result<DeployedPtr> find(const std::string& name) const;
  std::string state_dir(const std::string& id) const { return parts_.dir + "/" + id; }
  std::string events_dir(const std::string& id) const { return state_dir(id) + kEventsFolder; }
  Result<std::string> savepoint_dir(const std::string& id) const;
  Status begin_from(const std::string& savepoint, const plan::Plan& plan, PipelineRow& row);
  Status save(const PipelineRow& row);
  void note(Deployed& deployed, std::string kind, std::string words = "") const {
    deployed.note(parts_.env.now(), std::move(kind), std::move(words));
  }
  // Both are told by the job of this run, on a thread of the engine.
  void note_event(Deployed& deployed, const engine::JobEvent& event, Histogram* durations) const;
  void note_end(Deployed& deployed, uint64_t run, engine::JobState state, const Status& why);
  std::shared_ptr<Histogram> durations_of(const std::string& name) const;  // null without metrics

  Status refuse_strangers(const std::string& name, bool by_owner) const;
  // That a job ended meanwhile is a conflict with what was asked of it.
  static Status unless_ended(const Status& status);

  // These are called with the pipeline's `change` held.
  Status still_there(const DeployedPtr& deployed) const;
  Status start_job(const DeployedPtr& deployed, engine::FirstAttempt first_attempt);
  // What the last run left to be done before a next one.
  Status make_ready(const DeployedPtr& deployed);
  static Status end_job(const DeployedPtr& deployed);
  // The same, and keeps that all output is delivered.
  Status stop_job(const DeployedPtr& deployed);
  Status want(const DeployedPtr& deployed, Desired desired);
  Result<std::vector<std::string>> carry_over(const DeployedPtr& deployed, const plan::Plan& plan);
  Result<PipelineView> replace(const DeployedPtr& deployed, plan::Plan plan, std::string source,
                               DeployOptions options);
  Result<PipelineView> end(const std::string& name, Desired desired);
  // See remove_pipeline.cc. Delivers what a pipeline owes that has no job any more; what it still
  // owes then, and why; empty: nothing.
  std::string undelivered(const DeployedPtr& deployed);
  void note_given_up(Deployed& deployed, const std::string& what) const;
  // Everything that there is of it goes.
  Status forget(const DeployedPtr& deployed);

  // Of a plan that could not be read there is nothing to start.
  static Status can_start(const DeployedPtr& deployed);

  // See replace_pipeline.cc.
  Status make_own_state(PipelineRow& row);
  Status save_replacement(const PipelineRow& row, Replacement* before);
  Status forget_replacement(const std::string& name);
  Status save_put_back(const Replacement& before);
  Status put_back(const DeployedPtr& deployed, const Replacement& before,
                  const std::shared_ptr<const plan::Plan>& plan, bool ran);
  // Both at the start of the server, before the rows are read.
  Status settle_replacements(std::set<std::string>& ids);
  Status settle(const Replacement& before);

  PipelinesParts parts_;
  mutable std::mutex owner_mutex_;
  OwnerOf owner_of_;
  mutable std::mutex mutex_;  // of the map only; nothing is done under it
  std::map<std::string, DeployedPtr, std::less<>> pipelines_;
  bool closed_ = false;
  // Of whom nobody could tell at the start of the server whether their replacement had started.
  std::map<std::string, Status, std::less<>> unsettled_;
};

}  // namespace dataflow::jobs
