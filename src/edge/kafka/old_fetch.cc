#include "old_fetch.h"

#include <algorithm>
#include <string>

#include "base/bytes.h"
#include "types/log_batch.h"

namespace dataflow::kafka {

namespace {

constexpr size_t kWindow = 64u << 10;
constexpr size_t kThroughAttributes = kBatchCrcStart + 2;

}  // namespace

Status cut_before_zstd(log::LogSlice& slice) {
  std::string window;
  uint64_t window_at = 0;  // what the window's first byte is in the slice
  uint64_t at = 0;
  while (at + kBatchHeaderBytes <= slice.length) {
    if (window.empty() || at + kThroughAttributes > window_at + window.size()) {
      window.resize(std::min<uint64_t>(kWindow, slice.length - at));
      DF_ASSIGN_OR_RETURN(size_t got, slice.file->read_at(slice.position + at, window));
      window.resize(got);
      window_at = at;
      if (got < kThroughAttributes) return Status::io_error("a log file ends within a batch");
    }
    const char* batch = window.data() + (at - window_at);
    uint16_t attributes = load_be16(batch + kBatchCrcStart);
    if (static_cast<Codec>(attributes & kAttributeCodecMask) == Codec::kZstd) {
      if (at == 0) return Status::unsupported("the records are compressed with zstd");
      slice.length = static_cast<uint32_t>(at);
      return {};
    }
    at += kBatchLengthOverhead + load_be32(batch + 8);
  }
  return {};
}

}  // namespace dataflow::kafka
