// Folding: the oldest deltas of a table become blocks in files, and are dropped.
//
// Of each key group there is at most one base block, which has all of its rows, and on it lie
// layers, which have what changed later, the newest last. A fold merges the oldest deltas into one
// more layer; where the layers have grown to half of the base, or are many, it makes a new base of
// all of them. So a row is written about four times in all: with its delta, in a layer, and (the
// base is twice what lies on it) twice in a base.
//
// The files are on disk before one batch puts the rows that name them and removes the deltas and
// the rows of the blocks that they replace. A crash leaves either, and perhaps files that no row
// names, which the next open removes.
//
// Deltas are dropped oldest first and never out of order, so that no older value can come behind a
// newer one.
#include <algorithm>

#include "base/logger.h"
#include "job_store_impl.h"
#include "merge_blocks.h"

namespace dataflow::state {

namespace {

// Of the deltas that are folded at once, which are in memory then.
constexpr uint64_t kRoundBytes = 32 << 20;
constexpr size_t kMostLayers = 16;
constexpr KeyGroupRange kAllGroups{0, kKeyGroups};

// Nothing of such a batch is on disk, nor will be.
bool was_refused(StatusCode code) {
  return code == StatusCode::kNoSpace || code == StatusCode::kReadOnly ||
         code == StatusCode::kTooLarge || code == StatusCode::kUnavailable ||
         code == StatusCode::kInvalid;
}

bool overlap(KeyGroupRange a, KeyGroupRange b) { return a.begin < b.end && b.begin < a.end; }
uint32_t rows_of(const DeltaReader& block, KeyGroupRange groups) {
  return block.group_begin(groups.end) - block.group_begin(groups.begin);
}

struct ReadBlock {
  DeltaBlock bytes;
  DeltaReader reader;  // of `bytes`
};

Result<std::unique_ptr<ReadBlock>> open_block(DeltaBlock bytes) {
  auto block = std::make_unique<ReadBlock>();
  block->bytes = std::move(bytes);
  const std::string_view whole = block->bytes.bytes;
  // Its checksum was looked at when it was read.
  DF_ASSIGN_OR_RETURN(block->reader, DeltaReader::open_checked(whole.substr(0, whole.size() - 4)));
  return block;
}

}  // namespace

// What one fold works on.
struct StoredJob::Fold {
  TableId table;
  std::vector<PendingDelta> deltas;
  std::vector<std::unique_ptr<ReadBlock>> read;  // of `deltas`
  std::vector<StoredBlock> blocks;               // that the table has
  // Of those, read: the ones of more than one group.
  std::map<int64_t, std::unique_ptr<ReadBlock>> wide;
  bool all = false;            // every group gets a new base
  std::set<int64_t> replaced;  // numbers of blocks
  int64_t next_number = 1;
};

bool StoredJob::is_full() const {
  return pending_bytes_ > options_.max_pending_delta_bytes ||
         pending_count_ > options_.max_pending_deltas;
}

// Not at once: what changes often is then folded once for many checkpoints. But while the deltas
// are still in the store's memory, from where they are dropped without having been written out.
bool StoredJob::is_worth_folding() const {
  return pending_bytes_ > options_.max_pending_delta_bytes / 8 ||
         pending_count_ > options_.max_pending_deltas / 2;
}

// Waits until a checkpoint may add its deltas. The first one since a start, which somebody waits
// for, may add its own to what was left, unless starts follow each other faster than folds.
Status StoredJob::make_room() {
  std::unique_lock lock(mutex_);
  if (!has_written_ && pending_bytes_ < 2 * options_.max_pending_delta_bytes) return {};
  while (is_full()) {
    // Before it is posted: where it cannot be, it has ended at once.
    const uint64_t ended = folds_ended_;
    fold_in_background();
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
    // A round may leave some.
    if (folded.ok() && is_worth_folding()) fold_in_background();
  });
  if (fold_is_posted_) return;
  fold_status_ = Status::cancelled("the job's store is closed");
  ++folds_ended_;
}

