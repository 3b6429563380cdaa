// Any payload: it becomes one row or a fault, and a fault leaves the columns as they were. A
// decoder that has read payloads of that shape gives the same.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <arrow/array.h>

#include "format/decoder.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dataflow;
  static const auto schema = std::make_shared<const Schema>(
      parse_type("ROW<a INT, b STRING, c ARRAY<DOUBLE>, d MAP<STRING, DECIMAL(10, 2)>, "
                 "e ROW<x TIMESTAMP(3), y BYTES>, f JSON, g BOOLEAN, h DATE, i TIME(6), j FLOAT>")
          .value()
          .fields());
  const auto make = [] { return std::move(format::make_decoder("json", schema, {})).value(); };
  std::string payload(reinterpret_cast<const char*>(data), size);
  payload.append(format::kPayloadPadding, '"');
  const auto add = [&](format::Decoder& decoder) {
    RowFault fault{};
    const int64_t rows = decoder.rows();
    const bool added = decoder.add(std::string_view(payload).substr(0, size), fault);
    if (decoder.rows() != rows + (added ? 1 : 0)) std::abort();
    return added;
  };
  const auto columns_of = [](format::Decoder& decoder) {
    const int64_t rows = decoder.rows();
    auto columns = std::move(decoder.take()).value();
    for (const ColumnPtr& column : columns) {
      if (column->length() != rows || !column->ValidateFull().ok()) std::abort();
    }
    return columns;
  };
  const auto twice = make();
  const bool once = add(*twice);
  if (add(*twice) != once) std::abort();
  const auto rows = columns_of(*twice);
  // The shape of one that is flat, with what is before the last comma of this payload.
  const auto warm = make();
  const size_t comma = payload.rfind(',', size);
  const std::string whole = payload;
  const size_t whole_size = size;
  if (comma != std::string::npos && comma < size) {
    payload = payload.substr(0, comma) + "}" + std::string(format::kPayloadPadding, '7');
    size = comma + 1;
    (void)add(*warm);
    (void)columns_of(*warm);
    payload = whole;
    size = whole_size;
  }
  if (add(*warm) != once) std::abort();
  const auto again = columns_of(*warm);
  for (size_t i = 0; once && i < rows.size(); ++i) {
    if (!rows[i]->Slice(0, 1)->Equals(*again[i], arrow::EqualOptions().nans_equal(true))) {
      std::abort();
    }
    if (!rows[i]->Slice(1, 1)->Equals(*again[i], arrow::EqualOptions().nans_equal(true))) {
      std::abort();
    }
  }
  return 0;
}
