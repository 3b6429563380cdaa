#include <zlib.h>

#include <algorithm>
#include <memory>

#include "codecs.h"
#include "types/compression.h"

namespace dataflow {
namespace {

constexpr int kGzipWrapper = 16;  // added to the window bits: gzip's header and trailer, not zlib's
constexpr int kWindowBits = MAX_WBITS + kGzipWrapper;
constexpr int kMemoryLevel = 8;
constexpr size_t kMaxStep = size_t{1} << 30;  // zlib counts in 32 bits

struct Inflater {
  z_stream stream{};
  bool ready = false;

  ~Inflater() {
    if (ready) inflateEnd(&stream);
  }
  bool reset() {
    if (ready) return inflateReset(&stream) == Z_OK;
    ready = inflateInit2(&stream, kWindowBits) == Z_OK;
    return ready;
  }
};

struct Deflater {
  z_stream stream{};
  bool ready = false;
  int level = 0;

  ~Deflater() {
    if (ready) deflateEnd(&stream);
  }
  bool reset(int wanted_level) {
    if (ready && level == wanted_level) return deflateReset(&stream) == Z_OK;
    if (ready) deflateEnd(&stream);
    stream = {};
    level = wanted_level;
    ready = deflateInit2(&stream, level, Z_DEFLATED, kWindowBits, kMemoryLevel,
                         Z_DEFAULT_STRATEGY) == Z_OK;
    return ready;
  }
};

Bytef* zlib_bytes(const char* bytes) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(bytes));  // zlib does not write to its input
}

Status no_memory(const char* doing) {
  return Status::unavailable(std::string(doing) + " gzip: memory ran out");
}

// gzip members one behind the other are one stream.
class GzipDecoder final : public Decoder {
 public:
  GzipDecoder(z_stream& stream, std::string_view bytes) : stream_(stream), size_(bytes.size()) {
    stream_.next_in = zlib_bytes(bytes.data());
    stream_.avail_in = static_cast<uInt>(bytes.size());
  }

  size_t guess() const override { return size_ * 4; }
  Status step(char* out, size_t room, Step& step) override;

 private:
  z_stream& stream_;
  const size_t size_;
};

Status GzipDecoder::step(char* out, size_t room, Step& step) {
  room = std::min(room, kMaxStep);
  stream_.next_out = zlib_bytes(out);
  stream_.avail_out = static_cast<uInt>(room);
  const int code = inflate(&stream_, Z_NO_FLUSH);
  step.produced = room - stream_.avail_out;
  if (code == Z_STREAM_END) {
    step.ended = stream_.avail_in == 0;
    if (!step.ended && inflateReset(&stream_) != Z_OK) return no_memory("reading");
    return {};
  }
  if (code == Z_BUF_ERROR || (code == Z_OK && stream_.avail_in == 0 && stream_.avail_out > 0)) {
    return Status::corrupt("reading gzip: the bytes end within the stream");
  }
  if (code == Z_MEM_ERROR) return no_memory("reading");
  if (code != Z_OK) {
    return Status::corrupt(std::string("reading gzip: ") +
                           (stream_.msg != nullptr ? stream_.msg : "not a gzip stream"));
  }
  return {};
}

}  // namespace

Status gzip_compress(int level, std::string_view bytes, std::string& out) {
  thread_local Deflater deflater;
  const int zlib_level = level == kDefaultLevel
                             ? Z_DEFAULT_COMPRESSION
                             : std::clamp(level, Z_BEST_SPEED, Z_BEST_COMPRESSION);
  if (!deflater.reset(zlib_level)) return no_memory("writing");
  z_stream& stream = deflater.stream;
  const size_t before = out.size();
  out.resize(before + deflateBound(&stream, bytes.size()));
  stream.next_in = zlib_bytes(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = zlib_bytes(out.data() + before);
  stream.avail_out = static_cast<uInt>(out.size() - before);
  const int code = deflate(&stream, Z_FINISH);
  if (code != Z_STREAM_END) {
    return Status::internal("writing gzip: zlib answered " + std::to_string(code));
  }
  out.resize(out.size() - stream.avail_out);
  return {};
}

Result<std::unique_ptr<Decoder>> open_gzip(std::string_view bytes) {
  thread_local Inflater inflater;
  if (!inflater.reset()) return no_memory("reading");
  return std::unique_ptr<Decoder>(std::make_unique<GzipDecoder>(inflater.stream, bytes));
}

}  // namespace dataflow
