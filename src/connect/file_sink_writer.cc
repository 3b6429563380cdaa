// The file sink's writer: rows go to a staged file, of partitioned sinks to one a partition, which
// are on disk at each barrier.
#include <algorithm>
#include <map>
#include <optional>

#include "file_committable.h"
#include "file_sink.h"
#include "insert_lines.h"
#include "row_partition.h"

namespace dataflow::connect {
namespace {

constexpr size_t kWriteBytes = size_t{1} << 20;  // of all open files, in memory
// The one that was begun first makes room for another; its partition may get more files.
constexpr size_t kMostOpenFiles = 64;

struct OpenFile {
  std::unique_ptr<File> file;
  StagedFile staged;
  std::string buffer;  // behind the file's bytes
  int64_t due_ms = 0;
  int number = 0;        // of the writer's files
  bool changed = false;  // since it was synced
};

class FileSinkWriter final : public engine::SinkWriter {
 public:
  FileSinkWriter(Env& env, std::shared_ptr<const FileSinkSpec> spec, const std::string& attempt,
                 int writer, std::unique_ptr<format::Encoder> encoder)
      : env_(env),
        spec_(std::move(spec)),
        prefix_(spec_->prefix + attempt + "-" + std::to_string(writer) + "-"),
        writer_(writer),
        encoder_(std::move(encoder)),
        partition_(spec_->schema, spec_->partition_columns, spec_->no_partition) {}

  Status write(const Batch& batch, std::vector<RowFault>& faults) override;
  Status on_barrier(engine::CheckpointId id, std::vector<std::string>& committables,
                    std::map<std::string, std::string>& named_state) override;
  Status on_end() override {
    ending_ = true;
    return {};
  }
  // More checkpoints would show nothing earlier.
  int64_t staged_bytes() const override { return 0; }
  std::optional<int64_t> checkpoint_by() const override {
    std::optional<int64_t> first;
    for (const auto& [key, open] : open_)
      first = std::min(open.due_ms, first.value_or(open.due_ms));
    return first;
  }

 private:
  using Files = std::map<std::string, OpenFile, std::less<>>;

  // Where the row goes.
  Result<OpenFile*> file_of(const Batch& batch, int64_t row);
  Result<OpenFile*> open_file(const std::string& key, const std::string& folder);
  Status write_out(OpenFile& open);
  // Writes out what is large, or all if there is much of it.
  Status relieve();
  // Nothing more is written to it.
  Status close_file(Files::iterator at);
  bool is_due(const OpenFile& open) const;

