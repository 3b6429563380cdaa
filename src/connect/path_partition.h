// What the folders of a file say of its rows: `day=2026-01-31/hour=10`, as RowPartition names them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "partitions.h"
#include "plan/plan.h"
#include "types/batch.h"

namespace dataflow::connect {

class PathPartition {
 public:
  PathPartition() = default;
  PathPartition(const plan::SourceSpec& spec, Partitions partitions);

  bool is_parted() const { return !columns_.empty(); }
  // What stands in the files.
  plan::SourceSpec in_files(const plan::SourceSpec& spec) const;

  // A value for each of the columns. kInvalid: it lies in no such folder, or the folder's name is
  // no value of the column's type.
  Result<std::vector<Value>> values_of(const std::string& path) const;
  // The rows of a file with what its folders say of them.
  Result<Batch> with(const std::vector<Value>& values, Batch rows) const;

 private:
  SchemaPtr schema_;             // of all columns
  SchemaPtr read_;               // of those that are read
  std::vector<size_t> columns_;  // of schema_
  std::string nothing_;
};

}  // namespace dataflow::connect
