// Rows of a result as a client reads them: JSON, CSV.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "format/encoder.h"
#include "jobs/sql_session.h"
#include "types/batch.h"

namespace dataflow::http {

using OutputColumns = std::vector<sql::OutputColumn>;

SchemaPtr schema_of(const OutputColumns& columns);

// Values as the formats json and csv write them; what CSV has no form for stands as JSON in it.
// Not thread-safe.
class RowText {
 public:
  explicit RowText(const OutputColumns& columns);

  // "[1,\"a\"],[2,null]", without the columns up to `from`.
  Status append_json(const Batch& batch, size_t from, std::string& out);
  // One row of it.
  Status append_json_row(const Batch& batch, int64_t row, size_t from, std::string& out);
  Status append_csv(const Batch& batch, std::string& out);
  std::string csv_header() const;

 private:
  // The JSON of each value of a column.
  Status encode(size_t column, const Batch& batch, format::EncodedRows& out);

  SchemaPtr schema_;
  std::vector<std::unique_ptr<format::Encoder>> of_columns_;
  std::unique_ptr<format::Encoder> csv_;
  SchemaPtr csv_schema_;
};

}  // namespace dataflow::http
