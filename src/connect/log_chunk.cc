#include "log_chunk.h"

#include <cstring>

#include "base/bytes.h"
#include "chunk_buffer.h"
#include "format/decoder.h"
#include "log_slice.h"

namespace dataflow::connect {
namespace {

constexpr size_t kFrontBytes = 8 + 8 + 4;
constexpr size_t kAbortedBytes = 16;

void store_i64(char*& at, int64_t value) {
  store_le64(at, static_cast<uint64_t>(value));
  at += 8;
}
int64_t load_i64(const char* at) { return static_cast<int64_t>(load_le64(at)); }

struct Front {
  engine::Chunk chunk;
  char* behind;  // room for the batches
};

Front make_front(Offset start, Offset stop, const std::vector<log::AbortedTransaction>& aborted,
                 size_t batches) {
  const size_t size = kFrontBytes + aborted.size() * kAbortedBytes + batches;
  std::shared_ptr<char> buffer = take_chunk_buffer(size + format::kPayloadPadding);
  char* at = buffer.get();
  store_i64(at, start.value());
  store_i64(at, stop.value());
  store_le32(at, static_cast<uint32_t>(aborted.size()));
  at += 4;
  for (const log::AbortedTransaction& one : aborted) {
    store_i64(at, one.producer_id.value());
    store_i64(at, one.first_offset.value());
  }
  std::memset(at + batches, 0, format::kPayloadPadding);
  Front made{{}, at};
  made.chunk.bytes = {buffer.get(), size};
  made.chunk.first_offset = start.value();
  made.chunk.holder = std::move(buffer);
  return made;
}

}  // namespace

Result<engine::Chunk> make_log_chunk(const log::ReadOutcome& outcome, Offset start, Offset stop,
                                     std::string_view* batches) {
  Front made = make_front(start, stop, outcome.aborted, outcome.slice.length);
  DF_RETURN_IF_ERROR(read_slice(outcome.slice, made.behind));
  *batches = {made.behind, outcome.slice.length};
  return std::move(made.chunk);
}

engine::Chunk make_log_chunk(std::string_view batches, Offset start, Offset stop) {
  Front made = make_front(start, stop, {}, batches.size());
  std::memcpy(made.behind, batches.data(), batches.size());
  return std::move(made.chunk);
}

Result<LogChunk> parse_log_chunk(std::string_view bytes) {
  const Status cut = Status::internal("a chunk of the log source is cut");
  if (bytes.size() < kFrontBytes) return cut;
  LogChunk chunk;
  chunk.start = Offset(load_i64(bytes.data()));
  chunk.stop = Offset(load_i64(bytes.data() + 8));
  const size_t count = load_le32(bytes.data() + 16);
  bytes.remove_prefix(kFrontBytes);
  if (bytes.size() / kAbortedBytes < count) return cut;
  for (size_t i = 0; i < count; ++i) {
    chunk.aborted.push_back(
        {ProducerId(load_i64(bytes.data())), Offset(load_i64(bytes.data() + 8))});
    bytes.remove_prefix(kAbortedBytes);
  }
  chunk.batches = bytes;
  return chunk;
}

}  // namespace dataflow::connect
