#include "options.h"

#include <algorithm>

#include "base/edit_distance.h"
#include "base/units.h"

namespace dataflow::connect {

std::string any_of_words(const std::vector<std::string>& words) {
  std::string text;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += "`" + words[i] + "`";
  }
  return text;
}

std::optional<std::string> OptionReader::text(const std::string& name) {
  known_.push_back(name);
  const auto found = options_.find(name);
  if (found == options_.end()) return std::nullopt;
  return found->second;
}

Result<std::optional<std::string>> OptionReader::text(const std::string& name,
                                                      const std::string& synonym) {
  std::optional<std::string> value = text(name);
  std::optional<std::string> other = text(synonym);
  if (value && other) return wrong(name, "`" + synonym + "` says the same; give one of them");
  return value ? value : other;
}

Result<std::string> OptionReader::required(const std::string& name, const std::string& synonym) {
  std::optional<std::string> value;
  if (synonym.empty()) {
    value = text(name);
  } else {
    DF_ASSIGN_OR_RETURN(value, text(name, synonym));
  }
  if (value && !value->empty()) return *value;
  return Status::invalid(where_ + ": option `" + name + "` is missing");
}

Result<int64_t> OptionReader::integer(const std::string& name, int64_t usual, int64_t least,
                                      int64_t most) {
  const std::optional<std::string> value = text(name);
  if (!value) return usual;
  Result<int64_t> number = parse_int(*value);
  if (number.ok() && *number >= least && *number <= most) return number;
  return wrong(name,
               "give a whole number from " + std::to_string(least) + " to " + std::to_string(most));
}

Result<bool> OptionReader::boolean(const std::string& name, bool usual) {
  const std::optional<std::string> value = text(name);
  if (!value) return usual;
  Result<bool> yes = parse_bool(*value);
  if (!yes.ok()) return wrong(name, "give `true` or `false`");
  return yes;
}

Result<size_t> OptionReader::choice(const std::string& name,
                                    const std::vector<std::string>& words) {
  const std::optional<std::string> value = text(name);
  if (!value) return size_t{0};
  const auto found = std::find(words.begin(), words.end(), *value);
  if (found != words.end()) return static_cast<size_t>(found - words.begin());
  return wrong(name, "give " + any_of_words(words) + suggestion(*value, words));
}

Status OptionReader::wrong(const std::string& name, std::string_view why) const {
  const auto found = options_.find(name);
  const std::string value = found == options_.end() ? "" : "=`" + found->second + "`";
  return Status::invalid(where_ + ": option `" + name + "`" + value + ": " + std::string(why));
}

Status OptionReader::refuse_others() const {
  for (const auto& [name, value] : options_) {
    if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
    std::string hint = suggestion(name, known_);
    if (hint.empty() && !known_.empty()) hint = "; it takes " + any_of_words(known_);
    return Status::invalid(where_ + ": there is no option `" + name + "`" + hint);
  }
  return {};
}

}  // namespace dataflow::connect
