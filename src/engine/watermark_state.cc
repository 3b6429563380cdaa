#include "watermark_state.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace dataflow::engine {
namespace {

constexpr std::string_view kPrefix = "time-";  // and the range of key groups: "time-0-64"

Status no_number(std::string_view text, const std::string& name) {
  return Status::corrupt("the kept time `" + std::string(text) + "` (" + name + ") is no number");
}

template <class Number>
bool read(std::string_view text, Number& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

std::string name_of(state::KeyGroupRange range) {
  return std::string(kPrefix) + std::to_string(range.begin) + "-" + std::to_string(range.end);
}

}  // namespace

Watermark held_back(Watermark watermark, int64_t by_ms) {
  if (watermark == kEndOfTime) return watermark;
  if (watermark.value() < INT64_MIN + by_ms) return kNoWatermark;
  return Watermark(watermark.value() - by_ms);
}

Status WatermarkState::take(const std::string& name, const std::string& text,
                            state::KeyGroupRange own) {
  const std::string_view words = std::string_view(name).substr(kPrefix.size());
  const size_t dash = words.find('-');
  state::KeyGroupRange range;
  if (dash == std::string_view::npos || !read(words.substr(0, dash), range.begin) ||
      !read(words.substr(dash + 1), range.end) || range.begin < 0 ||
      range.end > state::kKeyGroups) {
    return Status::corrupt("`" + name + "` names no range of key groups");
  }
  int64_t value = 0;
  if (!read(text, value)) return no_number(text, name);
  if (name != name_ && range.begin >= own.begin && range.begin < own.end) {
    to_forget_.push_back(name);
  }
  // All input had ended. If there is more now, it is not late for that; nothing is left to fire.
  if (Watermark(value) == kEndOfTime) return {};
  for (int group = std::max(range.begin, own.begin); group < std::min(range.end, own.end);
       ++group) {
    of_group_[static_cast<size_t>(group)] = Watermark(value);
    value_ = std::max(value_, Watermark(value));
  }
  return {};
}

Status WatermarkState::open(OperatorContext& context) {
  const state::KeyGroupRange own = state::key_groups_of_task(context.task(), context.parallelism());
  name_ = name_of(own);
  of_group_.fill(kNoWatermark);
  DF_ASSIGN_OR_RETURN(const auto named, context.named_state());
  bool has_own = false;
  for (const auto& [name, text] : named) {
    if (!name.starts_with(kPrefix) || text.empty()) continue;
    has_own |= name == name_;
    DF_RETURN_IF_ERROR(take(name, text, own));
  }
  for (int group = own.begin; group < own.end; ++group) {
    is_behind_ |= of_group_[static_cast<size_t>(group)] < value_;
  }
  // With other ranges than before, each task writes its own with the first barrier, and the old
  // ones go with the same checkpoint.
  changed_ = !has_own && value_ != kNoWatermark;
  return {};
}

bool WatermarkState::advance(Watermark watermark) {
  if (watermark <= value_) return false;
  value_ = watermark;
  changed_ = true;
  return true;
}

void WatermarkState::before_barrier(OperatorContext& context) {
  for (const std::string& name : std::exchange(to_forget_, {})) context.put_named_state(name, "");
  if (!std::exchange(changed_, false)) return;
  context.put_named_state(name_, std::to_string(value_.value()));
}

}  // namespace dataflow::engine
