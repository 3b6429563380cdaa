#include "decoded_pieces.h"

#include <algorithm>
#include <new>

namespace dataflow {
namespace {

// A thread keeps a window that a snappy block made larger up to this size.
constexpr size_t kKeptWindowBytes = size_t{1} << 20;

// Not a string: its bytes would be cleared before they are written.
struct Window {
  std::unique_ptr<char[]> bytes;
  size_t size = 0;

  void grow_to(size_t wanted) {
    if (wanted <= size) return;
    release();
    bytes.reset(new char[wanted]);
    size = wanted;
  }
  void release() {
    bytes.reset();
    size = 0;
  }
};

Window& thread_window() {
  thread_local Window window;
  return window;
}

}  // namespace

DecodedPieces::~DecodedPieces() {
  if (thread_window().size > kKeptWindowBytes) thread_window().release();
}

Result<std::string_view> DecodedPieces::next() {
  try {
    return decode();
  } catch (const std::bad_alloc&) {
    return codec_out_of_memory("decompressing", codec_);
  }
}

Result<std::string_view> DecodedPieces::decode() {
  if (decoder_ == nullptr) {
    if (bytes_.size() > kMaxCodecInput) return refuse_codec_input("decompressing", bytes_.size());
    DF_ASSIGN_OR_RETURN(decoder_, open_decoder(codec_, bytes_));
  }
  Window& window = thread_window();
  while (!ended_) {
    DF_ASSIGN_OR_RETURN(const size_t wanted, decoder_->wanted_room());
    if (wanted > max_bytes_ - seen_) return decoded_too_large(max_bytes_);
    const size_t room = std::max(wanted, kWindowBytes);  // no more: it is to stay in the cache
    window.grow_to(room);
    Decoder::Step step;
    DF_RETURN_IF_ERROR(decoder_->step(window.bytes.get(), room, step));
    ended_ = step.ended;
    if (step.produced > max_bytes_ - seen_) return decoded_too_large(max_bytes_);
    seen_ += step.produced;
    if (step.produced > 0) return std::string_view(window.bytes.get(), step.produced);
  }
  return std::string_view();
}

}  // namespace dataflow
