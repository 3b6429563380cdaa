// Bytes written as hexadecimal in tests: blanks and |bars| only group them, 'text' stands for
// itself.
#pragma once

#include <cstdlib>
#include <string>
#include <string_view>

namespace dataflow::wire {

inline std::string from_hex(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    if (text[i] == ' ' || text[i] == '|') {
      ++i;
    } else if (text[i] == '\'') {
      size_t end = text.find('\'', i + 1);
      out += text.substr(i + 1, end - i - 1);
      i = end + 1;
    } else {
      out.push_back(
          static_cast<char>(std::strtol(std::string(text.substr(i, 2)).c_str(), nullptr, 16)));
      i += 2;
    }
  }
  return out;
}

inline std::string to_hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (char c : bytes) {
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

}  // namespace dataflow::wire
