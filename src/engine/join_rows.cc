#include "join_rows.h"

#include <arrow/array.h>

#include <algorithm>

#include "base/hash.h"

namespace dataflow::engine {
namespace {

constexpr uint8_t kStateVersion = 1;

uint64_t hash_of_row(std::string_view row) { return hash64(row); }

}  // namespace

Result<JoinRows> JoinRows::make(JoinRowsSpec spec) { return make(std::move(spec), hash_of_row); }

Result<JoinRows> JoinRows::make(JoinRowsSpec spec, HashRow hash_row) {
  DF_ASSIGN_OR_RETURN(std::vector<size_t> keys, key_columns_of(spec.keys, *spec.schema));
  return JoinRows(std::move(spec), std::move(keys), hash_row);
}

Status JoinRows::open(OperatorContext& context, const std::string& table) {
  using state::ValueKind;
  std::vector<ValueKind> columns = {ValueKind::kInt64, ValueKind::kBytes};
  if (spec_.counts_partners) columns.push_back(ValueKind::kInt64);
  DF_ASSIGN_OR_RETURN(table_,
                      context.table({table, kStateVersion, std::move(columns), spec_.ttl_ms}));
  table_->for_each([&](Row row) {
    if (table_->number(row) == static_cast<int64_t>(hash_row_(bytes_of(row)))) return;
    displaced_.push_back(row);
  });
  return {};
}

Status JoinRows::read(const Batch& batch) {
  if (!spec_.nulls_match) keys_.find_nulls(batch);
  DF_RETURN_IF_ERROR(keys_.read(batch));
  if (!spec_.only_keys) DF_RETURN_IF_ERROR(codec_.encode(batch));
  numbers_.resize(static_cast<size_t>(batch.rows));
  for (size_t row = 0; row < numbers_.size(); ++row) {
    numbers_[row] = static_cast<int64_t>(hash_row_(bytes(row)));
  }
  return {};
}

JoinRows::Added JoinRows::add(size_t row) {
  if (const auto known = find_displaced(row)) {
    ++table_->ints(kTimes)[*known];
    table_->mark_changed(*known);
    return {*known, false};
  }
  return put(table_->upsert(hashes()[row], keys()[row], numbers_[row]), row);
}

// `row` is what the table has under the number of a row of the batch.
JoinRows::Added JoinRows::put(Row row, size_t of_batch) {
  int64_t& times = table_->ints(kTimes)[row];
  std::string& kept = table_->bytes(kRow)[row];
  if (times == 0) {
    times = 1;
    kept = bytes(of_batch);
    table_->note_bytes(std::ssize(kept));
    return {row, true};
  }
  if (kept != bytes(of_batch)) return add_displaced(of_batch);
  ++times;
  return {row, false};
}

JoinRows::Added JoinRows::add_displaced(size_t row) {
  auto number = static_cast<uint64_t>(numbers_[row]) + 1;
  while (table_->find(hashes()[row], keys()[row], static_cast<int64_t>(number))) ++number;
  const Row made = table_->upsert(hashes()[row], keys()[row], static_cast<int64_t>(number));
  displaced_.push_back(made);
  return put(made, row);
}

std::optional<JoinRows::Row> JoinRows::find_displaced(size_t row) const {
  const auto equals = [&](Row other) {
    return table_->is_there(other) && table_->key(other) == keys()[row] &&
           bytes_of(other) == bytes(row);
  };
  const auto found = std::ranges::find_if(displaced_, equals);
  return found == displaced_.end() ? std::nullopt : std::optional(*found);
}

std::span<const JoinRows::Added> JoinRows::add_all() {
  added_.assign(numbers_.size(), {});
  if (!displaced_.empty()) {
    for (size_t row = 0; row < added_.size(); ++row) {
      if (!has_null_key(row)) added_[row] = add(row);
    }
    return added_;
  }
  added_hashes_.clear();
  added_keys_.clear();
  added_numbers_.clear();
  for (size_t row = 0; row < added_.size(); ++row) {
    if (has_null_key(row)) continue;
    added_hashes_.push_back(hashes()[row]);
    added_keys_.push_back(keys()[row]);
    added_numbers_.push_back(numbers_[row]);
  }
  added_rows_.resize(added_hashes_.size());
  table_->upsert_all(added_hashes_, added_keys_, added_numbers_, added_rows_, nullptr);
  size_t next = 0;
  for (size_t row = 0; row < added_.size(); ++row) {
    if (has_null_key(row)) continue;
    const Row found = added_rows_[next++];
    // The first of the batch to find its number taken is followed by others like it.
    const auto known = displaced_.empty() ? std::nullopt : find_displaced(row);
    added_[row] = known ? add(row) : put(found, row);
  }
  return added_;
}

std::optional<JoinRows::Row> JoinRows::find(size_t row) const {
  const std::optional<Row> found = table_->find(hashes()[row], keys()[row], numbers_[row]);
  if (found && bytes_of(*found) == bytes(row)) return found;
  return displaced_.empty() ? std::nullopt : find_displaced(row);
}

bool JoinRows::take_back(Row row) {
  if (--table_->ints(kTimes)[row] > 0) {
    table_->mark_changed(row);
    return false;
  }
  forget(row);
  return true;
}

void JoinRows::forget(Row row) {
  if (!displaced_.empty()) std::erase(displaced_, row);
  table_->erase(row);
}

void JoinRows::set_partners(Row row, int64_t partners) const {
  table_->ints(kPartners)[row] = partners;
  table_->mark_changed(row);
}

}  // namespace dataflow::engine
