#include "types/partitioner.h"

#include "base/bytes.h"

namespace dataflow {

int32_t murmur2(std::string_view bytes) {
  constexpr uint32_t kSeed = 0x9747b28c;
  constexpr uint32_t kMultiplier = 0x5bd1e995;
  constexpr int kShift = 24;
  uint32_t hash = kSeed ^ static_cast<uint32_t>(bytes.size());
  while (bytes.size() >= 4) {
    uint32_t word = load_le32(bytes.data()) * kMultiplier;
    word ^= word >> kShift;
    hash = (hash * kMultiplier) ^ (word * kMultiplier);
    bytes.remove_prefix(4);
  }
  if (!bytes.empty()) {
    for (size_t i = bytes.size(); i-- > 0;) {
      hash ^= static_cast<uint32_t>(static_cast<uint8_t>(bytes[i])) << (8 * i);
    }
    hash *= kMultiplier;
  }
  hash ^= hash >> 13;
  hash *= kMultiplier;
  hash ^= hash >> 15;
  return static_cast<int32_t>(hash);
}

}  // namespace dataflow
