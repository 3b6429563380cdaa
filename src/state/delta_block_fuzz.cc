// Any bytes: what the reader lets in, every row of it can be read, and a table that loads it hands
// out a delta which makes the same table.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "delta_format.h"

namespace dataflow::state {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

size_t read_all(const DeltaReader& delta) {
  size_t bytes = 0;
  for (int group = 0; group < kKeyGroups; ++group) {
    uint32_t put = delta.first_put(group);
    for (uint32_t row = delta.group_begin(group); row < delta.group_begin(group + 1); ++row) {
      bytes += delta.key(row).size() + static_cast<size_t>(delta.number(row) & 1);
      if (!delta.is_put(row)) continue;
      for (size_t i = 0; i < delta.spec().columns.size(); ++i) bytes += delta.value(i, put).size();
      ++put;
    }
    require(put == delta.first_put(group + 1));
  }
  return bytes;
}

void check_block(std::string_view body) {
  const auto delta = DeltaReader::open_checked(body);
  if (!delta.ok()) return;
  require(read_all(*delta) < SIZE_MAX);

  // As it would come from a store: with a checksum that fits.
  DeltaBlock block;
  block.bytes = body;
  append_le32(block.bytes, crc32c(body));
  KeyedTable table(delta->spec());
  if (!table.load(block, {}).ok()) return;
  require(!table.take_delta().has_value());
  table.for_each([&table](RowNumber row) { table.mark_changed(row); });
  const auto again = table.take_delta();
  require(again.has_value() == (table.size() > 0));
  if (!again) return;
  KeyedTable copy(delta->spec());
  require(copy.load(*again, {}).ok());
  require(copy.size() == table.size());
}

}  // namespace
}  // namespace dataflow::state

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  dataflow::state::check_block({reinterpret_cast<const char*>(data), size});
  return 0;
}
