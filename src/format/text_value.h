// A scalar's text as a value in a column: what strings in JSON, keys of maps and fields of CSV have
// in common.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "column_buffer.h"
#include "format/decoder.h"

namespace dataflow::format {

// DecoderOptions, looked up once.
struct ReadStyle {
  unsigned timestamp_styles = 3;  // 1 << TimestampStyle each
  int64_t epoch_per_second = 1000;
};

// Appends the value, or says why not and appends nothing.
bool append_text_value(std::string_view text, const ReadStyle& style, ColumnBuffer& column,
                       std::string& reason);

// Integers between the limits of the column's type.
bool append_integer(int64_t value, ColumnBuffer& column, std::string& reason);
bool append_float(double value, std::string_view text, ColumnBuffer& column, std::string& reason);
// A number where a date, time or timestamp stands: days, milliseconds or the style's unit.
bool append_epoch(int64_t value, const ReadStyle& style, ColumnBuffer& column, std::string& reason);

// The start of a text, for messages.
std::string excerpt(std::string_view text);
std::string found_but_expected(std::string_view text, const Type& type);

}  // namespace dataflow::format
