// Folding: the oldest deltas of a table become rows of its base, and are dropped.
//
// Why a crash at any moment loses and revives nothing. Let a table's pending deltas be f to m, and
// let those up to n be folded. (1) First all their keys are written to the base, each with what the
// last of f..n says of it (a value, or nothing), in any number of batches. (2) Then f..n are
// dropped, in one batch. Before (2) all of f..m are still there, and a load replays them over the
// base in order: a key that f..n have ends as the last of them says, whatever the base had of it;
// a key that they do not have was not touched by (1). So the outcome is that of the old base, also
// where a delta erases a key that the base has from a later one: that later delta is among f..n, is
// still there, and puts the key again. After (2) the base is what f..n made of it. Deltas are never
// dropped out of order, so no older value can come behind a newer one.
#include <algorithm>

#include "base/logger.h"
#include "base_rows.h"
#include "job_store_impl.h"

namespace dataflow::state {

namespace {

// Of the deltas that are folded at once.
constexpr uint64_t kRoundBytes = 64 << 20;
// A checkpoint may have to wait for one batch of a fold.
constexpr size_t kBatchBytes = 128 << 10;

}  // namespace

bool StoredJob::is_full() const {
  return pending_bytes_ > options_.max_pending_delta_bytes ||
         pending_count_ > options_.max_pending_deltas;
}

// Not at once: what changes often is then folded once for many checkpoints.
bool StoredJob::is_worth_folding() const {
  return pending_bytes_ > options_.max_pending_delta_bytes / 2 ||
         pending_count_ > options_.max_pending_deltas / 2;
}

// Waits until a checkpoint may add its deltas.
Status StoredJob::make_room() {
  std::unique_lock lock(mutex_);
  while (is_full()) {
    fold_in_background();
    const uint64_t ended = folds_ended_;
    fold_ended_.wait(lock, [&] { return folds_ended_ != ended; });
    if (is_full() && !fold_status_.ok()) return fold_status_;
  }
  return {};
}

// With mutex_ held.
void StoredJob::fold_in_background() {
  if (fold_is_posted_) return;
  fold_is_posted_ = folder_->post([this] {
    const Status folded = fold_all();
    if (!folded.ok() && folded.code() != StatusCode::kCancelled) {
      log_error("state could not be folded; its deltas stay", {{"dir", dir_}, {"cause", folded}});
    }
    std::lock_guard lock(mutex_);
    fold_is_posted_ = false;
    fold_status_ = folded;
    ++folds_ended_;
    fold_ended_.notify_all();
  });
  if (fold_is_posted_) return;
  fold_status_ = Status::cancelled("the job's store is closed");
  ++folds_ended_;
}

Status StoredJob::fold_all() {
  std::vector<TableId> tables;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [table, deltas] : pending_) {
      if (!deltas.empty()) tables.push_back(table);
    }
  }
  for (const TableId& table : tables) {
    std::lock_guard fold_lock(fold_mutex_);
    DF_RETURN_IF_ERROR(fold_oldest(table).with_context(
        doing("folding operator " + table.first + ", table " + table.second)));
  }
  return {};
}

// With fold_mutex_ held.
Status StoredJob::fold_oldest(const TableId& table) {
  std::vector<PendingDelta> oldest = deltas_of(table);
  if (oldest.empty()) return {};
  uint64_t bytes = 0;
  size_t count = 0;
  while (count < oldest.size() && (count == 0 || bytes + oldest[count].bytes <= kRoundBytes)) {
    bytes += oldest[count++].bytes;
  }
  oldest.resize(count);
  std::vector<DeltaBlock> blocks;
  for (const PendingDelta& delta : oldest) {
    DF_ASSIGN_OR_RETURN(DeltaBlock block, read_delta(delta));
    blocks.push_back(std::move(block));
  }
  DF_RETURN_IF_ERROR(write_base(table, blocks));
  return drop_folded(table, oldest);
}

