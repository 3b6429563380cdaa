#include "row_ends.h"

#include <algorithm>

namespace dataflow::connect {
namespace {

constexpr size_t kNone = std::string_view::npos;

// The size up to and with the closing quote of what begins behind the opening one; kNone without.
size_t quoted_size(std::string_view bytes, char quote, char escape) {
  size_t i = 0;
  while (i < bytes.size()) {
    if (escape != '\0' && bytes[i] == escape && escape != quote) {
      i += 2;
    } else if (bytes[i] != quote) {
      ++i;
    } else if (i + 1 < bytes.size() && bytes[i + 1] == quote) {
      i += 2;
    } else {
      return i + 1;
    }
  }
  return kNone;
}

}  // namespace

size_t RowEnds::first(std::string_view bytes) const {
  const size_t end = bytes.find('\n');
  if (end == kNone) return 0;
  if (comments_ && bytes.starts_with('#')) return end + 1;
  if (!quoted_ || bytes.substr(0, end).find(quote_) == kNone) return end + 1;
  return first_with_quotes(bytes);
}

size_t RowEnds::first_with_quotes(std::string_view bytes) const {
  bool field_begins = true;
  size_t i = 0;
  while (i < bytes.size()) {
    if (field_begins && bytes[i] == quote_) {
      const size_t size = quoted_size(bytes.substr(i + 1), quote_, escape_);
      if (size == kNone) return 0;
      i += 1 + size;
      field_begins = false;
      continue;
    }
    if (bytes[i] == '\n') return i + 1;
    field_begins = bytes[i] == delimiter_;
    ++i;
  }
  return 0;
}

RowEnds::Cut RowEnds::cut(std::string_view bytes, size_t limit) const {
  Cut out;
  if (!quoted_ || bytes.find(quote_) == kNone) {
    const size_t end = limit > 0 ? bytes.find('\n', limit - 1) : kNone;
    out.complete = limit == 0 || end != kNone;
    if (limit == 0) return out;
    out.whole = out.complete ? end + 1 : bytes.rfind('\n') + 1;
    return out;
  }
  while (out.whole < limit) {
    const size_t size = first(bytes.substr(out.whole));
    if (size == 0) return out;
    out.whole += size;
  }
  out.complete = true;
  return out;
}

}  // namespace dataflow::connect
