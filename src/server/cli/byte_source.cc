#include "cli/byte_source.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "cli/interrupt.h"

namespace dataflow::cli {
namespace {

constexpr size_t kPieceBytes = 256 << 10;
// How long what was read already may wait for more to come.
constexpr int kLingerMs = 50;

class DescriptorSource final : public ByteSource {
 public:
  DescriptorSource(int fd, std::string name, std::function<Status()> on_wait)
      : fd_(fd), name_(std::move(name)), on_wait_(std::move(on_wait)), buffer_(kPieceBytes) {}
  ~DescriptorSource() override {
    if (fd_ != STDIN_FILENO) ::close(fd_);
  }

  Result<std::string_view> read() override {
    while (true) {
      pollfd entry{fd_, POLLIN, 0};
      if (::poll(&entry, 1, kLingerMs) == 0) {
        DF_RETURN_IF_ERROR(on_wait_());
        // A signal ends this wait; one that came just before it is seen within the time.
        (void)::poll(&entry, 1, 1000);
      }
      DF_RETURN_IF_ERROR(check_interrupt());
      if (entry.revents == 0) continue;
      const ssize_t got = ::read(fd_, buffer_.data(), buffer_.size());
      if (got >= 0) return std::string_view(buffer_.data(), static_cast<size_t>(got));
      if (errno != EINTR && errno != EAGAIN) {
        return Status::io_error("reading " + name_ + ": " + std::strerror(errno));
      }
    }
  }

  int64_t size() const override {
    struct stat about {};
    if (fstat(fd_, &about) != 0 || !S_ISREG(about.st_mode)) return -1;
    return about.st_size;
  }

 private:
  int fd_;
  std::string name_;
  std::function<Status()> on_wait_;
  std::vector<char> buffer_;
};

class TextSource final : public ByteSource {
 public:
  TextSource(std::string text, size_t piece) : text_(std::move(text)), piece_(piece) {}
  Result<std::string_view> read() override {
    const std::string_view out = std::string_view(text_).substr(at_, piece_);
    at_ += out.size();
    return out;
  }
  int64_t size() const override { return static_cast<int64_t>(text_.size()); }

 private:
  std::string text_;
  size_t piece_;
  size_t at_ = 0;
};

}  // namespace

Result<std::unique_ptr<ByteSource>> open_source(const std::string& path,
                                                std::function<Status()> on_wait) {
  if (path == "-") {
    return std::unique_ptr<ByteSource>(
        new DescriptorSource(STDIN_FILENO, "standard input", std::move(on_wait)));
  }
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    const std::string words = "reading " + path + ": " + std::strerror(errno);
    return errno == ENOENT ? Status::not_found(words) : Status::io_error(words);
  }
  struct stat about {};
  if (fstat(fd, &about) == 0 && S_ISDIR(about.st_mode)) {
    ::close(fd);
    return Status::invalid("reading " + path + ": it is a folder");
  }
  return std::unique_ptr<ByteSource>(new DescriptorSource(fd, path, std::move(on_wait)));
}

std::unique_ptr<ByteSource> text_source(std::string text, size_t piece) {
  return std::make_unique<TextSource>(std::move(text), piece);
}

Result<int> CharReader::peek() {
  if (at_ == piece_.size()) {
    if (end_) return -1;
    DF_ASSIGN_OR_RETURN(piece_, source_.read());
    at_ = 0;
    end_ = piece_.empty();
    if (end_) return -1;
  }
  return static_cast<int>(static_cast<uint8_t>(piece_[at_]));
}

void CharReader::take() {
  if (piece_[at_] == '\n') ++line_;
  ++at_;
  ++taken_;
}

Status CharReader::skip_mark() {
  for (const int part : {0xEF, 0xBB, 0xBF}) {
    DF_ASSIGN_OR_RETURN(int next, peek());
    if (next != part) return {};
    take();
  }
  return {};
}

}  // namespace dataflow::cli
