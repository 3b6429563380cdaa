// Lists and percentiles: aggregates that keep all of their values, in the order of their arrival.
#include <arrow/array.h>

#include <algorithm>

#include "aggregate.h"
#include "arrived_values.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "gathered_values.h"

namespace dataflow::engine {
namespace {

using state::KeyedTable;
using state::RowNumber;
using state::ValueKind;

constexpr char kVersion = 1;
constexpr size_t kArrivalBytes = 8, kLengthBytes = 4;
constexpr size_t kLeastRepeated = 1024;  // bytes, before they are looked through for repeated ones

// A value among those of its group.
struct Entry {
  int64_t arrival = 0;
  std::string_view value;
};

Status cut_off() { return Status::corrupt("the values that an aggregate keeps are cut off"); }

// u8 version, then i64 arrival, u32 length and bytes of each value, arrivals rising. No bytes: no
// values.
Status read_entries(std::string_view bytes, std::vector<Entry>& entries) {
  if (bytes.empty()) return {};
  if (bytes[0] != kVersion)
    return Status::corrupt("the values that an aggregate keeps are no list");
  bytes.remove_prefix(1);
  while (!bytes.empty()) {
    if (bytes.size() < kArrivalBytes + kLengthBytes) return cut_off();
    Entry entry;
    entry.arrival = static_cast<int64_t>(load_le64(bytes.data()));
    const size_t length = load_le32(bytes.data() + kArrivalBytes);
    bytes.remove_prefix(kArrivalBytes + kLengthBytes);
    if (bytes.size() < length) return cut_off();
    entry.value = bytes.substr(0, length);
    bytes.remove_prefix(length);
    entries.push_back(entry);
  }
  return {};
}

void append_entry(const Entry& entry, std::string& bytes) {
  if (bytes.empty()) bytes.push_back(kVersion);
  const size_t at = bytes.size();
  bytes.resize(at + kArrivalBytes + kLengthBytes);
  store_le64(bytes.data() + at, static_cast<uint64_t>(entry.arrival));
  store_le32(bytes.data() + at + kArrivalBytes, static_cast<uint32_t>(entry.value.size()));
  bytes += entry.value;
}

std::string bytes_of(const std::vector<Entry>& entries) {
  std::string bytes;
  for (const Entry& entry : entries) append_entry(entry, bytes);
  return bytes;
}

// Of rows that are never taken back. Columns: the last arrival, + 1; the values; of DISTINCT how
// many bytes these may have until the repeated ones are dropped.
class GatheredFunction final : public AggregateFunction {
 public:
  explicit GatheredFunction(std::unique_ptr<GatheredValues> kept) : kept_(std::move(kept)) {}

  std::vector<ValueKind> columns() const override {
    std::vector<ValueKind> columns = {ValueKind::kInt64, ValueKind::kBytes};
    if (kept_->distinct()) columns.push_back(ValueKind::kInt64);
    return columns;
  }

  Status add(KeyedTable& table, size_t first, const AggregateRows& rows) override {
    int64_t* last = table.ints(first);
    std::string* all = table.bytes(first + 1);
    for (size_t i = 0; i < rows.groups.size(); ++i) {
      if (!kept_->takes(*argument_, rows.rows[i])) continue;
      const RowNumber group = rows.groups[i];
      const int64_t arrival = rows.first_arrival + rows.rows[i];
      value_.clear();
      kept_->append(*argument_, rows.rows[i], value_);
      const auto had = std::ssize(all[group]);
      append_entry({arrival, value_}, all[group]);
      last[group] = std::max(last[group], arrival + 1);
      table.note_bytes(std::ssize(all[group]) - had);
      DF_RETURN_IF_ERROR(drop_repeated(table, first, group));
    }
    return {};
  }

  Status merge(KeyedTable& into, std::span<const RowNumber> to, KeyedTable& table,
               std::span<const RowNumber> from, size_t first) override {
    for (size_t i = 0; i < to.size(); ++i) {
      entries_.clear();
      DF_RETURN_IF_ERROR(read_entries(into.bytes(first + 1)[to[i]], entries_));
      const auto middle = std::ssize(entries_);
      DF_RETURN_IF_ERROR(read_entries(table.bytes(first + 1)[from[i]], entries_));
      std::ranges::inplace_merge(entries_, entries_.begin() + middle, {}, &Entry::arrival);
      put(into, first, to[i], bytes_of(entries_));
      int64_t& last = into.ints(first)[to[i]];
      last = std::max(last, table.ints(first)[from[i]]);
      DF_RETURN_IF_ERROR(drop_repeated(into, first, to[i]));
    }
    return {};
  }

