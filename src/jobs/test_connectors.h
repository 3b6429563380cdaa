// Sources of given rows and sinks that keep what was committed, in memory: what a test puts in the
// place of a pipeline's own. They outlive the runs of the job that use them.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/connectors.h"
#include "test_rows.h"

namespace dataflow::jobs {

// The one split of a source.
class TestInput {
 public:
  void add(std::vector<GivenRow> rows);
  void finish();  // no more will come
  // Whether the source has read all there is, and told what that means for time.
  bool at_end() const;
  void on_end(std::function<void()> told) { told_ = std::move(told); }
  void begin_again();  // before a next run of the job

  // Of the reader: rows of one kind, from there on.
  struct Run {
    std::vector<GivenRow> rows;
    bool finished = false;
  };
  Run read(size_t from);
  void listen(size_t from, std::function<void()> wake);
  size_t size() const;

 private:
  mutable std::mutex mutex_;
  std::vector<GivenRow> rows_;
  bool finished_ = false;
  bool at_end_ = false;
  std::function<void()> wake_;
  std::function<void()> told_;
};

// What a sink has made visible.
class TestOutput {
 public:
  // Returns the name under which they are committed.
  std::string stage(std::vector<ActualRow> rows);
  void commit(const std::string& name);
  std::vector<ActualRow> take();

 private:
  std::mutex mutex_;
  uint64_t next_ = 0;
  std::map<std::string, std::vector<ActualRow>> staged_;
  std::vector<ActualRow> rows_;
};

// By the ids of the plan's nodes, which it is filled with before a job starts.
class TestConnectors final : public engine::Connectors {
 public:
  std::map<std::string, std::shared_ptr<TestInput>> inputs;
  std::map<std::string, std::shared_ptr<TestOutput>> outputs;
  engine::Connectors* plugins = nullptr;  // whose operators are real

  Result<std::unique_ptr<engine::Source>> make_source(
      const plan::SourceSpec& spec, const engine::ConnectorContext& context) override;
  Result<std::unique_ptr<engine::Sink>> make_sink(const plan::SinkSpec& spec,
                                                  const SchemaPtr& schema,
                                                  const engine::ConnectorContext& context) override;
  Result<std::unique_ptr<engine::Operator>> make_operator(
      const plan::CustomSpec& spec, const SchemaPtr& input,
      const engine::ConnectorContext& context) override {
    return plugins == nullptr ? Connectors::make_operator(spec, input, context)
                              : plugins->make_operator(spec, input, context);
  }
};

}  // namespace dataflow::jobs
