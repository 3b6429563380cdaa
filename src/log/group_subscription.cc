#include "group_subscription.h"

#include "base/bytes.h"

namespace dataflow::log {

Status add_subscribed_topics(std::string_view metadata, std::set<std::string>& topics) {
  const Status broken = Status::invalid(
      "reading a consumer's subscription: its length fields do not fit its bytes; the group's "
      "members use "
      "an assignor of their own");
  if (metadata.size() < 6) return broken;
  const auto version = static_cast<int16_t>(load_be16(metadata.data()));
  const auto count = static_cast<int32_t>(load_be32(metadata.data() + 2));
  if (version < 0 || count < 0) return broken;
  std::string_view rest = metadata.substr(6);
  for (int32_t i = 0; i < count; ++i) {
    if (rest.size() < 2) return broken;
    const auto length = static_cast<int16_t>(load_be16(rest.data()));
    rest.remove_prefix(2);
    if (length < 0 || rest.size() < static_cast<size_t>(length)) return broken;
    topics.emplace(rest.substr(0, static_cast<size_t>(length)));
    rest.remove_prefix(static_cast<size_t>(length));
  }
  return {};
}

}  // namespace dataflow::log
