// JoinSide: one of the two inputs of a join: what its rows are kept as, and their keys and times.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "engine/operator.h"
#include "key_columns.h"
#include "row_codec.h"
#include "state/keyed_table.h"
#include "types/batch.h"

namespace dataflow::engine {

inline constexpr size_t kLeft = 0;
inline constexpr size_t kRight = 1;

class JoinSide {
 public:
  // State: a row for each row of input, under its key and a number that nobody else of the key has.
  static constexpr size_t kMoment = 0;  // what the join goes by: the row's time, or its window
  static constexpr size_t kMarks = 1;   // what has become of the row
  static constexpr size_t kRow = 2;

  static Result<JoinSide> make(const std::vector<std::string>& keys, const std::string& time_column,
                               SchemaPtr schema);

  Status open(OperatorContext& context, const std::string& table);
  // Takes the batch apart. Rows that change others, and rows without a time, go to the dead
  // letters.
  Status read(const Batch& batch);

  // Of the batch at hand, by its rows.
  struct Arrival {
    int32_t row;
    int64_t micros;  // its time
  };
  const std::vector<Arrival>& arrivals() const { return arrivals_; }  // those that can be joined
  std::span<const uint64_t> hashes() const { return keys_.hashes(); }
  std::span<const std::string_view> keys() const { return keys_.keys(); }
  std::string_view bytes(int32_t row) const { return codec_.rows()[static_cast<size_t>(row)]; }
  // A key with a NULL in it equals none, not even its like.
  bool has_null_key(int32_t row) const { return keys_.has_null(static_cast<size_t>(row)); }
  Status send_late(const Batch& batch, int32_t row, std::string_view words) const;

  state::KeyedTable& table() const { return *table_; }
  // The row of state as bytes; stays where it is until rows are made or erased.
  std::string_view bytes_of(state::RowNumber row) const { return table_->bytes(kRow)[row]; }
  // Keeps rows of the batch, each with a moment. Their rows of state.
  std::span<const state::RowNumber> keep(std::span<const int32_t> rows,
                                         std::span<const int64_t> moments);

  const RowCodec& codec() const { return codec_; }

 private:
  JoinSide(std::vector<size_t> keys, size_t time_column, RowCodec codec)
      : keys_(std::move(keys)), time_column_(time_column), codec_(std::move(codec)) {}

  KeyColumns keys_;
  size_t time_column_;
  RowCodec codec_;
  OperatorContext* context_ = nullptr;
  state::KeyedTable* table_ = nullptr;
  int64_t next_number_ = 0;

  // Of the batch at hand, used again.
  std::vector<Arrival> arrivals_;
  std::vector<uint64_t> kept_hashes_;
  std::vector<std::string_view> kept_keys_;
  std::vector<int64_t> kept_numbers_;
  std::vector<state::RowNumber> kept_;
};

}  // namespace dataflow::engine