  Env& env_;
  std::shared_ptr<const FileSinkSpec> spec_;
  const std::string prefix_;  // of its staged files
  const int writer_;
  std::unique_ptr<format::Encoder> encoder_;
  RowPartition partition_;
  format::EncodedRows rows_;
  Files open_;  // by partition's key
  int files_ = 0;
  size_t buffered_ = 0;            // bytes, of all
  bool names_are_durable_ = true;  // of the open files, and of those that are done
  bool changed_ = false;           // since the last barrier
  bool ending_ = false;
  std::vector<StagedFile> done_;
};

Result<OpenFile*> FileSinkWriter::open_file(const std::string& key, const std::string& folder) {
  if (open_.size() >= kMostOpenFiles) {
    DF_RETURN_IF_ERROR(close_file(
        std::ranges::min_element(open_, {}, [](const auto& open) { return open.second.number; })));
  }
  OpenFile made;
  made.number = ++files_;
  made.staged.staged = prefix_ + std::to_string(made.number);
  if (!folder.empty()) made.staged.final = folder + "/-";
  DF_ASSIGN_OR_RETURN(made.file,
                      env_.open(spec_->folder + "/" + made.staged.staged, OpenMode::kCreate));
  made.due_ms = env_.now().value() + spec_->roll_interval_ms;
  made.buffer = spec_->header;
  buffered_ += made.buffer.size();
  names_are_durable_ = false;
  return &open_.emplace(key, std::move(made)).first->second;
}

Result<OpenFile*> FileSinkWriter::file_of(const Batch& batch, int64_t row) {
  const bool parted = !spec_->partition_columns.empty();
  const std::string_view key = parted ? partition_.key(batch, row) : std::string_view();
  if (const auto known = open_.find(key); known != open_.end()) return &known->second;
  std::string folder = parted ? partition_.folder(batch, row) : std::string();
  // Told now: its file would be written and could never come to its place.
  if (has_long_name(folder)) {
    return Status::invalid(
        "a value that it is partitioned by makes a folder's name of more than 255 bytes");
  }
  return open_file(std::string(key), std::move(folder));
}

Status FileSinkWriter::write(const Batch& batch, std::vector<RowFault>& faults) {
  const auto add = [&](int64_t row, std::string_view line) -> Status {
    Result<OpenFile*> found = file_of(batch, row);
    if (found.status().code() == StatusCode::kInvalid) {
      faults.push_back({row, "", found.status().message()});
      return {};
    }
    if (!found.ok()) return found.status().with_context(spec_->where);
    OpenFile& open = **found;
    open.buffer += line;
    open.buffer += '\n';
    open.changed = changed_ = true;
    buffered_ += line.size() + 1;
    return {};
  };
  const bool parted = !spec_->partition_columns.empty();
  const Batch written = parted ? without(batch, spec_->written, spec_->partition_columns) : batch;
  DF_RETURN_IF_ERROR(add_insert_lines(*encoder_, written, rows_, faults,
                                      "cannot be told in a file, which only grows", add));
  return buffered_ < kWriteBytes ? Status() : relieve().with_context(spec_->where);
}

Status FileSinkWriter::relieve() {
  for (auto at = open_.begin(); at != open_.end();) {
    const auto next = std::next(at);
    DF_RETURN_IF_ERROR(write_out(at->second));
    if (at->second.staged.bytes >= spec_->roll_bytes) DF_RETURN_IF_ERROR(close_file(at));
    at = next;
  }
  return {};
}

Status FileSinkWriter::write_out(OpenFile& open) {
  if (open.buffer.empty()) return {};
  DF_RETURN_IF_ERROR(open.file->write_at(open.staged.bytes, open.buffer));
  open.staged.bytes += open.buffer.size();
  buffered_ -= open.buffer.size();
  open.buffer.clear();
  return {};
}

Status FileSinkWriter::close_file(Files::iterator at) {
  DF_RETURN_IF_ERROR(write_out(at->second));
  DF_RETURN_IF_ERROR(at->second.file->sync());
  done_.push_back(at->second.staged);
  changed_ = true;
  open_.erase(at);
  return {};
}

bool FileSinkWriter::is_due(const OpenFile& open) const {
  return ending_ || open.staged.bytes >= spec_->roll_bytes || env_.now().value() >= open.due_ms;
}

Status FileSinkWriter::on_barrier(engine::CheckpointId /*id*/,
                                  std::vector<std::string>& committables,
                                  std::map<std::string, std::string>& /*named_state*/) {
  for (auto at = open_.begin(); at != open_.end();) {
    const auto next = std::next(at);
    OpenFile& open = at->second;
    DF_RETURN_IF_ERROR(write_out(open).with_context(spec_->where));
    if (is_due(open)) {
      DF_RETURN_IF_ERROR(close_file(at).with_context(spec_->where));
    } else if (open.changed) {
      DF_RETURN_IF_ERROR(open.file->sync().with_context(spec_->where));
      open.changed = false;
    }
    at = next;
  }
  if (!changed_) return {};
  if (!names_are_durable_) {
    DF_RETURN_IF_ERROR(env_.sync_dir(spec_->folder).with_context(spec_->where));
    names_are_durable_ = true;
  }
  FileCommittable committable;
  committable.writer = writer_;
  committable.done = std::exchange(done_, {});
  for (const auto& [key, open] : open_) committable.open.push_back(open.staged);
  committables.push_back(encode_file_committable(committable));
  changed_ = false;
  return {};
}

}  // namespace

Result<std::unique_ptr<engine::SinkWriter>> make_file_sink_writer(
    Env& env, std::shared_ptr<const FileSinkSpec> spec, const std::string& attempt, int writer) {
  Result<std::unique_ptr<format::Encoder>> encoder =
      format::make_encoder(spec->format, spec->written, spec->encoder);
  if (!encoder.ok()) return encoder.status().with_context(spec->where);
  return std::unique_ptr<engine::SinkWriter>(
      std::make_unique<FileSinkWriter>(env, std::move(spec), attempt, writer, std::move(*encoder)));
}

}  // namespace dataflow::connect
