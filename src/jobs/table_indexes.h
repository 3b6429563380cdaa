// The indexes of a server's keyed tables: made when a table is first read by key, kept up by one
// thread that the log wakes, gone with their topics. What cannot have one (too large, a record that
// is no row) is read through jobs, as if there were none.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "table_index.h"

namespace dataflow::jobs {

class TableIndexes {
 public:
  TableIndexes(engine::Connectors& connectors, log::Log& log, int64_t most_memory)
      : connectors_(connectors), log_(log), memory_(most_memory) {}
  ~TableIndexes();

  // The table's, with everything in it that was committed when this was called. Waits while one is
  // made of a long topic. Null: it has none, or `cancelled`.
  std::shared_ptr<TableIndex> caught_up(const plan::SourceSpec& source,
                                        const std::atomic<bool>& cancelled);

  // How many queries were answered from indexes.
  uint64_t answered() const { return answered_; }
  void count_answer() { ++answered_; }

  struct Facts {
    size_t rows;
    int64_t behind;
  };
  // None: that topic has no index.
  std::optional<Facts> facts(const std::string& topic) const;

 private:
  struct Entry {
    Uuid topic_id;
    std::string columns;                // ALTER TABLE may have added some
    std::shared_ptr<TableIndex> index;  // null: it cannot have one
    bool ready = false;
  };
  // What the log's threads say. It may outlive its readers.
  struct Bell {
    std::mutex mutex;
    std::condition_variable rung;
    std::set<std::string> topics;
    bool closing = false;
    void ring(const std::string& topic);
  };

  std::shared_ptr<TableIndex> found_or_made(const plan::SourceSpec& source,
                                            const std::atomic<bool>& cancelled);
  // It goes through jobs from now on; told once.
  void give_up(const std::string& topic, const TableIndex& index, const Status& why);
  void follow();
  void follow_one(const std::string& topic);

  engine::Connectors& connectors_;
  log::Log& log_;
  IndexMemory memory_;
  const std::shared_ptr<Bell> bell_ = std::make_shared<Bell>();
  std::atomic<uint64_t> answered_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable made_;          // an index that was being made is ready, or given up
  std::map<std::string, Entry> entries_;  // by topic
  std::thread follower_;                  // begins with the first index
};

}  // namespace dataflow::jobs
