// The connectors by name. A new one is a file of its own and a line here.
#include <algorithm>
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
#include "nexmark_source.h"
#include "options.h"
#include "plain_sinks.h"
#include "values_source.h"

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

SourceResult nexmark_source(const Parts& parts, const plan::SourceSpec& spec,
                            const ConnectorContext& context) {
  return make_nexmark_source(parts.given.env, parts.given.timers, spec, context);
}

SourceResult values_source(const Parts&, const plan::SourceSpec& spec,
                           const ConnectorContext& context) {
  return make_values_source(spec, context);
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

constexpr SourceEntry kSources[] = {{"log", log_source},
                                    {"file", file_source},
                                    {"generator", generator_source},
                                    {"nexmark", nexmark_source},
                                    {"values", values_source}};
constexpr SinkEntry kSinks[] = {{"log", log_sink},         {"file", file_sink},
                                {"http", http_sink},       {"metrics", metrics_sink},
                                {"console", console_sink}, {"blackhole", blackhole_sink}};

template <class Entries>
std::vector<std::string> names_of(const Entries& entries) {
  std::vector<std::string> names;
  for (const auto& entry : entries) names.emplace_back(entry.name);
  return names;
}

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Status unknown(const std::string& where, const std::string& name, std::vector<std::string> names,
               const std::vector<std::string>& of_plugins) {
  names.insert(names.end(), of_plugins.begin(), of_plugins.end());
  std::string hint = suggestion(name, names);
  if (hint.empty()) hint = "; there is " + any_of_words(names);
  return Status::invalid(where + ": there is no connector `" + name + "`" + hint);
}

class BuiltInConnectors final : public engine::Connectors {
 public:
  explicit BuiltInConnectors(ConnectorParts parts) : parts_{parts, breakers_} {}

  SourceResult make_source(const plan::SourceSpec& spec, const ConnectorContext& context) override {
    if (!spec.upsert_keys.empty() && spec.connector != "log") {
      return Status::invalid("source `" + context.node + "`: rows replace each other by key only " +
                             "in topics, and the connector is `" + spec.connector + "`");
    }
    for (const SourceEntry& entry : kSources) {
      if (spec.connector == entry.name) return entry.make(parts_, spec, context);
    }
    const std::vector<std::string> more = source_names();
    if (has(more, spec.connector)) return parts_.given.plugins->make_source(spec, context);
    return unknown("source `" + context.node + "`", spec.connector, built_in_sources(), more);
  }

  SinkResult make_sink(const plan::SinkSpec& spec, const SchemaPtr& schema,
                       const ConnectorContext& context) override {
    DF_ASSIGN_OR_RETURN(std::unique_ptr<engine::Sink> sink, sink_of(spec, schema, context));
    if (!spec.guarantee || *spec.guarantee <= sink->guarantee()) return sink;
    return Status::invalid("sink `" + context.node + "`: connector `" + spec.connector +
                           "` writes at least once; it cannot be made exactly-once");
  }

  Result<std::unique_ptr<engine::Operator>> make_operator(
      const plan::CustomSpec& spec, const SchemaPtr& input,
      const ConnectorContext& context) override {
    engine::Connectors* const plugins = parts_.given.plugins;
    return plugins == nullptr ? Connectors::make_operator(spec, input, context)
                              : plugins->make_operator(spec, input, context);
  }
  Status describe_operator(plan::CustomSpec& spec, const Schema& input) override {
    engine::Connectors* const plugins = parts_.given.plugins;
    return plugins == nullptr ? Connectors::describe_operator(spec, input)
                              : plugins->describe_operator(spec, input);
  }

 private:
  std::vector<std::string> source_names() const override {
    return parts_.given.plugins == nullptr ? std::vector<std::string>()
                                           : parts_.given.plugins->source_names();
  }
  std::vector<std::string> sink_names() const override {
    return parts_.given.plugins == nullptr ? std::vector<std::string>()
                                           : parts_.given.plugins->sink_names();
  }
  SinkResult sink_of(const plan::SinkSpec& spec, const SchemaPtr& schema,
                     const ConnectorContext& context) {
    for (const SinkEntry& entry : kSinks) {
      if (spec.connector == entry.name) return entry.make(parts_, spec, schema, context);
    }
    const std::vector<std::string> more = sink_names();
    if (has(more, spec.connector)) return parts_.given.plugins->make_sink(spec, schema, context);
    return unknown("sink `" + context.node + "`", spec.connector, built_in_sinks(), more);
  }

  CircuitBreakers breakers_;
  const Parts parts_;
};

}  // namespace

std::vector<std::string> built_in_sources() { return names_of(kSources); }
std::vector<std::string> built_in_sinks() { return names_of(kSinks); }

std::unique_ptr<engine::Connectors> make_connectors(ConnectorParts parts) {
  return std::make_unique<BuiltInConnectors>(parts);
}

}  // namespace dataflow::connect
