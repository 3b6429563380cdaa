// One function pair a codec, behind compression.h. Inputs are at most kMaxCodecInput bytes.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "types/log_batch.h"

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
  std::string& out_;
  const size_t max_bytes_;
  size_t used_ = 0;
};

// One compressed payload, decoded step by step to wherever the caller has room. At most one decoder
// of a codec lives in a thread at a time: it works with the thread's context.
class Decoder {
 public:
  struct Step {
    size_t produced = 0;
    bool ended = false;  // the payload is whole and used up
  };

  virtual ~Decoder() = default;

  // How many bytes may come, for a first guess at the memory.
  virtual size_t guess() const = 0;
  // The room that the next step wants; 0 if any will do.
  virtual Result<size_t> wanted_room() { return size_t{0}; }
  // `room` is what wanted_room() said or more, and more than 0. May produce nothing before the end.
  virtual Status step(char* out, size_t room, Step& step) = 0;
};

// `bytes` (at most kMaxCodecInput) must outlive the decoder. kUnsupported for kNone and what is no
// codec, kUnavailable if memory runs out.
Result<std::unique_ptr<Decoder>> open_decoder(Codec codec, std::string_view bytes);

Result<std::unique_ptr<Decoder>> open_gzip(std::string_view bytes);
Result<std::unique_ptr<Decoder>> open_snappy(std::string_view bytes);
Result<std::unique_ptr<Decoder>> open_lz4(std::string_view bytes);
Result<std::unique_ptr<Decoder>> open_zstd(std::string_view bytes);

Status gzip_compress(int level, std::string_view bytes, std::string& out);
Status snappy_compress(std::string_view bytes, std::string& out);
Status lz4_compress(int level, std::string_view bytes, std::string& out);
Status zstd_compress(int level, std::string_view bytes, std::string& out);

// For the messages of whoever decodes.
Status refuse_codec_input(std::string_view doing, size_t size);
Status codec_out_of_memory(std::string_view doing, Codec codec);
Status decoded_too_large(size_t max_bytes);

}  // namespace dataflow
