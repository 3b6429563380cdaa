#include "wire/api.h"

#include <array>
#include <cassert>

namespace dataflow::wire {

namespace {

constexpr size_t kKeyLimit = 256;

// Index of the key in api_ranges(), or -1.
std::array<int16_t, kKeyLimit> index_by_key() {
  std::array<int16_t, kKeyLimit> index;
  index.fill(-1);
  int16_t position = 0;
  for (const ApiRange& api : api_ranges()) {
    auto key = static_cast<size_t>(api.key);
    assert(key < kKeyLimit);
    index[key] = position++;
  }
  return index;
}

}  // namespace

const ApiRange* find_api(int16_t key) {
  static const std::array<int16_t, kKeyLimit> kIndex = index_by_key();
  if (key < 0 || static_cast<size_t>(key) >= kKeyLimit || kIndex[key] < 0) return nullptr;
  return &api_ranges()[kIndex[key]];
}

const ApiRange& api_range(ApiKey key) {
  const ApiRange* api = find_api(static_cast<int16_t>(key));
  assert(api != nullptr);
  return *api;
}

std::string_view api_name(ApiKey key) {
  const ApiRange* api = find_api(static_cast<int16_t>(key));
  return api ? api->name : "unknown api";
}

int16_t request_header_version(ApiKey key, int16_t version) {
  const ApiRange* api = find_api(static_cast<int16_t>(key));
  return api != nullptr && version >= api->flexible_from ? 2 : 1;
}

int16_t response_header_version(ApiKey key, int16_t version) {
  if (key == ApiKey::kApiVersions) return 0;
  const ApiRange* api = find_api(static_cast<int16_t>(key));
  return api != nullptr && version >= api->flexible_from ? 1 : 0;
}

}  // namespace dataflow::wire
