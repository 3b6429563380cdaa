// Any payload: it becomes one row or a fault, and a fault leaves the columns as they were.
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
  auto decoder = std::move(format::make_decoder("json", schema, {})).value();
  std::string payload(reinterpret_cast<const char*>(data), size);
  payload.append(format::kPayloadPadding, '"');
  int64_t rows = 0;
  RowFault fault{};
  for (int i = 0; i < 2; ++i) {
    rows += decoder->add(std::string_view(payload).substr(0, size), fault) ? 1 : 0;
    if (decoder->rows() != rows) std::abort();
  }
  const auto columns = decoder->take();
  for (const ColumnPtr& column : *columns) {
    if (column->length() != rows || !column->ValidateFull().ok()) std::abort();
  }
  return 0;
}
