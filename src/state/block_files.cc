#include "block_files.h"

#include <algorithm>
#include <charconv>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/durable_dirs.h"

namespace dataflow::state {

namespace {

constexpr uint64_t kFileBytes = 2 << 20;  // a file of at least this size is ended
// Written in small pieces, each on disk before the next: a checkpoint's sync never has to wait for
// much that is not its own.
constexpr size_t kPieceBytes = 1 << 20;

int64_t number_of(const std::string& name) {
  int64_t number = 0;
  std::from_chars(name.data(), name.data() + name.size(), number);
  return number;
}

}  // namespace

Status BlockFiles::open(const std::set<int64_t>& named) {
  if (!named.empty()) next_ = *named.rbegin() + 1;
  if (!env_.exists(dir_)) return {};
  DF_ASSIGN_OR_RETURN(const std::vector<DirEntry> entries, env_.list_dir(dir_));
  for (const DirEntry& entry : entries) {
    if (entry.is_dir || !entry.name.ends_with(".block")) continue;
    const int64_t number = number_of(entry.name);
    next_ = std::max(next_, number + 1);
    if (!named.contains(number)) DF_RETURN_IF_ERROR(env_.remove_file(dir_ + "/" + entry.name));
  }
  return {};
}

Status BlockFiles::read(const StoredBlock& block, DeltaBlock& found) const {
  const std::string path = dir_ + "/" + name_of(block.file.number);
  DF_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, env_.open(path, OpenMode::kRead));
  DF_ASSIGN_OR_RETURN(const uint64_t size, file->size());
  const auto corrupt = [&](const char* what) {
    return Status::corrupt("reading " + path + ": " + what + "; restore a savepoint");
  };
  if (block.bytes < 4 || size < block.position || size - block.position < block.bytes) {
    return corrupt("it is shorter than the store says");
  }
  found.rows = block.rows;
  found.bytes.resize(block.bytes);
  DF_ASSIGN_OR_RETURN(const size_t got, file->read_at(block.position, found.bytes));
  if (got != block.bytes) return corrupt("it ends in the middle of a block");
  const std::string_view body(found.bytes.data(), got - 4);
  if (crc32c(body) != load_le32(found.bytes.data() + body.size())) {
    return corrupt("the checksum of a block does not fit");
  }
  return {};
}

Status BlockFiles::remove(int64_t file) { return env_.remove_file(dir_ + "/" + name_of(file)); }

BlockWriter::~BlockWriter() {
  file_.reset();
  if (kept_) return;
  for (const int64_t file : made_) (void)files_.remove(file);
}

Status BlockWriter::add(const DeltaBlock& block, StoredBlock row) {
  if (!file_) {
    if (made_.empty()) DF_RETURN_IF_ERROR(create_dirs_durably(files_.env(), files_.dir()));
    at_ = {files_.take_number(), 0, 0};
    const std::string path = files_.dir() + "/" + BlockFiles::name_of(at_.number);
    DF_ASSIGN_OR_RETURN(file_, files_.env().open(path, OpenMode::kCreate));
    made_.push_back(at_.number);
  }
  row.position = at_.bytes;
  row.bytes = block.bytes.size();
  row.rows = block.rows;
  rows_.push_back(std::move(row));
  for (std::string_view left = block.bytes; !left.empty();) {
    const std::string_view piece = left.substr(0, kPieceBytes);
    DF_RETURN_IF_ERROR(file_->write_at(at_.bytes, piece));
    at_.bytes += piece.size();
    at_.crc = crc32c(piece, at_.crc);
    unsynced_ += piece.size();
    left.remove_prefix(piece.size());
    if (unsynced_ >= kPieceBytes) {
      DF_RETURN_IF_ERROR(file_->sync());
      unsynced_ = 0;
    }
  }
  bytes_ += block.bytes.size();
  return at_.bytes >= kFileBytes ? end_file() : Status();
}

Status BlockWriter::end_file() {
  if (!file_) return {};
  if (unsynced_ > 0) DF_RETURN_IF_ERROR(file_->sync());
  unsynced_ = 0;
  file_.reset();
  for (; rows_done_ < rows_.size(); ++rows_done_) rows_[rows_done_].file = at_;
  return {};
}

Result<std::vector<StoredBlock>> BlockWriter::finish() {
  DF_RETURN_IF_ERROR(end_file());
  if (!made_.empty()) DF_RETURN_IF_ERROR(files_.env().sync_dir(files_.dir()));
  return rows_;
}

}  // namespace dataflow::state
