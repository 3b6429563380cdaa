#include <lz4frame.h>
#include <lz4hc.h>

#include <algorithm>
#include <memory>

#include "codecs.h"
#include "types/compression.h"

namespace dataflow {
namespace {

struct FreeContext {
  void operator()(LZ4F_dctx* context) const { LZ4F_freeDecompressionContext(context); }
};

LZ4F_dctx* thread_context() {
  thread_local std::unique_ptr<LZ4F_dctx, FreeContext> context;
  if (context == nullptr) {
    LZ4F_dctx* made = nullptr;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&made, LZ4F_VERSION))) return nullptr;
    context.reset(made);
  }
  LZ4F_resetDecompressionContext(context.get());
  return context.get();
}

// One frame. Where a whole block fits into the room, the library decodes it straight to there.
class Lz4Decoder final : public Decoder {
 public:
  Lz4Decoder(LZ4F_dctx* context, std::string_view bytes)
      : context_(context), size_(bytes.size()), bytes_(bytes) {}

  size_t guess() const override { return size_ * 4; }
  Status step(char* out, size_t room, Step& step) override;

 private:
  LZ4F_dctx* const context_;
  const size_t size_;
  std::string_view bytes_;
};

Status Lz4Decoder::step(char* out, size_t room, Step& step) {
  step.produced = room;
  size_t consumed = bytes_.size();
  const size_t hint =
      LZ4F_decompress(context_, out, &step.produced, bytes_.data(), &consumed, nullptr);
  if (LZ4F_isError(hint)) {
    return Status::corrupt(std::string("reading lz4: ") + LZ4F_getErrorName(hint));
  }
  bytes_.remove_prefix(consumed);
  step.ended = hint == 0;
  // Java's reader stops at the first frame's end, so that what follows would be lost to some
  // readers.
  if (step.ended && !bytes_.empty()) return Status::corrupt("reading lz4: bytes follow the frame");
  if (!step.ended && consumed == 0 && step.produced == 0) {
    return Status::corrupt("reading lz4: the bytes end within the frame");
  }
  return {};
}

}  // namespace

Status lz4_compress(int level, std::string_view bytes, std::string& out) {
  LZ4F_preferences_t preferences{};
  preferences.frameInfo.blockSizeID = LZ4F_max64KB;
  preferences.frameInfo.blockMode = LZ4F_blockIndependent;
  preferences.compressionLevel =
      level == kDefaultLevel ? 0 : std::clamp(level, 1, LZ4HC_CLEVEL_MAX);
  const size_t before = out.size();
  out.resize(before + LZ4F_compressFrameBound(bytes.size(), &preferences));
  const size_t written = LZ4F_compressFrame(out.data() + before, out.size() - before, bytes.data(),
                                            bytes.size(), &preferences);
  if (LZ4F_isError(written)) {
    return Status::internal(std::string("writing lz4: ") + LZ4F_getErrorName(written));
  }
  out.resize(before + written);
  return {};
}

Result<std::unique_ptr<Decoder>> open_lz4(std::string_view bytes) {
  LZ4F_dctx* context = thread_context();
  if (context == nullptr) return Status::unavailable("reading lz4: memory ran out");
  return std::unique_ptr<Decoder>(std::make_unique<Lz4Decoder>(context, bytes));
}

}  // namespace dataflow
