#include "file_names.h"

#include <algorithm>

namespace dataflow::connect {
namespace {

bool is_hidden(std::string_view name) { return name.starts_with('.') || name.starts_with('_'); }

std::string join(const std::string& folder, const std::string& name) {
  if (folder.empty()) return name;
  return folder.ends_with('/') ? folder + name : folder + "/" + name;
}

std::string folder_to_list(const std::string& folder) { return folder.empty() ? "." : folder; }

Status add_below(Env& env, const std::string& folder, std::vector<std::string>& files) {
  DF_ASSIGN_OR_RETURN(const std::vector<DirEntry> entries, env.list_dir(folder_to_list(folder)));
  for (const DirEntry& entry : entries) {
    if (is_hidden(entry.name)) continue;
    const std::string path = join(folder, entry.name);
    if (!entry.is_dir) {
      files.push_back(path);
    } else {
      DF_RETURN_IF_ERROR(add_below(env, path, files));
    }
  }
  return {};
}

std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const size_t end = std::min(path.find('/'), path.size());
    if (end > 0) parts.push_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return parts;
}

// Whether the path names a file, as its own folder says.
bool is_file(Env& env, const std::string& path) {
  const size_t name_at = path.rfind('/') + 1;  // 0 without one
  const std::string name = path.substr(name_at);
  const std::string parent = path.substr(0, name_at > 1 ? name_at - 1 : name_at);
  const Result<std::vector<DirEntry>> entries = env.list_dir(folder_to_list(parent));
  return entries.ok() && std::ranges::any_of(*entries, [&](const DirEntry& entry) {
           return !entry.is_dir && entry.name == name;
         });
}

// What lies below `folder` and matches the parts from `at` on.
Status add_matches(Env& env, const std::string& folder, const std::vector<std::string_view>& parts,
                   size_t at, std::vector<std::string>& files) {
  const std::string_view part = parts[at];
  const bool last = at + 1 == parts.size();
  if (part != "**" && !has_wildcard(part)) {
    const std::string path = join(folder, std::string(part));
    if (!env.exists(path)) return {};
    if (!last) return add_matches(env, path, parts, at + 1, files);
    if (!env.list_dir(path).ok()) files.push_back(path);
    return {};
  }
  if (part == "**" && last) return add_below(env, folder, files);
  if (part == "**") DF_RETURN_IF_ERROR(add_matches(env, folder, parts, at + 1, files));
  const Result<std::vector<DirEntry>> entries = env.list_dir(folder_to_list(folder));
  if (!entries.ok()) {
    // A file where the pattern has a folder holds nothing; a folder that cannot be read may.
    const bool nothing = entries.status().code() == StatusCode::kNotFound || is_file(env, folder);
    return nothing ? Status() : entries.status();
  }
  for (const DirEntry& entry : *entries) {
    if (is_hidden(entry.name) && part[0] != entry.name[0]) continue;
    if (part != "**" && !name_matches(part, entry.name)) continue;
    const std::string path = join(folder, entry.name);
    if (entry.is_dir) {
      if (part == "**") DF_RETURN_IF_ERROR(add_matches(env, path, parts, at, files));
      if (part != "**" && !last) {
        DF_RETURN_IF_ERROR(add_matches(env, path, parts, at + 1, files));
      }
    } else if (last) {
      files.push_back(path);
    }
  }
  return {};
}

// Whether the set that `pattern` begins with, behind its `[`, holds `c`; takes it off the pattern.
// Without a `]` it is no set.
bool take_set(std::string_view& pattern, char c, bool& held) {
  size_t i = 0;
  const bool inverted = !pattern.empty() && (pattern[0] == '!' || pattern[0] == '^');
  if (inverted) ++i;
  const size_t end = pattern.find(']', i + 1);
  if (end == std::string_view::npos) return false;
  held = false;
  while (i < end) {
    const bool range = i + 2 < end && pattern[i + 1] == '-';
    const char to = range ? pattern[i + 2] : pattern[i];
    if (pattern[i] <= c && c <= to) held = true;
    i += range ? 3 : 1;
  }
  held = held != inverted;
  pattern.remove_prefix(end + 1);
  return true;
}

// Takes one thing other than `*` off the pattern; whether it stands for `c`.
bool take_one(std::string_view& pattern, char c) {
  const char first = pattern[0];
  pattern.remove_prefix(1);
  bool held = false;
  if (first == '[' && take_set(pattern, c, held)) return held;
  return first == '?' || first == c;
}

}  // namespace

bool has_wildcard(std::string_view path) {
  return path.find_first_of("*?[") != std::string_view::npos;
}

bool name_matches(std::string_view pattern, std::string_view name) {
  // Where to go on if what follows the last `*` does not fit: that `*` takes one more character.
  std::string_view behind_star;
  size_t star_end = std::string_view::npos;
  size_t i = 0;
  while (i < name.size()) {
    if (pattern.starts_with('*')) {
      pattern.remove_prefix(1);
      behind_star = pattern;
      star_end = i;
      continue;
    }
    if (!pattern.empty() && take_one(pattern, name[i])) {
      ++i;
      continue;
    }
    if (star_end == std::string_view::npos) return false;
    pattern = behind_star;
    i = ++star_end;
  }
  return pattern.find_first_not_of('*') == std::string_view::npos;
}

Result<std::vector<std::string>> files_of(Env& env, const std::string& path) {
  std::vector<std::string> files;
  std::string plain = path;
  while (plain.size() > 1 && plain.ends_with('/')) plain.pop_back();
  if (env.exists(plain)) {
    if (!env.list_dir(plain).ok()) return std::vector<std::string>{plain};
    DF_RETURN_IF_ERROR(add_below(env, plain, files));
  } else if (has_wildcard(plain)) {
    DF_RETURN_IF_ERROR(
        add_matches(env, plain.starts_with('/') ? "/" : "", parts_of(plain), 0, files));
  } else {
    return Status::not_found("there is no file or folder `" + path + "`");
  }
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  return files;
}

}  // namespace dataflow::connect
