// Connectors: how the engine gets at sources and sinks without knowing any. `connect` implements
// it.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/status.h"
#include "engine/operator.h"
#include "engine/sink.h"
#include "engine/source.h"
#include "plan/plan.h"

namespace dataflow::engine {

// Rows that somebody is about to write, as the sink that will write them has staged them: to be
// read as if they stood behind what is there.
struct StagedRows {
  std::string target;  // a topic, in the words of the connector's options
  std::vector<std::string> committables;
};

// What a connector may need to know of the job that it serves.
struct ConnectorContext {
  std::string job;       // its name
  std::string node;      // the plan's node
  bool bounded = false;  // batch mode: sources end at what is there now
  // Asked once the job has to end and something holds it up: who waits for another system gives up
  // with kCancelled.
  std::stop_token interrupted = {};
  // Of bounded sources. None: what is there is all.
  std::shared_ptr<const StagedRows> staged = {};
};

class Connectors : public plan::CustomOperators {
 public:
  // kInvalid names the option and the nearest valid one; kNotFound for a topic or file that is not
  // there. Checks what can be checked without moving data.
  virtual Result<std::unique_ptr<Source>> make_source(const plan::SourceSpec& spec,
                                                      const ConnectorContext& context) = 0;
  virtual Result<std::unique_ptr<Sink>> make_sink(const plan::SinkSpec& spec,
                                                  const SchemaPtr& schema,
                                                  const ConnectorContext& context) = 0;
  // An operator of a plug-in, for rows of that schema; of a validated plan. These are those who
  // have none.
  virtual Result<std::unique_ptr<Operator>> make_operator(const plan::CustomSpec& spec,
                                                          const SchemaPtr& input,
                                                          const ConnectorContext& context);
  Status describe_operator(plan::CustomSpec& spec, const Schema& input) override;
  virtual std::vector<std::string> source_names() const { return {}; }
  virtual std::vector<std::string> sink_names() const { return {}; }
};

}  // namespace dataflow::engine
