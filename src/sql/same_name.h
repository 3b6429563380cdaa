// Names are the same without regard to case; where two differ in case only, the exact one wins.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace dataflow::sql {

inline bool same_name(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  for (size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

// The entry of that name in the same case, else the only one without regard to it.
template <class Thing>
const Thing* find_named(const std::map<std::string, Thing>& things, std::string_view name) {
  if (const auto exact = things.find(std::string(name)); exact != things.end()) {
    return &exact->second;
  }
  const Thing* found = nullptr;
  for (const auto& [key, thing] : things) {
    if (!same_name(key, name)) continue;
    if (found != nullptr) return nullptr;
    found = &thing;
  }
  return found;
}

}  // namespace dataflow::sql
