// The Partition over segments. Its source is split by what is being done: log_partition.cc (small
// things), partition_append.cc, partition_read.cc, partition_sync.cc, partition_open.cc (recovery),
// partition_retain.cc (retention, rolling, deletion), partition_verify.cc.
//
// Order of writes: batches go to the active segment; fdatasync of every segment with new bytes,
// oldest first (and of the folder after a roll); only then high_offset moves; then the `synced`
// file. A checkpoint is written when everything it stands for is synced.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/env.h"
#include "compactor.h"
#include "log/partition.h"
#include "log_context.h"
#include "producer_table.h"
#include "segment.h"
#include "synced_file.h"
#include "syncer.h"
#include "types/record.h"
#include "zero_tail.h"

namespace dataflow::log {

struct EpochStart {
  LeaderEpoch epoch;
  Offset start;
};

struct PartitionSpec {
  TopicPartition name;
  Uuid topic_id;
  std::string dir;
  std::shared_ptr<const TopicConfig> config;
  std::vector<EpochStart> epochs;  // never empty
  Offset log_start{0};             // of DeleteRecords; retention may lie beyond it
  bool must_exist = false;         // the folder was there before: its absence is damage
  bool clean = false;              // and the last stop was a clean one
};

class LogPartition final : public Partition,
                           public Syncable,
                           public std::enable_shared_from_this<LogPartition> {
 public:
  // Opens or makes the folder and recovers what is in it.
  static Result<std::shared_ptr<LogPartition>> open(LogContext& context, PartitionSpec spec);

  const TopicPartition& name() const override { return spec_.name; }
  const Uuid& topic_id() const override { return spec_.topic_id; }
  Result<AppendOutcome> append(std::span<char> batches, bool from_client) override;
  Result<AppendOutcome> append_marker(ProducerId producer, ProducerEpoch epoch, bool commit,
                                      int32_t coordinator_epoch) override;
  void await_synced(Offset next_offset, SyncCallback callback) override;
  Result<ReadOutcome> read(Offset from, uint32_t max_bytes, Isolation isolation,
                           bool at_least_one) override;
  bool listen(Offset seen_high, Offset seen_stable,
              std::shared_ptr<AdvanceListener> listener) override;
  void forget(const AdvanceListener* listener) override;
  Offset log_start() const override;
  Offset high_offset() const override;
  Offset last_stable() const override;
  LeaderEpoch leader_epoch() const override;
  PartitionStats stats() const override;
  std::vector<ProducerView> producers() const override;
  Result<std::optional<OffsetAtTime>> find_by_time(Timestamp time, Isolation isolation) override;
  Result<std::optional<OffsetAtTime>> find_max_time() override;
  std::optional<EpochEnd> epoch_end(LeaderEpoch epoch) const override;
  Result<Offset> delete_records(Offset before) override;
  Status verify(const std::function<void(uint64_t, uint64_t)>& progress) override;

  bool sync_appended() override;

  // For the log itself.
  void set_config(std::shared_ptr<const TopicConfig> config);
  void start_epoch(LeaderEpoch epoch);  // at the present end; the row is in meta already
  void keep_retention();                // rolls, and removes segments that retention gives up
  void expire_producers(Timestamp before);
  Status write_checkpoint();  // waits for the sync of what is there now
  bool checkpoint_due() const;
  Status compact();  // if the topic wants it and enough is not compacted yet
  Status close();    // syncs, checkpoint, refuses appends from now on
  void remove();     // the topic is deleted: waiters fail, files go
  const std::string& dir() const { return spec_.dir; }
  std::vector<EpochStart> epochs() const;
  Offset end() const;

 private:
  struct SyncWaiter {
    Offset next;
    SyncCallback callback;
  };
  struct Place {  // a batch boundary that was read lately: where the next fetch begins
    Offset offset{-1};
    const Segment* segment = nullptr;
    uint64_t position = 0;
  };
  struct ReadView;

  LogPartition(LogContext& context, PartitionSpec spec);

  // partition_open.cc: all before the partition is shared
  struct Recovery;
  Status recover();
  Status find_segments(Recovery& recovery);
  Status read_bounds(Recovery& recovery);
  Status load_segment(Recovery& recovery, size_t i);
  Status scan_segment(Recovery& recovery, size_t i, uint64_t from, Offset expected);
  Status note_scanned(Recovery& recovery, Segment& segment, const BatchHeader& batch,
                      std::string_view bytes);
  Status cut_zeros(const Segment& segment, uint64_t position, bool last);
  Status cut_log(Recovery& recovery, size_t i, uint64_t position, const std::string& what);
  Status set_aside(const Segment& segment, File& file, uint64_t position, uint64_t bytes);
  Status make_durable(Segment& segment, uint64_t position);
  Status finish_recovery(Recovery& recovery);

  // partition_append.cc; all under mutex_ where they end in _locked
  // What a producer sent; a header that does not tell of its records is set right in place.
  Status check_client_batch(std::span<char> batch, BatchHeader& header,
                            const TopicConfig& config) const;
  Status check_times(std::span<char> batch, BatchHeader& header, const RecordTimes& times,
                     const TopicConfig& config) const;
  Status check_size(size_t bytes, const TopicConfig& config) const;
  Status check_appendable_locked() const;
  Result<AppendOutcome> append_locked(std::span<char> bytes, std::vector<BatchHeader>& headers);
  Status roll_if_needed_locked(const BatchHeader& first, size_t bytes);
  Status roll_locked();
  void note_appended_locked(const BatchHeader& batch, uint64_t position, Timestamp now);
  void request_sync_locked();

  // partition_sync.cc
  Status sync_files(const std::vector<std::shared_ptr<Segment>>& segments, bool folder);
  void note_pages(const std::vector<std::shared_ptr<Segment>>& segments, const SyncedBound& place);
  Status end_file();
  void finish_sync(const Status& synced, Offset end, const SyncedBound& bound);
  void fail_locked(PartitionHealth health, std::string reason);
  void report_damage(const Segment& segment, uint64_t position, Offset offset,
                     const std::string& what);

  // partition_read.cc
  Offset last_stable_locked() const;
  Result<ReadView> view_locked(Offset from, Isolation isolation) const;
  Result<uint64_t> locate(ReadView& view, Offset offset);
  Result<uint64_t> pass_damage(ReadView& view, uint64_t position, Offset offset,
                               const std::string& what);
  Status missing(const ReadView& view, uint64_t position, Offset from);
  uint64_t segments_gone() const;
  template <typename Read>
  auto read_what_is_left(Read read) -> decltype(read());
  Result<std::optional<OffsetAtTime>> search_by_time(Timestamp time, Isolation isolation);
  Result<ReadOutcome> read_slice(Offset from, uint32_t max_bytes, Isolation isolation,
                                 bool at_least_one, Offset* next);
  Result<uint64_t> slice_end(ReadView& view, uint64_t start, uint32_t max_bytes, bool at_least_one,
                             Offset* next);
  Status verify_cold(ReadView& view, uint64_t start, uint64_t* end, Offset from);
  Result<std::optional<OffsetAtTime>> find_in_batch(Segment& segment, uint64_t position,
                                                    const BatchHeader& header, Timestamp time,
                                                    Offset lowest);
  void remember_place(Offset offset, const Segment* segment, uint64_t position);
  LeaderEpoch epoch_of_locked(Offset offset) const;
  // The leader epoch is outside of a batch's CRC.
  Status check_epoch(const BatchHeader& batch) const;

  // partition_retain.cc
  size_t count_expired_locked(Timestamp now) const;
  std::vector<std::shared_ptr<Segment>> take_expired_locked(Timestamp now);
  Status roll_idle_locked(Timestamp now);
  void give_back_zeros_locked(Timestamp now);
  Status prepare_retention(Timestamp now);
  void remove_retired();  // under folder_mutex_

  // partition_compact.cc
  using Segments = std::vector<std::shared_ptr<Segment>>;
  struct CompactionPlan;
  struct BatchRules {  // neither: batches stay as they are
    const CompactionRules* compaction = nullptr;
    TransactionTrace* trace = nullptr;
  };
  bool plan_compaction(CompactionPlan& plan) const;
  Status map_newest(CompactionPlan& plan, NewestOffsets& newest);
  Status rewrite(const Segments& group, BatchRules rules);  // the group becomes one segment
  Status write_fresh(const Segments& group, BatchRules rules, File& file, Segment& fresh,
                     bool* changed);
  Status swap_segments(const Segments& old, const std::shared_ptr<Segment>& fresh,
                       const std::string& cleaned);
  bool can_swap_locked(const Segments& old) const;
  Status put_in_place(const Segments& old, const Segment& fresh, const std::string& cleaned);
  void forget_aborted(const std::vector<Offset>& markers);
  Segments sealed_below(Offset end) const;
  Status join_small(Offset end, const TopicConfig& config);

  std::shared_ptr<const TopicConfig> config_snapshot() const;
  std::vector<std::shared_ptr<AdvanceListener>> take_listeners_locked();

  LogContext& context_;
  PartitionSpec spec_;

  // Whoever needs several takes them in this order.
  std::mutex folder_mutex_;   // gives names in the folder to other segments or takes them away
  std::mutex checkpointing_;  // one thread writes a checkpoint, so that no older one comes last
  mutable std::mutex mutex_;
  std::shared_ptr<const TopicConfig> config_;
  std::vector<std::shared_ptr<Segment>> segments_;  // never empty once open; the last one is active
  std::vector<EpochStart> epochs_;
  ProducerTable producers_;
  Offset log_start_{0};
  Offset end_{0};
  Offset high_{0};
  SyncedBound high_place_;  // where high_ lies
  PartitionHealth health_ = PartitionHealth::kWritable;
  std::string health_reason_;
  bool closed_ = false;
  std::vector<std::shared_ptr<Segment>> unsynced_sealed_;
  bool folder_unsynced_ = false;
  bool sync_queued_ = false;
  std::condition_variable sync_idle_;
  std::deque<SyncWaiter> waiters_;  // in order of `next`
  std::vector<std::shared_ptr<AdvanceListener>> listeners_;
  int64_t bytes_since_checkpoint_ = 0;
  uint64_t bytes_to_sync_ = 0;
  ZeroTail zero_tail_;
  Offset checkpoint_end_{0};             // of the checkpoint on disk
  Offset compacted_to_{0};               // below it each key is there once
  uint64_t aborted_forgotten_ = 0;       // how often compaction took transactions out of producers_
  uint64_t segments_gone_ = 0;           // how many expired
  uint64_t compactions_ = 0;             // how often compaction changed what a checkpoint says
  uint64_t checkpoint_compactions_ = 0;  // that, in the checkpoint on disk
  std::array<Place, 8> places_;
  size_t next_place_ = 0;

  std::deque<std::shared_ptr<Segment>> retired_;  // files still to be removed; under folder_mutex_

  std::unique_ptr<SyncedFile> synced_file_;  // used by the syncing thread only, and at open
  PageTail page_tail_;                       // used by the syncing thread only
};

}  // namespace dataflow::log
