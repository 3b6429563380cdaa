// A log with its users, for the crash tests: producers that retry, a coordinator that ends its
// transactions, an admin, and a model of what each was promised. Test-only.
#pragma once

#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "log_test_bed.h"

namespace dataflow::log {

enum class Fate { kNone, kOpen, kCommitted, kAborted };

// One batch that was handed to a partition, with the offsets that it got.
struct WrittenBatch {
  std::string bytes;
  Offset base, next;
  std::vector<std::string> values;  // none for a marker
  int64_t transaction = -1;
};

struct InFlight {
  int32_t sequence;
  std::vector<std::string> values;
  Offset next;
};

struct PartitionModel {
  std::vector<WrittenBatch> log;    // the last one perhaps only tried
  Offset end{0};                    // behind what was taken
  Offset confirmed{0};              // await_synced() said so
  Offset seen_high{0};              // a reader saw it
  Offset start{0};                  // DeleteRecords said so
  Offset start_tried{0};            // or was interrupted
  std::vector<InFlight> in_flight;  // of the partition's idempotent producer
  int32_t sequence = 0;
};

struct TopicModel {
  std::string name;
  bool keeps_all = true;  // no retention
  std::vector<PartitionModel> partitions;
  int32_t partitions_tried = 0;
  std::set<std::string> message_limits;  // the values that max.message.bytes may have
};

struct TransactionModel {
  int64_t id = -1;
  Fate fate = Fate::kOpen;
  std::map<std::pair<std::string, int32_t>, int32_t>
      sequences;  // of the producer in each partition
  std::set<std::pair<std::string, int32_t>> touched;
};

class CrashWorld {
 public:
  explicit CrashWorld(uint64_t seed);

  FaultEnv& env() { return bed_.env(); }
  void set_up();
  // Random operations, until `count` are done or the crash point is reached.
  void work(int count);
  // The power goes; then starts anew, perhaps crashing there again, and looks at what came back.
  void crash_and_check(CrashOptions how, uint64_t crashes_while_starting);
  // Everybody repeats what was not acknowledged, all transactions end; then all must be as
  // promised.
  void settle_and_check();

 private:
  using Place = std::pair<std::string, int32_t>;

  void step();
  void append_plain(TopicModel& topic, int32_t partition);
  void append_idempotent(TopicModel& topic, int32_t partition);
  void append_transactional();
  void end_transaction(bool commit);
  void send_markers();
  void confirm(TopicModel& topic, int32_t partition);
  void change_topics();
  void create_topic(const std::string& name);
  void delete_topic();
  void delete_records(TopicModel& topic, int32_t partition);
  void restart_cleanly();

  // Appends, and notes what became of it; nothing if the disk has crashed meanwhile.
  std::optional<AppendOutcome> append(TopicModel& topic, int32_t partition, std::string batch,
                                      std::vector<std::string> values, int64_t transaction);
  void note_tried(PartitionModel& model, std::string batch, std::vector<std::string> values,
                  int64_t transaction);
  std::vector<std::string> new_values();
  PartitionModel* model_of(const Place& place);

  void start_again(CrashOptions how, uint64_t crashes_while_starting);
  void check_topics();
  void check_partition(TopicModel& topic, int32_t index);
  void check_committed(TopicModel& topic, int32_t index, bool settled);
  std::map<std::string, std::string> log_contents();
  void check_cut(const std::map<std::string, std::string>& before);
  void retry_in_flight(TopicModel& topic, int32_t partition);

  uint64_t below(uint64_t n) { return random_() % n; }
  bool one_in(uint64_t n) { return below(n) == 0; }

  LogBed bed_;
  std::mt19937_64 random_;
  int64_t next_value_ = 0;
  int64_t next_transaction_ = 0;
  std::map<std::string, TopicModel> topics_;
  std::set<std::string> creating_, deleting_;               // interrupted: may be there or not
  std::map<std::string, std::pair<int64_t, Fate>> values_;  // each value's transaction
  TransactionModel transaction_;
  ProducerEpoch transaction_epoch_{0};
  int32_t topics_made_ = 0;
};

}  // namespace dataflow::log
