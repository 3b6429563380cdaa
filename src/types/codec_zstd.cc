#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <memory>

#include "codecs.h"
#include "types/compression.h"

namespace dataflow {
namespace {

// A frame may ask for a window of up to 128 MiB; a thread that met one does not keep it.
constexpr size_t kKeptContextBytes = 16 << 20;

// A block takes at least 4 bytes (3 of header, 1 of a repeated byte) and gives at most 128 KiB.
constexpr size_t kMaxRatio = 32 * 1024;

struct FreeCompressor {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};
struct FreeDecompressor {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};
using Compressor = std::unique_ptr<ZSTD_CCtx, FreeCompressor>;
using Decompressor = std::unique_ptr<ZSTD_DCtx, FreeDecompressor>;

// What the first frame says of its content, which makes one pass without a window of its own
// enough; a guess if it says nothing or what it says cannot be.
size_t first_guess(std::string_view bytes) {
  const unsigned long long said = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
  const bool known = said != ZSTD_CONTENTSIZE_UNKNOWN && said != ZSTD_CONTENTSIZE_ERROR;
  if (known && said <= bytes.size() * kMaxRatio) return static_cast<size_t>(said);
  return bytes.size() * 4;
}

Status failed(size_t code) {
  if (ZSTD_getErrorCode(code) == ZSTD_error_memory_allocation) {
    return Status::unavailable("reading zstd: memory ran out");
  }
  return Status::corrupt(std::string("reading zstd: ") + ZSTD_getErrorName(code));
}

Decompressor& thread_decompressor() {
  thread_local Decompressor context;
  return context;
}

// Frames one behind the other are one stream.
class ZstdDecoder final : public Decoder {
 public:
  ZstdDecoder(Decompressor& context, std::string_view bytes)
      : context_(context), bytes_(bytes), in_{bytes.data(), bytes.size(), 0} {}
  ~ZstdDecoder() override {
    if (ZSTD_sizeof_DCtx(context_.get()) > kKeptContextBytes) context_.reset();
  }

  size_t guess() const override { return first_guess(bytes_); }
  Status step(char* out, size_t room, Step& step) override;

 private:
  Decompressor& context_;
  const std::string_view bytes_;
  ZSTD_inBuffer in_;
};

Status ZstdDecoder::step(char* out, size_t room, Step& step) {
  ZSTD_outBuffer to{out, room, 0};
  const size_t hint = ZSTD_decompressStream(context_.get(), &to, &in_);
  if (ZSTD_isError(hint)) return failed(hint);
  step.produced = to.pos;
  const bool input_used = in_.pos == in_.size;
  step.ended = hint == 0 && input_used;
  if (hint != 0 && input_used && to.pos < to.size) {
    return Status::corrupt("reading zstd: the bytes end within a frame");
  }
  return {};
}

}  // namespace

Status zstd_compress(int level, std::string_view bytes, std::string& out) {
  thread_local Compressor context;
  if (context == nullptr) context.reset(ZSTD_createCCtx());
  if (context == nullptr) return Status::unavailable("writing zstd: memory ran out");
  const int zstd_level = level == kDefaultLevel
                             ? ZSTD_CLEVEL_DEFAULT
                             : std::clamp(level, ZSTD_minCLevel(), ZSTD_maxCLevel());
  const size_t before = out.size();
  out.resize(before + ZSTD_compressBound(bytes.size()));
  const size_t written = ZSTD_compressCCtx(context.get(), out.data() + before, out.size() - before,
                                           bytes.data(), bytes.size(), zstd_level);
  if (ZSTD_sizeof_CCtx(context.get()) > kKeptContextBytes) context.reset();
  if (ZSTD_isError(written)) {
    return Status::internal(std::string("writing zstd: ") + ZSTD_getErrorName(written));
  }
  out.resize(before + written);
  return {};
}

Result<std::unique_ptr<Decoder>> open_zstd(std::string_view bytes) {
  Decompressor& context = thread_decompressor();
  if (context == nullptr) context.reset(ZSTD_createDCtx());
  if (context == nullptr) return Status::unavailable("reading zstd: memory ran out");
  ZSTD_DCtx_reset(context.get(), ZSTD_reset_session_only);
  return std::unique_ptr<Decoder>(std::make_unique<ZstdDecoder>(context, bytes));
}

}  // namespace dataflow