Status StoredJob::fold() {
  uint64_t left = 0;
  {
    std::lock_guard lock(mutex_);
    left = pending_count_;
  }
  // A round may leave some of a table's deltas, and folds at least one.
  while (left > 0) {
    DF_RETURN_IF_ERROR(fold_all());
    std::lock_guard lock(mutex_);
    left = std::min(left - 1, pending_count_);
  }
  return {};
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

// With fold_mutex_ held: no one else changes which blocks and deltas there are, but for deltas that
// are added.
Status StoredJob::fold_oldest(const TableId& table) {
  Fold fold;
  fold.table = table;
  DF_RETURN_IF_ERROR(read_round(table, fold));
  if (fold.deltas.empty()) return {};
  BlockWriter writer(files_);
  DF_RETURN_IF_ERROR(write_blocks(fold, writer));
  return commit_fold(fold, writer);
}

Status StoredJob::read_round(const TableId& table, Fold& fold) {
  uint64_t bytes = 0;
  for (const PendingDelta& delta : deltas_of(table)) {
    if (!fold.deltas.empty() && bytes + delta.bytes > kRoundBytes) break;
    bytes += delta.bytes;
    fold.deltas.push_back(delta);
  }
  for (const PendingDelta& delta : fold.deltas) {
    DeltaBlock bytes;
    DF_RETURN_IF_ERROR(read_delta(delta, bytes));
    DF_ASSIGN_OR_RETURN(fold.read.emplace_back(), open_block(std::move(bytes)));
  }
  fold.blocks = blocks_of(table);
  if (!fold.blocks.empty()) fold.next_number = fold.blocks.back().number + 1;
  return {};
}

Status StoredJob::write_blocks(Fold& fold, BlockWriter& writer) {
  uint64_t bytes = 0;
  for (const StoredBlock& block : fold.blocks) bytes += block.bytes;
  for (const PendingDelta& delta : fold.deltas) bytes += delta.bytes;
  const bool small = bytes < options_.small_table_bytes;
  // A table that becomes large, or small again, is cut anew.
  fold.all = std::any_of(fold.blocks.begin(), fold.blocks.end(), [small](const StoredBlock& block) {
    return (block.groups.end - block.groups.begin == kKeyGroups) != small;
  });
  if (small) return fold_span(fold, kAllGroups, writer);
  for (int group = 0; group < kKeyGroups; ++group) {
    if (closing_) return Status::cancelled("the job's store is closed");
    DF_RETURN_IF_ERROR(fold_span(fold, {group, group + 1}, writer));
  }
  return {};
}

Status StoredJob::fold_span(Fold& fold, KeyGroupRange groups, BlockWriter& writer) {
  uint64_t base = 0;
  uint64_t layers = 0;
  std::vector<const StoredBlock*> beneath;
  for (const StoredBlock& block : fold.blocks) {
    if (!overlap(block.groups, groups)) continue;
    beneath.push_back(&block);
    (block.is_base ? base : layers) += block.rows;
  }
  uint64_t rows = 0;
  for (const auto& delta : fold.read) rows += rows_of(delta->reader, groups);
  if (rows == 0 && !fold.all) return {};
  const bool anew = fold.all || beneath.size() >= kMostLayers || 2 * (layers + rows) >= base;

  std::vector<std::unique_ptr<ReadBlock>> narrow;
  std::vector<const DeltaReader*> sources;
  for (const StoredBlock* block : beneath) {
    if (!anew) break;
    fold.replaced.insert(block->number);
    const bool is_wide = block->groups.end - block->groups.begin > 1;
    std::unique_ptr<ReadBlock>& read = is_wide ? fold.wide[block->number] : narrow.emplace_back();
    if (!read) {
      DeltaBlock bytes;
      DF_RETURN_IF_ERROR(files_.read(*block, bytes));
      DF_ASSIGN_OR_RETURN(read, open_block(std::move(bytes)));
    }
    sources.push_back(&read->reader);
  }
  for (const auto& delta : fold.read) sources.push_back(&delta->reader);
  DF_ASSIGN_OR_RETURN(const std::optional<DeltaBlock> merged, merge_blocks(sources, groups, !anew));
  if (!merged) return {};
  StoredBlock row;
  row.operator_id = fold.table.first;
  row.table = fold.table.second;
  row.number = fold.next_number++;
  row.groups = groups;
  row.is_base = anew;
  return writer.add(*merged, std::move(row));
}

Status StoredJob::commit_fold(Fold& fold, BlockWriter& writer) {
  DF_ASSIGN_OR_RETURN(const std::vector<StoredBlock> made, writer.finish());
  meta::WriteBatch batch;
  for (const StoredBlock& block : made) {
    batch.put(kJobRows, block_key(block), encode_block_row(block));
  }
  for (const StoredBlock& block : fold.blocks) {
    if (fold.replaced.contains(block.number)) batch.remove(kJobRows, block_key(block));
  }
  for (const PendingDelta& delta : fold.deltas) {
    batch.remove(kJobRows, numbered_key(RowKind::kDelta, delta.checkpoint, delta.index));
    for (uint32_t part = 0; part < delta.parts(); ++part) {
      batch.remove(kJobRows, part_key(delta.checkpoint, delta.index, part));
    }
  }
  std::vector<int64_t> unused;
  {
    std::unique_lock layout_lock(layout_mutex_);
    const Status committed = store_->commit(std::move(batch));
    // Whether it took effect is not known after a failure of the disk: then the next open tells
    // which files are named.
    if (!was_refused(committed.code())) writer.keep();
    DF_RETURN_IF_ERROR(committed);
    std::lock_guard lock(mutex_);
    unused = forget_blocks(fold.table, fold.replaced);
    std::vector<StoredBlock>& blocks = blocks_[fold.table];
    for (const StoredBlock& block : made) {
      ++blocks_in_file_[block.file.number];
      blocks.push_back(block);
    }
    std::deque<PendingDelta>& pending = pending_[fold.table];
    for (const PendingDelta& delta : fold.deltas) {
      pending_bytes_ -= delta.bytes;
      --pending_count_;
      pending.pop_front();
    }
    folded_bytes_ += writer.bytes();
  }
  remove_files(unused);
  return {};
}

std::vector<int64_t> StoredJob::forget_blocks(const TableId& table,
                                              const std::set<int64_t>& numbers) {
  std::vector<int64_t> unused;
  std::erase_if(blocks_[table], [&](const StoredBlock& block) {
    if (!numbers.contains(block.number)) return false;
    const auto file = blocks_in_file_.find(block.file.number);
    if (--file->second == 0) {
      unused.push_back(file->first);
      blocks_in_file_.erase(file);
    }
    return true;
  });
  return unused;
}

// One that cannot be removed is left to the next open.
void StoredJob::remove_files(const std::vector<int64_t>& files) {
  for (const int64_t file : files) (void)files_.remove(file);
}

Status StoredJob::forget_operator(const std::string& operator_id) {
  std::lock_guard fold_lock(fold_mutex_);
  std::unique_lock layout_lock(layout_mutex_);
  meta::WriteBatch batch;
  std::map<TableId, std::set<int64_t>> tables;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [table, deltas] : pending_) {
      if (table.first != operator_id) continue;
      tables[table];
      for (const PendingDelta& delta : deltas) {
        batch.remove(kJobRows, numbered_key(RowKind::kDelta, delta.checkpoint, delta.index));
        for (uint32_t part = 0; part < delta.parts(); ++part) {
          batch.remove(kJobRows, part_key(delta.checkpoint, delta.index, part));
        }
      }
    }
    for (const auto& [table, blocks] : blocks_) {
      if (table.first != operator_id) continue;
      for (const StoredBlock& block : blocks) tables[table].insert(block.number);
    }
  }
  for (const RowKind kind : {RowKind::kBlock, RowKind::kNamed}) {
    batch.remove_prefix(kJobRows, key_of(kind).string(operator_id).bytes());
  }
  DF_RETURN_IF_ERROR(
      store_->commit(std::move(batch)).with_context(doing("forgetting operator " + operator_id)));
  std::lock_guard lock(mutex_);
  for (const auto& [table, numbers] : tables) {
    for (const PendingDelta& delta : pending_[table]) pending_bytes_ -= delta.bytes;
    pending_count_ -= pending_[table].size();
    pending_.erase(table);
    remove_files(forget_blocks(table, numbers));
    blocks_.erase(table);
  }
  return {};
}

}  // namespace dataflow::state
