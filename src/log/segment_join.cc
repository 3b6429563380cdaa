#include "segment_join.h"

#include <vector>

#include "segment.h"

namespace dataflow::log {
namespace {

constexpr size_t kDigits = 20;
constexpr std::string_view kSuffix = ".joined";

}  // namespace

std::string JoinedRange::file_name() const {
  return segment_file_name(base, "-") + segment_file_name(end, kSuffix);
}

std::optional<JoinedRange> JoinedRange::parse(std::string_view name) {
  if (name.size() != 2 * kDigits + 1 + kSuffix.size() || name[kDigits] != '-' ||
      !name.ends_with(kSuffix)) {
    return std::nullopt;
  }
  auto base = parse_segment_file_name(std::string(name.substr(0, kDigits)) + ".log");
  auto end = parse_segment_file_name(std::string(name.substr(kDigits + 1, kDigits)) + ".log");
  if (!base || !end || *base < Offset(0) || *end <= *base) return std::nullopt;
  return JoinedRange{*base, *end};
}

Status finish_join(Env& env, const std::string& dir, const JoinedRange& range) {
  DF_ASSIGN_OR_RETURN(std::vector<DirEntry> entries, env.list_dir(dir));
  std::vector<std::string> indexes, logs;
  for (const DirEntry& entry : entries) {
    const bool is_index = entry.name.ends_with(".index");
    const std::string log =
        is_index ? entry.name.substr(0, entry.name.size() - 6) + ".log" : entry.name;
    const std::optional<Offset> base = parse_segment_file_name(log);
    if (!base || *base < range.base || *base >= range.end) continue;
    if (is_index) indexes.push_back(dir + "/" + entry.name);
    if (!is_index && *base != range.base) logs.push_back(dir + "/" + entry.name);
  }
  // An index is trusted by the size of its log, and the new log may have the size of the first old
  // one.
  for (const std::string& path : indexes) DF_RETURN_IF_ERROR(env.remove_file(path));
  for (const std::string& path : logs) DF_RETURN_IF_ERROR(env.remove_file(path));
  DF_RETURN_IF_ERROR(env.sync_dir(dir));
  DF_RETURN_IF_ERROR(
      env.rename(dir + "/" + range.file_name(), dir + "/" + segment_file_name(range.base, ".log")));
  return env.sync_dir(dir);
}

Status finish_joins(Env& env, const std::string& dir) {
  DF_ASSIGN_OR_RETURN(std::vector<DirEntry> entries, env.list_dir(dir));
  for (const DirEntry& entry : entries) {
    if (std::optional<JoinedRange> range = JoinedRange::parse(entry.name)) {
      DF_RETURN_IF_ERROR(finish_join(env, dir, *range));
    }
  }
  return {};
}

}  // namespace dataflow::log
