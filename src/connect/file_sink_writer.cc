// The file sink's writer: rows go to a staged file, which is on disk at each barrier.
#include <optional>

#include "file_committable.h"
#include "file_sink.h"
#include "insert_lines.h"

namespace dataflow::connect {
namespace {

constexpr size_t kWriteBytes = size_t{1} << 20;

class FileSinkWriter final : public engine::SinkWriter {
 public:
  FileSinkWriter(Env& env, std::shared_ptr<const FileSinkSpec> spec, const std::string& attempt,
                 int writer, std::unique_ptr<format::Encoder> encoder)
      : env_(env),
        spec_(std::move(spec)),
        prefix_(spec_->prefix + attempt + "-" + std::to_string(writer) + "-"),
        writer_(writer),
        encoder_(std::move(encoder)) {}

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
    if (!file_) return std::nullopt;
    return due_ms_;
  }

 private:
  Status open_file();
  Status write_out();
  // Nothing more is written to it.
  Status close_file();
  bool file_is_due() const;

  Env& env_;
  std::shared_ptr<const FileSinkSpec> spec_;
  const std::string prefix_;  // of its staged files
  const int writer_;
  std::unique_ptr<format::Encoder> encoder_;
  format::EncodedRows rows_;
  std::string buffer_;  // behind the file's bytes
  std::unique_ptr<File> file_;
  StagedFile open_;
  int64_t due_ms_ = 0;
  int files_ = 0;
  bool name_is_durable_ = true;  // of the open file, and of those that are done
  bool changed_ = false;         // since the last barrier
  bool ending_ = false;
  std::vector<StagedFile> done_;
};

Status FileSinkWriter::open_file() {
  open_ = {};
  open_.staged = prefix_ + std::to_string(++files_);
  DF_ASSIGN_OR_RETURN(file_, env_.open(spec_->folder + "/" + open_.staged, OpenMode::kCreate));
  due_ms_ = env_.now().value() + spec_->roll_interval_ms;
  name_is_durable_ = false;
  buffer_ = spec_->header;
  return {};
}

Status FileSinkWriter::write(const Batch& batch, std::vector<RowFault>& faults) {
  const auto add = [this](std::string_view line) -> Status {
    if (!file_) DF_RETURN_IF_ERROR(open_file().with_context(spec_->where));
    buffer_ += line;
    buffer_ += '\n';
    changed_ = true;
    return {};
  };
  DF_RETURN_IF_ERROR(add_insert_lines(*encoder_, batch, rows_, faults,
                                      "cannot be told in a file, which only grows", add));
  if (buffer_.size() < kWriteBytes) return {};
  DF_RETURN_IF_ERROR(write_out().with_context(spec_->where));
  if (open_.bytes < spec_->roll_bytes) return {};
  return close_file().with_context(spec_->where);
}

Status FileSinkWriter::write_out() {
  if (buffer_.empty()) return {};
  DF_RETURN_IF_ERROR(file_->write_at(open_.bytes, buffer_));
  open_.bytes += buffer_.size();
  buffer_.clear();
  return {};
}

Status FileSinkWriter::close_file() {
  DF_RETURN_IF_ERROR(file_->sync());
  done_.push_back(open_);
  file_.reset();
  return {};
}

bool FileSinkWriter::file_is_due() const {
  return ending_ || open_.bytes >= spec_->roll_bytes || env_.now().value() >= due_ms_;
}

Status FileSinkWriter::on_barrier(engine::CheckpointId /*id*/,
                                  std::vector<std::string>& committables,
                                  std::map<std::string, std::string>& /*named_state*/) {
  if (file_) {
    DF_RETURN_IF_ERROR(write_out().with_context(spec_->where));
    if (file_is_due()) {
      changed_ = true;
      DF_RETURN_IF_ERROR(close_file().with_context(spec_->where));
    } else if (changed_) {
      DF_RETURN_IF_ERROR(file_->sync().with_context(spec_->where));
    }
  }
  if (!changed_) return {};
  if (!name_is_durable_) {
    DF_RETURN_IF_ERROR(env_.sync_dir(spec_->folder).with_context(spec_->where));
    name_is_durable_ = true;
  }
  FileCommittable committable;
  committable.writer = writer_;
  committable.done = std::exchange(done_, {});
  if (file_) committable.open = open_;
  committables.push_back(encode_file_committable(committable));
  changed_ = false;
  return {};
}

}  // namespace

Result<std::unique_ptr<engine::SinkWriter>> make_file_sink_writer(
    Env& env, std::shared_ptr<const FileSinkSpec> spec, const std::string& attempt, int writer) {
  Result<std::unique_ptr<format::Encoder>> encoder =
      format::make_encoder(spec->format, spec->schema, spec->encoder);
  if (!encoder.ok()) return encoder.status().with_context(spec->where);
  return std::unique_ptr<engine::SinkWriter>(
      std::make_unique<FileSinkWriter>(env, std::move(spec), attempt, writer, std::move(*encoder)));
}

}  // namespace dataflow::connect
