#include "state/keyed_table.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "delta_format.h"
#include "key_rows.h"
#include "row_changes.h"
#include "table_columns.h"
#include "table_delta.h"

namespace dataflow::state {

namespace {

// So many sweeps look at every row of a large table once.
constexpr RowNumber kSweeps = 64;
constexpr RowNumber kLeastSwept = 4096;

// Rows of a delta on their way into a table.
struct LoadBlock {
  size_t count = 0;
  uint64_t hashes[KeyRows::kBlock];
  std::string_view keys[KeyRows::kBlock];
  int64_t numbers[KeyRows::kBlock];
  uint32_t puts[KeyRows::kBlock];
};

}  // namespace

class KeyedTable::Impl {
 public:
  explicit Impl(TableSpec table) : spec(std::move(table)), stored(spec) {
    if (expires()) stored.columns.push_back(ValueKind::kInt64);
    for (const ValueKind kind : stored.columns) columns.emplace_back().kind = kind;
  }

  bool expires() const { return spec.ttl_ms > 0; }
  bool is_expired(RowNumber row) const {
    return expires() && columns.back().ints[row] <= now_ms - spec.ttl_ms;
  }
  bool is_there(RowNumber row) const { return keys.is_live(row) && !is_expired(row); }

  // Makes room for the values of rows that were made.
  void grow() {
    if (keys.end() <= sized) return;
    sized = keys.end();
    for (TableColumn& column : columns) column.grow(sized);
    changes.grow(sized);
  }

  void upsert_block(std::span<const uint64_t> hashes, const std::string_view* key_views,
                    const int64_t* numbers, RowNumber* rows, std::vector<RowNumber>& made) {
    const size_t made_before = made.size();
    keys.upsert_block(hashes, key_views, numbers, rows, made);
    grow();
    for (size_t i = made_before; i < made.size(); ++i) changes.mark_made(made[i]);
    for (size_t i = 0; i < hashes.size(); ++i) changes.mark(rows[i]);
    if (expires()) touch({rows, hashes.size()}, made_before, made);
  }
  // Of rows that were looked up: those behind `made_before` in `made` are new.
  void touch(std::span<const RowNumber> rows, size_t made_before, std::vector<RowNumber>& made) {
    int64_t* touched = columns.back().ints.data();
    for (size_t i = made_before; i < made.size(); ++i) touched[made[i]] = now_ms;
    for (const RowNumber row : rows) {
      if (is_expired(row)) {
        clear(row);
        made.push_back(row);
      }
      touched[row] = now_ms;
    }
  }

  void clear(RowNumber row) {
    for (TableColumn& column : columns) {
      if (column.kind == ValueKind::kBytes) noted_bytes -= std::ssize(column.bytes[row]);
      column.clear(row);
    }
  }

  // Takes the row away; what is to be said of it to the next delta is said already.
  void remove(RowNumber row) {
    clear(row);
    keys.erase(row);
  }

  Status check_fits(const TableSpec& delta) const;
  Status load_rows(const DeltaReader& delta, KeyGroupRange range);
  void put_block(const DeltaReader& delta, LoadBlock& block);
  void erase_loaded(uint64_t hash, std::string_view key, int64_t number);

