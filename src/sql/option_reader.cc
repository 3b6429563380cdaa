#include "option_reader.h"

#include <algorithm>

#include "base/edit_distance.h"
#include "base/units.h"
#include "flink_duration.h"
#include "same_name.h"
#include "table_definition.h"

namespace dataflow::sql {

TableOptions::TableOptions(const Table& table, const std::vector<OptionText>& hints,
                           const std::string& script)
    : table_(table), script_(script), options_(table.options) {
  for (const OptionText& hint : hints) {
    std::erase_if(options_, [&](const OptionText& option) { return option.key == hint.key; });
    options_.push_back(hint);
  }
}

const OptionText* TableOptions::find(const std::string& key) const {
  for (const OptionText& option : options_) {
    if (option.key == key) return &option;
  }
  return nullptr;
}

std::optional<std::string> TableOptions::text(const std::string& key) {
  known_.push_back(key);
  const OptionText* const option = find(key);
  return option == nullptr ? std::nullopt : std::optional<std::string>(option->value);
}

std::string TableOptions::text_or(const std::string& key, const std::string& usual) {
  return text(key).value_or(usual);
}

Result<std::string> TableOptions::required(const std::string& key) {
  const std::optional<std::string> value = text(key);
  if (value && !value->empty()) return *value;
  return wrong_table("option '" + key + "' is missing");
}

Result<bool> TableOptions::boolean(const std::string& key, bool usual) {
  const std::optional<std::string> value = text(key);
  if (!value) return usual;
  if (same_name(*value, "true")) return true;
  if (same_name(*value, "false")) return false;
  return wrong(key, "give 'true' or 'false'");
}

Result<int64_t> TableOptions::integer(const std::string& key, int64_t usual, int64_t least) {
  const std::optional<std::string> value = text(key);
  if (!value) return usual;
  const Result<int64_t> number = parse_int(*value);
  if (number.ok() && *number >= least) return *number;
  return wrong(key, "give a whole number from " + std::to_string(least));
}

Result<std::optional<int64_t>> TableOptions::duration_ms(const std::string& key) {
  const std::optional<std::string> value = text(key);
  if (!value) return std::optional<int64_t>();
  const Result<int64_t> ms = parse_flink_duration_ms(*value);
  if (!ms.ok()) return wrong(key, ms.status().message());
  return std::optional<int64_t>(*ms);
}

Result<std::optional<int64_t>> TableOptions::bytes(const std::string& key) {
  const std::optional<std::string> value = text(key);
  if (!value) return std::optional<int64_t>();
  const Result<int64_t> size = parse_flink_bytes(*value);
  if (!size.ok() || *size < 1) return wrong(key, "give a size such as '128 mb'");
  return std::optional<int64_t>(*size);
}

Result<std::string> TableOptions::word(const std::string& key,
                                       const std::vector<std::string>& words,
                                       const std::string& usual) {
  const std::optional<std::string> value = text(key);
  if (!value) return usual;
  std::string list;
  for (const std::string& each : words) {
    if (same_name(each, *value)) return each;
    list += (list.empty() ? "'" : ", '") + each + "'";
  }
  return wrong(key, "give one of " + list + suggestion(*value, words));
}

void TableOptions::pass(std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) known_.emplace_back(key);
}

void TableOptions::pass_beginning(std::string beginning) {
  beginnings_.push_back(std::move(beginning));
}

bool TableOptions::is_known(const std::string& key) const {
  return std::find(known_.begin(), known_.end(), key) != known_.end() ||
         std::any_of(beginnings_.begin(), beginnings_.end(),
                     [&](const std::string& beginning) { return key.starts_with(beginning); });
}

std::vector<OptionText> TableOptions::others() {
  std::vector<OptionText> left;
  for (const OptionText& option : options_) {
    if (is_known(option.key)) continue;
    left.push_back(option);
  }
  for (const OptionText& option : left) known_.push_back(option.key);
  return left;
}

Status TableOptions::wrong(const std::string& key, const std::string& why) const {
  const OptionText* const option = find(key);
  if (option == nullptr) return wrong_table("option '" + key + "': " + why);
  const Place place = option->value_place.line > 0 ? option->value_place : option->place;
  return wrong_at(
      script_, place,
      "table `" + table_.name + "`: option '" + key + "' = '" + option->value + "': " + why);
}

Status TableOptions::wrong_table(const std::string& why) const {
  const OptionText* const connector = find("connector");
  return wrong_at(script_, connector == nullptr ? Place() : connector->place,
                  "table `" + table_.name + "`: " + why);
}

Status TableOptions::refuse_others() const {
  for (const OptionText& option : options_) {
    if (is_known(option.key)) continue;
    std::vector<std::string> names = known_;
    std::sort(names.begin(), names.end());
    const OptionText* const connector = find("connector");
    return wrong_at(script_, option.place,
                    "table `" + table_.name + "`: the connector '" +
                        (connector == nullptr ? std::string() : connector->value) +
                        "' has no option '" + option.key + "'" + suggestion(option.key, names));
  }
  return {};
}

}  // namespace dataflow::sql
