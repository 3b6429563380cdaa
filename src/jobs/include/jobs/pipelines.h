// Pipelines: what users have deployed, kept in meta, and the jobs that run them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/metrics.h"
#include "base/status.h"
#include "engine/job.h"
#include "meta/store.h"
#include "plan/plan.h"

namespace dataflow::jobs {

// What the user wants of it; kept over a restart of the server.
enum class Desired : uint8_t { kStopped, kRunning, kPaused };
std::string_view desired_name(Desired desired);  // "stopped", …

struct PipelineView {
  std::string name;
  std::string id;  // of this deployment: its state lies in the folder of this name
  Desired desired = Desired::kStopped;
  // "running", "restarting", "failed", … while there is a job, else "stopped" or "paused".
  std::string state;
  std::string reason;  // why it failed or restarted last
  Timestamp created;
  Timestamp updated;
  std::string source;  // the text that it was deployed from
  std::shared_ptr<const plan::Plan> plan;
  std::optional<engine::JobStatus> job;  // while one runs, and of the last one that ended
};

// What befell a pipeline: "deployed", "replaced", "started", "restarting", "stopped", "finished",
// "failed", "put back", "not deleted" or "gave up" (output that it owed). Kept beside its state;
// the newest 256 of each are shown.
struct PipelineEvent {
  Timestamp when;
  std::string kind;
  std::string words;
};

struct DeployOptions {
  bool start = true;
  // A pipeline of this name takes the new plan and keeps the state of the nodes that keep their
  // ids. Otherwise it is refused with kAlreadyExists.
  bool replace = false;
  // Of a replacement: its state is deleted, and it begins anew.
  bool discard_state = false;
  // A new pipeline begins with the state that this savepoint holds.
  std::string from_savepoint;
  // Who asks owns it, see Pipelines::keep_for().
  bool by_owner = false;
};

struct RemoveOptions {
  // Without it what its checkpoints owe to sinks is delivered first, or the pipeline stays.
  bool give_up_output = false;
  bool by_owner = false;  // as in DeployOptions
};

struct RemovedPipeline {
  std::string given_up;  // output that no sink will have; empty: nothing
};

struct SavepointView {
  std::string id;  // "PIPELINE/NAME"
  state::SavepointInfo info;
};

struct PipelinesParts {
  Env& env;
  meta::Store& store;
  engine::Engine& engine;
  engine::Connectors& connectors;
  std::string dir;             // of the jobs' states
  std::string savepoints_dir;  // of what is kept of them
  Metrics* metrics = nullptr;
};

// kInvalid, with the node's place ("line L, column C"), if a connector refuses its options, or a
// sink cannot keep the guarantee that is asked of it. The plan is validated.
Status check_connectors(const plan::Plan& plan, engine::Connectors& connectors);
// kUnsupported, with its place, if the engine does not have a node's operator.
Status check_operators(const plan::Plan& plan, const engine::Engine& engine);
// Both: what `dataflow run` asks before it begins, and Pipelines::check().
Status check_plan(const plan::Plan& plan, engine::Connectors& connectors,
                  const engine::Engine& engine);

// Safe to use from several threads. What ends a job or takes a checkpoint blocks until that is
// done; views never wait for it. Of two changes of one pipeline at once, one waits for the other.
class Pipelines {
 public:
  // Reads what is deployed; starts nothing. Everything in `parts` outlives it.
  static Result<std::unique_ptr<Pipelines>> open(PipelinesParts parts);
  virtual ~Pipelines() = default;

  // Starts what is wanted running and has not finished. One that cannot start is failed, with its
  // reason, and holds up no other.
  virtual void start_all() = 0;
  // Ends all jobs with a checkpoint each; what is wanted of them stays.
  virtual void close() = 0;

  // Pipelines that belong to something else, such as a view: only their owner deploys, replaces and
  // deletes them. It says whose a name is, and how that goes; empty: nobody's. Null: there are no
  // owners any more.
  using OwnerOf = std::function<std::string(const std::string& pipeline)>;
  virtual void keep_for(OwnerOf owner_of) = 0;

  // Who knows what the operators of plug-ins give, for whoever compiles a plan.
  virtual plan::CustomOperators& custom_operators() = 0;
  // Validates the plan, its connectors and operators. Errors have places as validate()'s do.
  virtual Status check(plan::Plan& plan) = 0;
  // Nothing has changed, and what ran still runs, where it is refused: kInvalid and kUnsupported as
  // from check(), kConflict if a replacement cannot take the state.
  virtual Result<PipelineView> deploy(plan::Plan plan, std::string source,
                                      DeployOptions options) = 0;

  virtual std::vector<PipelineView> list() const = 0;  // by name
  // kNotFound names the nearest one.
  virtual Result<PipelineView> describe(const std::string& name) const = 0;

  // Oldest first.
  virtual Result<std::vector<PipelineEvent>> events(const std::string& name) const = 0;

  virtual Result<PipelineView> start(const std::string& name) = 0;  // no error if it runs
  virtual Result<PipelineView> stop(const std::string& name) = 0;
  virtual Result<PipelineView> pause(const std::string& name) = 0;
  virtual Result<PipelineView> restart(const std::string& name) = 0;
  // Its job ends at once, what is owed is delivered, and its state goes. kConflict if that cannot
  // be delivered within the time that a stop has: it says what and to whom, and a job that ran is
  // started again.
  virtual Result<RemovedPipeline> remove(const std::string& name, RemoveOptions options) = 0;
  // kConflict if it does not run, or ends before; kTimedOut if it takes long, and goes on.
  virtual Result<state::CheckpointId> checkpoint(const std::string& name) = 0;

  // Keeps a pipeline's state, running or not, under a name of its own (empty: that of the moment).
  // It stays when the pipeline goes.
  virtual Result<SavepointView> save_state(const std::string& name, std::string savepoint) = 0;
  virtual Result<std::vector<SavepointView>> savepoints() const = 0;
  virtual Status remove_savepoint(const std::string& id) = 0;
};

}  // namespace dataflow::jobs
