#include "file_position.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace dataflow::connect {
namespace {

template <class Number>
bool read_number(std::string_view text, Number& out, int base = 10) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  return error == std::errc() && end == text.data() + text.size();
}

// "1048344-1048600:9f3a01bc"
bool read_seen(std::string_view text, FilePosition::Seen& seen) {
  const size_t dash = text.find('-');
  const size_t colon = text.find(':');
  if (dash == std::string_view::npos || colon == std::string_view::npos || colon < dash) {
    return false;
  }
  return read_number(text.substr(0, dash), seen.from) &&
         read_number(text.substr(dash + 1, colon - dash - 1), seen.to) &&
         read_number(text.substr(colon + 1), seen.crc, 16) && seen.from < seen.to;
}

}  // namespace

std::string FilePosition::text() const {
  std::string out = std::to_string(next);
  if (end) out += ";end=" + std::to_string(*end);
  if (seen) {
    char crc[16];
    std::snprintf(crc, sizeof crc, "%08x", seen->crc);
    out += ";seen=" + std::to_string(seen->from) + "-" + std::to_string(seen->to) + ":" + crc;
  }
  return out;
}

Result<FilePosition> parse_file_position(std::string_view text) {
  const Status wrong =
      Status::corrupt("the position `" + std::string(text) + "` of a file cannot be read");
  FilePosition out;
  std::string_view rest = text;
  for (bool first = true; first || !rest.empty(); first = false) {
    const size_t size = std::min(rest.find(';'), rest.size());
    std::string_view part = rest.substr(0, size);
    rest.remove_prefix(std::min(size + 1, rest.size()));
    if (first) {
      if (!read_number(part, out.next)) return wrong;
    } else if (part.starts_with("end=")) {
      if (!read_number(part.substr(4), out.end.emplace())) return wrong;
    } else if (part.starts_with("seen=")) {
      if (!read_seen(part.substr(5), out.seen.emplace())) return wrong;
    } else {
      return wrong;
    }
  }
  return out;
}

std::string FileSplit::id() const {
  if (stripes == 1) return path;
  // As wide as each other, so that their order by name is that of the blocks.
  char suffix[32];
  std::snprintf(suffix, sizeof suffix, "#%03d/%d", stripe, stripes);
  return path + suffix;
}

Result<FileSplit> parse_file_split(std::string_view id, int stripes) {
  FileSplit out{std::string(id), 0, stripes};
  if (stripes == 1) return out;
  const size_t mark = id.rfind('#');
  const size_t slash = id.rfind('/');
  if (mark == std::string_view::npos || slash == std::string_view::npos || slash < mark ||
      !read_number(id.substr(mark + 1, slash - mark - 1), out.stripe)) {
    return Status::corrupt("`" + std::string(id) + "` names no stripe of a file");
  }
  out.path = std::string(id.substr(0, mark));
  return out;
}

}  // namespace dataflow::connect
