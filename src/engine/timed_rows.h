// TimedRows: the rows of an input that an operator keeps by key and time: their keys, their times
// and what they are kept as.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/floor_div.h"
#include "base/status.h"
#include "engine/operator.h"
#include "key_columns.h"
#include "row_codec.h"
#include "types/batch.h"

namespace dataflow::engine {

class TimedRows {
 public:
  // Without a time column all rows have time 0.
  static Result<TimedRows> make(const std::vector<std::string>& keys,
                                const std::string& time_column, SchemaPtr schema);

  // Takes the batch apart. Rows without a time go to the dead letters.
  Status read(OperatorContext& context, const Batch& batch);

  struct Arrival {
    int32_t row;
    int64_t micros;  // its time
  };
  // Of the batch at hand: rows with a time.
  const std::vector<Arrival>& arrivals() const { return arrivals_; }
  uint64_t hash(int32_t row) const { return keys_.hashes()[static_cast<size_t>(row)]; }
  std::string_view key(int32_t row) const { return keys_.keys()[static_cast<size_t>(row)]; }
  std::string_view bytes(int32_t row) const { return codec_.rows()[static_cast<size_t>(row)]; }
  bool has_null_key(int32_t row) const { return keys_.has_null(static_cast<size_t>(row)); }

  // Rows of the time of a watermark, and earlier ones, come too late behind it.
  static int64_t millis_of(int64_t micros) { return floor_div(micros, int64_t{1000}); }
  static bool is_late(int64_t micros, Watermark watermark) {
    return millis_of(micros) <= watermark.value();
  }
  Status send_late(OperatorContext& context, const Batch& batch, const Arrival& arrival,
                   Watermark watermark) const;

  const RowCodec& codec() const { return codec_; }

 private:
  TimedRows(std::vector<size_t> keys, std::optional<size_t> time_column, RowCodec codec)
      : keys_(std::move(keys)), time_column_(time_column), codec_(std::move(codec)) {}

  Status read_times(OperatorContext& context, const Batch& batch);

  KeyColumns keys_;
  std::optional<size_t> time_column_;
  RowCodec codec_;

  // Of the batch at hand, used again.
  std::vector<Arrival> arrivals_;
};

}  // namespace dataflow::engine
