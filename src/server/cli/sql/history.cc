#include "cli/sql/history.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/env.h"

namespace dataflow::cli {
namespace {

std::string escaped_entry(const std::string& entry) {
  std::string line;
  for (const char c : entry) {
    if (c == '\n') {
      line += "\\n";
    } else if (c == '\\') {
      line += "\\\\";
    } else {
      line += c;
    }
  }
  return line + "\n";
}

std::string entry_of(std::string_view line) {
  std::string entry;
  for (size_t i = 0; i < line.size(); ++i) {
    const bool escape = line[i] == '\\' && i + 1 < line.size();
    if (escape) ++i;
    entry += escape && line[i] == 'n' ? '\n' : line[i];
  }
  return entry;
}

Status failed(const std::string& path) {
  return Status::io_error("writing the history " + path + ": " + std::strerror(errno));
}

// Env makes files that everybody may read; what was entered is nobody else's business.
Status write_private(const std::string& path, const std::string& text, int flags) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);
  if (fd < 0) return failed(path);
  // Also if it was there before, with other rights.
  (void)::fchmod(fd, 0600);
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t wrote = ::write(fd, text.data() + done, text.size() - done);
    if (wrote < 0 && errno != EINTR) {
      const Status status = failed(path);
      ::close(fd);
      return status;
    }
    if (wrote > 0) done += static_cast<size_t>(wrote);
  }
  ::close(fd);
  return {};
}

}  // namespace

History::History(std::string path) : path_(std::move(path)) {
  Result<std::string> text = posix_env().read_file(path_, 16 * kMostBytes);
  if (!text.ok()) return;
  for (size_t from = 0; from < text->size();) {
    const size_t end = std::min(text->find('\n', from), text->size());
    if (end > from) entries_.push_back(entry_of(std::string_view(*text).substr(from, end - from)));
    from = end + 1;
  }
  size_t first = entries_.size();
  for (size_t bytes = 0; first > 0 && entries_.size() - first < kMostEntries; --first) {
    bytes += entries_[first - 1].size() + 1;
    if (bytes > kMostBytes) break;
  }
  if (first == 0) return;
  entries_.erase(entries_.begin(), entries_.begin() + static_cast<ptrdiff_t>(first));
  (void)rewrite();
}

Status History::rewrite() const {
  std::string text;
  for (const std::string& entry : entries_) text += escaped_entry(entry);
  const std::string beside = path_ + "." + std::to_string(::getpid());
  DF_RETURN_IF_ERROR(write_private(beside, text, O_TRUNC));
  return posix_env().rename(beside, path_);
}

Status History::add(const std::string& entry) {
  if (entry.empty() || entry[0] == ' ' || entry.size() > kLongestEntry) return {};
  if (!entries_.empty() && entries_.back() == entry) return {};
  entries_.push_back(entry);
  if (entries_.size() > kMostEntries) entries_.erase(entries_.begin());
  if (path_.empty()) return {};
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(path_).parent_path(), ignored);
  return write_private(path_, escaped_entry(entry), O_APPEND);
}

}  // namespace dataflow::cli
