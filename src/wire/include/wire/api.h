// The APIs and versions that this build speaks: the one table from which ApiVersions is answered,
// requests are dispatched and a client negotiates. It is generated from the schema files.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "wire/api_key.h"

namespace dataflow::wire {

inline constexpr int16_t kNeverFlexible = INT16_MAX;

struct ApiRange {
  ApiKey key;
  int16_t min;  // what a server advertises …
  int16_t max;
  int16_t flexible_from;  // kNeverFlexible if no version is
  std::string_view name;  // "Produce"
  bool served;  // a server leaves the others out of its ApiVersions answer and refuses them
  int16_t accepted_from;  // … of which those below this one are answered with UNSUPPORTED_VERSION

  bool has(int16_t version) const { return version >= min && version <= max; }
};

// In the order of their keys.
std::span<const ApiRange> api_ranges();
// nullptr if this build does not know the key.
const ApiRange* find_api(int16_t key);
const ApiRange& api_range(ApiKey key);
std::string_view api_name(ApiKey key);

// Which header stands in front of a request's or a response's body. ApiVersions is answered with
// response header 0 whatever its version, because its asker does not know yet what we speak.
int16_t request_header_version(ApiKey key, int16_t version);
int16_t response_header_version(ApiKey key, int16_t version);

}  // namespace dataflow::wire
