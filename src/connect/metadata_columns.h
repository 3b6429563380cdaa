// The columns that a source fills itself: offset, partition, timestamp, key, headers, file.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plan/plan.h"
#include "types/batch.h"
#include "types/record.h"

namespace arrow {
class ArrayBuilder;
}

namespace dataflow::connect {

// Where one row comes from; a source sets what it can give.
struct RowOrigin {
  int64_t offset = 0;
  int32_t partition = 0;
  int64_t timestamp_ms = 0;
  std::optional<std::string_view> key;
  const std::vector<RecordHeader>* headers = nullptr;
  std::string_view file;
};

// Which columns of a source's schema are the payload's and which are metadata.
class SourceColumns {
 public:
  // `offered`: what this source can give. kInvalid for another one, a column that there is not, or
  // one of a type that cannot hold it.
  static Result<SourceColumns> make(const plan::SourceSpec& spec, const std::string& where,
                                    const std::vector<plan::Metadata>& offered);

  const SchemaPtr& schema() const { return schema_; }    // what is read of both
  const SchemaPtr& payload() const { return payload_; }  // all that a payload has
  // Of each column of the payload, whether the decoder makes it.
  const std::vector<bool>& payload_read() const { return payload_read_; }
  bool has_metadata() const { return has_metadata_; }  // that is read

  // As schema(); nothing: the payload's.
  const std::vector<std::optional<plan::Metadata>>& columns() const { return columns_; }

 private:
  SchemaPtr schema_;
  SchemaPtr payload_;
  std::vector<bool> payload_read_;
  bool has_metadata_ = false;
  std::vector<std::optional<plan::Metadata>> columns_;
};

// Builds the metadata columns of a chunk's rows, and puts them between the payload's.
class MetadataBuilder {
 public:
  explicit MetadataBuilder(const SourceColumns& columns);
  ~MetadataBuilder();

  // `rows` rows of one origin.
  Status append(const RowOrigin& origin, int64_t rows);
  // All columns; the builder begins anew.
  Result<Batch> finish(std::vector<ColumnPtr> payload, int64_t rows);

 private:
  const SourceColumns& columns_;
  std::vector<std::unique_ptr<arrow::ArrayBuilder>> builders_;  // null: the payload's
};

}  // namespace dataflow::connect
