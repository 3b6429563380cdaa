// Bytes to rows: what a source's records or a file's lines hold becomes columns. Only the columns
// that are read are built, and only their values are checked: of the rest a payload must have the
// form (JSON is JSON to its end, a CSV line has all of its fields), not the types.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "types/batch.h"

namespace dataflow::format {

// So many bytes behind a payload may be read (not used): a decoder looks at several at a time.
inline constexpr size_t kPayloadPadding = 64;

struct DecoderOptions {
  // How a timestamp is read that stands as text: "SQL" (2026-01-31 12:00:00.123) or "ISO-8601".
  // Both are tried unless one is asked for. A number is milliseconds since 1970 (`epoch_unit`
  // "ms"), or "s" or "us".
  std::string timestamp_format;
  std::string epoch_unit = "ms";
  // A field that the schema has and the row has not: NULL, or a fault. A NOT NULL field that is
  // missing or null is always a fault.
  bool fail_on_missing_field = false;
  char csv_delimiter = ',';
  bool csv_header = false;    // the first payload names the fields and is no row
  bool csv_comments = false;  // a line that begins with # is no row
  // As Flink reads CSV: an empty text is a text and, of other types, NULL; fields that are missing
  // at a line's end are NULL; what stands for NULL does so in quotes as well.
  bool flink = false;
  // A value that cannot be read is NULL, where it may be, instead of a fault. Rows whose form
  // cannot be read remain faults.
  bool ignore_parse_errors = false;
  // What stands for NULL, where it is not in quotes.
  std::string csv_null_literal;
  char csv_quote = '"';    // 0: none is known
  char csv_escape = '\0';  // within quotes, besides a doubled quote; 0: none
};

// Not thread-safe; keeps its memory between batches.
class Decoder {
 public:
  virtual ~Decoder() = default;

  // Decodes one payload (a record's value, a line) into rows, appended. False, with nothing
  // appended and `fault` filled, if it cannot be: fault.row is rows() then. The payload may go away
  // after the call; kPayloadPadding readable bytes stand behind it.
  virtual bool add(std::string_view payload, RowFault& fault) = 0;
  // Rows since the last take().
  virtual int64_t rows() const = 0;
  // Their columns, those that are read, in the order of the decoder's schema.
  virtual Result<std::vector<ColumnPtr>> take() = 0;
};

// Of a table's options: "style" (plain or flink), "timestamp_format", "epoch_unit",
// "fail_on_missing_field", "ignore_parse_errors", and for csv "delimiter", "header",
// "null_literal", "quote" (none: no quotes), "escape", "comments". See encoder_options() for the
// rest.
Result<DecoderOptions> decoder_options(const std::string& format,
                                       const std::map<std::string, std::string>& options);

// `format`: "json" (one object a payload, which is one row; fields matched by name, others
// skipped), "csv" (one line), "raw" (one column of bytes or string). kInvalid names the formats.
// `read` says of each of the schema's columns whether take() gives it; empty: all.
Result<std::unique_ptr<Decoder>> make_decoder(const std::string& format, SchemaPtr schema,
                                              const DecoderOptions& options,
                                              const std::vector<bool>& read = {});

}  // namespace dataflow::format
