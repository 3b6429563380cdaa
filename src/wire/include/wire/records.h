// The field of Produce and Fetch that holds record batches: bytes that the codec never looks into.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace dataflow::wire {

// Decoding fills `bytes` with a slice of the frame, which must outlive the field (null stays
// nullopt). Encoding copies `bytes`, unless `external` is set: then only the length `external_size`
// is written and Writer::external_marks() says where those bytes belong, so that a server can send
// them from a file.
struct RecordsField {
  std::optional<std::string_view> bytes;
  uint64_t external_size = 0;
  bool external = false;

  static RecordsField of(std::string_view bytes) { return {bytes, 0, false}; }
  static RecordsField from_outside(uint64_t size) { return {std::nullopt, size, true}; }

  bool operator==(const RecordsField&) const = default;
};

}  // namespace dataflow::wire
