// Which partition a record goes to, the same choice as Kafka's Java producer makes.
#pragma once

#include <cstdint>
#include <string_view>

namespace dataflow {

// The 32-bit murmur2 of Kafka's Java clients.
int32_t murmur2(std::string_view bytes);

// `partitions` > 0.
inline int32_t partition_of_key(std::string_view key, int32_t partitions) {
  return (murmur2(key) & 0x7fffffff) % partitions;
}

}  // namespace dataflow
