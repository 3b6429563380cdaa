#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <system_error>
#include <utility>

#include "base/env.h"
#include "posix_error.h"

namespace dataflow {

Status errno_status(int error, std::string_view doing, const std::string& path) {
  std::string message(doing);
  message.append(" ").append(path).append(": ");
  message.append(std::generic_category().message(error));
  switch (error) {
    case ENOENT: return Status::not_found(std::move(message));
    case EEXIST: return Status::already_exists(std::move(message));
    case ENOSPC:
      return Status::no_space(message + "; free space on this disk or move the data directory");
    case EDQUOT:
      return Status::no_space(message + "; raise the quota or free space that counts towards it");
    case EMFILE:
    case ENFILE: return Status::io_error(message + "; raise the limit of open files (ulimit -n)");
    default: return Status::io_error(std::move(message));
  }
}

namespace {

constexpr size_t kMaxHolderBytes = 4096;

// The kernel's positions are signed; a position that does not fit would arrive there as another
// one.
Status check_range(const char* doing, const std::string& path, uint64_t position, uint64_t length) {
  constexpr uint64_t kMax = std::numeric_limits<off_t>::max();
  if (position <= kMax && length <= kMax - position) return {};
  return Status::invalid(std::string(doing) + " " + path + ": position " +
                         std::to_string(position) + " is beyond what a file can have");
}

class OwnedFd {
 public:
  explicit OwnedFd(int fd) : fd_(fd) {}
  OwnedFd(OwnedFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  OwnedFd& operator=(OwnedFd&&) = delete;
  // What has to be on disk was synced before; nothing depends on what close() answers.
  ~OwnedFd() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

 private:
  int fd_;
};

OwnedFd open_fd(const std::string& path, int flags) {
  int fd;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC, 0644);
  } while (fd < 0 && errno == EINTR);
  return OwnedFd(fd);
}

Status truncate_fd(int fd, const std::string& path, uint64_t size) {
  DF_RETURN_IF_ERROR(check_range("truncating", path, size, 0));
  int outcome;
  do {
    outcome = ::ftruncate(fd, static_cast<off_t>(size));
  } while (outcome != 0 && errno == EINTR);
  return outcome == 0 ? Status() : errno_status(errno, "truncating", path);
}

class PosixFile final : public File {
 public:
  PosixFile(OwnedFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Result<size_t> read_at(uint64_t position, std::span<char> out) override {
    DF_RETURN_IF_ERROR(check_range("reading", path_, position, out.size()));
    size_t done = 0;
    while (done < out.size()) {
      const ssize_t got = ::pread(fd_.get(), out.data() + done, out.size() - done,
                                  static_cast<off_t>(position + done));
      if (got < 0) {
        if (errno == EINTR) continue;
        return errno_status(errno, "reading", path_);
      }
      if (got == 0) break;
      done += static_cast<size_t>(got);
    }
    return done;
  }

  Status write_at(uint64_t position, std::string_view data) override {
    DF_RETURN_IF_ERROR(check_range("writing", path_, position, data.size()));
    while (!data.empty()) {
      const ssize_t put =
          ::pwrite(fd_.get(), data.data(), data.size(), static_cast<off_t>(position));
      if (put < 0) {
        if (errno == EINTR) continue;
        return errno_status(errno, "writing", path_);
      }
      // A write of nothing that is no error would repeat for ever.
      if (put == 0) return errno_status(EIO, "writing", path_);
      data.remove_prefix(static_cast<size_t>(put));
      position += static_cast<uint64_t>(put);
    }
    return {};
  }

  Status write_parts_at(uint64_t position, std::span<const std::string_view> parts) override {
    uint64_t total = 0;
    for (std::string_view part : parts) {
      DF_RETURN_IF_ERROR(check_range("writing", path_, position + total, part.size()));
      total += part.size();
    }
    constexpr size_t kMaxParts = 256;
    static_assert(kMaxParts <= IOV_MAX);
    iovec vectors[kMaxParts];
    size_t next = 0;     // the first part that is not wholly written
    size_t written = 0;  // how much of it is
    while (total > 0) {
      size_t count = 0;
      for (size_t i = next; i < parts.size() && count < kMaxParts; ++i) {
        const std::string_view rest = parts[i].substr(i == next ? written : 0);
        if (rest.empty()) continue;
        vectors[count++] = {const_cast<char*>(rest.data()), rest.size()};
      }
      const ssize_t put =
          ::pwritev(fd_.get(), vectors, static_cast<int>(count), static_cast<off_t>(position));
      if (put < 0) {
        if (errno == EINTR) continue;
        return errno_status(errno, "writing", path_);
      }
      if (put == 0) return errno_status(EIO, "writing", path_);
      position += static_cast<uint64_t>(put);
      total -= static_cast<uint64_t>(put);
      written += static_cast<size_t>(put);
      while (next < parts.size() && written >= parts[next].size()) written -= parts[next++].size();
    }
    return {};
  }

  // No retry, not even after EINTR: the kernel reports a lost page once and then forgets it.
  Status sync() override {
    return ::fdatasync(fd_.get()) == 0 ? Status() : errno_status(errno, "syncing", path_);
  }

  Status truncate(uint64_t size) override { return truncate_fd(fd_.get(), path_, size); }

  Result<uint64_t> size() override {
    struct stat info;
    if (::fstat(fd_.get(), &info) != 0) return errno_status(errno, "asking the size of", path_);
    return static_cast<uint64_t>(info.st_size);
  }

  void forget_cached(uint64_t from, uint64_t to) override {
    (void)::posix_fadvise(fd_.get(), static_cast<off_t>(from), static_cast<off_t>(to - from),
                          POSIX_FADV_DONTNEED);
  }
  int descriptor() const override { return fd_.get(); }

 private:
  OwnedFd fd_;
  std::string path_;
};

class PosixFileLock final : public FileLock {
 public:
  explicit PosixFileLock(OwnedFd fd) : fd_(std::move(fd)) {}

