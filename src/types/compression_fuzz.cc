// The first byte names the codec and what to do; the rest is read as that codec's stream, or
// written and read again.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "decoded_pieces.h"
#include "types/compression.h"

namespace dataflow {
namespace {

constexpr size_t kMaxOutput = 1 << 20;
constexpr uint8_t kWriteFirst = 0x80;

void require(bool holds) {
  if (!holds) std::abort();
}

// In pieces it is what it is as a whole.
void compare_pieces(Codec codec, std::string_view bytes, const Result<std::string>& plain) {
  DecodedPieces pieces(codec, bytes, kMaxOutput);
  std::string all;
  for (;;) {
    const auto piece = pieces.next();
    if (!piece.ok()) return require(!plain.ok());
    if (piece->empty()) break;
    all += *piece;
  }
  require(plain.ok() && *plain == all);
}

void check_one_stream(uint8_t choice, std::string_view bytes) {
  const auto codec = static_cast<Codec>(choice % kCodecCount);
  if ((choice & kWriteFirst) == 0) {
    const auto plain = decompress(codec, bytes, kMaxOutput);
    require(!plain.ok() || plain->size() <= kMaxOutput);
    if (codec != Codec::kNone) compare_pieces(codec, bytes, plain);
    return;
  }
  const auto packed = compress(codec, kDefaultLevel, bytes);
  require(packed.ok());
  const auto back = decompress(codec, *packed, bytes.size());
  require(back.ok() && *back == bytes);
}

}  // namespace
}  // namespace dataflow

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  dataflow::check_one_stream(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
