// A job's store as it is open: the rows, and in memory what deltas and committables are there.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/worker.h"
#include "block_files.h"
#include "delta_format.h"
#include "job_rows.h"
#include "meta/store.h"
#include "savepoint_files.h"
#include "state/job_store.h"
#include "state/unfinished.h"

namespace dataflow::state {

// Of the store that the rows are in, wherever it is opened.
meta::StoreOptions store_options();

class StoredJob final : public JobStore {
 public:
  StoredJob(Env& env, std::string dir, JobStoreOptions options);
  ~StoredJob() override;

  Status open();
  // What is of this job alone: named states that begin with `prefix`, of all operators, and output
  // that is owed.
  Status forget_own(const std::string& prefix);

  Status write(const Checkpoint& checkpoint) override;
  void acknowledge(CheckpointId id) override;
  CheckpointId last() const override;
  Result<std::vector<StoredCommittable>> committables() override;
  Result<std::map<std::string, std::string>> named(const std::string& operator_id) override;
  size_t rows_stored(const std::string& operator_id, const std::string& table,
                     KeyGroupRange groups) const override;
  using JobStore::load;
  Status load(const std::string& operator_id, const std::string& table, KeyGroupRange groups,
              const std::function<Status(const DeltaBlock&)>& visit) override;
  Result<std::vector<std::string>> operators() override;
  Status forget_operator(const std::string& operator_id) override;
  Status put_fact(const std::string& name, const std::string& bytes) override;
  Result<std::optional<std::string>> fact(const std::string& name) override;
  Status fold() override;
  Result<SavepointInfo> save(const std::string& dir, const std::string& job) override;
  StoreStats stats() const override;
  std::vector<TableSize> table_sizes() const override;
  Status close() override;

 private:
  using TableId = std::pair<std::string, std::string>;  // operator and table

  // Opening.
  Status check_or_write_format();
  Status read_last();
  Status read_deltas();
  Status read_blocks();
  Status read_committable_keys();
  Status forget_delivered();

  // Writing.
  meta::WriteBatch batch_of(const Checkpoint& checkpoint,
                            const std::map<CheckpointId, uint32_t>& dropped) const;
  void note_written(const Checkpoint& checkpoint, const std::map<CheckpointId, uint32_t>& dropped);

  // Reading.
  Status load_all(const TableId& id, KeyGroupRange groups,
                  const std::function<Status(const DeltaBlock&)>& visit);
  Status read_delta(const PendingDelta& delta, DeltaBlock& block);
  std::vector<PendingDelta> deltas_of(const TableId& table) const;
  std::vector<StoredBlock> blocks_of(const TableId& table) const;

  // Folding: job_fold.cc.
  struct Fold;
  Status make_room();
  void fold_in_background();
  Status fold_all();
  Status fold_oldest(const TableId& table);
  Status read_round(const TableId& table, Fold& fold);
  Status write_blocks(Fold& fold, BlockWriter& writer);
  Status fold_span(Fold& fold, KeyGroupRange groups, BlockWriter& writer);
  Status commit_fold(Fold& fold, BlockWriter& writer);
  // Those of which no block is left any more. With mutex_ held.
  std::vector<int64_t> forget_blocks(const TableId& table, const std::set<int64_t>& numbers);
  void remove_files(const std::vector<int64_t>& files);
  bool is_full() const;           // with mutex_ held
  bool is_worth_folding() const;  // with mutex_ held

  // Saving: job_save.cc.
  Status save_files(const std::string& dir, const std::string& job, SavepointInfo& info);
  Status copy_rows(const std::string& dir, SavepointInfo& info);
  Status share_blocks(const std::string& dir, std::vector<SavedFile>& shared);

  std::string doing(const std::string& what) const { return what + " of the job in " + dir_; }

  Env& env_;
  const std::string dir_;
  const JobStoreOptions options_;
  std::unique_ptr<meta::Store> store_;

  BlockFiles files_;
  // Held by whoever changes which blocks there are: folding, and forgetting an operator. Taken
  // before the others.
  std::mutex fold_mutex_;
  // Held shared by who reads blocks and deltas, so that they stay; exclusively at the moment when
  // they are replaced. Taken before mutex_.
  std::shared_mutex layout_mutex_;

  mutable std::mutex mutex_;
  std::condition_variable fold_ended_;
  LastCheckpoint last_;
  std::map<TableId, std::deque<PendingDelta>> pending_;  // of each table, oldest first
  std::map<TableId, std::vector<StoredBlock>> blocks_;   // of each table, oldest first
  std::map<int64_t, uint32_t> blocks_in_file_;
  uint64_t pending_bytes_ = 0;
  uint64_t pending_count_ = 0;
  std::map<CheckpointId, uint32_t> committables_;  // how many a checkpoint has in the store
  std::set<CheckpointId> acknowledged_;            // of those in committables_
  uint64_t written_bytes_ = 0;                     // of deltas
  uint64_t folded_bytes_ = 0;
  bool has_written_ = false;  // a checkpoint, since open()
  bool fold_is_posted_ = false;
  uint64_t folds_ended_ = 0;
  Status fold_status_;  // of the last one

  std::atomic<bool> closing_ = false;
  std::unique_ptr<Worker> folder_;
};

}  // namespace dataflow::state
