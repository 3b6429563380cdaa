#include "recompress.h"

#include "log/fault.h"
#include "types/batch_builder.h"
#include "types/record.h"

namespace dataflow::log {
namespace {

constexpr size_t kMaxUncompressedBytes = size_t{256} << 20;

Codec wanted_codec(CompressionType type) {
  switch (type) {
    case CompressionType::kGzip: return Codec::kGzip;
    case CompressionType::kSnappy: return Codec::kSnappy;
    case CompressionType::kLz4: return Codec::kLz4;
    case CompressionType::kZstd: return Codec::kZstd;
    case CompressionType::kProducer:
    case CompressionType::kUncompressed: break;
  }
  return Codec::kNone;
}

constexpr int64_t kGzipDefault = -1;
constexpr int64_t kLz4Default = 9;

}  // namespace

int compression_level(Codec codec, const TopicConfig& config) {
  if (config.compression == CompressionType::kProducer || codec != wanted_codec(config.compression))
    return kDefaultLevel;
  switch (codec) {
    case Codec::kGzip:
      return config.gzip_level == kGzipDefault ? kDefaultLevel
                                               : static_cast<int>(config.gzip_level);
    // Kafka's default level stands for its fast compressor, every other one for the one that takes
    // levels.
    case Codec::kLz4:
      return config.lz4_level == kLz4Default ? kDefaultLevel : static_cast<int>(config.lz4_level);
    case Codec::kZstd: return static_cast<int>(config.zstd_level);
    case Codec::kNone:
    case Codec::kSnappy: break;
  }
  return kDefaultLevel;
}

bool needs_recompression(const BatchHeader& batch, const TopicConfig& config) {
  return config.compression != CompressionType::kProducer &&
         batch.codec() != wanted_codec(config.compression);
}

Result<std::string> recompress(std::string_view batch, const TopicConfig& config) {
  auto broken = [](const Status& s) {
    return fault(Fault::kCorruptBatch, s.code(),
                 "opening a batch to store it in the topic's codec: " + s.message());
  };
  Result<RecordReader> reader = RecordReader::open(batch, kMaxUncompressedBytes);
  if (!reader.ok()) return broken(reader.status());
  BatchOptions options = options_like(reader->header());
  options.codec = wanted_codec(config.compression);
  options.level = compression_level(options.codec, config);
  BatchBuilder builder(options);
  Record record;
  while (true) {
    Result<bool> more = reader->next(record);
    if (!more.ok()) return broken(more.status());
    if (!*more) break;
    DF_RETURN_IF_ERROR(
        builder.add_at(record.offset, record.timestamp, record.key, record.value, record.headers));
  }
  return builder.finish();
}

}  // namespace dataflow::log
