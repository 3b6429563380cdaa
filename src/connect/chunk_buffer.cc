#include "chunk_buffer.h"

#include <mutex>
#include <vector>

namespace dataflow::connect {
namespace {

// All pooled buffers have this size; larger ones (a single huge record) come and go.
constexpr size_t kPooledBytes = (size_t{256} << 10) + 4096;
constexpr size_t kKeptBuffers = 64;

class Pool {
 public:
  char* take() {
    {
      std::lock_guard lock(mutex_);
      if (!free_.empty()) {
        char* buffer = free_.back().release();
        free_.pop_back();
        return buffer;
      }
    }
    return new char[kPooledBytes];
  }
  void give(char* buffer) {
    std::unique_ptr<char[]> owned(buffer);
    std::lock_guard lock(mutex_);
    if (free_.size() < kKeptBuffers) free_.push_back(std::move(owned));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<char[]>> free_;
};

// Never destroyed: a chunk may outlive everything that main() has.
Pool& pool() {
  static Pool* const only = new Pool;
  return *only;
}

}  // namespace

std::shared_ptr<char> take_chunk_buffer(size_t size) {
  if (size > kPooledBytes) return {new char[size], [](char* p) { delete[] p; }};
  return {pool().take(), [](char* p) { pool().give(p); }};
}

}  // namespace dataflow::connect
