#include "savepoint_files.h"

#include <algorithm>

#include "base/crc32c.h"
#include "meta/codec.h"

namespace dataflow::state {

namespace {

using meta::RowReader;
using meta::RowWriter;

constexpr uint8_t kVersion = 1;
constexpr const char* kFileName = "/SAVEPOINT";
constexpr uint64_t kMostBytes = 64 << 20;
constexpr size_t kCopyBytes = 1 << 20;

bool never_changes(const std::string& name) {
  return name.ends_with(".sst") || name.ends_with(".block");
}

Result<SavedFile> read_file_row(RowReader& row) {
  SavedFile file;
  DF_ASSIGN_OR_RETURN(file.name, row.string());
  DF_ASSIGN_OR_RETURN(const int64_t bytes, row.i64());
  DF_ASSIGN_OR_RETURN(const int32_t crc, row.i32());
  if (bytes < 0 || file.name.empty() || file.name.starts_with("/") ||
      file.name.find("..") != std::string::npos) {
    return Status::corrupt("the savepoint names a file that cannot be");
  }
  file.bytes = static_cast<uint64_t>(bytes);
  file.crc = static_cast<uint32_t>(crc);
  return file;
}

Result<Savepoint> decode(std::string_view bytes) {
  if (bytes.size() < 4 ||
      crc32c(bytes.substr(0, bytes.size() - 4)) != load_le32(bytes.data() + bytes.size() - 4)) {
    return Status::corrupt("the checksum of its file SAVEPOINT does not fit");
  }
  DF_ASSIGN_OR_RETURN(RowReader row, RowReader::open(bytes.substr(0, bytes.size() - 4), kVersion,
                                                     "file SAVEPOINT"));
  Savepoint savepoint;
  DF_ASSIGN_OR_RETURN(savepoint.info.job, row.string());
  DF_ASSIGN_OR_RETURN(const int64_t checkpoint, row.i64());
  savepoint.info.checkpoint = CheckpointId(checkpoint);
  DF_ASSIGN_OR_RETURN(savepoint.info.wall_millis, row.i64());
  DF_ASSIGN_OR_RETURN(savepoint.files, row.vector<SavedFile>(read_file_row));
  DF_RETURN_IF_ERROR(row.finish());
  for (const SavedFile& file : savepoint.files) savepoint.info.bytes += file.bytes;
  return savepoint;
}

// Calls `take` with each piece of the file, one behind the other.
template <class Take>
Status read_all(Env& env, const std::string& path, Take take) {
  DF_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, env.open(path, OpenMode::kRead));
  std::string piece(kCopyBytes, '\0');
  uint64_t at = 0;
  while (true) {
    DF_ASSIGN_OR_RETURN(const size_t got, file->read_at(at, piece));
    if (got == 0) return {};
    DF_RETURN_IF_ERROR(take(at, std::string_view(piece).substr(0, got)));
    at += got;
  }
}

Status check_bytes(const SavedFile& wanted, const SavedFile& found) {
  if (wanted.bytes == found.bytes && wanted.crc == found.crc) return {};
  return Status::corrupt("the bytes of the savepoint's file " + wanted.name +
                         " are not those that were saved; use another savepoint");
}

Status copy_file(Env& env, const std::string& from, const SavedFile& file, const std::string& to) {
  DF_ASSIGN_OR_RETURN(const std::unique_ptr<File> copy, env.open(to, OpenMode::kCreate));
  SavedFile found{file.name};
  DF_RETURN_IF_ERROR(read_all(env, from, [&](uint64_t at, std::string_view piece) {
    found.bytes += piece.size();
    found.crc = crc32c(piece, found.crc);
    return copy->write_at(at, piece);
  }));
  DF_RETURN_IF_ERROR(check_bytes(file, found));
  return copy->sync();
}

}  // namespace

Status write_savepoint_file(Env& env, const std::string& dir, const Savepoint& savepoint) {
  RowWriter row(kVersion);
  row.string(savepoint.info.job)
      .i64(savepoint.info.checkpoint.value())
      .i64(savepoint.info.wall_millis)
      .vector(savepoint.files, [](RowWriter& to, const SavedFile& file) {
        to.string(file.name)
            .i64(static_cast<int64_t>(file.bytes))
            .i32(static_cast<int32_t>(file.crc));
      });
  std::string bytes = std::move(row).bytes();
  append_le32(bytes, crc32c(bytes));
  return env.write_file_durably(dir + kFileName, bytes);
}

Result<Savepoint> read_savepoint_file(Env& env, const std::string& dir) {
  if (!env.exists(dir + kFileName)) return Status::not_found("there is no savepoint");
  DF_ASSIGN_OR_RETURN(const std::string bytes, env.read_file(dir + kFileName, kMostBytes));
  DF_ASSIGN_OR_RETURN(Savepoint savepoint, decode(bytes));
  savepoint.info.dir = dir;
  for (const SavedFile& file : savepoint.files) {
    const Result<uint64_t> size = env.file_size(saved_state_dir(dir) + "/" + file.name);
    if (size.ok() && *size == file.bytes) continue;
    return Status::corrupt("the savepoint's file " + file.name + " should have " +
                           std::to_string(file.bytes) + " bytes and " +
                           (size.ok() ? "has " + std::to_string(*size) : "is not there"));
  }
  return savepoint;
}

Result<SavedFile> describe_file(Env& env, const std::string& dir, const std::string& name) {
  SavedFile file{name};
  DF_RETURN_IF_ERROR(read_all(env, dir + "/" + name, [&](uint64_t, std::string_view piece) {
    file.bytes += piece.size();
    file.crc = crc32c(piece, file.crc);
    return Status();
  }));
  return file;
}

Status share_file(Env& env, const std::string& from_dir, const SavedFile& file,
                  const std::string& to_dir) {
  const std::string from = from_dir + "/" + file.name;
  const std::string to = to_dir + "/" + file.name;
  if (never_changes(file.name) && env.link(from, to).ok()) return {};
  return copy_file(env, from, file, to);
}

Status take_file(Env& env, const std::string& from_dir, const SavedFile& file,
                 const std::string& to_dir) {
  DF_RETURN_IF_ERROR(share_file(env, from_dir, file, to_dir));
  if (!never_changes(file.name)) return {};
  DF_ASSIGN_OR_RETURN(const SavedFile found, describe_file(env, to_dir, file.name));
  return check_bytes(file, found);
}

}  // namespace dataflow::state
