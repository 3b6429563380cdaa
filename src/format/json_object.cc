#include "json_object.h"

#include "json_tokens.h"

namespace dataflow::format {
namespace {

// So many keys of an object are remembered: one with thousands is a map, not a row.
constexpr size_t kMaxExpected = 256;

}  // namespace

JsonObject::JsonObject(const std::vector<Field>& fields) : marks_(fields.size(), 0) {
  for (const Field& field : fields) names_.push_back(field.name);
}

int JsonObject::look_up(size_t position, std::string_view raw_key) {
  std::string_view key = raw_key;
  if (raw_key.find('\\') != std::string_view::npos) {
    scratch_.resize(raw_key.size());
    const char* const end = unescape_json(raw_key, scratch_.data());
    if (end == nullptr) return -2;
    key = std::string_view(scratch_.data(), static_cast<size_t>(end - scratch_.data()));
  }
  int found = kUnknownKey;
  for (size_t i = 0; i < names_.size() && found == kUnknownKey; ++i) {
    if (names_[i] == key) found = static_cast<int>(i);
  }
  if (position < kMaxExpected) {
    if (expected_.size() <= position) expected_.resize(position + 1, {"", kUnknownKey});
    expected_[position] = {std::string(raw_key), found};
  }
  return found;
}

}  // namespace dataflow::format
