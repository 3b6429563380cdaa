// Reads one file, or a stripe of it, whole rows at a time. It holds no file between two chunks: a
// folder may have more files than a process may open, and a file that was replaced is noticed.
#include <algorithm>
#include <span>

#include "base/crc32c.h"
#include "base/logger.h"
#include "chunk_buffer.h"
#include "file_position.h"
#include "file_source.h"

namespace dataflow::connect {
namespace {

constexpr uint64_t kSeenBytes = 256;   // by which a file is known again
constexpr uint64_t kAhead = 16 << 10;  // behind a block, for the end of its last row

class FileSplitReader final : public engine::SplitReader {
 public:
  FileSplitReader(FileSourceParts parts, std::shared_ptr<const FileSourceSpec> spec,
                  FileSplit split, FilePosition at, uint64_t size)
      : parts_(parts), spec_(std::move(spec)), split_(std::move(split)), at_(at), size_(size) {}
  ~FileSplitReader() override { cancel_wake(); }

  Result<engine::Polled> poll(engine::Chunk& chunk) override;
  void wake_when_ready(std::function<void()> wake) override;
  std::string position() const override { return at_.text(); }
  int64_t lag() const override;

 private:
  // What a file's bytes are before and after they are cut into rows.
  struct Bytes {
    std::shared_ptr<char> holder;
    uint64_t from = 0;
    uint64_t size = 0;
    std::string_view view() const { return {holder.get(), size}; }
  };
  enum class Found : uint8_t { kRows, kNoRowBegins, kNoRowEnds };

  bool over() const { return at_.end && at_.next >= *at_.end; }
  uint64_t block() const { return at_.next / kFileBlock; }
  // The block's first row begins somewhere behind its first byte.
  bool begins_within() const { return split_.stripes > 1 && at_.next > 0; }
  std::string words() const { return spec_->where + ": file `" + split_.path + "`"; }
  Status replaced(std::string_view how) const;
  Status check_same(File& file);
  Result<Bytes> read(File& file, uint64_t from, uint64_t size) const;
  Result<Found> read_block(File& file, engine::Chunk& chunk);
  void give(const Bytes& bytes, size_t skip, size_t size, engine::Chunk& chunk);
  void pass_block();
  void cancel_wake();

