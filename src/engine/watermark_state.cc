#include "watermark_state.h"

#include <algorithm>
#include <charconv>

namespace dataflow::engine {
namespace {

constexpr std::string_view kOfAll = "watermark";
constexpr std::string_view kOfTask = "clock-";

}  // namespace

Status WatermarkState::open(OperatorContext& context) {
  name_ = processing_time_ ? std::string(kOfTask) + std::to_string(context.task()) : kOfAll;
  DF_ASSIGN_OR_RETURN(const auto named, context.named_state());
  for (const auto& [name, text] : named) {
    if (processing_time_ ? !name.starts_with(kOfTask) : name != kOfAll) continue;
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
      return Status::corrupt("the kept time `" + text + "` (" + name + ") is no number");
    }
    // All input had ended. If there is more now, it is not late for that; nothing is left to fire.
    if (Watermark(value) == kEndOfTime) continue;
    value_ = std::max(value_, Watermark(value));
  }
  return {};
}

bool WatermarkState::advance(Watermark watermark) {
  if (watermark <= value_) return false;
  value_ = watermark;
  changed_ = true;
  return true;
}

void WatermarkState::before_barrier(OperatorContext& context) {
  if (!changed_) return;
  changed_ = false;
  context.put_named_state(name_, std::to_string(value_.value()));
}

}  // namespace dataflow::engine
