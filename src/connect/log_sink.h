// The sink "log": rows become records of a topic, visible once their checkpoint is durable, each
// exactly once. Its batches carry a producer id and sequences that prepare() gives them, so that
// after a restart the log itself tells which of them it has (commit_decision.h).
//
// Every run of a job takes a producer id of its own: a job that goes back to a savepoint begins no
// sequence again that the log knows already, and what an earlier run left to commit carries that
// run's id.
//
// Asked for at_least_once it does not wait for checkpoints: rows are in the topic as soon as they
// are written, and behind a failure those since the last checkpoint come once more.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/env.h"
#include "engine/connectors.h"
#include "log/log.h"
#include "log/producer_ids.h"
#include "types/log_batch.h"

namespace dataflow::connect {

// What becomes of output that was staged for a topic which was deleted and made anew meanwhile.
enum class OnRecreated : uint8_t { kFail, kSkip, kAppend };

struct LogSinkSpec {
  std::string node;
  std::string topic;
  bool round_robin = false;    // else by key, and a partition a batch where there is none
  std::optional<Codec> codec;  // absent: the topic's own, or none
  bool create = false;
  int32_t partitions = 1;  // of a topic that is created
  std::optional<size_t> timestamp_column;
  OnRecreated on_recreated = OnRecreated::kFail;
  plan::SinkSpec plan;
  SchemaPtr schema;

  bool at_once() const { return plan.guarantee == plan::Guarantee::kAtLeastOnce; }
};

struct LogSinkParts {
  Env& env;
  log::Log& log;
  log::ProducerIds& producer_ids;
};

Result<std::unique_ptr<engine::Sink>> make_log_sink(LogSinkParts parts, const plan::SinkSpec& spec,
                                                    const SchemaPtr& schema,
                                                    const engine::ConnectorContext& context);

// The topic, made first where the spec says so.
Result<log::TopicInfo> ensure_topic(log::Log& log, const LogSinkSpec& spec);

Result<std::unique_ptr<engine::SinkWriter>> make_log_sink_writer(LogSinkParts parts,
                                                                 const LogSinkSpec& spec, int task);
std::unique_ptr<engine::SinkCommitter> make_log_sink_committer(LogSinkParts parts,
                                                               const LogSinkSpec& spec);

}  // namespace dataflow::connect
