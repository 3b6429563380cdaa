// JoinRows: the rows of one input of a regular join, as state: equal rows are one, with how often
// it is there, so that a row that is taken back is found at once however many its key has.
#pragma once

#include <cstdint>
#include <optional>
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

struct JoinRowsSpec {
  std::vector<std::string> keys;
  SchemaPtr schema;
  bool nulls_match = false;
  bool only_keys = false;        // nobody asks for more of a row than its key: none is kept
  bool counts_partners = false;  // each row keeps how many it has
  int64_t ttl_ms = 0;
};

class JoinRows {
 public:
  using Row = state::RowNumber;
  // State: a row for each row that differs, under its key and, as number, the hash of its bytes.
  // One that finds its number taken by another gets the next that is free.
  static constexpr size_t kTimes = 0;
  static constexpr size_t kRow = 1;
  static constexpr size_t kPartners = 2;  // only where they are counted

  using HashRow = uint64_t (*)(std::string_view);
  static Result<JoinRows> make(JoinRowsSpec spec);
  // For tests: rows under other numbers.
  static Result<JoinRows> make(JoinRowsSpec spec, HashRow hash_row);

  Status open(OperatorContext& context, const std::string& table);
  // Takes the batch apart. What is asked by its rows holds until the next.
  Status read(const Batch& batch);
  std::span<const uint64_t> hashes() const { return keys_.hashes(); }
  std::span<const std::string_view> keys() const { return keys_.keys(); }
  // The row as state keeps it.
  std::string_view bytes(size_t row) const {
    return spec_.only_keys ? std::string_view("", 0) : codec_.rows()[row];
  }
  // A key with a NULL in it equals none, not even its like, where NULLs do not match.
  bool has_null_key(size_t row) const { return keys_.has_null(row); }

  // Puts a row of the batch in, once more where one like it is there.
  struct Added {
    Row row;
    bool is_new;
  };
  Added add(size_t row);
  // All those of the batch that have a key, by its rows. Cheaper than one by one.
  std::span<const Added> add_all();
  // The row of state that equals a row of the batch.
  std::optional<Row> find(size_t row) const;
  // Once less. True: that was the last, and the row is gone.
  bool take_back(Row row);
  void forget(Row row);  // however often it is there

  state::KeyedTable& table() const { return *table_; }
  int64_t times(Row row) const { return table_->ints(kTimes)[row]; }
  int64_t partners(Row row) const { return table_->ints(kPartners)[row]; }
  void set_partners(Row row, int64_t partners) const;
  // Stays where it is until rows are made or erased.
  std::string_view bytes_of(Row row) const { return table_->bytes(kRow)[row]; }
  bool counts_partners() const { return spec_.counts_partners; }
  bool expires() const { return spec_.ttl_ms > 0; }

  const RowCodec& codec() const { return codec_; }

 private:
  JoinRows(JoinRowsSpec spec, std::vector<size_t> keys, HashRow hash_row)
      : spec_(std::move(spec)), hash_row_(hash_row), keys_(std::move(keys)), codec_(spec_.schema) {}

  Added put(Row row, size_t of_batch);
  Added add_displaced(size_t row);
  std::optional<Row> find_displaced(size_t row) const;

  JoinRowsSpec spec_;
  HashRow hash_row_;
  KeyColumns keys_;
  RowCodec codec_;
  state::KeyedTable* table_ = nullptr;
  // Rows that are not under the number that is their hash, and some that are gone: practically
  // none.
  std::vector<Row> displaced_;

  // Of the batch at hand, used again.
  std::vector<int64_t> numbers_;
  std::vector<Added> added_;
  std::vector<uint64_t> added_hashes_;
  std::vector<std::string_view> added_keys_;
  std::vector<int64_t> added_numbers_;
  std::vector<Row> added_rows_;
};

}  // namespace dataflow::engine