  Status results(KeyedTable& table, size_t first, std::span<const RowNumber> groups,
                 ColumnWriter& out) const override {
    std::vector<Entry> entries;
    std::vector<std::string_view> values;
    for (const RowNumber group : groups) {
      entries.clear();
      values.clear();
      DF_RETURN_IF_ERROR(read_entries(table.bytes(first + 1)[group], entries));
      for (const Entry& entry : entries) values.push_back(entry.value);
      if (kept_->distinct()) kept_->drop_repeated(values);
      DF_RETURN_IF_ERROR(kept_->put(values, out));
    }
    return {};
  }
  bool holds_values() const override { return true; }
  int64_t last_arrival(KeyedTable& table, size_t first, RowNumber group) const override {
    return table.ints(first)[group] - 1;
  }

 private:
  static void put(KeyedTable& table, size_t first, RowNumber group, std::string bytes) {
    std::string& all = table.bytes(first + 1)[group];
    table.note_bytes(std::ssize(bytes) - std::ssize(all));
    all = std::move(bytes);
  }

  // So that many rows of few values do not take much memory: looked through when they have doubled.
  Status drop_repeated(KeyedTable& table, size_t first, RowNumber group) {
    if (!kept_->distinct()) return {};
    const std::string& all = table.bytes(first + 1)[group];
    int64_t& most = table.ints(first + 2)[group];
    if (std::ssize(all) <= std::max<int64_t>(most, kLeastRepeated)) return {};
    std::vector<Entry> entries;
    DF_RETURN_IF_ERROR(read_entries(all, entries));
    std::vector<std::string_view> values;
    for (const Entry& entry : entries) values.push_back(entry.value);
    kept_->drop_repeated(values);
    auto next = values.begin();
    std::erase_if(entries, [&](const Entry& entry) {
      const bool stays = next != values.end() && next->data() == entry.value.data();
      if (stays) ++next;
      return !stays;
    });
    std::string fewer = bytes_of(entries);
    most = 2 * std::ssize(fewer);
    put(table, first, group, std::move(fewer));
    return {};
  }

  const std::unique_ptr<GatheredValues> kept_;
  // Used again.
  std::string value_;
  std::vector<Entry> entries_;
};

// Of rows that may be taken back.
class ArrivedFunction final : public AggregateFunction {
 public:
  ArrivedFunction(std::unique_ptr<GatheredValues> kept, std::string name)
      : kept_(std::move(kept)), name_(std::move(name)) {}

  std::vector<ValueKind> columns() const override { return {}; }
  Status open(OperatorContext& context, KeyedTable& table) override {
    return values_.open(context, table, name_ + "-list");
  }
  Status add(KeyedTable& /*table*/, size_t /*first*/, const AggregateRows& rows) override {
    for (size_t i = 0; i < rows.groups.size(); ++i) {
      if (!kept_->takes(*argument_, rows.rows[i])) continue;
      value_.clear();
      kept_->append(*argument_, rows.rows[i], value_);
      const uint64_t hash = hash64(value_);
      if (rows.sign(i) < 0) {
        values_.take_back(hash, value_, rows.groups[i]);
      } else {
        values_.add(hash, value_, rows.groups[i], rows.first_arrival + rows.rows[i]);
      }
    }
    return {};
  }
  Status merge(KeyedTable& /*into*/, std::span<const RowNumber> /*to*/, KeyedTable& /*table*/,
               std::span<const RowNumber> /*from*/, size_t /*first*/) override {
    return Status::internal("groups that keep their values are not merged");
  }
  Status results(KeyedTable& /*table*/, size_t /*first*/, std::span<const RowNumber> groups,
                 ColumnWriter& out) const override {
    std::vector<std::string_view> values;
    for (const RowNumber group : groups) {
      values.clear();
      values_.append_values(group, values);
      if (kept_->distinct()) kept_->drop_repeated(values);
      DF_RETURN_IF_ERROR(kept_->put(values, out));
    }
    return {};
  }
  void forget(KeyedTable& /*table*/, RowNumber group) override { values_.clear(group); }
  bool holds_values() const override { return true; }
  size_t memory_bytes() const override { return values_.memory_bytes(); }
  int64_t last_arrival(KeyedTable& /*table*/, size_t /*first*/, RowNumber group) const override {
    return values_.last_arrival(group);
  }

 private:
  const std::unique_ptr<GatheredValues> kept_;
  const std::string name_;
  ArrivedValues values_;
  std::string value_;  // used again
};

}  // namespace

std::unique_ptr<AggregateFunction> make_gathered(const plan::Aggregate& aggregate,
                                                 const Type& argument) {
  auto kept = GatheredValues::make(aggregate, argument);
  if (kept == nullptr) return nullptr;
  return std::make_unique<GatheredFunction>(std::move(kept));
}

std::unique_ptr<AggregateFunction> make_kept_gathered(const plan::Aggregate& aggregate,
                                                      const Type& argument,
                                                      const std::string& name) {
  auto kept = GatheredValues::make(aggregate, argument);
  if (kept == nullptr) return nullptr;
  return std::make_unique<ArrivedFunction>(std::move(kept), name);
}

}  // namespace dataflow::engine
