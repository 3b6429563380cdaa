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

Status lz4_decompress(std::string_view bytes, size_t max_bytes, std::string& out) {
  LZ4F_dctx* context = thread_context();
  if (context == nullptr) return Status::unavailable("reading lz4: memory ran out");
  BoundedOutput output(out, max_bytes, bytes.size() * 4);
  for (;;) {
    DF_RETURN_IF_ERROR(output.make_room());
    size_t produced = output.room();
    size_t consumed = bytes.size();
    const size_t hint =
        LZ4F_decompress(context, output.next(), &produced, bytes.data(), &consumed, nullptr);
    if (LZ4F_isError(hint)) {
      return Status::corrupt(std::string("reading lz4: ") + LZ4F_getErrorName(hint));
    }
    output.advance(produced);
    bytes.remove_prefix(consumed);
    if (hint == 0) break;  // the frame's end
    if (consumed == 0 && produced == 0) {
      return Status::corrupt("reading lz4: the bytes end within the frame");
    }
  }
  // Java's reader stops at the first frame's end, so that what follows would be lost to some
  // readers.
  if (!bytes.empty()) return Status::corrupt("reading lz4: bytes follow the frame");
  return output.finish();
}

}  // namespace dataflow
