// Rows as an Arrow IPC stream.
#pragma once

#include <memory>
#include <string>

#include "types/batch.h"

namespace dataflow::http {

class ArrowStream {
 public:
  // The stream's head stands in what take() gives first.
  static Result<std::unique_ptr<ArrowStream>> begin(const SchemaPtr& schema);
  virtual ~ArrowStream() = default;
  virtual Status add(const Batch& batch) = 0;
  virtual Status end() = 0;
  // What has been written since the last one.
  virtual std::string take() = 0;
};

}  // namespace dataflow::http
