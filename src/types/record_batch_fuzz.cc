// Any bytes: what check_records lets into the log, a reader reads whole, and a builder writes
// again.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "types/batch_builder.h"
#include "types/compression.h"
#include "types/record.h"

namespace dataflow {
namespace {

constexpr size_t kMaxUncompressed = 1 << 20;

void require(bool holds) {
  if (!holds) std::abort();
}

// The number of records, or -1 if the reader refuses the batch.
int read_into(std::string_view batch, BatchBuilder* copy) {
  auto reader = RecordReader::open(batch, kMaxUncompressed);
  if (!reader.ok()) return -1;
  Record record;
  for (int count = 0;; ++count) {
    const auto more = reader->next(record);
    if (!more.ok()) return -1;
    if (!*more) return count;
    if (copy == nullptr) continue;
    require(copy->add_at(record.offset, record.timestamp, record.key, record.value, record.headers)
                .ok());
  }
}

// A batch with the records uncompressed, or nothing if they cannot be.
std::string uncompressed(std::string_view bytes, BatchHeader header) {
  const auto plain = decompress(header.codec(), bytes.substr(kBatchHeaderBytes), kMaxUncompressed);
  if (!plain.ok()) return {};
  header.attributes &= static_cast<uint16_t>(~kAttributeCodecMask);
  header.batch_length =
      static_cast<int32_t>(kBatchHeaderBytes - kBatchLengthOverhead + plain->size());
  std::string batch(kBatchHeaderBytes, '\0');
  write_batch_header(batch.data(), header);
  return batch + *plain;
}

// Compressed records pass through a window: what is said of them is what is said of all at once.
void compare_with_whole(std::string_view bytes, const BatchHeader& header) {
  const auto streamed = check_records(bytes, kMaxUncompressed, false);
  const std::string whole = uncompressed(bytes, header);
  if (whole.empty()) return require(!streamed.ok());
  const auto wanted = check_records(whole, kMaxUncompressed, false);
  if (!streamed.ok()) {
    // LZ4 that only some consumers read is refused although it can be uncompressed.
    require(!wanted.ok() || header.codec() == Codec::kLz4);
    return;
  }
  require(wanted.ok() && wanted->min == streamed->min && wanted->max == streamed->max);
}

void check_one_batch(std::string_view bytes) {
  const auto header = parse_batch_header(bytes);
  if (!header.ok()) return;
  std::string batch(bytes);
  set_append_time(batch.data(), batch.size(), Timestamp(5));
  require(batch_crc_ok(batch));
  static_cast<void>(parse_control_batch(bytes).ok());

  if (header->codec() != Codec::kNone && header->total_bytes() == bytes.size()) {
    compare_with_whole(bytes, *header);
  }
  const bool accepted = check_records(bytes, kMaxUncompressed, false).ok();
  const int count = read_into(bytes, nullptr);
  if (accepted) require(count == header->record_count);
  if (count < 0) return;
  BatchOptions options = options_like(*header);
  options.codec = Codec::kNone;
  BatchBuilder copy(options);
  require(read_into(bytes, &copy) == count);
  require(copy.extend_to(header->last_offset()).ok());
  const std::string rebuilt = copy.finish();
  require(batch_crc_ok(rebuilt));
  // Written anew the records may be longer (a delta that wrapped), but not past a few bytes each.
  if (rebuilt.size() <= kMaxUncompressed) require(read_into(rebuilt, nullptr) == count);
}

}  // namespace
}  // namespace dataflow

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  dataflow::check_one_batch({reinterpret_cast<const char*>(data), size});
  return 0;
}