Status StoredJob::write_base(const TableId& table, const std::vector<DeltaBlock>& blocks) {
  std::vector<DeltaReader> readers;
  for (const DeltaBlock& block : blocks) {
    DF_ASSIGN_OR_RETURN(DeltaReader reader, DeltaReader::open(block.bytes));
    DF_RETURN_IF_ERROR(merge_spec(table, reader.spec()));
    readers.push_back(std::move(reader));
  }
  meta::WriteBatch batch;
  const auto flush = [&]() -> Status {
    if (closing_) return Status::cancelled("the job's store is closed");
    if (batch.empty()) return {};
    const size_t bytes = batch.bytes();
    DF_RETURN_IF_ERROR(store_->commit(std::exchange(batch, {})));
    std::lock_guard lock(mutex_);
    folded_bytes_ += bytes;
    return {};
  };
  const auto change = [&](std::string_view key, const std::optional<std::string>& value) {
    if (value) {
      batch.put(kJobRows, key, *value);
    } else {
      batch.remove(kJobRows, key);
    }
    return batch.bytes() < kBatchBytes ? Status() : flush();
  };
  DF_RETURN_IF_ERROR(merge_deltas(readers, base_prefix(table.first, table.second), change));
  return flush();
}

// The base has rows of one shape only.
Status StoredJob::merge_spec(const TableId& table, const TableSpec& delta) {
  const std::string key = named_key(RowKind::kTable, table.first, table.second);
  DF_ASSIGN_OR_RETURN(const std::optional<std::string> row, store_->get(kJobRows, key));
  TableSpec merged = delta;
  if (row) {
    DF_ASSIGN_OR_RETURN(const TableSpec stored, decode_table_spec(*row));
    if (stored.columns != delta.columns || stored.name != delta.name) {
      return Status::unsupported(
          "a delta has other columns than the stored rows; forget the "
          "operator's state, or go back to the older plan");
    }
    if (stored.version >= delta.version) return {};
  }
  meta::WriteBatch batch;
  batch.put(kJobRows, key, encode_table_spec(merged));
  return store_->commit(std::move(batch));
}

Status StoredJob::drop_folded(const TableId& table, const std::vector<PendingDelta>& folded) {
  meta::WriteBatch batch;
  for (const PendingDelta& delta : folded) {
    batch.remove(kJobRows, numbered_key(RowKind::kDelta, delta.checkpoint, delta.index));
    for (uint32_t part = 0; part < delta.parts(); ++part) {
      batch.remove(kJobRows, part_key(delta.checkpoint, delta.index, part));
    }
  }
  DF_RETURN_IF_ERROR(store_->commit(std::move(batch)));
  std::lock_guard lock(mutex_);
  std::deque<PendingDelta>& pending = pending_[table];
  for (const PendingDelta& delta : folded) {
    pending_bytes_ -= delta.bytes;
    --pending_count_;
    pending.pop_front();
  }
  return {};
}

Status StoredJob::forget_operator(const std::string& operator_id) {
  std::lock_guard fold_lock(fold_mutex_);
  meta::WriteBatch batch;
  std::vector<TableId> tables;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [table, deltas] : pending_) {
      if (table.first != operator_id) continue;
      tables.push_back(table);
      for (const PendingDelta& delta : deltas) {
        batch.remove(kJobRows, numbered_key(RowKind::kDelta, delta.checkpoint, delta.index));
        for (uint32_t part = 0; part < delta.parts(); ++part) {
          batch.remove(kJobRows, part_key(delta.checkpoint, delta.index, part));
        }
      }
    }
  }
  for (const RowKind kind : {RowKind::kBase, RowKind::kTable, RowKind::kNamed}) {
    batch.remove_prefix(kJobRows, key_of(kind).string(operator_id).bytes());
  }
  DF_RETURN_IF_ERROR(
      store_->commit(std::move(batch)).with_context(doing("forgetting operator " + operator_id)));
  std::lock_guard lock(mutex_);
  for (const TableId& table : tables) {
    for (const PendingDelta& delta : pending_[table]) pending_bytes_ -= delta.bytes;
    pending_count_ -= pending_[table].size();
    pending_.erase(table);
  }
  return {};
}

}  // namespace dataflow::state
