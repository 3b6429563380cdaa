// Savepoints of pipelines: taken, listed, deleted, and begun from.
//
// They lie in <savepoints>/<pipeline>/<name>, whatever becomes of the pipeline.
#include <cctype>
#include <charconv>

#include "base/durable_dirs.h"
#include "changed_plan.h"
#include "pipelines_impl.h"
#include "state/unfinished.h"
#include "types/temporal.h"

namespace dataflow::jobs {

namespace {

constexpr size_t kLongestName = 128;

bool is_plain(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
}

bool is_savepoint_name(std::string_view name) {
  if (name.empty() || name.size() > kLongestName || name[0] == '.') return false;
  if (name.ends_with(state::kUnfinished)) return false;
  for (const char c : name) {
    if (!is_plain(c)) return false;
  }
  return true;
}

Status check_name(const std::string& name) {
  if (is_savepoint_name(name)) return {};
  return Status::invalid("\"" + name +
                         "\" is no name of a savepoint: those have letters, digits, `-`, `_` and, "
                         "but not first, `.`, and do not end in `" +
                         std::string(state::kUnfinished) + "`");
}

// A pipeline's name may hold anything, a folder's may not.
std::string folder_of(const std::string& pipeline) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string folder;
  for (const char c : pipeline) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_plain(c) && !(c == '.' && folder.empty())) {
      folder.push_back(c);
    } else {
      folder += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return folder;
}

std::string pipeline_of(const std::string& folder) {
  std::string pipeline;
  for (size_t i = 0; i < folder.size(); ++i) {
    unsigned value = 0;
    const char* const digits = folder.data() + i + 1;
    const bool escaped = folder[i] == '%' && i + 2 < folder.size() &&
                         std::from_chars(digits, digits + 2, value, 16).ptr == digits + 2;
    pipeline.push_back(escaped ? static_cast<char>(value) : folder[i]);
    if (escaped) i += 2;
  }
  return pipeline;
}

std::string name_of_moment(Timestamp now) {
  char text[kMaxTemporalChars];
  const char* const end = write_timestamp(text, Type::timestamp_tz(3), now.value(),
                                          TimestampStyle::kIso, FractionStyle::kFixed);
  std::string name(text, static_cast<size_t>(end - text));
  for (char& c : name) {
    if (c == ':') c = '-';
  }
  return name;
}

SavepointView view_of(state::SavepointInfo info) {
  const std::string name = info.dir.substr(info.dir.rfind('/') + 1);
  return {info.job + "/" + name, std::move(info)};
}

}  // namespace

Result<std::string> PipelinesImpl::savepoint_dir(const std::string& id) const {
  const size_t slash = id.rfind('/');
  if (slash == std::string::npos || slash == 0) {
    return Status::invalid("\"" + id + "\" names no savepoint: write it as PIPELINE/NAME");
  }
  DF_RETURN_IF_ERROR(check_name(id.substr(slash + 1)));
  return parts_.savepoints_dir + "/" + folder_of(id.substr(0, slash)) + "/" + id.substr(slash + 1);
}

Result<SavepointView> PipelinesImpl::save_state(const std::string& name, std::string savepoint) {
  DF_ASSIGN_OR_RETURN(const DeployedPtr deployed, find(name));
  if (savepoint.empty()) savepoint = name_of_moment(parts_.env.now());
  DF_RETURN_IF_ERROR(check_name(savepoint));
  DF_ASSIGN_OR_RETURN(const std::string dir, savepoint_dir(name + "/" + savepoint));
  if (parts_.env.exists(dir)) {
    return Status::already_exists("there is a savepoint \"" + name + "/" + savepoint +
                                  "\" already; take another name, or delete it first");
  }
  DF_RETURN_IF_ERROR(create_dirs_durably(parts_.env, dir.substr(0, dir.rfind('/'))));
  Result<state::SavepointInfo> saved = [&]() -> Result<state::SavepointInfo> {
    // A running job needs nobody to hold still for it.
    if (const std::shared_ptr<engine::Job> job = deployed->job()) return job->savepoint(dir);
    const std::lock_guard change(deployed->change);
    DF_RETURN_IF_ERROR(still_there(deployed));
    if (deployed->job() != nullptr) return Status::conflict("it is being started; try again");
    return state::save_stopped_job(parts_.env, state_dir(deployed->row().id), dir, name);
  }();
  if (!saved.ok())
    return unless_ended(saved.status()).with_context("taking a savepoint of pipeline " + name);
  note(*deployed, "savepoint", savepoint);
  return view_of(std::move(*saved));
}

Result<std::vector<SavepointView>> PipelinesImpl::savepoints() const {
  std::vector<SavepointView> found;
  Env& env = parts_.env;
  if (!env.exists(parts_.savepoints_dir)) return found;
  DF_ASSIGN_OR_RETURN(const std::vector<DirEntry> folders, env.list_dir(parts_.savepoints_dir));
  for (const DirEntry& folder : folders) {
    if (!folder.is_dir) continue;
    DF_ASSIGN_OR_RETURN(std::vector<state::SavepointInfo> infos,
                        state::list_savepoints(env, parts_.savepoints_dir + "/" + folder.name));
    for (state::SavepointInfo& info : infos) {
      if (!info.problem.empty()) info.job = pipeline_of(folder.name);
      found.push_back(view_of(std::move(info)));
    }
  }
  return found;
}

Status PipelinesImpl::remove_savepoint(const std::string& id) {
  DF_ASSIGN_OR_RETURN(const std::string dir, savepoint_dir(id));
  if (!parts_.env.exists(dir)) return Status::not_found("there is no savepoint \"" + id + "\"");
  return parts_.env.remove_tree(dir).with_context("deleting savepoint " + id);
}

// The state is there before anybody can find the pipeline: should the server end here, its next
// start takes the folder away again.
Status PipelinesImpl::begin_from(const std::string& savepoint, const plan::Plan& plan,
                                 PipelineRow& row) {
  DF_ASSIGN_OR_RETURN(const std::string dir, savepoint_dir(savepoint));
  if (!parts_.env.exists(dir)) {
    return Status::not_found("there is no savepoint \"" + savepoint +
                             "\"; `dataflow pipeline savepoints` lists them");
  }
  const std::string state = state_dir(row.id);
  DF_RETURN_IF_ERROR(state::restore_savepoint(parts_.env, dir, state,
                                              // What a sink's committer keeps is of its own job.
                                              std::string(engine::kCommitterPrefix)));
  const Status fits = [&]() -> Status {
    DF_ASSIGN_OR_RETURN(const plan::Plan before, plan_of_state(parts_.env, state));
    DF_ASSIGN_OR_RETURN(row.dropped, dropped_by(before, plan));
    row.delivered = true;
    return {};
  }();
  if (!fits.ok()) (void)parts_.env.remove_tree(state).ok();
  return fits;
}

}  // namespace dataflow::jobs
