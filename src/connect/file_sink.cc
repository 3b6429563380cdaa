#include "file_sink.h"

#include <algorithm>
#include <cstdio>

#include "base/crc32c.h"
#include "base/durable_dirs.h"
#include "base/logger.h"
#include "base/units.h"
#include "options.h"
#include "partitions.h"
#include "row_partition.h"

namespace dataflow::connect {
namespace {

constexpr int64_t kUsualRollBytes = int64_t{128} << 20;
constexpr int64_t kUsualRollMs = 30'000;

class FileSink final : public engine::Sink {
 public:
  FileSink(Env& env, FileSinkSpec spec)
      : env_(env), spec_(std::make_shared<const FileSinkSpec>(std::move(spec))) {}

  plan::Guarantee guarantee() const override { return plan::Guarantee::kExactlyOnce; }
  bool takes_updates() const override { return false; }
  Result<std::unique_ptr<engine::SinkWriter>> make_writer(
      int, const std::map<std::string, std::string>&) override {
    // What an earlier attempt had promised was made visible before the first writer is made.
    if (writers_ == 0) DF_RETURN_IF_ERROR(prepare_folder().with_context(spec_->where));
    return make_file_sink_writer(env_, spec_, attempt_, writers_++);
  }
  Result<std::unique_ptr<engine::SinkCommitter>> make_committer() override {
    return make_file_sink_committer(env_, spec_);
  }

 private:
  Status prepare_folder() {
    uint64_t random = 0;
    env_.fill_random(std::span(reinterpret_cast<char*>(&random), sizeof random));
    char text[32];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(random));
    attempt_ = text;
    DF_RETURN_IF_ERROR(create_dirs_durably(env_, spec_->folder));
    return remove_staged_files(env_, *spec_);
  }

  Env& env_;
  std::shared_ptr<const FileSinkSpec> spec_;
  std::string attempt_;
  int writers_ = 0;
};

// The same for the same sink of the same job, whenever it runs.
std::string staged_prefix(const engine::ConnectorContext& context) {
  char hash[16];
  std::snprintf(hash, sizeof hash, "%08x", crc32c(context.job + "/" + context.node));
  return "_" + std::string(hash) + "-";
}

std::string csv_name(const std::string& name, const format::EncoderOptions& options) {
  const std::string special = {options.csv_delimiter, options.csv_quote, '\n', '\r'};
  if (name.find_first_of(special) == std::string::npos) return name;
  std::string out(1, options.csv_quote);
  for (const char c : name) {
    if (c == options.csv_quote) out += c;
    out += c;
  }
  return out + options.csv_quote;
}

std::string csv_header(const Schema& schema, const format::EncoderOptions& options) {
  std::string header;
  for (size_t i = 0; options.csv_header && i < schema.size(); ++i) {
    if (i > 0) header += options.csv_delimiter;
    header += csv_name(schema[i].name, options);
  }
  return header.empty() ? header : header + "\n";
}

Status read_rolling(OptionReader& options, FileSinkSpec& out) {
  out.roll_bytes = static_cast<uint64_t>(kUsualRollBytes);
  if (const std::optional<std::string> text = options.text("roll_size")) {
    const Result<int64_t> bytes = parse_bytes(*text);
    if (!bytes.ok() || *bytes < 1)
      return options.wrong("roll_size", "give a size such as `128MiB`");
    out.roll_bytes = static_cast<uint64_t>(*bytes);
  }
  out.roll_interval_ms = kUsualRollMs;
  if (const std::optional<std::string> text = options.text("roll_interval")) {
    const Result<int64_t> ms = parse_duration_ms(*text);
    if (!ms.ok() || *ms < 0) {
      return options.wrong("roll_interval", "give a duration such as `30s`");
    }
    out.roll_interval_ms = *ms;
  }
  return {};
}

Status read_partitions(OptionReader& options, FileSinkSpec& out) {
  DF_ASSIGN_OR_RETURN(Partitions partitions, connect::read_partitions(options, *out.schema));
  out.no_partition = std::move(partitions.nothing);
  out.partition_columns = std::move(partitions.columns);
  out.written = out.schema;
  if (!out.partition_columns.empty()) out.written = without(*out.schema, out.partition_columns);
  return {};
}

}  // namespace

Status remove_staged_files(Env& env, const FileSinkSpec& spec) {
  DF_ASSIGN_OR_RETURN(const std::vector<DirEntry> entries, env.list_dir(spec.folder));
  for (const DirEntry& entry : entries) {
    if (entry.is_dir || !entry.name.starts_with(spec.prefix)) continue;
    DF_RETURN_IF_ERROR(env.remove_file(spec.folder + "/" + entry.name));
  }
  return {};
}

Result<std::unique_ptr<engine::Sink>> make_file_sink(Env& env, const plan::SinkSpec& spec,
                                                     const SchemaPtr& schema,
                                                     const engine::ConnectorContext& context) {
  FileSinkSpec out;
  out.where = "sink `" + context.node + "`";
  out.schema = schema;
  out.format = spec.format;
  out.prefix = staged_prefix(context);
  if (out.format != "json" && out.format != "csv") {
    return Status::invalid(out.where + ": files are written as `json` or `csv`, not as `" +
                           out.format + "`");
  }
  out.suffix = "." + out.format;
  OptionReader options(out.where, spec.options);
  DF_ASSIGN_OR_RETURN(out.folder, options.required("path"));
  while (out.folder.size() > 1 && out.folder.ends_with('/')) out.folder.pop_back();
  DF_RETURN_IF_ERROR(read_rolling(options, out));
  DF_RETURN_IF_ERROR(read_partitions(options, out));
  DF_RETURN_IF_ERROR(options.refuse_others());
  if (env.exists(out.folder) && !env.list_dir(out.folder).ok()) {
    return options.wrong("path", "it is a file; give a folder");
  }
  DF_ASSIGN_OR_RETURN(
      out.encoder, in_place(format::encoder_options(out.format, spec.format_options), out.where));
  out.header = csv_header(*out.written, out.encoder);
  return std::unique_ptr<engine::Sink>(std::make_unique<FileSink>(env, std::move(out)));
}

}  // namespace dataflow::connect
