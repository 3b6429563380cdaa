// The files that a path means: itself, those below a folder, or those that match a pattern.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"

namespace dataflow::connect {

// Whether there is a `*`, `?` or `[` in it.
bool has_wildcard(std::string_view path);

// `*`, `?` and `[a-z]`, `[!a-z]`, within one name.
bool name_matches(std::string_view pattern, std::string_view name);

// By name. In a pattern `**` stands for any folders, also for none. Names that begin with `.` or
// `_` are those of files that are not done yet: a folder's are left out, and a pattern matches them
// only by writing so. kNotFound if there is nothing of a plain path; a pattern may match nothing.
Result<std::vector<std::string>> files_of(Env& env, const std::string& path);

}  // namespace dataflow::connect
