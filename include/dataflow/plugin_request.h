// Request: what a source, sink or operator is made for, with its options.
#pragma once

#include <charconv>
#include <map>
#include <set>

#include <dataflow/plugin_batch.h>

namespace dataflow::plugin {

// The options of a step as texts. One that is given, and not asked for while the part is being
// made, is refused: so ask for each of them then, whether it is used or not.
class Options {
 public:
  Options() = default;
  Options(const abi::Option* options, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      given_[std::string(from_abi(options[i].name))] = std::string(from_abi(options[i].value));
    }
  }

  std::optional<std::string> find(const std::string& name) const {
    asked_.insert(name);
    const auto found = given_.find(name);
    if (found == given_.end()) return std::nullopt;
    return found->second;
  }
  std::string text(const std::string& name, const std::string& otherwise) const {
    return find(name).value_or(otherwise);
  }
  std::string require(const std::string& name) const {
    const auto found = find(name);
    if (!found) throw Error("`" + name + "` is missing");
    return *found;
  }
  int64_t integer(const std::string& name, int64_t otherwise, int64_t least = INT64_MIN,
                  int64_t most = INT64_MAX) const {
    const auto found = find(name);
    if (!found) return otherwise;
    int64_t value = 0;
    const char* const end = found->data() + found->size();
    const auto [at, problem] = std::from_chars(found->data(), end, value);
    if (problem != std::errc() || at != end || value < least || value > most) {
      throw Error("`" + name + "` is `" + *found + "`; it must be an integer from " +
                  std::to_string(least) + " to " + std::to_string(most));
    }
    return value;
  }
  bool boolean(const std::string& name, bool otherwise) const {
    const auto found = find(name);
    if (!found) return otherwise;
    if (*found == "true") return true;
    if (*found == "false") return false;
    throw Error("`" + name + "` is `" + *found + "`; it must be true or false");
  }

  void refuse_rest() const {
    std::string known;
    for (const std::string& name : asked_) known += (known.empty() ? "" : ", ") + name;
    for (const auto& [name, value] : given_) {
      if (asked_.contains(name)) continue;
      throw Error("`" + name + "` is not known here; there " +
                  (known.empty() ? "are no options" : "is " + known));
    }
  }

 private:
  std::map<std::string, std::string> given_;
  mutable std::set<std::string> asked_;
};

struct Request {
  explicit Request(const abi::Request& from)
      : job(from_abi(from.job)),
        node(from_abi(from.node)),
        options(from.options, from.option_count),
        schema(from.fields, from.field_count),
        bounded(from.bounded != 0) {
    for (size_t i = 0; i < from.key_count; ++i) keys.emplace_back(from_abi(from.keys[i]));
  }

  std::string job;   // the pipeline
  std::string node;  // the id of the source, step or sink in it
  Options options;
  Schema schema;                  // of the rows that a source fills, or that come
  std::vector<std::string> keys;  // `group_by` of an operator, `key` of a sink
  bool bounded = false;           // batch mode: all input ends by itself
};

namespace detail {

// Nothing that is thrown crosses to the server.
template <class F>
bool guarded(abi::Texts& error, F&& run) noexcept {
  try {
    run();
    return true;
  } catch (const std::exception& problem) {
    error.add(to_abi(problem.what()));
  } catch (...) {
    error.add(to_abi("something was thrown that is no std::exception"));
  }
  return false;
}

// For numbers that are only shown: 0 if it throws.
template <class F>
int64_t number_or_zero(F&& run) noexcept {
  try {
    return run();
  } catch (...) {
    return 0;
  }
}

// What a function of the plug-in's made.
template <class Part>
std::unique_ptr<Part> made_by(const char* what, std::unique_ptr<Part> made) {
  if (made == nullptr) throw Error(std::string(what) + " gives nothing (a null pointer)");
  return made;
}

// Words that the server gives: its own failure, which goes on as an exception.
class Words final : public abi::Texts {
 public:
  void add(abi::Text text) noexcept override { text_ = from_abi(text); }
  void check(bool ok) const {
    if (!ok) throw Error(text_);
  }

 private:
  std::string text_;
};

}  // namespace detail
}  // namespace dataflow::plugin
