#include "log_sink.h"

#include "base/edit_distance.h"
#include "log/fault.h"
#include "options.h"
#include "topic_names.h"

namespace dataflow::connect {
namespace {

class LogSink final : public engine::Sink {
 public:
  LogSink(LogSinkParts parts, LogSinkSpec spec) : parts_(parts), spec_(std::move(spec)) {}

  plan::Guarantee guarantee() const override {
    return spec_.at_once() ? plan::Guarantee::kAtLeastOnce : plan::Guarantee::kExactlyOnce;
  }
  bool takes_updates() const override { return !spec_.plan.key_columns.empty(); }
  Result<std::unique_ptr<engine::SinkWriter>> make_writer(
      int task, const std::map<std::string, std::string>& /*named_state*/) override {
    return make_log_sink_writer(parts_, spec_, task);
  }
  Result<std::unique_ptr<engine::SinkCommitter>> make_committer() override {
    return make_log_sink_committer(parts_, spec_);
  }

 private:
  LogSinkParts parts_;
  LogSinkSpec spec_;
};

Status read_codec(OptionReader& options, LogSinkSpec& out) {
  const std::optional<std::string> name = options.text("compression");
  if (!name) return {};
  Result<Codec> codec = codec_from_name(*name);
  if (!codec.ok()) return options.wrong("compression", codec.status().message());
  out.codec = *codec;
  return {};
}

Status read_timestamp_column(OptionReader& options, LogSinkSpec& out) {
  const std::optional<std::string> name = options.text("timestamp_column");
  if (!name) return {};
  Result<size_t> column = out.schema->require(*name);
  if (!column.ok()) return options.wrong("timestamp_column", column.status().message());
  const Type& type = (*out.schema)[*column].type;
  if (!type.is_timestamp()) {
    return options.wrong("timestamp_column", "it is " + type.to_string() + ", not a timestamp");
  }
  out.timestamp_column = *column;
  return {};
}

}  // namespace

Result<std::unique_ptr<engine::Sink>> make_log_sink(LogSinkParts parts, const plan::SinkSpec& spec,
                                                    const SchemaPtr& schema,
                                                    const engine::ConnectorContext& context) {
  OptionReader options("sink `" + context.node + "`", spec.options);
  LogSinkSpec out;
  out.node = context.node;
  out.plan = spec;
  out.schema = schema;
  DF_ASSIGN_OR_RETURN(out.topic, options.required("topic", "stream"));
  DF_ASSIGN_OR_RETURN(size_t partitioner, options.choice("partitioner", {"key", "round-robin"}));
  out.round_robin = partitioner == 1;
  DF_RETURN_IF_ERROR(read_codec(options, out));
  DF_ASSIGN_OR_RETURN(out.create, options.boolean("create", false));
  DF_ASSIGN_OR_RETURN(
      int64_t partitions,
      options.integer("partitions", 1, 1, parts.log.options().max_partitions_per_topic));
  out.partitions = static_cast<int32_t>(partitions);
  DF_RETURN_IF_ERROR(read_timestamp_column(options, out));
  DF_ASSIGN_OR_RETURN(size_t recreated, options.choice("on_recreated", {"fail", "skip", "append"}));
  out.on_recreated = static_cast<OnRecreated>(recreated);
  DF_RETURN_IF_ERROR(options.refuse_others());
  if (!parts.log.topic(out.topic)) {
    if (!out.create) {
      Status missing = no_such_topic(parts.log, out.topic);
      return Status::not_found("sink `" + context.node + "`: " + missing.message() +
                               "; option `create`=`true` makes it");
    }
    DF_RETURN_IF_ERROR(parts.log.check_new_topic(out.topic, out.partitions, {}));
  }
  return std::unique_ptr<engine::Sink>(std::make_unique<LogSink>(parts, std::move(out)));
}

Result<log::TopicInfo> ensure_topic(log::Log& log, const LogSinkSpec& spec) {
  if (std::optional<log::TopicInfo> topic = log.topic(spec.topic)) return *topic;
  if (!spec.create) return no_such_topic(log, spec.topic);
  Result<log::TopicInfo> made = log.create_topic(spec.topic, spec.partitions, {});
  if (!made.ok() && log::fault_of(made.status()) == log::Fault::kTopicExists) {
    if (std::optional<log::TopicInfo> topic = log.topic(spec.topic)) return *topic;
  }
  return made;
}

}  // namespace dataflow::connect
