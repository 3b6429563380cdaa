// The sink "lines": rows as lines of a file, tabs between the columns, each row once.
//
//   out: {from: averages, connector: lines, path: averages.txt}
//
// What a checkpoint commits becomes a part of the file that begins with a line "# checkpoint 7". A
// commit that comes again finds that line and does nothing. (One that was cut off in the middle is
// cut away first.)
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "parts.h"

namespace example {
namespace {

void append_value(std::string& line, const df::Column& column, int64_t row) {
  if (column.is_null(row)) {
    line += "NULL";
  } else if (column.layout() == df::Layout::kText) {
    line += column.text(row);
  } else if (column.layout() == df::Layout::kFloat || column.layout() == df::Layout::kDouble) {
    line += std::to_string(column.real(row));
  } else {
    line += std::to_string(column.integer(row));
  }
}

class LinesWriter final : public df::SinkWriter {
 public:
  void write(const df::Batch& batch, df::Faults& faults) override {
    for (int64_t row = 0; row < batch.size(); ++row) {
      std::string line;
      for (size_t i = 0; i < batch.schema().size(); ++i) {
        if (i > 0) line += '\t';
        append_value(line, batch.column(i), row);
      }
      if (line.find('\n') != std::string::npos || line.starts_with('#')) {
        faults.add(row, "a line cannot hold it");
      } else {
        lines_ += line + '\n';
      }
    }
  }
  std::vector<std::string> checkpoint(int64_t /*id*/) override {
    if (lines_.empty()) return {};
    return {std::exchange(lines_, {})};
  }
  int64_t staged_bytes() const override { return static_cast<int64_t>(lines_.size()); }

 private:
  std::string lines_;
};

class File {
 public:
  explicit File(const std::string& path)
      : path_(path), descriptor_(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
    check(descriptor_ >= 0);
  }
  ~File() { close(descriptor_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  std::string read_all() {
    std::string all(static_cast<size_t>(lseek(descriptor_, 0, SEEK_END)), '\0');
    for (size_t at = 0; at < all.size();) {
      const ssize_t got = pread(descriptor_, all.data() + at, all.size() - at, off_t(at));
      check(got > 0);
      at += static_cast<size_t>(got);
    }
    return all;
  }
  void cut(size_t size) { check(ftruncate(descriptor_, off_t(size)) == 0); }
  void append(const std::string& bytes) {
    lseek(descriptor_, 0, SEEK_END);
    for (size_t at = 0; at < bytes.size();) {
      const ssize_t put = ::write(descriptor_, bytes.data() + at, bytes.size() - at);
      check(put > 0);
      at += static_cast<size_t>(put);
    }
    check(fdatasync(descriptor_) == 0);
  }

 private:
  void check(bool ok) const {
    if (!ok) throw df::Error(path_ + ": " + std::strerror(errno));
  }

  const std::string path_;
  const int descriptor_;
};

class Lines final : public df::Sink {
 public:
  explicit Lines(std::string path) : path_(std::move(path)) {}

  bool exactly_once() const override { return true; }
  std::unique_ptr<df::SinkWriter> open(int /*task*/) override {
    return std::make_unique<LinesWriter>();
  }
  void commit(int64_t checkpoint, const std::vector<std::string>& committables,
              bool again) override {
    std::string part = "# checkpoint " + std::to_string(checkpoint) + '\n';
    for (const std::string& lines : committables) part += lines;
    File file(path_);
    if (again) {
      const std::string there = file.read_all();
      const std::string head = part.substr(0, part.find('\n') + 1);
      const size_t at = there.starts_with(head) ? 0 : there.find('\n' + head) + 1;
      if ((at > 0 || there.starts_with(head)) && there.compare(at, part.size(), part) == 0) return;
      const size_t last = there.rfind("# checkpoint ");
      // A part that is not whole is the last one, and this is the commit of it.
      if (last != std::string::npos && part.starts_with(there.substr(last))) file.cut(last);
    }
    file.append(part);
  }

 private:
  const std::string path_;
};

}  // namespace

std::unique_ptr<df::Sink> make_lines(const df::Request& request) {
  return std::make_unique<Lines>(request.options.require("path"));
}

}  // namespace example
