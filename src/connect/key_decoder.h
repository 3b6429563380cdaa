// The key columns of a source whose rows replace each other by key, from the keys of records:
// what KeyEncoder writes.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "expr/bound.h"
#include "format/decoder.h"
#include "plan/plan.h"

namespace dataflow::connect {

struct KeyDecoderSpec {
  std::string where;  // "source `orders`"
  SchemaPtr schema;   // the key columns
  std::string format;
  format::DecoderOptions options;

  // kInvalid for a column, a format or an option that there is not.
  static Result<KeyDecoderSpec> make(const plan::SourceSpec& spec, const std::string& where);
};

class KeyDecoder {
 public:
  static Result<std::unique_ptr<KeyDecoder>> make(const KeyDecoderSpec& spec);

  const Schema& schema() const { return *schema_; }
  // False, with nothing added and `fault` filled, if it is no key. As of payloads, bytes behind it
  // may be read.
  bool add(std::string_view key, RowFault& fault);
  int64_t rows() const { return decoder_->rows(); }
  // Of rows in `faults` it turned out that they are no keys.
  Result<std::vector<ColumnPtr>> take(std::vector<RowFault>& faults);

 private:
  KeyDecoder(SchemaPtr schema, std::unique_ptr<format::Decoder> decoder)
      : schema_(std::move(schema)), decoder_(std::move(decoder)) {}

  const SchemaPtr schema_;
  const std::unique_ptr<format::Decoder> decoder_;
  // Of a raw key that is not text: what its text is as a value.
  SchemaPtr text_;
  expr::BoundPtr value_;
};

}  // namespace dataflow::connect