 private:
  OwnedFd fd_;
};

std::string read_holder(int fd) {
  std::string words(kMaxHolderBytes, '\0');
  const ssize_t got = ::pread(fd, words.data(), words.size(), 0);
  words.resize(got > 0 ? static_cast<size_t>(got) : 0);
  while (!words.empty() && (words.back() == '\n' || words.back() == ' ')) words.pop_back();
  return words.empty() ? "a process that left no name" : words;
}

// True if `path` still names the file behind `fd`; a file that was removed meanwhile locks nobody
// out.
bool same_file(int fd, const std::string& path) {
  struct stat held, named;
  return ::fstat(fd, &held) == 0 && ::stat(path.c_str(), &named) == 0 &&
         held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

class PosixEnv final : public Env {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    int flags = O_RDONLY;
    switch (mode) {
      case OpenMode::kRead: break;
      case OpenMode::kReadWrite: flags = O_RDWR | O_CREAT; break;
      case OpenMode::kCreate: flags = O_RDWR | O_CREAT | O_EXCL; break;
      case OpenMode::kTruncate: flags = O_RDWR | O_CREAT | O_TRUNC; break;
    }
    OwnedFd fd = open_fd(path, flags);
    if (!fd.valid()) {
      return errno_status(errno, mode == OpenMode::kRead ? "opening" : "opening for writing", path);
    }
    return std::unique_ptr<File>(std::make_unique<PosixFile>(std::move(fd), path));
  }

  bool exists(const std::string& path) override { return ::access(path.c_str(), F_OK) == 0; }

  Result<uint64_t> file_size(const std::string& path) override {
    struct stat info;
    if (::stat(path.c_str(), &info) != 0) return errno_status(errno, "asking the size of", path);
    return static_cast<uint64_t>(info.st_size);
  }

  Status remove_file(const std::string& path) override {
    return ::unlink(path.c_str()) == 0 ? Status() : errno_status(errno, "removing", path);
  }

  Status rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) == 0) return {};
    return errno_status(errno, "renaming", from + " to " + to);
  }

  Status link(const std::string& from, const std::string& to) override {
    if (::link(from.c_str(), to.c_str()) == 0) return {};
    return errno_status(errno, "linking", from + " as " + to);
  }

  Status create_dirs(const std::string& path) override {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) return errno_status(error.value(), "creating the folder", path);
    // create_directories() answers nothing wrong for a path that is a file on some library
    // versions.
    struct stat info;
    if (::stat(path.c_str(), &info) != 0) return errno_status(errno, "creating the folder", path);
    if (!S_ISDIR(info.st_mode)) return errno_status(ENOTDIR, "creating the folder", path);
    return {};
  }

  Result<std::vector<DirEntry>> list_dir(const std::string& path) override {
    std::error_code error;
    std::vector<DirEntry> entries;
    std::filesystem::directory_iterator it(path, error);
    while (!error && it != std::filesystem::directory_iterator()) {
      std::error_code ignored;  // an entry that vanished while we look is listed as a file
      entries.push_back({it->path().filename().string(), it->is_directory(ignored)});
      it.increment(error);
    }
    if (error) return errno_status(error.value(), "listing the folder", path);
    std::sort(entries.begin(), entries.end(),
              [](const DirEntry& a, const DirEntry& b) { return a.name < b.name; });
    return entries;
  }

  Status remove_tree(const std::string& path) override {
    std::error_code error;
    std::filesystem::remove_all(path, error);
    return error ? errno_status(error.value(), "removing the folder", path) : Status();
  }

  Status sync_dir(const std::string& path) override {
    const OwnedFd fd = open_fd(path, O_RDONLY | O_DIRECTORY);
    if (!fd.valid()) return errno_status(errno, "opening the folder", path);
    return ::fsync(fd.get()) == 0 ? Status() : errno_status(errno, "syncing the folder", path);
  }

  Result<uint64_t> free_bytes(const std::string& path) override {
    struct statvfs info;
    if (::statvfs(path.c_str(), &info) != 0) {
      return errno_status(errno, "asking the free space of", path);
    }
    return static_cast<uint64_t>(info.f_bavail) * info.f_frsize;
  }

  // flock() belongs to the open file, not to the process, so it also keeps two locks of one process
  // apart, and the kernel lets go of it however the process ends.
  Result<std::unique_ptr<FileLock>> lock(const std::string& path,
                                         std::string_view holder) override {
    while (true) {
      OwnedFd fd = open_fd(path, O_RDWR | O_CREAT);
      if (!fd.valid()) return errno_status(errno, "opening the lock", path);
      int outcome;
      do {
        outcome = ::flock(fd.get(), LOCK_EX | LOCK_NB);
      } while (outcome != 0 && errno == EINTR);
      if (outcome != 0 && errno == EWOULDBLOCK) {
        return Status::conflict("locking " + path + ": it is held by " + read_holder(fd.get()) +
                                "; stop that one first or use another data directory");
      }
      if (outcome != 0) return errno_status(errno, "locking", path);
      if (!same_file(fd.get(), path)) continue;
      DF_RETURN_IF_ERROR(truncate_fd(fd.get(), path, 0));
      PosixFile words(OwnedFd(::dup(fd.get())), path);
      DF_RETURN_IF_ERROR(words.write_at(0, holder.substr(0, kMaxHolderBytes)));
      return std::unique_ptr<FileLock>(std::make_unique<PosixFileLock>(std::move(fd)));
    }
  }

  Timestamp now() override {
    timespec t;
    ::clock_gettime(CLOCK_REALTIME, &t);
    return Timestamp(int64_t{t.tv_sec} * 1000 + t.tv_nsec / 1'000'000);
  }

  int64_t monotonic_nanos() override {
    timespec t;
    ::clock_gettime(CLOCK_MONOTONIC, &t);
    return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
  }

  void fill_random(std::span<char> out) override {
    size_t done = 0;
    while (done < out.size()) {
      const ssize_t got = ::getrandom(out.data() + done, out.size() - done, 0);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) {
        // Going on would hand out ids that are not unique.
        std::perror("asking the kernel for random bytes");
        std::abort();
      }
      done += static_cast<size_t>(got);
    }
  }
};

}  // namespace

Env& posix_env() {
  // Never destroyed: threads that outlive main() may still ask for the time.
  static PosixEnv* const env = new PosixEnv;
  return *env;
}

}  // namespace dataflow
