// RankRows: the rows that a rank keeps, of each partition in their order; rows that are equal in it
// stand as they came.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "engine/operator.h"
#include "ordered_rows.h"
#include "state/keyed_table.h"

namespace dataflow::engine {

class RankRows {
 public:
  using Entry = OrderedRows::Entry;
  // A number: of a key or, by window, of a key and a time. Others take the place of those that are
  // gone.
  using Partition = state::RowNumber;

  struct Keeping {
    size_t best = 0;          // so many rows of each partition, the first ones; 0: all
    size_t shown = SIZE_MAX;  // a place behind this one may be told as any other one behind it
    bool by_window = false;
    int64_t ttl_ms = 0;  // of a partition, since something last changed it; 0: for ever
  };
  // A row that came.
  struct Came {
    uint64_t hash;  // of its key
    std::string_view key;
    int64_t time;  // of its window, else 0
    std::string_view order;
    std::string_view bytes;
  };

  explicit RankRows(Keeping keeping) : keeping_(keeping) {}

  // State: a row for each row (table "rows") under its key and a number that rises, with its order
  // key, its bytes and, by window, its window's time; with a ttl also one for each partition (table
  // "partitions"), with the time of its last change.
  Status open(OperatorContext& context);

  // By row; those that are new are made. What expired by now is forgotten.
  void find_partitions(std::span<const uint64_t> hashes, std::span<const std::string_view> keys,
                       std::span<const int64_t> times, int64_t now_ms,
                       std::vector<Partition>& found);
  template <class Visit>
  void for_each_partition(Visit&& visit) const {
    for (Partition i = 0; i < is_there_.size(); ++i) {
      if (is_there_[i] != 0) visit(i);
    }
  }
  // Those that the last find_partitions() made.
  std::span<const Partition> made() const { return made_; }
  const OrderedRows& rows(Partition partition) const { return rows_[partition]; }
  int64_t time_of(Partition partition) const { return partitions_->number(partition); }

  struct Added {
    size_t place;                     // from 1; see Keeping::shown
    std::optional<Entry> pushed_out;  // the last one: it stands no more, but is not erased
  };
  // Nothing: it is none of the best.
  std::optional<Added> add(Partition partition, const Came& came);
  struct Taken {
    size_t place;  // where it stood
    Entry entry;   // it is not erased
  };
  // The first that is equal; nothing: there is none.
  std::optional<Taken> take_out(Partition partition, const Came& came);
  void erase(state::RowNumber row) { table_->erase(row); }
  // Something changed it.
  void touch(Partition partition, int64_t now_ms);
  void erase_partition(Partition partition);                  // and its rows
  void release_empty(std::span<const Partition> partitions);  // of those the ones without rows
  // Of partitions that expired: looks at a part of them, on from where it ended last.
  void sweep(int64_t now_ms);

  bool stands_before(const Entry& one, const Entry& other) const;
  // Those of rows that come later are greater.
  int64_t next_number() const { return next_number_; }
  int64_t number(state::RowNumber row) const { return table_->number(row); }
  // Stays where it is until rows are made or erased.
  std::string_view bytes_of(state::RowNumber row) const { return table_->bytes(kRow)[row]; }

  size_t index_bytes() const;

 private:
  static constexpr size_t kOrder = 0;
  static constexpr size_t kRow = 1;
  static constexpr size_t kTime = 2;
  static constexpr size_t kTouched = 0;  // of partitions

  std::string_view order_of(state::RowNumber row) const { return table_->bytes(kOrder)[row]; }
  bool is_expired(Partition partition, int64_t now_ms) const;
  state::RowNumber keep(const Came& came);
  void make_room(Partition partition);
  void erase_rows(Partition partition);
  void index_rows(int64_t now_ms);

  const Keeping keeping_;
  state::KeyedTable* table_ = nullptr;
  state::KeyedTable own_partitions_{{"partitions", 1, {}}};  // without a ttl: made anew
  state::KeyedTable* partitions_ = &own_partitions_;
  std::vector<OrderedRows> rows_;  // by partition
  std::vector<uint8_t> is_there_;  // by partition: it has a number
  int64_t next_number_ = 0;
  Partition swept_ = 0;
  std::vector<int64_t> zeros_;
  std::vector<Partition> made_;
};

}  // namespace dataflow::engine
