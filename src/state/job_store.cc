#include "state/job_store.h"

#include <malloc.h>

#include <utility>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "job_store_impl.h"

namespace dataflow::state {

meta::StoreOptions store_options() {
  meta::StoreOptions options;
  // Deltas that are folded and dropped within one memtable are never written a second time.
  options.write_buffer_bytes = 32 << 20;
  options.max_batch_bytes = 1 << 30;  // a checkpoint is one batch
  options.max_queued_bytes = 2ULL << 30;
  options.resume_free_bytes = 96 << 20;
  return options;
}

Result<std::unique_ptr<JobStore>> JobStore::open(Env& env, const std::string& dir,
                                                 JobStoreOptions options) {
  auto job = std::make_unique<StoredJob>(env, dir, options);
  DF_RETURN_IF_ERROR(job->open().with_context("opening the state of the job in " + dir));
  return std::unique_ptr<JobStore>(std::move(job));
}

StoredJob::StoredJob(Env& env, std::string dir, JobStoreOptions options)
    : env_(env), dir_(std::move(dir)), options_(options), files_(env, dir_) {}

StoredJob::~StoredJob() { (void)close(); }

Status StoredJob::open() {
  DF_ASSIGN_OR_RETURN(store_, meta::Store::open(env_, dir_, store_options()));
  DF_RETURN_IF_ERROR(check_or_write_format());
  DF_RETURN_IF_ERROR(read_last());
  DF_RETURN_IF_ERROR(read_deltas());
  DF_RETURN_IF_ERROR(read_blocks());
  DF_RETURN_IF_ERROR(read_committable_keys());
  folder_ = std::make_unique<Worker>("state-fold");
  return {};
}

Status StoredJob::check_or_write_format() {
  const std::string key = key_of(RowKind::kFormat).bytes();
  DF_ASSIGN_OR_RETURN(const std::optional<std::string> found, store_->get(kJobRows, key));
  if (found) return check_format(*found);
  bool empty = true;
  DF_RETURN_IF_ERROR(store_->scan(
      kJobRows, "", [&empty](std::string_view, std::string_view) { return empty = false; }));
  if (!empty) {
    return Status::corrupt("it has rows but no format; restore the folder from a savepoint");
  }
  meta::WriteBatch batch;
  batch.put(kJobRows, key, encode_format());
  return store_->commit(std::move(batch));
}

Status StoredJob::read_last() {
  DF_ASSIGN_OR_RETURN(const std::optional<std::string> found,
                      store_->get(kJobRows, key_of(RowKind::kLast).bytes()));
  if (!found) return {};
  DF_ASSIGN_OR_RETURN(last_, decode_last(*found));
  return {};
}

Status StoredJob::read_deltas() {
  Status status;
  const auto visit = [&](std::string_view key, std::string_view row) {
    Result<PendingDelta> delta = decode_delta_row(key, row);
    status = delta.status();
    if (!status.ok()) return false;
    pending_bytes_ += delta->bytes;
    ++pending_count_;
    pending_[{delta->operator_id, delta->table}].push_back(std::move(*delta));
    return true;
  };
  DF_RETURN_IF_ERROR(store_->scan(kJobRows, key_of(RowKind::kDelta).bytes(), visit));
  return status;
}

Status StoredJob::read_blocks() {
  Status status;
  std::set<int64_t> files;
  const auto visit = [&](std::string_view key, std::string_view row) {
    Result<StoredBlock> block = decode_block_row(key, row);
    status = block.status();
    if (!status.ok()) return false;
    files.insert(block->file.number);
    ++blocks_in_file_[block->file.number];
    blocks_[{block->operator_id, block->table}].push_back(std::move(*block));
    return true;
  };
  DF_RETURN_IF_ERROR(store_->scan(kJobRows, key_of(RowKind::kBlock).bytes(), visit));
  DF_RETURN_IF_ERROR(status);
  return files_.open(files);
}

Status StoredJob::read_committable_keys() {
  DF_ASSIGN_OR_RETURN(const std::vector<StoredCommittable> found, committables());
  for (const StoredCommittable& stored : found) ++committables_[stored.checkpoint];
  return {};
}

Status StoredJob::write(const Checkpoint& checkpoint) {
  std::map<CheckpointId, uint32_t> dropped;
  {
    std::lock_guard lock(mutex_);
    if (checkpoint.id != last_.id + 1) {
      return Status::invalid(doing("writing a checkpoint") + ": its id is " +
                             std::to_string(checkpoint.id.value()) + ", the last one was " +
                             std::to_string(last_.id.value()));
    }
    for (const CheckpointId id : acknowledged_) dropped[id] = committables_[id];
  }
  const std::string context = doing("writing checkpoint " + std::to_string(checkpoint.id.value()));
  DF_RETURN_IF_ERROR(make_room().with_context(context));
  DF_RETURN_IF_ERROR(store_->commit(batch_of(checkpoint, dropped)).with_context(context));
  note_written(checkpoint, dropped);
  return {};
}

meta::WriteBatch StoredJob::batch_of(const Checkpoint& checkpoint,
                                     const std::map<CheckpointId, uint32_t>& dropped) const {
  meta::WriteBatch batch;
  uint32_t index = 0;
  for (const TableDelta& delta : checkpoint.deltas) {
    const PendingDelta row{checkpoint.id,   index,      delta.operator_id,
                           delta.table,     delta.task, delta.block.bytes.size(),
                           delta.block.rows};
    batch.put(kJobRows, numbered_key(RowKind::kDelta, checkpoint.id, index), encode_delta_row(row));
    const std::string_view bytes = delta.block.bytes;
    for (uint32_t part = 0; part < row.parts(); ++part) {
      batch.put(kJobRows, part_key(checkpoint.id, index, part),
                bytes.substr(part * kPartBytes, kPartBytes));
    }
    ++index;
  }
  for (const NamedState& named : checkpoint.named) {
    const std::string key = named_key(RowKind::kNamed, named.operator_id, named.name);
    if (named.bytes) {
      batch.put(kJobRows, key, *named.bytes);
    } else {
      batch.remove(kJobRows, key);
    }
  }
  for (const auto& [id, count] : dropped) {
    for (uint32_t i = 0; i < count; ++i) {
      batch.remove(kJobRows, numbered_key(RowKind::kCommittable, id, i));
    }
  }
  index = 0;
  for (const Committable& committable : checkpoint.committables) {
    batch.put(kJobRows, numbered_key(RowKind::kCommittable, checkpoint.id, index++),
              encode_committable(committable));
  }
  batch.put(kJobRows, key_of(RowKind::kLast).bytes(),
            encode_last({checkpoint.id, checkpoint.wall_millis}));
  return batch;
}

void StoredJob::note_written(const Checkpoint& checkpoint,
                             const std::map<CheckpointId, uint32_t>& dropped) {
  std::lock_guard lock(mutex_);
  has_written_ = true;
  last_ = {checkpoint.id, checkpoint.wall_millis};
  for (const auto& [id, count] : dropped) {
    committables_.erase(id);
    acknowledged_.erase(id);
  }
  if (!checkpoint.committables.empty()) {
    committables_[checkpoint.id] = static_cast<uint32_t>(checkpoint.committables.size());
  }
  uint32_t index = 0;
  for (const TableDelta& delta : checkpoint.deltas) {
    pending_[{delta.operator_id, delta.table}].push_back(
        {checkpoint.id, index++, delta.operator_id, delta.table, delta.task,
         delta.block.bytes.size(), delta.block.rows});
    pending_bytes_ += delta.block.bytes.size();
    written_bytes_ += delta.block.bytes.size();
    ++pending_count_;
  }
  if (is_worth_folding()) fold_in_background();
}

void StoredJob::acknowledge(CheckpointId id) {
  std::lock_guard lock(mutex_);
  if (committables_.contains(id)) acknowledged_.insert(id);
}

CheckpointId StoredJob::last() const {
  std::lock_guard lock(mutex_);
  return last_.id;
}

Result<std::vector<StoredCommittable>> StoredJob::committables() {
  std::vector<StoredCommittable> found;
  Status status;
  const auto visit = [&](std::string_view key, std::string_view row) {
    Result<StoredCommittable> stored = decode_committable(key, row);
    status = stored.status();
    if (status.ok()) found.push_back(std::move(*stored));
    return status.ok();
  };
  DF_RETURN_IF_ERROR(store_->scan(kJobRows, key_of(RowKind::kCommittable).bytes(), visit));
  DF_RETURN_IF_ERROR(status.with_context(doing("reading the committables")));
  std::lock_guard lock(mutex_);
  std::erase_if(found, [this](const StoredCommittable& stored) {
    return acknowledged_.contains(stored.checkpoint);
  });
  return found;
}

Result<std::map<std::string, std::string>> StoredJob::named(const std::string& operator_id) {
  const std::string prefix = key_of(RowKind::kNamed).string(operator_id).bytes();
  std::map<std::string, std::string> found;
  Status status;
  const auto visit = [&](std::string_view key, std::string_view bytes) {
    meta::KeyReader reader(key.substr(prefix.size()));
    Result<std::string> name = reader.string();
    status = name.ok() ? reader.finish() : name.status();
    if (status.ok()) found.emplace(std::move(*name), bytes);
    return status.ok();
  };
  DF_RETURN_IF_ERROR(store_->scan(kJobRows, prefix, visit));
  DF_RETURN_IF_ERROR(status.with_context(doing("reading the named state of " + operator_id)));
  return found;
}

std::vector<PendingDelta> StoredJob::deltas_of(const TableId& table) const {
  std::lock_guard lock(mutex_);
  const auto found = pending_.find(table);
  if (found == pending_.end()) return {};
  return {found->second.begin(), found->second.end()};
}

std::vector<StoredBlock> StoredJob::blocks_of(const TableId& table) const {
  std::lock_guard lock(mutex_);
  const auto found = blocks_.find(table);
  return found == blocks_.end() ? std::vector<StoredBlock>() : found->second;
}

size_t StoredJob::rows_stored(const std::string& operator_id, const std::string& table,
                              KeyGroupRange groups) const {
  size_t rows = 0;
  for (const StoredBlock& block : blocks_of({operator_id, table})) {
    const int begin = std::max(block.groups.begin, groups.begin);
    const int end = std::min(block.groups.end, groups.end);
    const int all = block.groups.end - block.groups.begin;
    if (block.is_base && begin < end)
      rows += block.rows * static_cast<size_t>(end - begin) / static_cast<size_t>(all);
  }
  return rows;
}

// Blocks and deltas replace each other under an exclusive lock only.
Status StoredJob::load(const std::string& operator_id, const std::string& table,
                       KeyGroupRange groups,
                       const std::function<Status(const DeltaBlock&)>& visit) {
  DF_RETURN_IF_ERROR(load_all({operator_id, table}, groups, visit));
  // Blocks of megabytes came and went; the allocator would keep their pages.
  (void)malloc_trim(0);
  return {};
}

Status StoredJob::load_all(const TableId& id, KeyGroupRange groups,
                           const std::function<Status(const DeltaBlock&)>& visit) {
  const auto& [operator_id, table] = id;
  std::shared_lock layout_lock(layout_mutex_);
  const std::string what = doing("loading operator " + operator_id + ", table " + table);
  DeltaBlock block;  // one memory for all
  for (const StoredBlock& stored : blocks_of(id)) {
    if (stored.groups.end <= groups.begin || groups.end <= stored.groups.begin) continue;
    DF_RETURN_IF_ERROR(files_.read(stored, block).with_context(what));
    DF_RETURN_IF_ERROR(visit(block).with_context(what));
  }
  for (const PendingDelta& delta : deltas_of(id)) {
    const std::string context =
        what + " (checkpoint " + std::to_string(delta.checkpoint.value()) + ")";
    DF_RETURN_IF_ERROR(read_delta(delta, block).with_context(context));
    DF_RETURN_IF_ERROR(visit(block).with_context(context));
  }
  return {};
}

Status StoredJob::read_delta(const PendingDelta& delta, DeltaBlock& block) {
  block.rows = delta.rows;
  block.bytes.clear();
  for (uint32_t part = 0; part < delta.parts(); ++part) {
    DF_ASSIGN_OR_RETURN(const std::optional<std::string> bytes,
                        store_->get(kJobRows, part_key(delta.checkpoint, delta.index, part)));
    if (!bytes) return Status::corrupt("part " + std::to_string(part) + " of a delta is missing");
    block.bytes.append(*bytes);
  }
  if (block.bytes.size() != delta.bytes || delta.bytes < 4) {
    return Status::corrupt("a delta has " + std::to_string(block.bytes.size()) + " bytes, not " +
                           std::to_string(delta.bytes));
  }
  const size_t body = block.bytes.size() - 4;
  if (crc32c(std::string_view(block.bytes).substr(0, body)) !=
      load_le32(block.bytes.data() + body)) {
    return Status::corrupt("the checksum of a delta does not fit; restore a savepoint");
  }
  return {};
}

Result<std::vector<std::string>> StoredJob::operators() {
  std::set<std::string> found;
  Status status;
  const auto visit = [&](std::string_view key, std::string_view) {
    meta::KeyReader reader(key.substr(1));
    Result<std::string> operator_id = reader.string();
    status = operator_id.status();
    if (status.ok()) found.insert(std::move(*operator_id));
    return status.ok();
  };
  for (const RowKind kind : {RowKind::kBlock, RowKind::kNamed}) {
    DF_RETURN_IF_ERROR(store_->scan(kJobRows, key_of(kind).bytes(), visit));
    DF_RETURN_IF_ERROR(status.with_context(doing("reading the operators")));
  }
  std::lock_guard lock(mutex_);
  for (const auto& [table, deltas] : pending_) {
    if (!deltas.empty()) found.insert(table.first);
  }
  return std::vector<std::string>(found.begin(), found.end());
}

Status StoredJob::put_fact(const std::string& name, const std::string& bytes) {
  meta::WriteBatch batch;
  batch.put(kJobRows, key_of(RowKind::kFact).string(name).bytes(), bytes);
  return store_->commit(std::move(batch)).with_context(doing("writing fact " + name));
}

Result<std::optional<std::string>> StoredJob::fact(const std::string& name) {
  return store_->get(kJobRows, key_of(RowKind::kFact).string(name).bytes());
}

StoreStats StoredJob::stats() const {
  StoreStats stats;
  std::lock_guard lock(mutex_);
  for (const auto& [table, blocks] : blocks_) {
    for (const StoredBlock& block : blocks) stats.block_bytes += block.bytes;
    stats.block_count += blocks.size();
  }
  stats.last = last_.id;
  stats.last_wall_millis = last_.wall_millis;
  stats.delta_bytes = pending_bytes_;
  stats.delta_count = pending_count_;
  stats.delta_bytes_written = written_bytes_;
  stats.folded_bytes_written = folded_bytes_;
  return stats;
}

std::vector<TableSize> StoredJob::table_sizes() const {
  std::map<TableId, uint64_t> bytes;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [table, blocks] : blocks_) {
      for (const StoredBlock& block : blocks) bytes[table] += block.bytes;
    }
    for (const auto& [table, deltas] : pending_) {
      for (const PendingDelta& delta : deltas) bytes[table] += delta.bytes;
    }
  }
  std::vector<TableSize> sizes;
  for (const auto& [table, all] : bytes) sizes.push_back({table.first, table.second, all});
  return sizes;
}

Status StoredJob::close() {
  closing_ = true;
  if (folder_) folder_->stop();
  if (!store_) return {};
  // Otherwise the next one to open it is told of output that was delivered. If this fails, it is.
  (void)forget_delivered().ok();
  return store_->close();
}

Status StoredJob::forget_delivered() {
  meta::WriteBatch batch;
  {
    std::lock_guard lock(mutex_);
    for (const CheckpointId id : acknowledged_) {
      for (uint32_t i = 0; i < committables_[id]; ++i) {
        batch.remove(kJobRows, numbered_key(RowKind::kCommittable, id, i));
      }
      committables_.erase(id);
    }
    acknowledged_.clear();
  }
  return batch.empty() ? Status() : store_->commit(std::move(batch));
}

}  // namespace dataflow::state
