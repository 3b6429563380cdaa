// Test bed: sources of given rows and sinks that keep what was committed, in memory. They outlive
// the jobs that use them, as a log would outlive a process.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/connectors.h"

namespace dataflow::engine {

// The rows of one source: splits of rows, in order. Grows while jobs read it.
class MemoryTable {
 public:
  explicit MemoryTable(SchemaPtr schema, size_t splits = 1)
      : schema_(std::move(schema)), splits_(splits) {}

  const SchemaPtr& schema() const { return schema_; }
  size_t splits() const { return splits_.size(); }
  void add(size_t split, std::vector<Value> row);
  // No more rows will come.
  void finish();
  // Its source has no end, whatever comes.
  void go_on() { endless_ = true; }
  bool endless() const { return endless_; }
  // A source names only so many of the splits from now on.
  void list_only(size_t splits) { listed_ = splits; }
  size_t listed() const { return std::min(listed_, splits_.size()); }

  struct Part {
    std::vector<std::vector<Value>> rows;
    bool finished = false;
  };
  Part read(size_t split, size_t from, size_t most);
  void listen(size_t split, size_t from, std::function<void()> wake);
  size_t size(size_t split);

 private:
  const SchemaPtr schema_;
  std::mutex mutex_;
  std::vector<std::vector<std::vector<Value>>> splits_;
  bool finished_ = false;
  std::atomic<bool> endless_ = false;
  size_t listed_ = SIZE_MAX;
  std::vector<std::function<void()>> waiting_;
};

// What a sink has made visible: committing a checkpoint twice changes nothing.
class MemoryResult {
 public:
  void commit(int64_t checkpoint, size_t index, const std::string& bytes);
  // Every row as text, "+I {…}", in the order of checkpoints, up to `last`.
  std::vector<std::string> rows(int64_t last = INT64_MAX);
  uint64_t repeats();
  // Rows that writers were given, visible or not.
  std::atomic<size_t> written = 0;

 private:
  std::mutex mutex_;
  std::map<std::pair<int64_t, size_t>, std::string> committed_;
  uint64_t repeats_ = 0;
};

// Sources by option "table", sinks by option "result". A row of a source with upsert_keys is a
// deletion where all else is NULL.
class MemoryConnectors final : public Connectors {
 public:
  std::map<std::string, std::shared_ptr<MemoryTable>> tables;
  std::map<std::string, std::shared_ptr<MemoryResult>> results;
  size_t chunk_rows = 7;
  bool shuffle_chunks = false;     // of random sizes up to chunk_rows
  std::atomic<uint64_t> seed = 1;  // also set while a job that was cancelled still ends
  // Called before a sink is made and before it commits; may block, and fail it.
  std::function<Status(const ConnectorContext&)> on_make_sink;
  std::function<Status(const ConnectorContext&)> on_commit;

  Result<std::unique_ptr<Source>> make_source(const plan::SourceSpec& spec,
                                              const ConnectorContext& context) override;
  Result<std::unique_ptr<Sink>> make_sink(const plan::SinkSpec& spec, const SchemaPtr& schema,
                                          const ConnectorContext& context) override;
};

}  // namespace dataflow::engine
