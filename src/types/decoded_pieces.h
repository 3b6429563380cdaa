// What a compressed payload holds, one piece after the other through a small window, so that
// looking through it takes neither memory nor cache for all of it.
#pragma once

#include <memory>
#include <string_view>

#include "codecs.h"

namespace dataflow {

// Where the bytes of a batch's records come from.
class PieceSource {
 public:
  virtual ~PieceSource() = default;
  // The next bytes, which live until the next call; empty behind the last ones. After an error or
  // the end it is not called again.
  virtual Result<std::string_view> next() = 0;
};

// The window is the thread's: one of these lives in a thread at a time. It has kWindowBytes, or
// what the largest snappy block takes (a block is decoded whole, and at most 22 times its size);
// the decoders' own memory comes beside it (lz4: two blocks of the frame, 4 MiB each at most; zstd:
// the frame's window, 128 MiB at most).
class DecodedPieces final : public PieceSource {
 public:
  static constexpr size_t kWindowBytes = size_t{128} << 10;

  DecodedPieces(Codec codec, std::string_view bytes, size_t max_bytes)
      : codec_(codec), bytes_(bytes), max_bytes_(max_bytes) {}
  ~DecodedPieces() override;
  DecodedPieces(const DecodedPieces&) = delete;
  DecodedPieces& operator=(const DecodedPieces&) = delete;

  // The errors of decompress_into().
  Result<std::string_view> next() override;

 private:
  Result<std::string_view> decode();

  const Codec codec_;
  const std::string_view bytes_;
  const size_t max_bytes_;
  std::unique_ptr<Decoder> decoder_;
  size_t seen_ = 0;
  bool ended_ = false;
};

}  // namespace dataflow
