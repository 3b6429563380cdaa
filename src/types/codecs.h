// One function pair a codec, behind compression.h. Inputs are at most kMaxCodecInput bytes.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace dataflow {

// The libraries count in 32 bits, and no batch is larger.
inline constexpr size_t kMaxCodecInput = 0x7fffffff;

// Where a decoder writes: a string that grows with what really comes out, never past the limit (by
// more than the one byte that tells "exactly the limit" from "more").
class BoundedOutput {
 public:
  BoundedOutput(std::string& out, size_t max_bytes, size_t first_guess);

  char* next() { return out_.data() + used_; }
  size_t room() const { return out_.size() - used_; }
  void advance(size_t n) { used_ += n; }

  // Afterwards room() > 0, or kTooLarge.
  Status make_room();
  // Afterwards room() >= n, or kTooLarge. The caller has made sure that its input can give n bytes.
  Status make_room_for(size_t n);
  // Cuts the string to what was written.
  Status finish();

 private:
  Status too_large() const;

  std::string& out_;
  const size_t max_bytes_;
  size_t used_ = 0;
};

Status gzip_compress(int level, std::string_view bytes, std::string& out);
Status gzip_decompress(std::string_view bytes, size_t max_bytes, std::string& out);
Status snappy_compress(std::string_view bytes, std::string& out);
Status snappy_decompress(std::string_view bytes, size_t max_bytes, std::string& out);
Status lz4_compress(int level, std::string_view bytes, std::string& out);
Status lz4_decompress(std::string_view bytes, size_t max_bytes, std::string& out);
Status zstd_compress(int level, std::string_view bytes, std::string& out);
Status zstd_decompress(std::string_view bytes, size_t max_bytes, std::string& out);

}  // namespace dataflow
