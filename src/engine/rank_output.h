// RankOutput: the rows that a rank emits, each as it is kept, and its place where that is asked
// for.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "engine/operator.h"
#include "row_codec.h"

namespace dataflow::engine {

class RankOutput {
 public:
  // The last column of a numbered output is the place.
  RankOutput(SchemaPtr input, SchemaPtr output)
      : codec_(std::move(input)), schema_(std::move(output)) {}

  bool numbered() const { return schema_->size() > codec_.schema()->size(); }

  // The bytes must stay until the next flush(). Full batches leave, but never between -U and +U.
  Status add(RowKind kind, std::string_view row, size_t place, Collector& out);
  // What waits leaves.
  Status flush(Collector& out);

 private:
  const RowCodec codec_;
  const SchemaPtr schema_;
  std::vector<std::string_view> rows_;
  std::vector<RowKind> kinds_;
  std::vector<int64_t> places_;
  size_t bytes_ = 0;
  bool all_new_ = true;
};

}  // namespace dataflow::engine
