// What every command has at hand: the options that are the same everywhere, the two outputs, and
// the way to the server.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "cli/endpoint.h"
#include "cli/kafka_cluster.h"
#include "cli/report.h"
#include "cli/terminal.h"

namespace dataflow::cli {

struct GlobalOptions {
  std::string output;  // empty: the profile's, else table
  EndpointFlags endpoint;
  std::string timeout = "30s";
  bool quiet = false;
};

class Session {
 public:
  // Checks the options that concern every command.
  Status prepare(const GlobalOptions& options);

  OutputFormat format() const { return format_; }
  bool structured() const { return is_structured(format_); }
  bool wide() const { return format_ == OutputFormat::kWide; }
  Output& out() { return out_; }
  bool quiet() const { return options_.quiet; }
  int64_t timeout_ms() const { return timeout_ms_; }
  const EndpointFlags& endpoint() const { return options_.endpoint; }

  // Words for people on standard error, behind the data written so far, unless --quiet.
  void note(std::string_view words);
  Result<std::unique_ptr<KafkaCluster>> connect() const;

 private:
  GlobalOptions options_;
  OutputFormat format_ = OutputFormat::kTable;
  int64_t timeout_ms_ = 30'000;
  Output out_;
};

}  // namespace dataflow::cli
