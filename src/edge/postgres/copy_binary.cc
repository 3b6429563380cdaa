#include "copy_binary.h"

#include <algorithm>

#include "base/bytes.h"
#include "sql_state.h"

namespace dataflow::postgres {
namespace {

constexpr std::string_view kSignature("PGCOPY\n\xFF\r\n\0", 11);
constexpr size_t kHeadBytes = kSignature.size() + 8;
constexpr size_t kMostBytes = 64 << 20;

Status bad_format(const std::string& what) { return sql_error(SqlState::kBadCopyFormat, what); }

}  // namespace

Status CopyBinary::feed(std::string_view part, std::vector<CopyFields>& rows) {
  if (ended_) return {};
  bytes_ += part;
  size_t at = 0;
  while (!ended_) {
    const std::string_view rest = std::string_view(bytes_).substr(at);
    DF_ASSIGN_OR_RETURN(const size_t taken, begun_ ? take_row(rest, rows) : take_head(rest));
    if (taken == 0) break;
    at += taken;
  }
  bytes_.erase(0, at);
  return bytes_.size() > kMostBytes ? bad_format("a row of over 64 MiB") : Status();
}

Status CopyBinary::finish(std::vector<CopyFields>& /*rows*/) {
  if (ended_ || (begun_ && bytes_.empty())) return {};
  return bad_format(begun_ ? "unexpected EOF in COPY data" : "COPY file signature not recognized");
}

Result<size_t> CopyBinary::take_head(std::string_view bytes) {
  const std::string_view known = kSignature.substr(0, std::min(bytes.size(), kSignature.size()));
  if (!bytes.starts_with(known)) return bad_format("COPY file signature not recognized");
  if (bytes.size() < kHeadBytes) return size_t{0};
  if ((load_be32(bytes.data() + kSignature.size()) >> 16) != 0) {
    return bad_format("unrecognized critical flags in COPY file header");
  }
  const uint32_t more = load_be32(bytes.data() + kSignature.size() + 4);
  if (more > kMostBytes) return bad_format("invalid COPY file header (wrong length)");
  if (bytes.size() < kHeadBytes + more) return size_t{0};
  begun_ = true;
  return kHeadBytes + more;
}

Result<size_t> CopyBinary::take_row(std::string_view bytes, std::vector<CopyFields>& rows) {
  if (bytes.size() < 2) return size_t{0};
  const uint16_t count = load_be16(bytes.data());
  if (count == UINT16_MAX) {
    ended_ = true;
    return size_t{2};
  }
  if (count != columns_) {
    return bad_format("row field count is " + std::to_string(count) + ", expected " +
                      std::to_string(columns_));
  }
  CopyFields fields;
  size_t at = 2;
  for (uint16_t i = 0; i < count; ++i) {
    if (bytes.size() - at < 4) return size_t{0};
    const uint32_t length = load_be32(bytes.data() + at);
    at += 4;
    if (length == UINT32_MAX) {
      fields.emplace_back();
      continue;
    }
    if (length > kMostBytes) return bad_format("invalid field size");
    if (bytes.size() - at < length) return size_t{0};
    fields.emplace_back(bytes.substr(at, length));
    at += length;
  }
  rows.push_back(std::move(fields));
  return at;
}

}  // namespace dataflow::postgres
