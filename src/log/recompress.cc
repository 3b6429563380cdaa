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

}  // namespace

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
  if (config.compression_level >= 0) options.level = config.compression_level;
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
