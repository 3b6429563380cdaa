#include "base/env.h"

namespace dataflow {

Result<std::string> Env::read_file(const std::string& path, uint64_t max_bytes) {
  DF_ASSIGN_OR_RETURN(std::unique_ptr<File> file, open(path, OpenMode::kRead));
  DF_ASSIGN_OR_RETURN(const uint64_t size, file->size());
  if (size > max_bytes) {
    return Status::too_large("reading " + path + ": it has " + std::to_string(size) +
                             " bytes, at most " + std::to_string(max_bytes) + " are allowed");
  }
  std::string data(size, '\0');
  DF_ASSIGN_OR_RETURN(const size_t got, file->read_at(0, data));
  data.resize(got);
  return data;
}

namespace {

Status write_and_sync(Env& env, const std::string& path, std::string_view data) {
  DF_ASSIGN_OR_RETURN(std::unique_ptr<File> file, env.open(path, OpenMode::kTruncate));
  DF_RETURN_IF_ERROR(file->write_at(0, data));
  return file->sync();
}

}  // namespace

Status Env::write_file_durably(const std::string& path, std::string_view data) {
  const std::string temporary = path + ".tmp";
  Status status = write_and_sync(*this, temporary, data);
  if (status.ok()) status = rename(temporary, path);
  if (!status.ok()) {
    // A leftover is harmless, since the next write starts it anew: the first failure is the one to
    // tell.
    (void)remove_file(temporary);
    return status;
  }
  return sync_dir(parent_dir(path));
}

std::string parent_dir(const std::string& path) {
  const size_t last = path.find_last_not_of('/');
  if (last == std::string::npos) return path.empty() ? "." : "/";
  const size_t slash = path.rfind('/', last);
  if (slash == std::string::npos) return ".";
  const size_t end = path.find_last_not_of('/', slash);
  return end == std::string::npos ? "/" : path.substr(0, end + 1);
}

}  // namespace dataflow
