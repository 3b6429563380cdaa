// What is made of a text that is the same for most rows: a pattern, a regular expression, a path.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "registry.h"

namespace dataflow::expr {

// `make(text)`, made once for as long as few texts differ. One memory a thread, so that bound
// expressions stay without state. The result is good until the next call on this thread.
template <class T, Result<T> (*make)(std::string_view)>
const Result<T>& kept(std::string_view text) {
  constexpr size_t kMost = 64;
  using Kept = std::map<std::string, Result<T>, std::less<>>;
  thread_local Kept known;
  thread_local typename Kept::iterator last = known.end();
  if (last != known.end() && last->first == text) return last->second;
  last = known.find(text);
  if (last == known.end()) {
    if (known.size() >= kMost) known.clear();
    last = known.emplace(std::string(text), make(text)).first;
  }
  return last->second;
}

// Fails at binding where the argument is a constant text of which nothing can be made.
template <class T, Result<T> (*make)(std::string_view)>
Status check_constant(const Node& argument, const CallSite& site) {
  const Value* text = argument.literal();
  if (text == nullptr || text->is_null() || text->type().id() != TypeId::kString) return {};
  const Result<T>& made = kept<T, make>(text->as_text());
  return made.ok() ? Status() : site.fail(made.status().message());
}

}  // namespace dataflow::expr
