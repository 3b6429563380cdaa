#include "cli/home_dir.h"

#include <pwd.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <cstdlib>
#include <filesystem>
#include <vector>

#include "base/edit_distance.h"
#include "base/env.h"
#include "cli/document.h"
#include "cli/exit_codes.h"
#include "cli/proc_files.h"

namespace dataflow::cli {
namespace {

constexpr uint64_t kMaxProfileBytes = 1 << 20;

std::string place_of(const std::string& path, const YAML::Mark& mark) {
  return mark.is_null() ? path : path + ":" + std::to_string(mark.line + 1);
}

Status bad_profile(const std::string& place, const std::string& what) {
  return with_exit_code(Status::invalid("reading the profile, " + place + ": " + what),
                        ExitCode::kValidation);
}

Status read_text(const YAML::Node& node, const std::string& path, std::string& out) {
  if (!node.IsScalar()) return bad_profile(place_of(path, node.Mark()), "a text is expected here");
  out = node.Scalar();
  return {};
}

Status read_level(const YAML::Node& node, bool top, Profile& profile, std::string& chosen) {
  if (!node.IsMap()) {
    return bad_profile(place_of(profile.path, node.Mark()),
                       "settings are expected, such as `server: 127.0.0.1:8080`");
  }
  std::vector<std::string> known = {"server", "kafka", "output"};
  if (top) known.insert(known.end(), {"profile", "profiles"});
  for (const auto& entry : node) {
    const std::string key = entry.first.Scalar();
    if (key == "server") {
      DF_RETURN_IF_ERROR(read_text(entry.second, profile.path, profile.server));
    } else if (key == "kafka") {
      DF_RETURN_IF_ERROR(read_text(entry.second, profile.path, profile.kafka));
    } else if (key == "output") {
      DF_RETURN_IF_ERROR(read_text(entry.second, profile.path, profile.output));
    } else if (top && key == "profile") {
      DF_RETURN_IF_ERROR(read_text(entry.second, profile.path, chosen));
    } else if (!top || key != "profiles") {
      return bad_profile(place_of(profile.path, entry.first.Mark()),
                         "there is no setting \"" + key + "\"" + suggestion(key, known));
    }
  }
  return {};
}

Status read_named(const YAML::Node& root, Profile& profile, const std::string& name) {
  const YAML::Node profiles = root["profiles"];
  std::vector<std::string> names;
  if (profiles && profiles.IsMap()) {
    for (const auto& entry : profiles) names.push_back(entry.first.Scalar());
  }
  for (const std::string& known : names) {
    if (known != name) continue;
    profile.name = name;
    std::string none;
    return read_level(profiles[name], false, profile, none);
  }
  return bad_profile(profile.path,
                     "there is no profile \"" + name + "\"" + suggestion(name, names));
}

// Whether the process is a `dataflow server` that was given our ready file.
bool is_our_server(int pid, const std::string& ready_file) {
  const std::string path = "/proc/" + std::to_string(pid) + "/cmdline";
  std::optional<std::string> words = read_proc(path);
  if (!words) return false;
  const std::string_view text = *words;
  return text.find(std::string("\0server\0", 8)) != std::string_view::npos &&
         text.find(std::string("\0", 1) + ready_file + std::string("\0", 1)) !=
             std::string_view::npos;
}

std::string text_member(const Document& object, std::string_view name) {
  const Document* member = object.find(name);
  const std::string* text = member == nullptr ? nullptr : member->text();
  return text == nullptr ? std::string() : *text;
}

}  // namespace

std::string home_dir() {
  if (const char* own = std::getenv("DATAFLOW_HOME"); own != nullptr && *own != '\0')
    return absolute_path(own);
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') {
    return std::string(home) + "/.dataflow";
  }
  const passwd* user = getpwuid(getuid());
  return (user == nullptr ? std::string("/tmp") : std::string(user->pw_dir)) + "/.dataflow";
}

std::string absolute_path(const std::string& path) {
  std::error_code error;
  const std::filesystem::path whole = std::filesystem::absolute(path, error);
  return error ? path : whole.lexically_normal().string();
}

Result<Profile> load_profile(const std::string& wanted) {
  Profile profile;
  profile.path = home_dir() + "/config.yaml";
  Result<std::string> text = posix_env().read_file(profile.path, kMaxProfileBytes);
  if (!text.ok()) {
    if (text.status().code() != StatusCode::kNotFound)
      return text.status().with_context("reading the profile");
    if (wanted.empty()) return profile;
    return with_exit_code(Status::not_found("there is no profile \"" + wanted +
                                            "\": " + profile.path + " does not exist"),
                          ExitCode::kValidation);
  }
  try {
    const YAML::Node root = YAML::Load(*text);
    if (!root || root.IsNull()) return profile;
    std::string chosen;
    DF_RETURN_IF_ERROR(read_level(root, true, profile, chosen));
    if (!wanted.empty()) chosen = wanted;
    if (!chosen.empty()) DF_RETURN_IF_ERROR(read_named(root, profile, chosen));
  } catch (const YAML::Exception& e) {
    return bad_profile(place_of(profile.path, e.mark), e.msg);
  }
  return profile;
}

EmulatorPlace emulator_place() {
  EmulatorPlace place;
  place.dir = home_dir() + "/emulator";
  place.ready_file = place.dir + "/ready.json";
  place.log_file = place.dir + "/server.log";
  place.data_note = place.dir + "/data-dir";
  place.default_data_dir = place.dir + "/data";
  return place;
}

namespace {

// What the ready file says, whether that process still runs or not.
std::optional<RunningEmulator> noted_emulator(const EmulatorPlace& place) {
  Result<std::string> text = posix_env().read_file(place.ready_file, 64 << 10);
  if (!text.ok()) return std::nullopt;
  Result<Document> json = parse_json(*text);
  const Document* pid = json.ok() ? json->find("pid") : nullptr;
  if (pid == nullptr || pid->integer() == nullptr) return std::nullopt;
  RunningEmulator noted;
  noted.pid = static_cast<int>(*pid->integer());
  noted.kafka = text_member(*json, "kafka");
  noted.http = text_member(*json, "http");
  noted.metrics = text_member(*json, "metrics");
  noted.postgres = text_member(*json, "postgres");
  return noted;
}

}  // namespace

std::optional<RunningEmulator> find_running_emulator() {
  const EmulatorPlace place = emulator_place();
  std::optional<RunningEmulator> noted = noted_emulator(place);
  if (noted && !is_our_server(noted->pid, place.ready_file)) return std::nullopt;
  return noted;
}

std::optional<int> find_ending_emulator() {
  const std::optional<RunningEmulator> noted = noted_emulator(emulator_place());
  if (!noted) return std::nullopt;
  const auto words = read_proc("/proc/" + std::to_string(noted->pid) + "/cmdline");
  if (!words || !words->empty()) return std::nullopt;
  return noted->pid;
}

}  // namespace dataflow::cli
