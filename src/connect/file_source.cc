#include "file_source.h"

#include "base/units.h"
#include "file_names.h"
#include "file_position.h"
#include "options.h"

namespace dataflow::connect {
namespace {

using plan::Metadata;

constexpr int64_t kMaxStripes = 256;
constexpr int64_t kUsualPollMs = 200;
constexpr int64_t kUsualMaxRow = 16 << 20;
constexpr int64_t kMostMaxRow = 1 << 30;

class FileSource final : public engine::Source {
 public:
  FileSource(FileSourceParts parts, FileSourceSpec spec)
      : parts_(parts), spec_(std::make_shared<const FileSourceSpec>(std::move(spec))) {}

  SchemaPtr schema() const override { return spec_->schema; }
  bool bounded() const override { return !spec_->follow; }
  // Offsets are bytes.
  int64_t offsets_per_batch() const override { return kFileBlock / 2; }
  Result<std::vector<engine::Split>> splits() override;
  Result<std::unique_ptr<engine::SplitReader>> open(const engine::Split& split) override {
    return open_file_split(parts_, spec_, split);
  }
  Result<std::unique_ptr<engine::ChunkDecoder>> make_decoder() override {
    return make_file_chunk_decoder(parts_.env, spec_);
  }
  void on_checkpoint(const std::vector<engine::Split>&) override {}

 private:
  FileSourceParts parts_;
  std::shared_ptr<const FileSourceSpec> spec_;
};

Result<std::vector<engine::Split>> FileSource::splits() {
  Result<std::vector<std::string>> files = files_of(parts_.env, spec_->path);
  if (!files.ok()) return files.status().with_context(spec_->where);
  std::vector<engine::Split> splits;
  for (const std::string& path : *files) {
    DF_RETURN_IF_ERROR(spec_->partition.values_of(path).status().with_context(spec_->where));
    FilePosition position;
    if (!spec_->follow) {
      DF_ASSIGN_OR_RETURN(position.end, in_place(parts_.env.file_size(path), spec_->where));
    }
    for (int stripe = 0; stripe < spec_->stripes; ++stripe) {
      position.next = static_cast<uint64_t>(stripe) * kFileBlock;
      splits.push_back({FileSplit{path, stripe, spec_->stripes}.id(), position.text()});
    }
  }
  return splits;
}

Status read_following(OptionReader& options, const FileSourceParts& parts,
                      const engine::ConnectorContext& context, FileSourceSpec& out) {
  DF_ASSIGN_OR_RETURN(const size_t mode, options.choice("mode", {"once", "follow"}));
  out.follow = mode == 1 && !context.bounded;
  if (out.follow && parts.timers == nullptr) {
    return options.wrong("mode", "files cannot be followed here");
  }
  out.poll_interval_ms = kUsualPollMs;
  if (const std::optional<std::string> text = options.text("poll_interval")) {
    const Result<int64_t> ms = parse_duration_ms(*text);
    if (!ms.ok() || *ms < 1) {
      return options.wrong("poll_interval", "give a duration such as `200ms` or `1s`");
    }
    out.poll_interval_ms = *ms;
  }
  return {};
}

RowEnds row_ends_of(const FileSourceSpec& spec) {
  if (spec.format != "csv" || spec.decoder.csv_quote == '\0') return {};
  const format::DecoderOptions& csv = spec.decoder;
  return {csv.csv_delimiter, csv.csv_quote, csv.csv_escape, csv.csv_comments};
}

Status read_stripes(OptionReader& options, FileSourceSpec& out) {
  DF_ASSIGN_OR_RETURN(const int64_t stripes, options.integer("stripes", 1, 1, kMaxStripes));
  out.stripes = static_cast<int>(stripes);
  if (stripes == 1) return {};
  if (out.follow) return options.wrong("stripes", "a file that is followed is one split");
  if (out.format == "csv") {
    return options.wrong("stripes",
                         "a CSV file is one split: where a row begins cannot be seen from the "
                         "middle, since a field in quotes may hold a line end");
  }
  return {};
}

}  // namespace

Status read_fully(File& file, uint64_t position, std::span<char> out) {
  DF_ASSIGN_OR_RETURN(const size_t size, file.read_at(position, out));
  if (size == out.size()) return {};
  return Status::corrupt("the file shrank while it was read");
}

Result<std::unique_ptr<engine::Source>> make_file_source(FileSourceParts parts,
                                                         const plan::SourceSpec& spec,
                                                         const engine::ConnectorContext& context) {
  FileSourceSpec out;
  out.where = "source `" + context.node + "`";
  out.format = spec.format;
  OptionReader options(out.where, spec.options);
  DF_ASSIGN_OR_RETURN(out.path, options.required("path"));
  DF_RETURN_IF_ERROR(read_following(options, parts, context, out));
  DF_RETURN_IF_ERROR(read_stripes(options, out));
  DF_ASSIGN_OR_RETURN(const int64_t max_row,
                      options.integer("max_row_bytes", kUsualMaxRow, 1, kMostMaxRow));
  out.max_row_bytes = static_cast<uint64_t>(max_row);
  DF_ASSIGN_OR_RETURN(Partitions partitions, read_partitions(options, *spec.schema));
  DF_RETURN_IF_ERROR(options.refuse_others());
  out.partition = PathPartition(spec, std::move(partitions));
  out.schema = plan::schema_read(spec);
  DF_ASSIGN_OR_RETURN(
      out.decoder, in_place(format::decoder_options(spec.format, spec.format_options), out.where));
  DF_ASSIGN_OR_RETURN(out.columns, SourceColumns::make(out.partition.in_files(spec), out.where,
                                                       {Metadata::kFile, Metadata::kOffset}));
  out.row_ends = row_ends_of(out);
  if (!out.follow) DF_RETURN_IF_ERROR(in_place(files_of(parts.env, out.path), out.where).status());
  return std::unique_ptr<engine::Source>(std::make_unique<FileSource>(parts, std::move(out)));
}

}  // namespace dataflow::connect
