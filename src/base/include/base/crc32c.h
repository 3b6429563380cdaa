// CRC-32C (Castagnoli): the checksum of Kafka's record batches and of DataFlow's own files.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace dataflow {

// The checksum of `data`. With the checksum of what came before it as `seed`, that of both
// together: crc32c(b, crc32c(a)) == crc32c(a + b).
uint32_t crc32c(ByteView data, uint32_t seed = 0);

// The same by tables alone, as it runs on a processor without a CRC instruction.
uint32_t crc32c_by_table(ByteView data, uint32_t seed = 0);

}  // namespace dataflow
