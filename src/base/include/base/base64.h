// Base64 with padding (RFC 4648), as bytes stand in JSON and CSV.
#pragma once

#include <cstddef>
#include <string_view>

namespace dataflow {

constexpr size_t base64_size(size_t bytes) { return (bytes + 2) / 3 * 4; }
// Writes base64_size() chars and returns the position behind them.
char* encode_base64(std::string_view bytes, char* out);
// Writes up to text.size() / 4 * 3 bytes; null if the text is not base64. Padding may be missing.
char* decode_base64(std::string_view text, char* out);

}  // namespace dataflow
