// Rows of a chunk that say that a key has no row any more, and their places among those with
// values.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "key_decoder.h"

namespace dataflow::connect {

class Deletions {
 public:
  // `columns`: of a payload, those that are read.
  static Result<std::unique_ptr<Deletions>> make(const KeyDecoderSpec& key, SchemaPtr columns);

  // The chunk's row of that number is one; numbers rise. False, with `fault` filled, if the key is
  // none.
  bool add(int64_t row, std::string_view key, RowFault& fault);
  bool any() const { return !rows_.empty(); }

  // All rows, of which `values` are those with values; deletions have their key's columns only.
  // `kinds` gets a kind for each. Rows in `faults` turned out to have no key. Begins anew.
  Result<std::vector<ColumnPtr>> put_among(std::vector<ColumnPtr> values, int64_t value_rows,
                                           std::vector<RowKind>& kinds,
                                           std::vector<RowFault>& faults);

 private:
  Deletions(std::unique_ptr<KeyDecoder> keys, SchemaPtr columns)
      : keys_(std::move(keys)), columns_(std::move(columns)) {}

  Result<Batch> read_keys(std::vector<RowFault>& faults);

  const std::unique_ptr<KeyDecoder> keys_;
  const SchemaPtr columns_;
  std::vector<int64_t> rows_;
  std::vector<int64_t> key_rows_;  // of each, in keys_
};

}  // namespace dataflow::connect
