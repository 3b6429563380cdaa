// Rows to bytes: what a sink writes.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "types/batch.h"

namespace dataflow::format {

// One payload a row, one behind the other.
struct EncodedRows {
  std::string bytes;
  std::vector<size_t> ends;  // of each payload, in `bytes`

  size_t size() const { return ends.size(); }
  std::string_view operator[](size_t i) const {
    const size_t begin = i == 0 ? 0 : ends[i - 1];
    return std::string_view(bytes).substr(begin, ends[i] - begin);
  }
  void clear() {
    bytes.clear();
    ends.clear();
  }
};

struct EncoderOptions {
  std::string timestamp_format = "SQL";  // or "ISO-8601"
  // To the letter what Flink writes. Floats in Java's spelling, "1.0E10"; decimals without zeros at
  // their end, "1E+2"; "NaN" in JSON, in quotes; in CSV quotes around all that is longer than 24
  // characters or has one that sorts up to the delimiter, none around an empty text, and a list's
  // elements with ';' between them.
  bool flink = false;
  bool plain_decimals = false;  // with `flink`: with all digits of their type
  bool json_skip_nulls = false;
  char csv_delimiter = ',';
  std::string csv_null_literal;  // a value that reads like it stands in quotes
  char csv_quote = '"';          // 0: never any
  char csv_escape = '\0';  // in front of quotes and itself within quotes; 0: quotes are doubled
  std::string csv_element_delimiter = ";";
  bool csv_header = false;  // for who writes files: payloads have none
};

class Encoder {
 public:
  virtual ~Encoder() = default;
  // Appends a payload for each row, without line ends. A row that cannot be written (a NaN in JSON)
  // gets an empty payload and a fault.
  virtual Status encode(const Batch& batch, EncodedRows& out, std::vector<RowFault>& faults) = 0;
};

// A table's options are one map for both directions: what is the decoder's alone is known here, and
// not used. Keys are "style" (plain or flink), "timestamp_format", "plain_decimals", "skip_nulls"
// (json), "delimiter", "null_literal", "quote", "escape", "element_delimiter" (csv);
// "fail-on-missing-field" and "json.fail_on_missing_field" are the same key. kInvalid names the
// nearest one.
Result<EncoderOptions> encoder_options(const std::string& format,
                                       const std::map<std::string, std::string>& options);

// `format`: "json", "csv", "raw", or "row", Flink's text of a row for people: "[1, a, null]".
Result<std::unique_ptr<Encoder>> make_encoder(const std::string& format, SchemaPtr schema,
                                              const EncoderOptions& options);

}  // namespace dataflow::format
