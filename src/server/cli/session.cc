#include "cli/session.h"

#include <cstdlib>

#include "base/units.h"
#include "cli/exit_codes.h"
#include "cli/home_dir.h"

namespace dataflow::cli {

Status Session::prepare(const GlobalOptions& options) {
  options_ = options;
  std::string& profile_name = options_.endpoint.profile;
  if (const char* named = std::getenv("DATAFLOW_PROFILE");
      named != nullptr && profile_name.empty()) {
    profile_name = named;
  }
  Result<int64_t> timeout = parse_duration_ms(options.timeout);
  if (!timeout.ok() || *timeout <= 0) {
    return usage_error("--timeout " + options.timeout + ": write a time such as 10s or 500ms");
  }
  timeout_ms_ = *timeout;
  std::string output = options.output;
  if (output.empty()) {
    DF_ASSIGN_OR_RETURN(Profile profile, load_profile(profile_name));
    output = profile.output.empty() ? "table" : profile.output;
  }
  DF_ASSIGN_OR_RETURN(format_, parse_output_format(output));
  return {};
}

void Session::note(std::string_view words) {
  if (options_.quiet) return;
  out_.flush();
  say(words);
}

Result<std::unique_ptr<KafkaCluster>> Session::connect() const {
  DF_ASSIGN_OR_RETURN(KafkaEndpoint endpoint, find_kafka_endpoint(options_.endpoint, timeout_ms_));
  return KafkaCluster::connect(endpoint.address, timeout_ms_);
}

}  // namespace dataflow::cli
