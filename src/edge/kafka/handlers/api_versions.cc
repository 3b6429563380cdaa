#include "wire/messages/api_versions.h"

#include "handlers/handlers.h"

namespace dataflow::kafka {

namespace {

wire::ApiVersionsResponse served_apis() {
  wire::ApiVersionsResponse response;
  for (const wire::ApiRange& api : wire::api_ranges()) {
    if (!api.served) continue;
    response.api_keys.push_back({static_cast<int16_t>(api.key), api.min, api.max});
  }
  return response;
}

// KIP-511: names and versions of client software are letters, digits, dots and dashes.
bool is_software_word(std::string_view word) {
  if (word.empty()) return false;
  auto alphanumeric = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  if (!alphanumeric(word.front()) || !alphanumeric(word.back())) return false;
  for (char c : word) {
    if (!alphanumeric(c) && c != '-' && c != '.') return false;
  }
  return true;
}

}  // namespace

void handle_api_versions(Request& request) {
  wire::ApiVersionsResponse response = served_apis();
  // An asker of a version that we lack reads version 0, and finds there what it may ask for.
  if (!request.api.has(request.version())) {
    response.error_code = wire::ErrorCode::kUnsupportedVersion;
    return request.reply.send_as(0, response);
  }
  auto message = request.decode<wire::ApiVersionsRequest>();
  if (!message) return;
  if (request.version() >= 3 && (!is_software_word(message->client_software_name) ||
                                 !is_software_word(message->client_software_version))) {
    response = {};
    response.error_code = wire::ErrorCode::kInvalidRequest;
  }
  request.reply.send(response);
}

}  // namespace dataflow::kafka
