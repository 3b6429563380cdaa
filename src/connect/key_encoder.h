// A record's key, from the sink's key columns.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "format/encoder.h"
#include "plan/plan.h"

namespace dataflow::connect {

class KeyEncoder {
 public:
  // kInvalid for a column or format that there is not.
  static Result<KeyEncoder> make(const plan::SinkSpec& spec, const Schema& schema,
                                 const std::string& where);

  bool has_key() const { return !columns_.empty(); }
  // All rows' keys; at() may be called until the next encode().
  Status encode(const Batch& batch, std::vector<RowFault>& faults);
  // Nothing: the row has no key (there are no key columns, or the only one is NULL).
  std::optional<std::string_view> at(size_t row) const;

 private:
  Status encode_raw(const Batch& batch);

  std::vector<size_t> columns_;
  SchemaPtr schema_;                          // of the key
  std::unique_ptr<format::Encoder> encoder_;  // null: raw
  format::EncodedRows keys_;
  std::vector<bool> nulls_;
};

}  // namespace dataflow::connect
