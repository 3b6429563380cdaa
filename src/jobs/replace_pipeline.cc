// Replacing a pipeline, and taking the replacement back where it does not start.
//
// The state of the old one stays whole until the new one has started. A replacement that loses some
// of it, or all, has a folder of its own, under a new id; one that loses nothing goes on in the
// same folder, where a start changes nothing before its first checkpoint. In this order:
//
//   1. the old job stops; where something is lost, its state is copied to the new id's folder, and
//      what is gone goes there
//   2. one batch: the new row, and what it replaces (Replacement)
//   3. the new job starts
//   4a. it did: the Replacement goes, then the old id's folder
//   4b. it did not: one batch: the old row again, and the Replacement goes; then the new id's
//   folder
//
// A crash before 2 or behind 4 leaves a folder that no row names; the next start of the server
// removes it. Between them it finds the Replacement, and whether the new job has a checkpoint of
// its own, which means that it had started, tells which of 4a and 4b is left to do.
#include <algorithm>

#include "base/logger.h"
#include "base/uuid.h"
#include "changed_plan.h"
#include "pipelines_impl.h"
#include "state/job_store.h"

namespace dataflow::jobs {

namespace {

// Behind the name of a new state's folder while it is copied.
constexpr const char* kCopyFolder = ".copy";

std::string words_of_replacement(const std::vector<std::string>& dropped, bool discarded) {
  if (discarded) return "its state is discarded";
  std::string all;
  for (const std::string& id : dropped) all += (all.empty() ? "" : ", ") + id;
  return all.empty() ? "" : "the state of what is gone is dropped: " + all;
}

void add_missing(const std::vector<std::string>& ids, std::vector<std::string>& all) {
  for (const std::string& id : ids) {
    if (std::ranges::find(all, id) == all.end()) all.push_back(id);
  }
}

Result<int64_t> last_checkpoint(Env& env, const std::string& state_dir) {
  if (!env.exists(state_dir)) return 0;
  DF_ASSIGN_OR_RETURN(const std::unique_ptr<state::JobStore> store,
                      state::JobStore::open(env, state_dir));
  const int64_t last = store->last().value();
  DF_RETURN_IF_ERROR(store->close());
  return last;
}

// Should it fail, the next start of the server does it.
void remove_old_state(Env& env, const std::string& dir) {
  const Status removed = env.remove_tree(dir);
  if (!removed.ok()) log_warn("discarded state is still there", {{"why", removed.message()}});
}

Status unsettled(const PipelineView& view) {
  return Status::conflict("of pipeline \"" + view.name +
                          "\" nobody could tell which plan its state is of (" + view.reason +
                          "); start the server again, or delete it");
}

}  // namespace

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
  if (deployed->plan()->nodes.empty() && unsettled_.contains(deployed->row().name)) {
    return unsettled(deployed->view());
  }
  std::vector<std::string> gone;
  if (!options.discard_state) {
    DF_ASSIGN_OR_RETURN(gone, carry_over(deployed, plan));
  }
  const bool ran = deployed->job() != nullptr;
  Replacement before;
  before.finished = deployed->finished();
  const std::shared_ptr<const plan::Plan> plan_before = deployed->plan();
  PipelineRow row;
  std::string given_up;  // whose state is gone nobody can deliver it any more
  const auto stop_and_save = [&]() -> Status {
    const Status stopped = stop_job(deployed);
    if (!options.discard_state) DF_RETURN_IF_ERROR(stopped);
    if (options.discard_state) given_up = undelivered(deployed);
    before.row = row = deployed->row();
    if (!options.discard_state && !row.delivered) {
      DF_RETURN_IF_ERROR(check_delivered(parts_.env, state_dir(row.id), gone));
    }
    row.desired = options.start ? Desired::kRunning : Desired::kStopped;
    row.updated = parts_.env.now();
    row.plan_json = plan::to_json(plan);
    row.source = std::move(source);
    add_missing(gone, row.dropped);
    if (options.discard_state) {
      row.id = Uuid::random(parts_.env).to_string();
      row.dropped.clear();
    } else if (options.start) {
      DF_RETURN_IF_ERROR(make_own_state(row));
    }
    return save_replacement(row, options.start ? &before : nullptr);
  };
  const Status saved = stop_and_save();
  if (!saved.ok()) {
    // The one that is there goes on from its last checkpoint.
    if (!row.id.empty() && row.id != before.row.id) {
      (void)parts_.env.remove_tree(state_dir(row.id)).ok();
    }
    if (ran) (void)start_job(deployed, engine::FirstAttempt::kGoesOn).ok();
    return saved;
  }
  if (row.id != before.row.id) deployed->move_events(events_dir(row.id));
  note(*deployed, "replaced", words_of_replacement(gone, options.discard_state));
  deployed->set_row(row, std::make_shared<const plan::Plan>(std::move(plan)));
  const Status started =
      options.start ? start_job(deployed, engine::FirstAttempt::kMustRun) : Status();
  if (!started.ok()) {
    const Status back = put_back(deployed, before, plan_before, ran);
    const std::string how = back.ok() ? "; the pipeline is again as it was"
                                      : "; nor could it be put back: " + back.message();
    return Status(started.code(), started.message() + how, started.detail());
  }
  if (options.start) {
    // It runs, but a start of the server might take it back.
    DF_RETURN_IF_ERROR(forget_replacement(row.name).with_context("the replacement has started"));
  }
  if (!given_up.empty()) note_given_up(*deployed, given_up);
  if (row.id != before.row.id) remove_old_state(parts_.env, state_dir(before.row.id));
  return deployed->view();
}

