#include "cli/record_format.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/bytes.h"
#include "cli/exit_codes.h"
#include "cli/moment.h"

namespace dataflow::cli {
namespace {

constexpr std::string_view kKinds = "tpoksvSKTRhH%";

int64_t length_of(const std::optional<std::string_view>& bytes) {
  return bytes ? static_cast<int64_t>(bytes->size()) : -1;
}

// The character that stands behind a backslash at `at`, which moves to the escape's last character.
Result<char> unescape(std::string_view text, size_t& at) {
  if (++at >= text.size()) return usage_error("--format ends with a backslash; write \\\\ for one");
  switch (text[at]) {
    case 'n': return '\n';
    case 't': return '\t';
    case 'r': return '\r';
    case '0': return '\0';
    case '\\': return '\\';
    case 'x': {
      unsigned code = 0;
      const char* first = text.data() + at + 1;
      if (at + 2 < text.size()) {
        auto [end, error] = std::from_chars(first, first + 2, code, 16);
        if (error == std::errc() && end == first + 2) {
          at += 2;
          return static_cast<char>(code);
        }
      }
      return usage_error("--format: \\x needs two hexadecimal digits");
    }
    default:
      return usage_error(std::string("--format has no escape \\") + text[at] +
                         "; there are \\n \\t \\r \\0 \\\\ and \\xHH");
  }
}

void append_headers(std::string& out, const Record& record) {
  bool first = true;
  for (const RecordHeader& header : record.headers) {
    if (!first) out += ',';
    first = false;
    out += header.key;
    out += '=';
    out += header.value.value_or("NULL");
  }
}

Document text_or_bytes(const std::optional<std::string_view>& bytes) {
  if (!bytes) return nullptr;
  if (is_utf8(*bytes)) return *bytes;
  Document object = Document::object();
  object.put("base64", to_base64(*bytes));
  return object;
}

struct HeaderValues {
  std::string name;
  std::vector<Document> values;
};

// A name that a record has more than once has the list of its values, in their order.
Document headers_document(const Record& record) {
  std::vector<HeaderValues> all;
  for (const RecordHeader& header : record.headers) {
    auto known = std::find_if(all.begin(), all.end(),
                              [&](const HeaderValues& one) { return one.name == header.key; });
    if (known == all.end()) known = all.insert(all.end(), {std::string(header.key), {}});
    known->values.push_back(text_or_bytes(header.value));
  }
  Document object = Document::object();
  for (HeaderValues& header : all) {
    const bool repeated = header.values.size() > 1;
    object.put(header.name,
               repeated ? Document(std::move(header.values)) : std::move(header.values.front()));
  }
  return object;
}

Document value_document(const std::optional<std::string_view>& bytes) {
  if (bytes) {
    const size_t at = bytes->find_first_not_of(" \t\r\n");
    const bool opens = at != std::string_view::npos && ((*bytes)[at] == '{' || (*bytes)[at] == '[');
    // On one line, so that JSON lines stay lines.
    if (opens && bytes->find('\n') == std::string_view::npos && nlohmann::json::accept(*bytes)) {
      return Document::Raw{std::string(*bytes)};
    }
    if (opens) {
      const auto parsed = nlohmann::ordered_json::parse(*bytes, nullptr, false);
      if (!parsed.is_discarded()) return Document::Raw{parsed.dump()};
    }
  }
  return text_or_bytes(bytes);
}

}  // namespace

Result<RecordFormat> RecordFormat::parse(std::string_view text) {
  RecordFormat format;
  const auto literal = [&](char c) {
    if (format.parts_.empty() || format.parts_.back().kind != 0) format.parts_.emplace_back();
    format.parts_.back().text += c;
  };
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      DF_ASSIGN_OR_RETURN(char c, unescape(text, i));
      literal(c);
    } else if (text[i] != '%') {
      literal(text[i]);
    } else if (++i >= text.size() || kKinds.find(text[i]) == std::string_view::npos) {
      const std::string wrong = i < text.size()
                                    ? std::string("--format has no %") + text[i]
                                    : "--format ends with a lone %, which is written %%";
      return usage_error(
          wrong +
          "; there are %t stream, %p partition, %o offset, %k key, %v value, %T timestamp, "
          "%h headers, %H their number, %K %S lengths of key and value, %% a percent sign");
    } else if (text[i] == '%') {
      literal('%');
    } else {
      format.parts_.push_back({text[i], {}});
    }
  }
  return format;
}

void RecordFormat::append(std::string& out, std::string_view topic, int32_t partition,
                          const Record& record) const {
  for (const Part& part : parts_) {
    switch (part.kind) {
      case 0: out += part.text; break;
      case 't': out += topic; break;
      case 'p': out += std::to_string(partition); break;
      case 'o': out += std::to_string(record.offset.value()); break;
      case 'k': out += record.key.value_or(""); break;
      case 's':
      case 'v': out += record.value.value_or(""); break;
      case 'S': out += std::to_string(length_of(record.value)); break;
      case 'K': out += std::to_string(length_of(record.key)); break;
      case 'T': out += std::to_string(record.timestamp.value()); break;
      case 'R': append_be32(out, static_cast<uint32_t>(length_of(record.value))); break;
      case 'h': append_headers(out, record); break;
      case 'H': out += std::to_string(record.headers.size()); break;
      default: break;
    }
  }
}

Document record_document(std::string_view topic, int32_t partition, const Record& record) {
  Document object = Document::object();
  object.put("stream", topic);
  object.put("partition", int64_t{partition});
  object.put("offset", record.offset.value());
  const bool timed = record.timestamp.value() >= 0;
  object.put("timestamp", timed ? Document(format_moment(record.timestamp.value())) : Document());
  object.put("key", text_or_bytes(record.key));
  object.put("value", value_document(record.value));
  object.put("headers", headers_document(record));
  return object;
}

std::string to_base64(std::string_view bytes) {
  static constexpr char kDigits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t n = 0; n < 3; ++n) {
      group = group << 8 | (i + n < bytes.size() ? static_cast<uint8_t>(bytes[i + n]) : 0u);
    }
    for (size_t n = 0; n < 4; ++n) {
      out += i + n > bytes.size() ? '=' : kDigits[group >> (18 - 6 * n) & 63];
    }
  }
  return out;
}

}  // namespace dataflow::cli
