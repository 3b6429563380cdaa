#include "split_state.h"

#include <nlohmann/json.hpp>

namespace dataflow::engine {

std::string encode_split_state(const SplitState& state) {
  return nlohmann::json{{"v", 1},
                        {"position", state.position},
                        {"max_time", state.max_time},
                        {"watermark", state.watermark},
                        {"stretch", state.stretch},
                        {"rows", state.rows}}
      .dump();
}

Result<SplitState> decode_split_state(const std::string& bytes) {
  const nlohmann::json json = nlohmann::json::parse(bytes, nullptr, false);
  const Status damaged = Status::corrupt("the state of a split cannot be read: " + bytes);
  if (!json.is_object() || !json.contains("v") || json["v"] != 1) return damaged;
  const auto number = [&](const char* name) {
    return json.contains(name) && json[name].is_number_integer();
  };
  if (!json.contains("position") || !json["position"].is_string() || !number("max_time") ||
      !number("watermark") || !number("stretch") || !number("rows")) {
    return damaged;
  }
  return SplitState{json["position"], json["max_time"], json["watermark"], json["stretch"],
                    json["rows"]};
}

}  // namespace dataflow::engine
