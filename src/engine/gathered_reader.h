// Reader: what one gathered value is made of, part by part.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/bytes.h"
#include "base/status.h"

namespace dataflow::engine {

inline Status no_gathered_value() {
  return Status::corrupt("a value that an aggregate keeps is cut off");
}

// Reads what one value is made of.
class GatheredReader {
 public:
  explicit GatheredReader(std::string_view bytes) : rest_(bytes) {}

  Result<std::string_view> take(size_t size) {
    if (rest_.size() < size) return no_gathered_value();
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  Result<uint8_t> byte() {
    DF_ASSIGN_OR_RETURN(const std::string_view one, take(1));
    return static_cast<uint8_t>(one[0]);
  }
  Result<std::string_view> text() {
    DF_ASSIGN_OR_RETURN(const std::string_view size, take(4));
    return take(load_le32(size.data()));
  }
  Result<double> number() {
    DF_ASSIGN_OR_RETURN(const std::string_view bytes, take(sizeof(double)));
    double value = 0;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  Result<int64_t> whole() {
    DF_ASSIGN_OR_RETURN(const std::string_view bytes, take(sizeof(int64_t)));
    return static_cast<int64_t>(load_le64(bytes.data()));
  }

 private:
  std::string_view rest_;
};

}  // namespace dataflow::engine
