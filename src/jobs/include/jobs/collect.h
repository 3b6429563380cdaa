// The sink "collect": rows that are wanted in this process, as the answer to a SELECT.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/connectors.h"
#include "types/batch.h"

namespace dataflow::jobs {

using Row = std::vector<Value>;

// The rows of one sink: what was inserted and not taken back. Thread-safe.
class CollectedRows {
 public:
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

// Those of another one, and the sink "collect".
class CollectConnectors final : public engine::Connectors {
 public:
  explicit CollectConnectors(engine::Connectors& others) : others_(others) {}

  // What the sinks "collect" of that job have kept; they begin anew.
  std::vector<Row> take(const std::string& job);

  Result<std::unique_ptr<engine::Source>> make_source(
      const plan::SourceSpec& spec, const engine::ConnectorContext& context) override {
    return others_.make_source(spec, context);
  }
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
};

}  // namespace dataflow::jobs
