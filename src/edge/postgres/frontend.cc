#include "frontend.h"

#include "base/bytes.h"

namespace dataflow::postgres {
namespace {

constexpr uint32_t kCancelCode = 80'877'102;
constexpr uint32_t kTlsCode = 80'877'103;
constexpr uint32_t kGssEncryptionCode = 80'877'104;
constexpr size_t kLongestKey = 256;

// Reads one part after the other; once one is missing, all that follow are nothing.
class Fields {
 public:
  explicit Fields(std::string_view rest) : rest_(rest) {}

  uint8_t byte() { return has(1) ? static_cast<uint8_t>(take(1)[0]) : 0; }
  uint16_t u16() { return has(2) ? load_be16(take(2).data()) : 0; }
  uint32_t u32() { return has(4) ? load_be32(take(4).data()) : 0; }
  std::string_view bytes(size_t size) { return has(size) ? take(size) : std::string_view(); }
  std::string_view text() {
    const size_t end = rest_.find('\0');
    if (end == std::string_view::npos) good_ = false;
    if (!good_) return {};
    const std::string_view found = take(end);
    rest_.remove_prefix(1);
    return found;
  }
  // A count of things of at least that many bytes each.
  size_t count(size_t each) {
    const size_t count = u16();
    return has(count * each) ? count : 0;
  }
  std::vector<WireFormat> formats() {
    std::vector<WireFormat> formats(count(2));
    for (WireFormat& format : formats) {
      const uint16_t code = u16();
      good_ = good_ && code <= 1;
      format = static_cast<WireFormat>(code & 1);
    }
    return formats;
  }
  bool good() const { return good_; }
  bool at_end() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }
  Status ended(const char* what) const {
    if (good_ && rest_.empty()) return {};
    return Status::corrupt(std::string("invalid ") + what + " message");
  }

 private:
  bool has(size_t size) {
    if (rest_.size() < size) good_ = false;
    return good_;
  }
  std::string_view take(size_t size) {
    const std::string_view found = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return found;
  }

  std::string_view rest_;
  bool good_ = true;
};

}  // namespace

Result<StartupPacket> read_startup(std::string_view packet) {
  Fields fields(packet);
  StartupPacket out;
  out.version = fields.u32();
  switch (out.version) {
    case kCancelCode:
      out.kind = StartupKind::kCancel;
      out.process = fields.u32();
      out.key = fields.rest();
      if (!fields.good() || out.key.empty() || out.key.size() > kLongestKey) {
        return Status::corrupt("invalid length of cancel request packet");
      }
      return out;
    case kTlsCode:
    case kGssEncryptionCode:
      out.kind = out.version == kTlsCode ? StartupKind::kTls : StartupKind::kGssEncryption;
      DF_RETURN_IF_ERROR(fields.ended("encryption request"));
      return out;
    default: break;
  }
  if (out.version >> 16 != 3) {
    return Status::unsupported(
        "unsupported frontend protocol " + std::to_string(out.version >> 16) + "." +
        std::to_string(out.version & 0xFFFF) + ": server supports 3.0 to 3.2");
  }
  while (fields.good()) {
    const std::string_view name = fields.text();
    if (name.empty()) break;
    out.parameters.emplace_back(name, fields.text());
  }
  if (!fields.good() || !fields.at_end()) {
    return Status::corrupt("invalid startup packet layout: expected terminator as last byte");
  }
  return out;
}

Result<std::string_view> read_text(std::string_view payload) {
  Fields fields(payload);
  const std::string_view text = fields.text();
  DF_RETURN_IF_ERROR(fields.ended("text"));
  return text;
}

Result<ParseMessage> read_parse(std::string_view payload) {
  Fields fields(payload);
  ParseMessage out;
  out.name = fields.text();
  out.query = fields.text();
  out.oids.resize(fields.count(4));
  for (uint32_t& oid : out.oids) oid = fields.u32();
  DF_RETURN_IF_ERROR(fields.ended("Parse"));
  return out;
}

Result<BindMessage> read_bind(std::string_view payload) {
  Fields fields(payload);
  BindMessage out;
  out.portal = fields.text();
  out.statement = fields.text();
  out.parameter_formats = fields.formats();
  out.parameters.resize(fields.count(4));
  for (std::optional<std::string_view>& parameter : out.parameters) {
    const uint32_t size = fields.u32();
    if (size != UINT32_MAX) parameter = fields.bytes(size);
  }
  out.result_formats = fields.formats();
  DF_RETURN_IF_ERROR(fields.ended("Bind"));
  const size_t formats = out.parameter_formats.size();
  if (formats > 1 && formats != out.parameters.size()) {
    return Status::corrupt("bind message has " + std::to_string(formats) +
                           " parameter formats but " + std::to_string(out.parameters.size()) +
                           " parameters");
  }
  return out;
}

Result<NamedMessage> read_named(std::string_view payload) {
  Fields fields(payload);
  const uint8_t kind = fields.byte();
  NamedMessage out{kind == 'P', fields.text()};
  DF_RETURN_IF_ERROR(fields.ended("Describe or Close"));
  if (kind != 'P' && kind != 'S') return Status::corrupt("invalid Describe or Close message");
  return out;
}

Result<ExecuteMessage> read_execute(std::string_view payload) {
  Fields fields(payload);
  ExecuteMessage out;
  out.portal = fields.text();
  const uint32_t rows = fields.u32();
  // What is negative has always meant all of them.
  out.max_rows = rows > INT32_MAX ? 0 : rows;
  DF_RETURN_IF_ERROR(fields.ended("Execute"));
  return out;
}

Status read_empty(std::string_view payload) {
  if (payload.empty()) return {};
  return Status::corrupt("invalid message: it has contents where it should have none");
}

}  // namespace dataflow::postgres
