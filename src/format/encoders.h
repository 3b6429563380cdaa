// The formats' encoders, for make_encoder(), and the text of scalars that they share.
#pragma once

#include <memory>
#include <string>

#include "column_view.h"
#include "format/encoder.h"
#include "types/temporal.h"

namespace dataflow::format {

// EncoderOptions, looked up once.
struct WriteStyle {
  TimestampStyle timestamps = TimestampStyle::kSql;
  bool flink = false;
  bool plain_decimals = false;
};

// Appends the text of a value that is neither null nor text nor nested: numbers, true and false,
// dates, times and timestamps.
void append_scalar_text(const ColumnView& column, int64_t row, const WriteStyle& style,
                        std::string& out);
void append_base64(std::string_view bytes, std::string& out);

std::unique_ptr<Encoder> make_json_encoder(SchemaPtr schema, const EncoderOptions& options,
                                           const WriteStyle& style);
std::unique_ptr<Encoder> make_csv_encoder(SchemaPtr schema, const EncoderOptions& options,
                                          const WriteStyle& style);
std::unique_ptr<Encoder> make_raw_encoder(SchemaPtr schema);
std::unique_ptr<Encoder> make_row_encoder(SchemaPtr schema);

}  // namespace dataflow::format
