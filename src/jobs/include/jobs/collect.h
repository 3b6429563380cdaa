// The sink "collect": rows that are wanted in this process, as the answer to a SELECT.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "engine/connectors.h"
#include "types/batch.h"

namespace dataflow::jobs {

using Row = std::vector<Value>;

// What a row takes in memory, about.
size_t bytes_of(const Row& row);

// Where the rows of one sink go. Thread-safe.
class RowTaker {
 public:
  virtual ~RowTaker() = default;
  virtual Status add(const Batch& batch) = 0;
  // As Resting::is_full(); `who` tells those apart who ask.
  virtual bool is_full(const void* /*who*/, const std::function<void()>& /*wake*/) { return false; }
};

// What was inserted and not taken back.
class CollectedRows final : public RowTaker {
 public:
  Status add(const Batch& batch) override;
  void add(RowKind kind, Row row);
  // Each as often as it stands there, in the order in which they first came.
  std::vector<Row> take();

 private:
  struct Entry {
    Row row;
    int64_t count = 0;  // what is taken back may come first
  };
  std::mutex mutex_;
  uint64_t next_ = 0;
  std::map<uint64_t, Entry> entries_;       // those that count, in the order in which they came
  std::map<std::string, uint64_t> places_;  // of entries, by their text
};

// How much waits for who reads along.
struct QueueBounds {
  // With so much of either the job rests until half of it is read.
  size_t rest_rows = SIZE_MAX;
  size_t rest_bytes = SIZE_MAX;
  // What comes at once all the same fails the job beyond this.
  size_t most_bytes = size_t{256} << 20;
};

// Rows as they come, for somebody who reads along.
class FollowedRows final : public RowTaker {
 public:
  struct Change {
    RowKind kind = RowKind::kInsert;
    Row row;
  };
  explicit FollowedRows(QueueBounds bounds = {}) : bounds_(bounds) {}

  // kTooLarge where far more waits than anybody reads: the job ends.
  Status add(const Batch& batch) override;
  bool is_full(const void* who, const std::function<void()>& wake) override;
  // No more will come. Ok: the sources have ended.
  void end(const Status& why);
  // Whether take() has something to say: rows, or that there are no more. False: not within
  // `wait_ms`, and `wake` is called once it has.
  bool await(int64_t wait_ms, std::function<void()> wake);
  // Up to `most`; empty: there is none now, and was none within `wait_ms`. None: that was all.
  Result<std::optional<std::vector<Change>>> take(size_t most, int64_t wait_ms);

 private:
  struct Part {
    Batch batch;
    int64_t next = 0;  // row
    size_t bytes = 0;
  };
  bool is_full() const { return rows_ >= bounds_.rest_rows || bytes_ >= bounds_.rest_bytes; }
  bool has_room() const {
    return rows_ <= bounds_.rest_rows / 2 && bytes_ <= bounds_.rest_bytes / 2;
  }

  const QueueBounds bounds_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Part> parts_;
  size_t rows_ = 0, bytes_ = 0;
  std::map<const void*, std::function<void()>> resting_;
  std::function<void()> awaiting_;
  bool over_ = false;
  Status why_;
};

// Those of another one, and the sink "collect".
class CollectConnectors final : public engine::Connectors {
 public:
  explicit CollectConnectors(engine::Connectors& others) : others_(others) {}

  // What the sinks "collect" of that job have kept; they begin anew.
  std::vector<Row> take(const std::string& job);
  // Those of that job, which is not started yet, go there instead; until forget().
  void send(const std::string& job, std::shared_ptr<RowTaker> rows);
  std::shared_ptr<FollowedRows> follow(const std::string& job);
  // What its sources read behind what is there; until forget().
  void stage(const std::string& job, std::shared_ptr<const engine::StagedRows> rows);
  void forget(const std::string& job);

  Result<std::unique_ptr<engine::Source>> make_source(
      const plan::SourceSpec& spec, const engine::ConnectorContext& context) override;
  Result<std::unique_ptr<engine::Sink>> make_sink(const plan::SinkSpec& spec,
                                                  const SchemaPtr& schema,
                                                  const engine::ConnectorContext& context) override;
  Result<std::unique_ptr<engine::Operator>> make_operator(
      const plan::CustomSpec& spec, const SchemaPtr& input,
      const engine::ConnectorContext& context) override {
    return others_.make_operator(spec, input, context);
  }
  Status describe_operator(plan::CustomSpec& spec, const Schema& input) override {
    return others_.describe_operator(spec, input);
  }
  std::vector<std::string> source_names() const override { return others_.source_names(); }
  std::vector<std::string> sink_names() const override { return others_.sink_names(); }

 private:
  engine::Connectors& others_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<CollectedRows>> by_job_;
  std::map<std::string, std::shared_ptr<RowTaker>> sent_;
  std::map<std::string, std::shared_ptr<const engine::StagedRows>> staged_;
};

}  // namespace dataflow::jobs
