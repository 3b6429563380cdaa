#include "join_side.h"

#include <arrow/array.h>

#include <algorithm>

#include "window_time.h"

namespace dataflow::engine {
namespace {

constexpr uint8_t kStateVersion = 1;

}  // namespace

Result<JoinSide> JoinSide::make(const std::vector<std::string>& keys,
                                const std::string& time_column, SchemaPtr schema) {
  DF_ASSIGN_OR_RETURN(std::vector<size_t> columns, key_columns_of(keys, *schema));
  DF_ASSIGN_OR_RETURN(const size_t time, schema->require(time_column));
  return JoinSide(std::move(columns), time, RowCodec(std::move(schema)));
}

Status JoinSide::open(OperatorContext& context, const std::string& table) {
  using state::ValueKind;
  context_ = &context;
  DF_ASSIGN_OR_RETURN(
      table_,
      context.table(
          {table, kStateVersion, {ValueKind::kInt64, ValueKind::kInt64, ValueKind::kBytes}}));
  table_->for_each([&](state::RowNumber row) {
    next_number_ = std::max(next_number_, table_->number(row) + 1);
  });
  return {};
}

Status JoinSide::read(const Batch& batch) {
  arrivals_.clear();
  const Field& time = (*codec_.schema())[time_column_];
  const int64_t units = time.type.units_per_milli();
  DF_RETURN_IF_ERROR(for_each_time(
      {false, time_column_, units}, *context_, batch, [&](int32_t row, int64_t at) -> Status {
        if (batch.kind(row) == RowKind::kInsert) {
          arrivals_.push_back({row, micros_of(at, units)});
          return {};
        }
        return context_->dead_letter(batch, row, DeadReason::kExpression, "",
                                     "a join in time takes new rows only, and this one (" +
                                         std::string(row_kind_name(batch.kind(row))) +
                                         ") changes one that came before");
      }));
  keys_.find_nulls(batch);
  DF_RETURN_IF_ERROR(keys_.read(batch));
  return codec_.encode(batch);
}

Status JoinSide::send_late(const Batch& batch, int32_t row, std::string_view words) const {
  return context_->dead_letter(batch, row, DeadReason::kLate, (*codec_.schema())[time_column_].name,
                               words);
}

std::span<const state::RowNumber> JoinSide::keep(std::span<const int32_t> rows,
                                                 std::span<const int64_t> moments) {
  kept_hashes_.clear();
  kept_keys_.clear();
  kept_numbers_.clear();
  for (const int32_t row : rows) {
    kept_hashes_.push_back(hashes()[static_cast<size_t>(row)]);
    kept_keys_.push_back(keys()[static_cast<size_t>(row)]);
    kept_numbers_.push_back(next_number_++);
  }
  kept_.resize(rows.size());
  table_->upsert_all(kept_hashes_, kept_keys_, kept_numbers_, kept_, nullptr);
  int64_t* const moment_of = table_->ints(kMoment);
  std::string* const row_of = table_->bytes(kRow);
  int64_t bytes = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    moment_of[kept_[i]] = moments[i];
    row_of[kept_[i]] = this->bytes(rows[i]);
    bytes += std::ssize(row_of[kept_[i]]);
  }
  table_->note_bytes(bytes);
  return kept_;
}

}  // namespace dataflow::engine
