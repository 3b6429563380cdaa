#include "table_delta.h"

#include "base/bytes.h"

namespace dataflow::state {

namespace {

// Numbers from 0 on stand for erased keys, and behind them for rows, in the order of key groups.
std::vector<uint32_t> order_by_group(std::span<const uint8_t> groups,
                                     std::array<uint32_t, kKeyGroups>& counts) {
  counts = {};
  for (const uint8_t group : groups) ++counts[group];
  std::array<uint32_t, kKeyGroups> next{};
  for (size_t group = 1; group < kKeyGroups; ++group) {
    next[group] = next[group - 1] + counts[group - 1];
  }
  std::vector<uint32_t> order(groups.size());
  for (uint32_t i = 0; i < groups.size(); ++i) order[next[groups[i]]++] = i;
  return order;
}

void add_key(DeltaRows& to, bool put, std::string_view key, int64_t number) {
  to.put.push_back(put);
  to.key_lengths.push_back(static_cast<uint32_t>(key.size()));
  to.keys.append(key);
  to.numbers.push_back(number);
}

void append_fixed(std::string& to, const TableColumn& from, std::span<const RowNumber> rows) {
  to.resize(rows.size() * fixed_width(from.kind));
  char* out = to.data();
  for (const RowNumber row : rows) {
    switch (from.kind) {
      case ValueKind::kInt64: store_le64(out, static_cast<uint64_t>(from.ints[row])); break;
      case ValueKind::kFloat64: store_le64(out, std::bit_cast<uint64_t>(from.floats[row])); break;
      default: {
        const auto value = static_cast<unsigned __int128>(from.decimals[row]);
        store_le64(out, static_cast<uint64_t>(value));
        store_le64(out + 8, static_cast<uint64_t>(value >> 64));
        break;
      }
    }
    out += fixed_width(from.kind);
  }
}

void gather_column(DeltaRows::Column& to, const TableColumn& from,
                   std::span<const RowNumber> rows) {
  if (from.kind != ValueKind::kBytes) return append_fixed(to.values, from, rows);
  to.lengths.reserve(rows.size());
  for (const RowNumber row : rows) {
    to.lengths.push_back(static_cast<uint32_t>(from.bytes[row].size()));
    to.values.append(from.bytes[row]);
  }
}

}  // namespace

DeltaRows gather_delta(const KeyRows& keys, std::span<const TableColumn> columns,
                       std::span<const RowNumber> rows, const RowChanges& changes) {
  std::vector<const RowChanges::Erased*> erased;
  std::vector<uint8_t> groups;
  groups.reserve(changes.erased().size() + rows.size());
  for (const RowChanges::Erased& key : changes.erased()) {
    if (keys.find(key.hash, changes.key(key), key.number)) continue;
    erased.push_back(&key);
    groups.push_back(key_group_of(key.hash).value());
  }
  for (const RowNumber row : rows) groups.push_back(key_group_of(keys.hash(row)).value());

  DeltaRows delta;
  const std::vector<uint32_t> order = order_by_group(groups, delta.group_rows);
  delta.put.reserve(order.size());
  delta.key_lengths.reserve(order.size());
  delta.numbers.reserve(order.size());
  std::vector<RowNumber> put;
  put.reserve(rows.size());
  for (const uint32_t at : order) {
    if (at < erased.size()) {
      add_key(delta, false, changes.key(*erased[at]), erased[at]->number);
    } else {
      const RowNumber row = rows[at - erased.size()];
      add_key(delta, true, keys.key(row), keys.number(row));
      put.push_back(row);
    }
  }
  delta.columns.resize(columns.size());
  for (size_t i = 0; i < columns.size(); ++i) gather_column(delta.columns[i], columns[i], put);
  return delta;
}

}  // namespace dataflow::state
