// The file source's decoder: lines or CSV records to rows.
#include <map>
#include <utility>

#include "file_position.h"
#include "file_source.h"
#include "options.h"

namespace dataflow::connect {
namespace {

constexpr size_t kFaultPayloadBytes = 4096;
constexpr size_t kMaxHeaderBytes = size_t{1} << 20;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

std::string_view without_line_end(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// Where fields stand apart by tabs or spaces, a line of these is a row of empty fields.
bool is_blank(std::string_view line, char delimiter) {
  for (const char c : line) {
    if (c == delimiter || (c != ' ' && c != '\t' && c != '\r')) return false;
  }
  return true;
}

class FileChunkDecoder final : public engine::ChunkDecoder {
 public:
  FileChunkDecoder(Env& env, std::shared_ptr<const FileSourceSpec> spec)
      : env_(env),
        spec_(std::move(spec)),
        metadata_(spec_->columns),
        raw_(spec_->format == "raw"),
        header_(spec_->format == "csv" && spec_->decoder.csv_header),
        delimiter_(spec_->format == "csv" ? spec_->decoder.csv_delimiter : '\0') {}

  // Finds what is wrong with the format before any row comes.
  Status open() {
    return format::make_decoder(spec_->format, spec_->columns.payload(), spec_->decoder,
                                spec_->columns.payload_read())
        .status();
  }
  Status decode(const engine::Split& split, const engine::Chunk& chunk, engine::DecodedRows& rows,
                std::vector<engine::SourceFault>& faults) override;

 private:
  struct OfPath {
    format::Decoder* decoder = nullptr;
    bool one_field = false;  // then an empty line is a row
  };
  // Files with equal headers share a decoder, which has read it.
  Result<OfPath> decoder_of(const std::string& path);
  Result<std::string> header_of(const std::string& path) const;

  Env& env_;
  std::shared_ptr<const FileSourceSpec> spec_;
  MetadataBuilder metadata_;
  const bool raw_;
  const bool header_;
  const char delimiter_;
  std::map<std::string, std::unique_ptr<format::Decoder>> decoders_;  // by header
  std::map<std::string, OfPath> of_paths_;                            // where there are headers
  std::string parted_path_;                                           // what `parted_by_` is of
  std::vector<Value> parted_by_;
};

Result<std::string> FileChunkDecoder::header_of(const std::string& path) const {
  DF_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, env_.open(path, OpenMode::kRead));
  DF_ASSIGN_OR_RETURN(const uint64_t size, file->size());
  std::string bytes(std::min<uint64_t>(size, kMaxHeaderBytes), '\0');
  DF_RETURN_IF_ERROR(read_fully(*file, 0, bytes));
  const size_t header = spec_->row_ends.first(bytes);
  if (header > 0) {
    bytes.resize(header);
  } else if (bytes.size() < size) {
    return Status::invalid("the header is longer than " + std::to_string(kMaxHeaderBytes) +
                           " bytes");
  }
  return bytes;
}

Result<FileChunkDecoder::OfPath> FileChunkDecoder::decoder_of(const std::string& path) {
  std::string header;
  const auto known = of_paths_.find(path);
  if (known != of_paths_.end()) return known->second;
  if (header_) {
    DF_ASSIGN_OR_RETURN(header, in_place(header_of(path), "file `" + path + "`"));
  }
  const bool one_field = spec_->format == "csv" && spec_->columns.payload()->size() == 1 &&
                         header.find(delimiter_) == std::string::npos;
  std::unique_ptr<format::Decoder>& decoder = decoders_[header];
  if (decoder == nullptr) {
    DF_ASSIGN_OR_RETURN(
        auto fresh, format::make_decoder(spec_->format, spec_->columns.payload(), spec_->decoder,
                                         spec_->columns.payload_read()));
    const size_t size = header.size();
    header.resize(size + format::kPayloadPadding);
    RowFault fault;
    if (header_ && !fresh->add(std::string_view(header).substr(0, size), fault)) {
      return Status::invalid("file `" + path + "`: the header: " +
                             (fault.field.empty() ? "" : "`" + fault.field + "`: ") + fault.reason);
    }
    decoder = std::move(fresh);
  }
  const OfPath made{decoder.get(), one_field};
  if (header_) of_paths_[path] = made;
  return made;
}

Status FileChunkDecoder::decode(const engine::Split& split, const engine::Chunk& chunk,
                                engine::DecodedRows& rows,
                                std::vector<engine::SourceFault>& faults) {
  DF_ASSIGN_OR_RETURN(const FileSplit file, parse_file_split(split.id, spec_->stripes));
  DF_ASSIGN_OR_RETURN(const OfPath of_path, decoder_of(file.path));
  format::Decoder* const decoder = of_path.decoder;
  rows.offsets.clear();
  RowOrigin origin;
  origin.file = file.path;
  origin.offset = chunk.first_offset;
  std::string_view rest = chunk.bytes;
  bool first = origin.offset == 0;
  RowFault why;
  while (!rest.empty()) {
    const size_t ends = spec_->row_ends.first(rest);
    const size_t size = ends > 0 ? ends : rest.size();
    std::string_view line = without_line_end(rest.substr(0, size));
    rest.remove_prefix(size);
    const int64_t offset = std::exchange(origin.offset, origin.offset + static_cast<int64_t>(size));
    if (std::exchange(first, false)) {
      if (header_) continue;
      if (!raw_ && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
    }
    const bool is_null = of_path.one_field && line.empty();
    if (!raw_ && !is_null && is_blank(line, delimiter_)) continue;
    const int64_t before = decoder->rows();
    if (!decoder->add(line, why)) {
      faults.push_back(
          {offset, why.field, why.reason, std::string(line.substr(0, kFaultPayloadBytes))});
      continue;
    }
    if (decoder->rows() == before) continue;  // a comment
    rows.offsets.push_back(offset);
    if (!spec_->columns.has_metadata()) continue;
    const int64_t next = std::exchange(origin.offset, offset);
    DF_RETURN_IF_ERROR(metadata_.append(origin, 1));
    origin.offset = next;
  }
  const int64_t count = decoder->rows();
  DF_ASSIGN_OR_RETURN(std::vector<ColumnPtr> payload, decoder->take());
  DF_ASSIGN_OR_RETURN(rows.batch, metadata_.finish(std::move(payload), count));
  if (!spec_->partition.is_parted()) return {};
  if (file.path != parted_path_) {
    DF_ASSIGN_OR_RETURN(parted_by_, spec_->partition.values_of(file.path));
    parted_path_ = file.path;
  }
  DF_ASSIGN_OR_RETURN(rows.batch, spec_->partition.with(parted_by_, std::move(rows.batch)));
  return {};
}

}  // namespace

Result<std::unique_ptr<engine::ChunkDecoder>> make_file_chunk_decoder(
    Env& env, std::shared_ptr<const FileSourceSpec> spec) {
  auto decoder = std::make_unique<FileChunkDecoder>(env, spec);
  Status opened = decoder->open();
  if (!opened.ok()) return opened.with_context(spec->where);
  return std::unique_ptr<engine::ChunkDecoder>(std::move(decoder));
}

}  // namespace dataflow::connect
