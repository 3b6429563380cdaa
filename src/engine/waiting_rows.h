// WaitingRows: rows of an input that wait, as state, until the watermark reaches their times; then
// they are taken in the order of their times, those of one time in the order in which they came.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "engine/operator.h"
#include "state/keyed_table.h"
#include "timed_rows.h"

namespace dataflow::engine {

class WaitingRows {
 public:
  using Row = state::RowNumber;

  Status open(OperatorContext& context, const std::string& table);
  // Rows of the batch that `rows` took apart.
  void keep(const TimedRows& rows, std::span<const TimedRows::Arrival> arrivals);

  bool is_due(Watermark watermark) const {
    return !heap_.empty() && TimedRows::millis_of(heap_.front().micros) <= watermark.value();
  }
  // Of the next one.
  int64_t next_micros() const { return heap_.front().micros; }
  bool empty() const { return heap_.empty(); }
  // Stays as it is until it is erased.
  Row take();
  void erase(Row row) { table_->erase(row); }

  uint64_t hash(Row row) const { return table_->hash(row); }
  std::string_view key(Row row) const { return table_->key(row); }
  int64_t number(Row row) const { return table_->number(row); }  // no other of its key has it
  int64_t micros(Row row) const { return table_->ints(kMicros)[row]; }
  std::string_view bytes(Row row) const { return table_->bytes(kRow)[row]; }

  size_t memory_bytes() const;  // beside the table

 private:
  static constexpr size_t kMicros = 0;
  static constexpr size_t kRow = 1;
  struct Entry {
    int64_t micros;
    int64_t number;
    Row row;

    bool operator>(const Entry& other) const {
      return micros != other.micros ? micros > other.micros : number > other.number;
    }
  };

  void put(const Entry& entry);

  state::KeyedTable* table_ = nullptr;
  int64_t next_number_ = 0;
  std::vector<Entry> heap_;  // the earliest on top

  // Used again.
  std::vector<uint64_t> hashes_;
  std::vector<std::string_view> keys_;
  std::vector<int64_t> numbers_;
  std::vector<Row> rows_;
};

}  // namespace dataflow::engine
