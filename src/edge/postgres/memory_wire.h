// A client's bytes that are there from the start; what it is told is only counted.
#pragma once

#include <algorithm>
#include <string_view>

#include "wire.h"

namespace dataflow::postgres {

class MemoryWire final : public Wire {
 public:
  // In pieces of at most so many bytes.
  MemoryWire(std::string_view input, size_t piece) : input_(input), piece_(piece) {}

  Result<size_t> read(std::span<char> out) override {
    const size_t count = std::min({input_.size(), out.size(), piece_});
    std::copy_n(input_.begin(), count, out.begin());
    input_.remove_prefix(count);
    return count;
  }
  Status write(std::string_view bytes) override {
    written_ += bytes.size();
    return {};
  }
  size_t written() const { return written_; }

 private:
  std::string_view input_;
  const size_t piece_;
  size_t written_ = 0;
};

}  // namespace dataflow::postgres
