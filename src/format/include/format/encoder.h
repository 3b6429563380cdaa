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
  bool json_skip_nulls = false;
  char csv_delimiter = ',';
  std::string csv_null_literal;  // a value that reads like it stands in quotes
  char csv_quote = '"';
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
// not used. Keys are "timestamp_format", "skip_nulls" (json), "delimiter", "null_literal", "quote"
// (csv); "fail-on-missing-field" and "json.fail_on_missing_field" are the same key. kInvalid names
// the nearest one.
Result<EncoderOptions> encoder_options(const std::string& format,
                                       const std::map<std::string, std::string>& options);

Result<std::unique_ptr<Encoder>> make_encoder(const std::string& format, SchemaPtr schema,
                                              const EncoderOptions& options);

}  // namespace dataflow::format
