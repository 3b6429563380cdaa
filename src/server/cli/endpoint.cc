#include "cli/endpoint.h"

#include <cstdlib>

#include "cli/document.h"
#include "cli/exit_codes.h"
#include "cli/home_dir.h"
#include "cli/http_get.h"

namespace dataflow::cli {
namespace {

constexpr const char* kDefaultServer = "127.0.0.1:8080";

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

// "http://host:port/" is taken as host:port; people paste it.
Result<Address> read_address(std::string text, const std::string& origin) {
  if (text.starts_with("http://")) text.erase(0, 7);
  while (text.ends_with('/')) text.pop_back();
  Result<Address> address = parse_address(text);
  if (!address.ok()) return usage_error(origin + ": " + address.status().message());
  return address;
}

Result<HttpEndpoint> http_from(const std::string& text, const std::string& origin) {
  DF_ASSIGN_OR_RETURN(Address address, read_address(text, origin));
  return HttpEndpoint{address, origin};
}

Result<KafkaEndpoint> kafka_from(const std::string& text, const std::string& origin) {
  DF_ASSIGN_OR_RETURN(Address address, read_address(text, origin));
  return KafkaEndpoint{address, origin};
}

Result<KafkaEndpoint> ask_server(const HttpEndpoint& http, int64_t timeout_ms) {
  const std::string where = http.address.to_string();
  Result<HttpAnswer> answer = http_get(http.address, "/status", timeout_ms);
  if (!answer.ok()) {
    return cannot_connect(
        "cannot reach a DataFlow server at " + where + " (from " + http.origin +
        "): " + answer.status().message() +
        "\n  start one:        dataflow emulator start --background"
        "\n  or name another:  --server host:port, or --kafka host:port for any Kafka broker");
  }
  Result<Document> status = parse_json(answer->body);
  const Document* kafka = status.ok() ? status->find("kafka") : nullptr;
  if (kafka == nullptr || kafka->text() == nullptr) {
    return cannot_connect(
        "what answers at " + where + " (from " + http.origin +
        ") is no DataFlow server: its /status names no Kafka address; name the server "
        "with --server host:port");
  }
  return kafka_from(*kafka->text(), "the server at " + where);
}

}  // namespace

Result<HttpEndpoint> find_http_endpoint(const EndpointFlags& flags) {
  if (!flags.server.empty()) return http_from(flags.server, "--server");
  const std::string named = environment("DATAFLOW_ENDPOINT");
  if (!named.empty()) return http_from(named, "DATAFLOW_ENDPOINT");
  DF_ASSIGN_OR_RETURN(Profile profile, load_profile(flags.profile));
  if (!profile.server.empty()) return http_from(profile.server, profile.path);
  if (std::optional<RunningEmulator> emulator = find_running_emulator()) {
    return http_from(emulator->http, "the running emulator");
  }
  return http_from(kDefaultServer, "the default");
}

Status no_answer(const HttpEndpoint& http, const Status& why) {
  return cannot_connect("no DataFlow server answers at " + http.address.to_string() + " (from " +
                        http.origin + "): " + why.message() +
                        "\n  start one:      dataflow emulator start --background"
                        "\n  find out more:  dataflow doctor");
}

Result<KafkaEndpoint> find_kafka_endpoint(const EndpointFlags& flags, int64_t timeout_ms) {
  if (!flags.kafka.empty()) return kafka_from(flags.kafka, "--kafka");
  if (flags.server.empty()) {
    const std::string named = environment("DATAFLOW_KAFKA");
    if (!named.empty()) return kafka_from(named, "DATAFLOW_KAFKA");
    if (environment("DATAFLOW_ENDPOINT").empty()) {
      DF_ASSIGN_OR_RETURN(Profile profile, load_profile(flags.profile));
      if (!profile.kafka.empty()) return kafka_from(profile.kafka, profile.path);
      const std::string broker = environment("KAFKA_BROKER");
      if (!broker.empty() && profile.server.empty()) return kafka_from(broker, "KAFKA_BROKER");
    }
  }
  DF_ASSIGN_OR_RETURN(HttpEndpoint http, find_http_endpoint(flags));
  return ask_server(http, timeout_ms);
}

}  // namespace dataflow::cli
