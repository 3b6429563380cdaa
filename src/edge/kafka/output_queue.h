// What a connection still has to send: answers' bytes, and slices of log files between them. A
// slice is read when it is sent, so that a slow consumer holds no record in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "log/partition.h"
#include "transport.h"

namespace dataflow::kafka {

// `slice` belongs in front of byte `at` of the answer's own bytes.
struct AnswerSlice {
  size_t at = 0;
  log::LogSlice slice;
};

class OutputQueue {
 public:
  bool empty() const { return first_ == items_.size(); }
  // In memory; slices do not count.
  size_t buffered_bytes() const { return buffered_; }

  void add(std::string_view bytes, std::span<AnswerSlice> slices);

  enum class Flush : uint8_t { kAll, kWouldBlock, kMoreToDo, kFailed };
  // Writes until all is gone, the transport takes no more, or about `most` bytes are written (so
  // that one consumer does not keep the thread). `scratch` carries small slices. After kFailed
  // problem() says why.
  Flush flush(Transport& transport, std::span<char> scratch, size_t most);
  const std::string& problem() const { return problem_; }
  uint64_t bytes_written() const { return written_; }

 private:
  struct Item {
    std::string bytes;    // or
    log::LogSlice slice;  // with a file
    size_t done = 0;

    size_t left() const { return (slice.file ? slice.length : bytes.size()) - done; }
  };

  void add_bytes(std::string_view bytes);
  bool wants_send_file(const Item& item, const Transport& transport) const;
  IoOutcome write_batch(Transport& transport, std::span<char> scratch);
  IoOutcome send_slice(Transport& transport);
  bool read_slice(Item& item, std::span<char> into, size_t& got);
  void sent(size_t bytes);

  std::vector<Item> items_;
  size_t first_ = 0;
  size_t buffered_ = 0;
  uint64_t written_ = 0;
  bool no_send_file_ = false;  // the file system refused once
  std::string problem_;
};

}  // namespace dataflow::kafka
