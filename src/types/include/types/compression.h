// The four compressions of record batches, in the framings that Kafka's clients write and read:
//   gzip    gzip members (RFC 1952)
//   snappy  written in the xerial framing of the Java clients; read in that and as one raw block,
//           which librdkafka and others send
//   lz4     one LZ4 frame of independent 64 KiB blocks (Java reads no linked blocks)
//   zstd    frames with or without their content's size
// Contexts are kept per thread and used again.
#pragma once

#include <limits>
#include <string>
#include <string_view>

#include "base/status.h"
#include "types/log_batch.h"

namespace dataflow {

// The codec's own default: gzip 6, lz4 fast, zstd 3. Snappy has no levels.
inline constexpr int kDefaultLevel = std::numeric_limits<int>::min();

// kNone copies. A level outside of the codec's range is moved to the nearest end of it.
Result<std::string> compress(Codec codec, int level, std::string_view bytes);
// The same, behind what `out` holds. On an error `out` is as it was.
Status compress_append(Codec codec, int level, std::string_view bytes, std::string& out);

// kTooLarge as soon as the result would pass `max_bytes`, with no more memory taken than that (and
// a decoder's window: 128 MiB at most, for zstd); kCorrupt for bytes that are no whole stream of
// the codec or have something behind it.
Result<std::string> decompress(Codec codec, std::string_view bytes, size_t max_bytes);
// The same in place of what `out` held, whose memory is used again. On an error `out` is empty.
Status decompress_into(Codec codec, std::string_view bytes, size_t max_bytes, std::string& out);

}  // namespace dataflow
