#include "timed_rows.h"

#include <arrow/array.h>

#include "window_time.h"

namespace dataflow::engine {

Result<TimedRows> TimedRows::make(const std::vector<std::string>& keys,
                                  const std::string& time_column, SchemaPtr schema) {
  DF_ASSIGN_OR_RETURN(std::vector<size_t> columns, key_columns_of(keys, *schema));
  std::optional<size_t> time;
  if (!time_column.empty()) {
    DF_ASSIGN_OR_RETURN(time, schema->require(time_column));
  }
  return TimedRows(std::move(columns), time, RowCodec(std::move(schema)));
}

Status TimedRows::read_times(OperatorContext& context, const Batch& batch) {
  arrivals_.clear();
  if (!time_column_) {
    for (int32_t row = 0; row < batch.rows; ++row) arrivals_.push_back({row, 0});
    return {};
  }
  const int64_t units = (*codec_.schema())[*time_column_].type.units_per_milli();
  return for_each_time({false, *time_column_, units}, context, batch,
                       [&](int32_t row, int64_t time) -> Status {
                         arrivals_.push_back({row, micros_of(time, units)});
                         return {};
                       });
}

Status TimedRows::read(OperatorContext& context, const Batch& batch) {
  DF_RETURN_IF_ERROR(read_times(context, batch));
  keys_.find_nulls(batch);
  DF_RETURN_IF_ERROR(keys_.read(batch));
  return codec_.encode(batch);
}

Status TimedRows::send_late(OperatorContext& context, const Batch& batch, const Arrival& arrival,
                            Watermark watermark) const {
  return context.dead_letter(
      batch, arrival.row, DeadReason::kLate, (*codec_.schema())[*time_column_].name,
      "its time, " + std::to_string(millis_of(arrival.micros)) + ", is not behind the watermark, " +
          std::to_string(watermark.value()));
}

}  // namespace dataflow::engine
