// Topic settings as a user writes them, and as people read them.
#include "base/units.h"
#include "cli/exit_codes.h"
#include "cli/stream_admin.h"

namespace dataflow::cli {
namespace {

Result<std::string> duration_setting(const std::string& flag, const std::string& text) {
  if (text == "forever" || text == "unlimited") return std::string("-1");
  Result<int64_t> ms = parse_duration_ms(text);
  if (!ms.ok() || *ms < -1) {
    return usage_error(flag + " " + text + ": write a time such as 7d, 12h or 30m, or forever");
  }
  return std::to_string(*ms);
}

Result<std::string> size_setting(const std::string& flag, const std::string& text) {
  if (text == "forever" || text == "unlimited") return std::string("-1");
  Result<int64_t> bytes = parse_bytes(text);
  if (!bytes.ok() || *bytes < -1) {
    return usage_error(flag + " " + text + ": write a size such as 10GiB or 500MB, or unlimited");
  }
  return std::to_string(*bytes);
}

// Kafka's settings are plain numbers; here one of time or size may be written for people. What is
// neither stays as it is, for the server to refuse.
std::string in_plain_units(const std::string& name, const std::string& text) {
  Result<std::string> plain = Status::invalid("no unit");
  if (name.ends_with(".ms")) plain = duration_setting(name, text);
  if (name.ends_with(".bytes")) plain = size_setting(name, text);
  return plain.ok() ? *plain : text;
}

}  // namespace

Result<std::vector<std::pair<std::string, std::string>>> topic_settings(
    const std::vector<std::string>& pairs, const std::string& retention,
    const std::string& retention_bytes) {
  std::vector<std::pair<std::string, std::string>> out;
  if (!retention.empty()) {
    DF_ASSIGN_OR_RETURN(std::string value, duration_setting("--retention", retention));
    out.emplace_back("retention.ms", value);
  }
  if (!retention_bytes.empty()) {
    DF_ASSIGN_OR_RETURN(std::string value, size_setting("--retention-bytes", retention_bytes));
    out.emplace_back("retention.bytes", value);
  }
  for (const std::string& pair : pairs) {
    const size_t equals = pair.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return usage_error("--config " + pair +
                         ": write it as name=value, such as cleanup.policy=compact");
    }
    for (const auto& [name, value] : out) {
      if (name == pair.substr(0, equals))
        return usage_error("the setting " + name + " is given twice");
    }
    const std::string name = pair.substr(0, equals);
    out.emplace_back(name, in_plain_units(name, pair.substr(equals + 1)));
  }
  return out;
}

}  // namespace dataflow::cli
