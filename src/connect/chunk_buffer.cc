#include "chunk_buffer.h"

#include <array>
#include <mutex>
#include <vector>

namespace dataflow::connect {
namespace {

// Of buffers of one size.
class Pool {
 public:
  Pool(size_t bytes, size_t kept) : bytes_(bytes), kept_(kept) {}

  size_t bytes() const { return bytes_; }
  char* take() {
    {
      std::lock_guard lock(mutex_);
      if (!free_.empty()) {
        char* buffer = free_.back().release();
        free_.pop_back();
        return buffer;
      }
    }
    return new char[bytes_];
  }
  void give(char* buffer) {
    std::unique_ptr<char[]> owned(buffer);
    std::lock_guard lock(mutex_);
    if (free_.size() < kept_) free_.push_back(std::move(owned));
  }

 private:
  const size_t bytes_;
  const size_t kept_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<char[]>> free_;
};

// Never destroyed: a chunk may outlive everything that main() has. The first is for the log's
// chunks, the second for the files'; larger ones (a single huge record) come and go.
std::array<Pool, 2>& pools() {
  static auto* const only = new std::array<Pool, 2>{
      Pool((size_t{256} << 10) + 4096, 64), Pool((size_t{1} << 20) + (size_t{32} << 10), 16)};
  return *only;
}

}  // namespace

std::shared_ptr<char> take_chunk_buffer(size_t size) {
  for (Pool& pool : pools()) {
    if (size <= pool.bytes()) return {pool.take(), [&pool](char* p) { pool.give(p); }};
  }
  return {new char[size], [](char* p) { delete[] p; }};
}

}  // namespace dataflow::connect
