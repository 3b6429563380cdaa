// The keys of Flink's configuration that a script may SET and that mean nothing here.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace dataflow::sql {

// Keys by name, of the table API and of jobs.
std::span<const std::string_view> flink_keys();
// Of those that are about a cluster ("taskmanager.", "state.backend.") only the beginning matters.
bool begins_like_flink_key(std::string_view key);

}  // namespace dataflow::sql
