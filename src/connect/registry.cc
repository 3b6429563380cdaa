// The connectors by name. A new one is a file of its own and a line here.
#include <string>
#include <vector>

#include "base/edit_distance.h"
#include "connect/connectors.h"
#include "file_sink.h"
#include "file_source.h"
#include "generator_source.h"
#include "http_sink.h"
#include "log_sink.h"
#include "log_source.h"
#include "metrics_sink.h"
#include "options.h"
#include "plain_sinks.h"

namespace dataflow::connect {
namespace {

using engine::ConnectorContext;
using SourceResult = Result<std::unique_ptr<engine::Source>>;
using SinkResult = Result<std::unique_ptr<engine::Sink>>;

// What an entry makes its connectors of.
struct Parts {
  ConnectorParts given;
  CircuitBreakers& breakers;
};
struct SourceEntry {
  const char* name;
  SourceResult (*make)(const Parts&, const plan::SourceSpec&, const ConnectorContext&);
};
struct SinkEntry {
  const char* name;
  SinkResult (*make)(const Parts&, const plan::SinkSpec&, const SchemaPtr&,
                     const ConnectorContext&);
};

SourceResult log_source(const Parts& parts, const plan::SourceSpec& spec,
                        const ConnectorContext& context) {
  return make_log_source({parts.given.log, parts.given.groups}, spec, context);
}
SourceResult file_source(const Parts& parts, const plan::SourceSpec& spec,
                         const ConnectorContext& context) {
  return make_file_source({parts.given.env, parts.given.timers}, spec, context);
}
SourceResult generator_source(const Parts& parts, const plan::SourceSpec& spec,
                              const ConnectorContext& context) {
  return make_generator_source(parts.given.env, parts.given.timers, spec, context);
}

SinkResult log_sink(const Parts& parts, const plan::SinkSpec& spec, const SchemaPtr& schema,
                    const ConnectorContext& context) {
  return make_log_sink({parts.given.env, parts.given.log, parts.given.producer_ids}, spec, schema,
                       context);
}
SinkResult file_sink(const Parts& parts, const plan::SinkSpec& spec, const SchemaPtr& schema,
                     const ConnectorContext& context) {
  return make_file_sink(parts.given.env, spec, schema, context);
}
SinkResult http_sink(const Parts& parts, const plan::SinkSpec& spec, const SchemaPtr& schema,
                     const ConnectorContext& context) {
  return make_http_sink(http_sink_parts(parts.given.env, parts.breakers), spec, schema, context);
}
SinkResult metrics_sink(const Parts& parts, const plan::SinkSpec& spec, const SchemaPtr& schema,
                        const ConnectorContext& context) {
  return make_metrics_sink(parts.given.metrics, spec, schema, context);
}
SinkResult console_sink(const Parts&, const plan::SinkSpec& spec, const SchemaPtr& schema,
                        const ConnectorContext& context) {
  return make_console_sink(spec, schema, context);
}
SinkResult blackhole_sink(const Parts&, const plan::SinkSpec& spec, const SchemaPtr&,
                          const ConnectorContext& context) {
  return make_blackhole_sink(spec, context);
}

constexpr SourceEntry kSources[] = {
    {"log", log_source}, {"file", file_source}, {"generator", generator_source}};
constexpr SinkEntry kSinks[] = {{"log", log_sink},         {"file", file_sink},
                                {"http", http_sink},       {"metrics", metrics_sink},
                                {"console", console_sink}, {"blackhole", blackhole_sink}};

template <class Entries>
Status unknown(const std::string& where, const std::string& name, const Entries& entries) {
  std::vector<std::string> names;
  for (const auto& entry : entries) names.emplace_back(entry.name);
  std::string hint = suggestion(name, names);
  if (hint.empty()) hint = "; there is " + any_of_words(names);
  return Status::invalid(where + ": there is no connector `" + name + "`" + hint);
}

class BuiltInConnectors final : public engine::Connectors {
 public:
  explicit BuiltInConnectors(ConnectorParts parts) : parts_{parts, breakers_} {}

  SourceResult make_source(const plan::SourceSpec& spec, const ConnectorContext& context) override {
    for (const SourceEntry& entry : kSources) {
      if (spec.connector == entry.name) return entry.make(parts_, spec, context);
    }
    return unknown("source `" + context.node + "`", spec.connector, kSources);
  }

  SinkResult make_sink(const plan::SinkSpec& spec, const SchemaPtr& schema,
                       const ConnectorContext& context) override {
    for (const SinkEntry& entry : kSinks) {
      if (spec.connector != entry.name) continue;
      SinkResult sink = entry.make(parts_, spec, schema, context);
      if (!sink.ok() || !spec.guarantee || *spec.guarantee <= (*sink)->guarantee()) return sink;
      return Status::invalid("sink `" + context.node + "`: connector `" + spec.connector +
                             "` writes at least once; it cannot be made exactly-once");
    }
    return unknown("sink `" + context.node + "`", spec.connector, kSinks);
  }

 private:
  CircuitBreakers breakers_;
  const Parts parts_;
};

}  // namespace

std::unique_ptr<engine::Connectors> make_connectors(ConnectorParts parts) {
  return std::make_unique<BuiltInConnectors>(parts);
}

}  // namespace dataflow::connect
