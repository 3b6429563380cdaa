// A file or standard input, read a piece at a time.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/status.h"

namespace dataflow::cli {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // The next bytes, valid until the next call; empty at the end.
  virtual Result<std::string_view> read() = 0;
  // In bytes, -1 where it cannot be known.
  virtual int64_t size() const = 0;
};

// "-" is standard input. `on_wait` is called before a read that would wait for whoever writes.
Result<std::unique_ptr<ByteSource>> open_source(const std::string& path,
                                                std::function<Status()> on_wait);
// For tests; handed out in pieces of `piece` bytes.
std::unique_ptr<ByteSource> text_source(std::string text, size_t piece);

// One character after the other, with its line.
class CharReader {
 public:
  explicit CharReader(ByteSource& source) : source_(source) {}

  // The next character without taking it; -1 at the end.
  Result<int> peek();
  void take();
  uint64_t line() const { return line_; }
  uint64_t bytes_taken() const { return taken_; }
  // A byte order mark at the very front is skipped.
  Status skip_mark();

 private:
  ByteSource& source_;
  std::string_view piece_;
  size_t at_ = 0;
  bool end_ = false;
  uint64_t line_ = 1;
  uint64_t taken_ = 0;
};

}  // namespace dataflow::cli
