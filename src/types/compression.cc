#include "types/compression.h"

#include <algorithm>
#include <new>

#include "codecs.h"

namespace dataflow {
namespace {

constexpr size_t kSmallestOutput = 4096;

Status compress_with(Codec codec, int level, std::string_view bytes, std::string& out) {
  switch (codec) {
    case Codec::kNone: out.append(bytes); return {};
    case Codec::kGzip: return gzip_compress(level, bytes, out);
    case Codec::kSnappy: return snappy_compress(bytes, out);
    case Codec::kLz4: return lz4_compress(level, bytes, out);
    case Codec::kZstd: return zstd_compress(level, bytes, out);
  }
  return Status::unsupported("compressing: codec " + std::to_string(static_cast<int>(codec)) +
                             " is unknown");
}

Status decompress_with(Codec codec, std::string_view bytes, size_t max_bytes, std::string& out) {
  if (codec == Codec::kNone) {
    BoundedOutput output(out, max_bytes, 0);
    DF_RETURN_IF_ERROR(output.make_room_for(bytes.size()));
    bytes.copy(output.next(), bytes.size());
    output.advance(bytes.size());
    return output.finish();
  }
  DF_ASSIGN_OR_RETURN(const std::unique_ptr<Decoder> decoder, open_decoder(codec, bytes));
  BoundedOutput output(out, max_bytes, decoder->guess());
  for (;;) {
    DF_ASSIGN_OR_RETURN(const size_t wanted, decoder->wanted_room());
    DF_RETURN_IF_ERROR(wanted > 0 ? output.make_room_for(wanted) : output.make_room());
    Decoder::Step step;
    DF_RETURN_IF_ERROR(decoder->step(output.next(), output.room(), step));
    output.advance(step.produced);
    if (step.ended) return output.finish();
  }
}

}  // namespace

Status refuse_codec_input(std::string_view doing, size_t size) {
  return Status::too_large(std::string(doing) + " " + std::to_string(size) +
                           " bytes: the limit is " + std::to_string(kMaxCodecInput));
}

Status codec_out_of_memory(std::string_view doing, Codec codec) {
  return Status::unavailable(std::string(doing) + " with " + std::string(codec_name(codec)) +
                             ": memory ran out; try again or lower the batch size");
}

Status decoded_too_large(size_t max_bytes) {
  return Status::too_large("decompressing: the result passes the limit of " +
                           std::to_string(max_bytes) + " bytes");
}

Result<std::unique_ptr<Decoder>> open_decoder(Codec codec, std::string_view bytes) {
  switch (codec) {
    case Codec::kNone: break;
    case Codec::kGzip: return open_gzip(bytes);
    case Codec::kSnappy: return open_snappy(bytes);
    case Codec::kLz4: return open_lz4(bytes);
    case Codec::kZstd: return open_zstd(bytes);
  }
  return Status::unsupported("decompressing: codec " + std::to_string(static_cast<int>(codec)) +
                             " is unknown");
}

BoundedOutput::BoundedOutput(std::string& out, size_t max_bytes, size_t first_guess)
    : out_(out), max_bytes_(std::min(max_bytes, kMaxCodecInput)) {
  out_.clear();
  out_.resize(std::min(first_guess, max_bytes_ + 1));
}

Status BoundedOutput::make_room() {
  if (used_ > max_bytes_) return decoded_too_large(max_bytes_);
  if (room() > 0) return {};
  out_.resize(std::min(std::max(out_.size() * 2, kSmallestOutput), max_bytes_ + 1));
  return {};
}

Status BoundedOutput::make_room_for(size_t n) {
  if (used_ > max_bytes_ || n > max_bytes_ - used_) return decoded_too_large(max_bytes_);
  if (room() < n) out_.resize(std::max(used_ + n, std::min(out_.size() * 2, max_bytes_)));
  return {};
}

Status BoundedOutput::finish() {
  if (used_ > max_bytes_) return decoded_too_large(max_bytes_);
  out_.resize(used_);
  return {};
}

Result<std::string> compress(Codec codec, int level, std::string_view bytes) {
  std::string out;
  DF_RETURN_IF_ERROR(compress_append(codec, level, bytes, out));
  return out;
}

Status compress_append(Codec codec, int level, std::string_view bytes, std::string& out) {
  if (bytes.size() > kMaxCodecInput) return refuse_codec_input("compressing", bytes.size());
  const size_t before = out.size();
  Status status;
  try {
    status = compress_with(codec, level, bytes, out);
  } catch (const std::bad_alloc&) {
    status = codec_out_of_memory("compressing", codec);
  }
  if (!status.ok()) out.resize(before);
  return status;
}

Result<std::string> decompress(Codec codec, std::string_view bytes, size_t max_bytes) {
  std::string out;
  DF_RETURN_IF_ERROR(decompress_into(codec, bytes, max_bytes, out));
  return out;
}

Status decompress_into(Codec codec, std::string_view bytes, size_t max_bytes, std::string& out) {
  if (bytes.size() > kMaxCodecInput) {
    out.clear();
    return refuse_codec_input("decompressing", bytes.size());
  }
  Status status;
  try {
    status = decompress_with(codec, bytes, max_bytes, out);
  } catch (const std::bad_alloc&) {
    status = codec_out_of_memory("decompressing", codec);
  }
  if (!status.ok()) out.clear();
  return status;
}

}  // namespace dataflow