  const TableSpec spec;
  TableSpec stored;  // as it is in deltas
  int64_t now_ms = 0;
  RowNumber swept = 0;  // where the next sweep begins
  KeyRows keys;
  std::vector<TableColumn> columns;
  RowChanges changes;
  size_t sized = 0;  // row numbers that the columns have values for
  int64_t noted_bytes = 0;
  std::vector<RowNumber> scratch_made;
};

Status KeyedTable::Impl::check_fits(const TableSpec& delta) const {
  const std::string doing = "loading state of table " + spec.name + ": ";
  if (delta.name != spec.name) {
    return Status::corrupt(doing + "the block is of table " + delta.name);
  }
  if (delta.version > spec.version) {
    return Status::unsupported(doing + "it was written as version " +
                               std::to_string(delta.version) + ", this build reads up to " +
                               std::to_string(spec.version) + "; use a newer build");
  }
  if (delta.columns != stored.columns) {
    return Status::unsupported(
        doing + "the stored columns (version " + std::to_string(delta.version) +
        ") are not those of this build (version " + std::to_string(spec.version) + ")");
  }
  return {};
}

// Rows that are put are gathered in blocks, as upsert_all takes them; an erased one goes through
// what was gathered before it.
Status KeyedTable::Impl::load_rows(const DeltaReader& delta, KeyGroupRange range) {
  LoadBlock block;
  for (int group = range.begin; group < range.end; ++group) {
    uint32_t put = delta.first_put(group);
    for (uint32_t row = delta.group_begin(group); row < delta.group_begin(group + 1); ++row) {
      const std::string_view key = delta.key(row);
      const uint64_t hash = hash64(key);
      if (key_group_of(hash).value() != group) {
        return Status::corrupt("loading state of table " + spec.name +
                               ": a key stands in key group " + std::to_string(group) +
                               ", it belongs to " + std::to_string(key_group_of(hash).value()));
      }
      if (!delta.is_put(row)) {
        put_block(delta, block);
        erase_loaded(hash, key, delta.number(row));
        continue;
      }
      block.hashes[block.count] = hash;
      block.keys[block.count] = key;
      block.numbers[block.count] = delta.number(row);
      block.puts[block.count] = put++;
      if (++block.count == KeyRows::kBlock) put_block(delta, block);
    }
  }
  put_block(delta, block);
  return {};
}

void KeyedTable::Impl::put_block(const DeltaReader& delta, LoadBlock& block) {
  RowNumber rows[KeyRows::kBlock];
  scratch_made.clear();
  keys.upsert_block({block.hashes, block.count}, block.keys, block.numbers, rows, scratch_made);
  grow();
  for (size_t i = 0; i < columns.size(); ++i) {
    TableColumn& column = columns[i];
    if (column.kind != ValueKind::kBytes) {
      column.set_fixed({rows, block.count}, delta.fixed_values(i), block.puts);
      continue;
    }
    for (size_t at = 0; at < block.count; ++at) {
      const std::string_view value = delta.value(i, block.puts[at]);
      noted_bytes += std::ssize(value) - std::ssize(column.bytes[rows[at]]);
      column.bytes[rows[at]] = value;
    }
  }
  block.count = 0;
}

void KeyedTable::Impl::erase_loaded(uint64_t hash, std::string_view key, int64_t number) {
  const std::optional<RowNumber> found = keys.find(hash, key, number);
  if (!found) return;
  changes.forget(*found);
  remove(*found);
}

KeyedTable::KeyedTable(TableSpec spec, Deltas deltas)
    : impl_(std::make_unique<Impl>(std::move(spec))) {
  if (deltas == Deltas::kNone) impl_->changes.note_none();
}
KeyedTable::~KeyedTable() = default;

const TableSpec& KeyedTable::spec() const { return impl_->spec; }
size_t KeyedTable::size() const { return impl_->keys.size(); }

size_t KeyedTable::memory_bytes() const {
  size_t bytes = impl_->keys.memory_bytes() + impl_->changes.memory_bytes();
  for (const TableColumn& column : impl_->columns) bytes += column.memory_bytes();
  return bytes + static_cast<size_t>(std::max<int64_t>(impl_->noted_bytes, 0));
}

RowNumber KeyedTable::upsert(uint64_t hash, std::string_view key, int64_t number, bool* made) {
  RowNumber row = 0;
  impl_->scratch_made.clear();
  impl_->upsert_block({&hash, 1}, &key, &number, &row, impl_->scratch_made);
  if (made != nullptr) *made = !impl_->scratch_made.empty();
  return row;
}

void KeyedTable::upsert_all(std::span<const uint64_t> hashes,
                            std::span<const std::string_view> keys,
                            std::span<const int64_t> numbers, std::span<RowNumber> rows,
                            std::vector<RowNumber>* made) {
  for (size_t i = 0; i < hashes.size(); i += KeyRows::kBlock) {
    const size_t count = std::min(KeyRows::kBlock, hashes.size() - i);
    impl_->scratch_made.clear();
    impl_->upsert_block(hashes.subspan(i, count), &keys[i], &numbers[i], &rows[i],
                        made != nullptr ? *made : impl_->scratch_made);
  }
}

void KeyedTable::reserve(size_t rows) { impl_->keys.reserve(rows); }

std::optional<RowNumber> KeyedTable::find(uint64_t hash, std::string_view key,
                                          int64_t number) const {
  const std::optional<RowNumber> row = impl_->keys.find(hash, key, number);
  return row && !impl_->is_expired(*row) ? row : std::nullopt;
}

bool KeyedTable::is_there(RowNumber row) const { return impl_->is_there(row); }

void KeyedTable::erase(RowNumber row) {
  impl_->changes.erase(row, hash(row), key(row), number(row));
  impl_->remove(row);
}

void KeyedTable::mark_changed(RowNumber row) {
  impl_->changes.mark(row);
  if (impl_->expires()) impl_->columns.back().ints[row] = impl_->now_ms;
}

std::string_view KeyedTable::key(RowNumber row) const { return impl_->keys.key(row); }
int64_t KeyedTable::number(RowNumber row) const { return impl_->keys.number(row); }
uint64_t KeyedTable::hash(RowNumber row) const { return impl_->keys.hash(row); }

int64_t* KeyedTable::ints(size_t column) { return impl_->columns[column].ints.data(); }
double* KeyedTable::floats(size_t column) { return impl_->columns[column].floats.data(); }
__int128* KeyedTable::decimals(size_t column) { return impl_->columns[column].decimals.data(); }
std::string* KeyedTable::bytes(size_t column) { return impl_->columns[column].bytes.data(); }
void KeyedTable::note_bytes(int64_t more) { impl_->noted_bytes += more; }

void KeyedTable::for_each(const std::function<void(RowNumber)>& visit) const {
  for (RowNumber row = 0; row < impl_->keys.end(); ++row) {
    if (impl_->is_there(row)) visit(row);
  }
}

std::vector<RowNumber> KeyedTable::scan(std::string_view prefix) const {
  std::vector<RowNumber> found;
  for (RowNumber row = 0; row < impl_->keys.end(); ++row) {
    if (impl_->is_there(row) && key(row).starts_with(prefix)) found.push_back(row);
  }
  std::sort(found.begin(), found.end(), [this](RowNumber a, RowNumber b) {
    const int order = key(a).compare(key(b));
    return order != 0 ? order < 0 : number(a) < number(b);
  });
  return found;
}

std::optional<DeltaBlock> KeyedTable::take_delta() {
  const std::vector<RowNumber> rows = impl_->changes.take_rows();
  const DeltaRows delta = gather_delta(impl_->keys, impl_->columns, rows, impl_->changes);
  impl_->changes.saved(rows);
  if (delta.put.empty()) return std::nullopt;
  return encode_delta(impl_->stored, delta);
}

void KeyedTable::set_time(int64_t now_ms) { impl_->now_ms = std::max(impl_->now_ms, now_ms); }

void KeyedTable::sweep() {
  if (!impl_->expires() || impl_->keys.end() == 0) return;
  const RowNumber end = impl_->keys.end();
  RowNumber left = std::max<RowNumber>(kLeastSwept, end / kSweeps + 1);
  for (left = std::min(left, end); left > 0; --left) {
    if (impl_->swept >= end) impl_->swept = 0;
    const RowNumber row = impl_->swept++;
    if (impl_->keys.is_live(row) && impl_->is_expired(row)) erase(row);
  }
}

Status KeyedTable::load(const DeltaBlock& block, KeyGroupRange range) {
  const Result<DeltaReader> delta = DeltaReader::open(block.bytes);
  if (!delta.ok()) return delta.status().with_context("loading state of table " + spec().name);
  DF_RETURN_IF_ERROR(impl_->check_fits(delta->spec()));
  return impl_->load_rows(*delta, range);
}

}  // namespace dataflow::state
