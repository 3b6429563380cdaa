#include <algorithm>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "delta_format.h"

namespace dataflow::state {

namespace {

template <class Narrow>
void append_narrow(std::string& to, const std::vector<uint32_t>& lengths) {
  const size_t at = to.size();
  to.resize(at + lengths.size() * sizeof(Narrow));
  char* out = to.data() + at;
  for (const uint32_t length : lengths) {
    bytes_detail::store<Narrow, std::endian::little>(out, static_cast<Narrow>(length));
    out += sizeof(Narrow);
  }
}

void append_lengths(std::string& to, const std::vector<uint32_t>& lengths) {
  const auto [least, most] = std::minmax_element(lengths.begin(), lengths.end());
  if (lengths.empty() || *least == *most) {
    to.push_back(0);
    append_le32(to, lengths.empty() ? 0 : *least);
  } else if (*most <= 0xff) {
    to.push_back(1);
    append_narrow<uint8_t>(to, lengths);
  } else if (*most <= 0xffff) {
    to.push_back(2);
    append_narrow<uint16_t>(to, lengths);
  } else {
    to.push_back(4);
    append_narrow<uint32_t>(to, lengths);
  }
}

void append_numbers(std::string& to, const std::vector<int64_t>& numbers) {
  const bool one = std::all_of(numbers.begin(), numbers.end(),
                               [&](int64_t number) { return number == numbers.front(); });
  to.push_back(one ? 0 : 8);
  if (one) {
    append_le64(to, numbers.empty() ? 0 : static_cast<uint64_t>(numbers.front()));
    return;
  }
  const size_t at = to.size();
  to.resize(at + 8 * numbers.size());
  char* out = to.data() + at;
  for (const int64_t number : numbers) {
    store_le64(out, static_cast<uint64_t>(number));
    out += 8;
  }
}

void append_header(std::string& to, const TableSpec& spec) {
  to.push_back(static_cast<char>(kDeltaFormat));
  to.push_back(static_cast<char>(spec.version));
  append_le16(to, static_cast<uint16_t>(spec.name.size()));
  to.append(spec.name);
  to.push_back(static_cast<char>(spec.columns.size()));
  for (const ValueKind kind : spec.columns) to.push_back(static_cast<char>(kind));
}

size_t size_bound(const TableSpec& spec, const DeltaRows& rows) {
  size_t bound = 1024 + spec.name.size() + rows.put.size() * 13 + rows.keys.size();
  for (const DeltaRows::Column& column : rows.columns) {
    bound += 16 + column.values.size() + 4 * column.lengths.size();
  }
  return bound;
}

}  // namespace

DeltaBlock encode_delta(const TableSpec& spec, const DeltaRows& rows) {
  DeltaBlock block;
  block.rows = static_cast<uint32_t>(rows.put.size());
  std::string& bytes = block.bytes;
  bytes.reserve(size_bound(spec, rows));
  append_header(bytes, spec);
  append_le32(bytes, block.rows);
  uint32_t end = 0;
  for (const uint32_t count : rows.group_rows) append_le32(bytes, end += count);

  const size_t bits = bytes.size();
  bytes.resize(bits + (rows.put.size() + 7) / 8);
  for (size_t row = 0; row < rows.put.size(); ++row) {
    if (rows.put[row]) bytes[bits + row / 8] |= static_cast<char>(1U << (row % 8));
  }
  append_lengths(bytes, rows.key_lengths);
  bytes.append(rows.keys);
  append_numbers(bytes, rows.numbers);
  for (size_t column = 0; column < spec.columns.size(); ++column) {
    const DeltaRows::Column& from = rows.columns[column];
    if (spec.columns[column] == ValueKind::kBytes) append_lengths(bytes, from.lengths);
    bytes.append(from.values);
  }
  append_le32(bytes, crc32c(bytes));
  return block;
}

}  // namespace dataflow::state
