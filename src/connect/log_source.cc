#include "log_source.h"

#include <mutex>

#include "group_progress.h"
#include "options.h"
#include "topic_names.h"

namespace dataflow::connect {
namespace {

using plan::Metadata;

class LogSource final : public engine::Source {
 public:
  LogSource(LogSourceParts parts, LogSourceSpec spec)
      : parts_(parts), spec_(std::make_shared<const LogSourceSpec>(std::move(spec))) {
    if (!spec_->group.empty()) {
      progress_ = std::make_shared<GroupProgress>(*parts.groups, spec_->group);
    }
  }

  SchemaPtr schema() const override { return spec_->columns.schema(); }
  bool bounded() const override { return spec_->bounded; }
  Result<std::vector<engine::Split>> splits() override;
  Result<std::unique_ptr<engine::SplitReader>> open(const engine::Split& split) override {
    return open_log_split(parts_.log, spec_, split);
  }
  Result<std::unique_ptr<engine::ChunkDecoder>> make_decoder() override {
    return make_log_chunk_decoder(spec_);
  }
  void on_checkpoint(const std::vector<engine::Split>& positions) override;

 private:
  LogSourceParts parts_;
  std::shared_ptr<const LogSourceSpec> spec_;
  std::shared_ptr<GroupProgress> progress_;
  std::mutex mutex_;
  std::optional<int32_t> known_;  // partitions that there were when it was first asked
};

Result<std::vector<engine::Split>> LogSource::splits() {
  const std::optional<log::TopicInfo> topic = parts_.log.topic(spec_->topic);
  if (!topic || topic->id != spec_->topic_id) {
    return Status::not_found(spec_->where + ": topic `" + spec_->topic + "` was deleted");
  }
  std::lock_guard lock(mutex_);
  if (!known_) known_ = topic->partitions;
  std::vector<engine::Split> splits;
  for (int32_t i = 0; i < topic->partitions; ++i) {
    const auto partition = parts_.log.partition(spec_->topic, PartitionIndex(i));
    if (partition == nullptr) continue;
    // A partition that was added meanwhile is read whole, wherever the others began.
    const LogStart start = i < *known_ ? spec_->start : LogStart();
    DF_ASSIGN_OR_RETURN(std::string position,
                        start_position(start, *spec_, *partition, parts_.groups));
    splits.push_back({split_id(spec_->topic, PartitionIndex(i)), std::move(position)});
  }
  return splits;
}

void LogSource::on_checkpoint(const std::vector<engine::Split>& positions) {
  if (progress_ == nullptr) return;
  std::vector<log::OffsetToCommit> offsets;
  for (const engine::Split& split : positions) {
    Result<PartitionIndex> partition = partition_of_split(split.id);
    Result<LogPosition> position = parse_position(split.position);
    if (!partition.ok() || !position.ok() || !position->offset) continue;
    log::OffsetToCommit commit;
    commit.partition = {spec_->topic, *partition};
    commit.offset = *position->offset;
    offsets.push_back(std::move(commit));
  }
  progress_->show(std::move(offsets));
}

Status read_start(OptionReader& options, const LogSourceParts& parts, LogSourceSpec& out) {
  const std::optional<std::string> start = options.text("start");
  if (start) {
    Result<LogStart> parsed = parse_start(*start);
    if (!parsed.ok()) return options.wrong("start", parsed.status().message());
    out.start = *parsed;
  }
  out.group = options.text("group").value_or("");
  DF_ASSIGN_OR_RETURN(size_t fallback, options.choice("group.fallback", {"earliest", "latest"}));
  if (fallback == 1) out.start.fallback = LogStart::Kind::kLatest;
  const bool wants_group = !out.group.empty() || out.start.kind == LogStart::Kind::kGroup;
  if (!wants_group || parts.groups != nullptr) return {};
  return options.wrong("group", "there are no groups here");
}

}  // namespace

Result<std::unique_ptr<engine::Source>> make_log_source(LogSourceParts parts,
                                                        const plan::SourceSpec& spec,
                                                        const engine::ConnectorContext& context) {
  LogSourceSpec out;
  out.where = "source `" + context.node + "`";
  OptionReader options(out.where, spec.options);
  DF_ASSIGN_OR_RETURN(out.topic, options.required("topic", "stream"));
  DF_RETURN_IF_ERROR(read_start(options, parts, out));
  DF_ASSIGN_OR_RETURN(size_t isolation,
                      options.choice("isolation", {"read_committed", "read_uncommitted"}));
  out.read_committed = isolation == 0;
  DF_ASSIGN_OR_RETURN(size_t missing, options.choice("on_missing", {"fail", "earliest"}));
  out.skip_missing = missing == 1;
  // `once`: what is there when the job starts, as in a bounded job.
  DF_ASSIGN_OR_RETURN(const size_t mode, options.choice("mode", {"follow", "once"}));
  DF_RETURN_IF_ERROR(options.refuse_others());
  const std::optional<log::TopicInfo> topic = parts.log.topic(out.topic);
  if (!topic) return no_such_topic(parts.log, out.topic).with_context(out.where);
  out.topic_id = topic->id;
  out.bounded = context.bounded || mode == 1;
  if (out.bounded && context.staged && context.staged->target == out.topic) {
    out.staged = context.staged;
  }
  out.format = spec.format;
  DF_ASSIGN_OR_RETURN(
      out.decoder, in_place(format::decoder_options(spec.format, spec.format_options), out.where));
  DF_ASSIGN_OR_RETURN(
      out.columns, SourceColumns::make(spec, out.where,
                                       {Metadata::kOffset, Metadata::kPartition,
                                        Metadata::kTimestamp, Metadata::kKey, Metadata::kHeaders}));
  const Schema& payload = *out.columns.payload();
  if (!spec.upsert_keys.empty()) {
    DF_ASSIGN_OR_RETURN(out.upsert_key, KeyDecoderSpec::make(spec, out.where));
  }
  out.null_values = spec.format == "raw" && payload.size() == 1 && payload[0].nullable;
  return std::unique_ptr<engine::Source>(std::make_unique<LogSource>(parts, std::move(out)));
}

}  // namespace dataflow::connect