  FileSourceParts parts_;
  std::shared_ptr<const FileSourceSpec> spec_;
  const FileSplit split_;
  FilePosition at_;
  uint64_t size_;        // of the file, when it was looked at last
  uint64_t waited_ = 0;  // no row ends behind `next` in a file of this size
  TimerId timer_{};
};

Status FileSplitReader::replaced(std::string_view how) const {
  return Status::conflict(words() + " " + std::string(how) + "; the job has read it up to byte " +
                          std::to_string(at_.next) +
                          ". Files that are read may only grow: bring the old one back, or start "
                          "the job anew, without its state");
}

Status FileSplitReader::check_same(File& file) {
  DF_ASSIGN_OR_RETURN(size_, file.size());
  const uint64_t least = std::max(at_.end.value_or(0), at_.seen ? at_.seen->to : 0);
  if (size_ < least) return replaced("shrank, or was replaced by a shorter one");
  if (!at_.seen) return {};
  std::string bytes(at_.seen->to - at_.seen->from, '\0');
  DF_RETURN_IF_ERROR(read_fully(file, at_.seen->from, bytes).with_context(words()));
  if (crc32c(bytes) == at_.seen->crc) return {};
  return replaced("was replaced or changed");
}

Result<FileSplitReader::Bytes> FileSplitReader::read(File& file, uint64_t from,
                                                     uint64_t size) const {
  Bytes bytes{take_chunk_buffer(size + format::kPayloadPadding), from, size};
  DF_RETURN_IF_ERROR(
      read_fully(file, from, std::span(bytes.holder.get(), size)).with_context(words()));
  return bytes;
}

Result<engine::Polled> FileSplitReader::poll(engine::Chunk& chunk) {
  if (over()) return engine::Polled::kEnd;
  Result<std::unique_ptr<File>> file = parts_.env.open(split_.path, OpenMode::kRead);
  if (spec_->follow && file.status().code() == StatusCode::kNotFound) {
    log_warn("a file that was followed is gone; what it had behind this was not read",
             {{"file", split_.path}, {"read_up_to", at_.next}});
    return engine::Polled::kEnd;
  }
  if (!file.ok()) return file.status().with_context(words());
  DF_RETURN_IF_ERROR(check_same(**file));
  while (!over()) {
    if (at_.next >= size_ || (waited_ == size_ && !at_.end)) return engine::Polled::kIdle;
    DF_ASSIGN_OR_RETURN(const Found found, read_block(**file, chunk));
    if (found == Found::kRows) return engine::Polled::kMore;
    if (found == Found::kNoRowEnds) waited_ = size_;
  }
  return engine::Polled::kEnd;
}

Result<FileSplitReader::Found> FileSplitReader::read_block(File& file, engine::Chunk& chunk) {
  // With the byte before the block: where it is a line end, a row begins with the block.
  const uint64_t from = begins_within() ? at_.next - 1 : at_.next;
  const uint64_t stop = std::min((block() + 1) * kFileBlock, at_.end.value_or(size_));
  const uint64_t limit = stop - from;
  for (uint64_t ahead = kAhead;; ahead *= 8) {
    const uint64_t size = std::min(size_ - from, limit + ahead);
    DF_ASSIGN_OR_RETURN(const Bytes bytes, read(file, from, size));
    size_t skip = 0;
    if (begins_within()) {
      skip = bytes.view().substr(0, limit - 1).find('\n') + 1;
      if (skip == 0) {
        pass_block();
        return Found::kNoRowBegins;
      }
    }
    RowEnds::Cut cut = spec_->row_ends.cut(bytes.view().substr(skip), limit - skip);
    const bool at_end = from + size == size_;
    // What stands behind the last line end of a file that is read once is a row.
    if (!cut.complete && at_end && at_.end) cut = {size - skip, true};
    if (cut.complete || (at_end && cut.whole > 0)) {
      give(bytes, skip, cut.whole, chunk);
      return Found::kRows;
    }
    const uint64_t row = from + skip + cut.whole;
    if (from + size - row > spec_->max_row_bytes) {
      return Status::invalid(words() + ": the row at byte " + std::to_string(row) +
                             " is longer than " + std::to_string(spec_->max_row_bytes) +
                             " bytes (option `max_row_bytes`)");
    }
    if (at_end) return Found::kNoRowEnds;
  }
}

void FileSplitReader::give(const Bytes& bytes, size_t skip, size_t size, engine::Chunk& chunk) {
  chunk.holder = bytes.holder;
  chunk.bytes = bytes.view().substr(skip, size);
  chunk.first_offset = static_cast<int64_t>(bytes.from + skip);
  const uint64_t to = bytes.from + skip + size;
  const uint64_t seen = std::min<uint64_t>(size, kSeenBytes);
  at_.seen = {to - seen, to, crc32c(chunk.bytes.substr(size - seen))};
  if (split_.stripes == 1) {
    at_.next = to;
  } else {
    pass_block();
  }
}

void FileSplitReader::pass_block() {
  at_.next = (block() + static_cast<uint64_t>(split_.stripes)) * kFileBlock;
}

int64_t FileSplitReader::lag() const {
  const uint64_t end = at_.end.value_or(size_);
  if (at_.next >= end) return 0;
  return static_cast<int64_t>((end - at_.next) / static_cast<uint64_t>(split_.stripes));
}

void FileSplitReader::wake_when_ready(std::function<void()> wake) {
  cancel_wake();
  timer_ = parts_.timers->schedule_after(spec_->poll_interval_ms * 1'000'000, std::move(wake));
}

void FileSplitReader::cancel_wake() {
  if (timer_ != TimerId{}) parts_.timers->cancel(timer_);
  timer_ = TimerId{};
}

}  // namespace

Result<std::unique_ptr<engine::SplitReader>> open_file_split(
    FileSourceParts parts, std::shared_ptr<const FileSourceSpec> spec, const engine::Split& split) {
  Result<FileSplit> file = parse_file_split(split.id, spec->stripes);
  if (!file.ok()) return file.status().with_context(spec->where);
  Result<FilePosition> at = parse_file_position(split.position);
  if (!at.ok()) return at.status().with_context(spec->where + ": " + split.id);
  // One that was followed before may be read once now: to where it is then.
  uint64_t size = 0;
  if (spec->follow) {
    at->end.reset();
    // What is there is behind, before it was looked at; one that is gone says so when it is read.
    if (const Result<uint64_t> now = parts.env.file_size(file->path); now.ok()) size = *now;
  } else if (!at->end) {
    DF_ASSIGN_OR_RETURN(at->end, parts.env.file_size(file->path));
  }
  return std::unique_ptr<engine::SplitReader>(
      std::make_unique<FileSplitReader>(parts, std::move(spec), std::move(*file), *at, size));
}

}  // namespace dataflow::connect
