// Snappy in batches is framed as xerial's snappy-java frames it:
//   0x82 "SNAPPY" 0 | version i32 = 1 | lowest compatible version i32 = 1
//   then chunks: length i32 (big-endian) | one raw snappy block of that length
// The header may come again where a chunk could start (streams written one behind the other).
#include <snappy.h>

#include <algorithm>

#include "base/bytes.h"
#include "codecs.h"

namespace dataflow {
namespace {

constexpr std::string_view kMagic("\x82SNAPPY\0", 8);
constexpr size_t kFrameHeaderBytes = 16;
constexpr size_t kChunkHeaderBytes = 4;
constexpr uint32_t kFrameVersion = 1;
constexpr size_t kChunkBytes = 64 * 1024;

// The densest element is a copy of 64 bytes told in 3.
constexpr size_t kMaxRatio = 22;

Status broken(const char* what) { return Status::corrupt(std::string("reading snappy: ") + what); }

Status decompress_block(std::string_view block, BoundedOutput& output) {
  size_t length = 0;
  if (!snappy::GetUncompressedLength(block.data(), block.size(), &length)) {
    return broken("a block does not begin with its length");
  }
  if (length > block.size() * kMaxRatio)
    return broken("a block names a length that it cannot hold");
  DF_RETURN_IF_ERROR(output.make_room_for(length));
  if (!snappy::RawUncompress(block.data(), block.size(), output.next())) {
    return broken("a block is damaged");
  }
  output.advance(length);
  return {};
}

bool starts_with_frame_header(std::string_view bytes) {
  return bytes.size() >= kFrameHeaderBytes && bytes.substr(0, kMagic.size()) == kMagic;
}

}  // namespace

Status snappy_compress(std::string_view bytes, std::string& out) {
  out.append(kMagic);
  append_be32(out, kFrameVersion);
  append_be32(out, kFrameVersion);
  for (size_t start = 0; start < bytes.size(); start += kChunkBytes) {
    const std::string_view chunk = bytes.substr(start, kChunkBytes);
    const size_t header_at = out.size();
    out.resize(header_at + kChunkHeaderBytes + snappy::MaxCompressedLength(chunk.size()));
    size_t written = 0;
    snappy::RawCompress(chunk.data(), chunk.size(), out.data() + header_at + kChunkHeaderBytes,
                        &written);
    store_be32(out.data() + header_at, static_cast<uint32_t>(written));
    out.resize(header_at + kChunkHeaderBytes + written);
  }
  return {};
}

Status snappy_decompress(std::string_view bytes, size_t max_bytes, std::string& out) {
  BoundedOutput output(out, max_bytes, 0);
  if (!starts_with_frame_header(bytes)) {
    DF_RETURN_IF_ERROR(decompress_block(bytes, output));
    return output.finish();
  }
  while (!bytes.empty()) {
    if (starts_with_frame_header(bytes)) {
      bytes.remove_prefix(kFrameHeaderBytes);
      continue;
    }
    if (bytes.size() < kChunkHeaderBytes) return broken("the bytes end within a chunk's length");
    const size_t length = load_be32(bytes.data());
    bytes.remove_prefix(kChunkHeaderBytes);
    if (length > bytes.size()) return broken("a chunk is longer than what is there");
    DF_RETURN_IF_ERROR(decompress_block(bytes.substr(0, length), output));
    bytes.remove_prefix(length);
  }
  return output.finish();
}

}  // namespace dataflow
