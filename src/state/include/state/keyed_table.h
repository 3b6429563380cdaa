// KeyedTable: one operator's state of one kind in one task, as columns in memory. A row is a key (a
// group key and a number, such as a window's slice) and values; the rows that changed since the
// last barrier become a DeltaBlock.
//
// Not thread-safe: it belongs to its task. Row numbers stay valid until the row is erased; numbers
// of erased rows are used again.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "state/delta_block.h"
#include "state/ids.h"

namespace dataflow::state {

enum class ValueKind : uint8_t { kInt64 = 1, kFloat64 = 2, kInt128 = 3, kBytes = 4 };

struct TableSpec {
  std::string name;     // within the operator
  uint8_t version = 1;  // of the meaning of its columns; a stored newer one is refused
  std::vector<ValueKind> columns;
  // Rows that were not touched for so long are gone; 0: they stay. Each then keeps its time as one
  // more column, behind the others.
  int64_t ttl_ms = 0;
};

using RowNumber = uint32_t;

// Whether deltas are made of a table: where they are not, what changes is not noted either.
enum class Deltas : uint8_t { kMade, kNone };

class KeyedTable {
 public:
  explicit KeyedTable(TableSpec spec, Deltas deltas = Deltas::kMade);
  ~KeyedTable();
  KeyedTable(const KeyedTable&) = delete;
  KeyedTable& operator=(const KeyedTable&) = delete;

  const TableSpec& spec() const;
  size_t size() const;  // rows that expired and are not swept yet among them
  size_t memory_bytes() const;

  // The row of (key, number), made with zero (or empty) values if it is missing; `hash` is
  // hash64(key), whatever the number. A found or made row counts as changed.
  RowNumber upsert(uint64_t hash, std::string_view key, int64_t number, bool* made = nullptr);
  // The same for many; hashes, keys and numbers are of one length, and no key lies in this table.
  // `made` (if not null) gets the rows that are new, in their order.
  void upsert_all(std::span<const uint64_t> hashes, std::span<const std::string_view> keys,
                  std::span<const int64_t> numbers, std::span<RowNumber> rows,
                  std::vector<RowNumber>* made);
  std::optional<RowNumber> find(uint64_t hash, std::string_view key, int64_t number) const;
  // Of a number that somebody noted: whether a row has it that has not expired. (It may be another
  // one by then: who makes rows knows.)
  bool is_there(RowNumber row) const;
  void erase(RowNumber row);
  void mark_changed(RowNumber row);

  // Stays where it is until rows are made or erased.
  std::string_view key(RowNumber row) const;
  int64_t number(RowNumber row) const;
  uint64_t hash(RowNumber row) const;

  // A column's memory, indexed by row number; moves when rows are made (so upsert first, and in a
  // statement of its own).
  int64_t* ints(size_t column);
  double* floats(size_t column);
  __int128* decimals(size_t column);
  std::string* bytes(size_t column);  // after growing one, call note_bytes()
  void note_bytes(int64_t more);      // for memory_bytes()

  // In a table with a ttl: by what time rows are touched from now on, and expire. upsert() makes an
  // expired row anew, with zero values; find(), for_each() and scan() pass over it.
  void set_time(int64_t now_ms);
  // Erases expired rows, so that their memory and, with the next deltas, their place on disk is
  // given back. Looks at a part of the rows, on from where it ended last.
  void sweep();

  // Every row, in no order. The table must not change meanwhile.
  void for_each(const std::function<void(RowNumber)>& visit) const;
  // Rows whose key begins with `prefix`, in order of (key, number).
  std::vector<RowNumber> scan(std::string_view prefix) const;

  // What changed since the last call: rows put with their values, rows erased. Empty if nothing.
  std::optional<DeltaBlock> take_delta();
  // Room for so many rows, where they are known before they come.
  void reserve(size_t rows);
  // Applies a delta (as base or on top): rows of groups outside of `range` are passed over. Rows so
  // loaded do not count as changed.
  Status load(const DeltaBlock& delta, KeyGroupRange range);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dataflow::state
