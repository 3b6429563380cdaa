// Input: the API's key (with its top bit set for a response), the version, then the message. What
// decodes must be written so that it reads, and is written, as the same again.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "wire/frame.h"
#include "wire/message_table.h"

namespace {

using dataflow::Status;
using dataflow::wire::MessageEntry;
using dataflow::wire::Reader;
using dataflow::wire::Writer;

// Small, so that a dense input is refused long before the fuzzer's own limit.
constexpr size_t kArrayMemory = 16 << 20;

// Bytes that name no message or version choose one all the same; those of the seeds keep their
// meaning when the table grows.
const MessageEntry& choose(uint8_t byte) {
  auto table = dataflow::wire::message_table();
  for (const MessageEntry& entry : table) {
    bool is_request = (byte & 0x80) == 0;
    if (static_cast<int>(entry.key) == (byte & 0x7f) && entry.is_request == is_request)
      return entry;
  }
  return table[byte % table.size()];
}

int16_t choose_version(const MessageEntry& entry, uint8_t byte) {
  if (byte >= entry.min_version && byte <= entry.max_version) return byte;
  return static_cast<int16_t>(entry.min_version +
                              byte % (entry.max_version - entry.min_version + 1));
}

void require(bool holds, const char* what, const MessageEntry& entry, int version) {
  if (holds) return;
  std::fprintf(stderr, "%s: %s version %d\n", what, std::string(entry.name).c_str(), version);
  std::abort();
}

void try_header(std::string_view bytes) {
  Reader in(bytes, kArrayMemory);
  auto header = dataflow::wire::read_request_header(in);
  if (!header.ok() && header.status().message().empty()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const MessageEntry& entry = choose(data[0]);
  int16_t version = choose_version(entry, data[1]);
  std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  try_header(bytes);

  Reader in(bytes, kArrayMemory);
  Writer once;
  if (!entry.reencode(in, once, version).ok()) return 0;
  Reader in_again(once.view(), 2 * kArrayMemory);
  Writer twice;
  Status status = entry.reencode(in_again, twice, version);
  require(status.ok(), "what was written cannot be read", entry, version);
  require(in_again.expect_end().ok(), "what was written was not read to its end", entry, version);
  require(once.view() == twice.view(), "the second writing differs from the first", entry, version);
  return 0;
}