Status PipelinesImpl::make_own_state(PipelineRow& row) {
  const std::string state = state_dir(row.id);
  if (row.dropped.empty() || !parts_.env.exists(state)) return {};
  const std::string id = Uuid::random(parts_.env).to_string();
  const std::string own = state_dir(id);
  const std::string copy = own + kCopyFolder;
  const auto make = [&]() -> Status {
    DF_RETURN_IF_ERROR(state::save_stopped_job(parts_.env, state, copy, row.name).status());
    DF_RETURN_IF_ERROR(state::restore_savepoint(parts_.env, copy, own, ""));
    return drop_operators(parts_.env, own, row.dropped, row.plan_json);
  };
  const Status made = make();
  (void)parts_.env.remove_tree(copy).ok();
  if (!made.ok()) {
    (void)parts_.env.remove_tree(own).ok();
    return made.with_context("copying the state of pipeline " + row.name);
  }
  row.id = id;
  row.dropped.clear();
  row.delivered = true;
  return {};
}

// `before` is null for one that is not to start yet, which cannot fail to.
Status PipelinesImpl::save_replacement(const PipelineRow& row, Replacement* before) {
  meta::WriteBatch batch;
  put_pipeline(batch, row);
  if (before == nullptr) {
    remove_replacement(batch, row.name);
  } else {
    DF_ASSIGN_OR_RETURN(before->checkpoint, last_checkpoint(parts_.env, state_dir(row.id)));
    put_replacement(batch, *before);
  }
  return parts_.store.commit(std::move(batch)).with_context("keeping pipeline " + row.name);
}

Status PipelinesImpl::forget_replacement(const std::string& name) {
  meta::WriteBatch batch;
  remove_replacement(batch, name);
  return parts_.store.commit(std::move(batch)).with_context("keeping pipeline " + name);
}

Status PipelinesImpl::save_put_back(const Replacement& before) {
  meta::WriteBatch batch;
  const std::string& name = before.row.name;
  put_pipeline(batch, before.row);
  remove_replacement(batch, name);
  if (before.finished) {
    put_end(batch, {name, before.row.id, parts_.env.now()});
  } else {
    remove_end(batch, name);
  }
  return parts_.store.commit(std::move(batch)).with_context("keeping pipeline " + name);
}

Status PipelinesImpl::put_back(const DeployedPtr& deployed, const Replacement& before,
                               const std::shared_ptr<const plan::Plan>& plan, bool ran) {
  const std::string replaced_by = deployed->row().id;
  const bool has_other = replaced_by != before.row.id;
  if (has_other) deployed->move_events(events_dir(before.row.id));
  DF_RETURN_IF_ERROR(save_put_back(before));
  if (has_other) (void)parts_.env.remove_tree(state_dir(replaced_by)).ok();
  deployed->set_row(before.row, plan);
  note(*deployed, "put back", "what was to replace it did not start");
  if (before.finished) deployed->set_finished();
  if (!ran) return {};
  return start_job(deployed, engine::FirstAttempt::kGoesOn);
}

Status PipelinesImpl::settle(const Replacement& before) {
  const std::string& name = before.row.name;
  DF_ASSIGN_OR_RETURN(const std::optional<PipelineRow> row, stored_row(name));
  if (!row) return forget_replacement(name);
  DF_ASSIGN_OR_RETURN(const int64_t last, last_checkpoint(parts_.env, state_dir(row->id)));
  const bool has_started = last > before.checkpoint;
  if (row->id != before.row.id) {
    // What befell it may lie with either.
    const std::string from = events_dir(has_started ? before.row.id : row->id);
    const std::string to = events_dir(has_started ? row->id : before.row.id);
    if (parts_.env.exists(from) && !parts_.env.exists(to)) {
      DF_RETURN_IF_ERROR(parts_.env.rename(from, to));
    }
  }
  if (has_started) return forget_replacement(name);
  log_warn("a replacement that had not started is taken back", {{"pipeline", name}});
  return save_put_back(before);
}

Status PipelinesImpl::settle_replacements(std::set<std::string>& ids) {
  std::vector<Replacement> found;
  Status bad;
  DF_RETURN_IF_ERROR(parts_.store.scan(kPipelineReplacementsTable, "",
                                       [&](std::string_view key, std::string_view bytes) {
                                         Result<Replacement> one = decode_replacement(key, bytes);
                                         bad = one.status();
                                         if (bad.ok()) found.push_back(std::move(*one));
                                         return bad.ok();
                                       }));
  DF_RETURN_IF_ERROR(bad);
  for (const Replacement& before : found) {
    const Status settled = settle(before);
    if (settled.ok()) continue;
    // It holds up no other pipeline; its state stays for the next start.
    ids.insert(before.row.id);
    unsettled_.emplace(before.row.name, settled);
  }
  return {};
}

}  // namespace dataflow::jobs
