#include "log_format.h"

#include <time.h>

#include <charconv>
#include <cmath>
#include <cstdio>

namespace dataflow {
namespace {

constexpr char kHex[] = "0123456789abcdef";

// The length of the valid UTF-8 sequence at the start of `text`, 0 if there is none. Overlong
// forms, surrogates and what lies beyond U+10FFFF are none.
size_t utf8_length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xc2 && first <= 0xdf   ? 2
                        : first >= 0xe0 && first <= 0xef ? 3
                        : first >= 0xf0 && first <= 0xf4 ? 4
                                                         : 0;
  if (length == 0 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const uint8_t second = byte(1);
  if (first == 0xe0 && second < 0xa0) return 0;
  if (first == 0xed && second > 0x9f) return 0;
  if (first == 0xf0 && second < 0x90) return 0;
  if (first == 0xf4 && second > 0x8f) return 0;
  return length;
}

// Between quotes, with what would end them or the line escaped. JSON's rules; logfmt readers take
// them.
void append_quoted(std::string& to, std::string_view text) {
  to.push_back('"');
  while (!text.empty()) {
    const char c = text.front();
    const size_t length = utf8_length(text);
    if (length == 0) {
      to.append("\\ufffd");
    } else if (c == '"' || c == '\\') {
      to.push_back('\\');
      to.push_back(c);
    } else if (c == '\n') {
      to.append("\\n");
    } else if (c == '\t') {
      to.append("\\t");
    } else if (c == '\r') {
      to.append("\\r");
    } else if (static_cast<uint8_t>(c) < 0x20 || c == 0x7f) {
      to.append("\\u00");
      to.push_back(kHex[static_cast<uint8_t>(c) >> 4]);
      to.push_back(kHex[c & 15]);
    } else {
      to.append(text.substr(0, length));
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  to.push_back('"');
}

bool needs_quotes(std::string_view text) {
  if (text.empty()) return true;
  for (char c : text) {
    if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f) return true;
  }
  return false;
}

void append_text(std::string& to, LogFormat format, std::string_view text) {
  if (format == LogFormat::kJson || needs_quotes(text)) {
    append_quoted(to, text);
  } else {
    to.append(text);
  }
}

template <class Number>
void append_number(std::string& to, Number value) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  to.append(digits, end);
}

void append_value(std::string& to, LogFormat format, const LogValue& value) {
  switch (value.kind()) {
    case LogValue::Kind::kText: append_text(to, format, value.text()); break;
    case LogValue::Kind::kInt: append_number(to, value.as_int()); break;
    case LogValue::Kind::kUnsigned: append_number(to, value.as_unsigned()); break;
    case LogValue::Kind::kDouble:
      // JSON has no word for infinity.
      if (format == LogFormat::kJson && !std::isfinite(value.as_double())) {
        to.append("null");
      } else {
        append_number(to, value.as_double());
      }
      break;
    case LogValue::Kind::kBool: to.append(value.as_bool() ? "true" : "false"); break;
    case LogValue::Kind::kStatus: append_text(to, format, value.status().to_string()); break;
  }
}

void append_key(std::string& to, LogFormat format, std::string_view key) {
  if (format == LogFormat::kJson) {
    to.push_back(',');
    append_quoted(to, key);
    to.push_back(':');
  } else {
    to.push_back(' ');
    to.append(key);
    to.push_back('=');
  }
}

}  // namespace

std::string iso_utc(Timestamp time) {
  const int64_t millis = (time.value() % 1000 + 1000) % 1000;
  const time_t seconds = static_cast<time_t>((time.value() - millis) / 1000);
  tm parts{};
  gmtime_r(&seconds, &parts);
  char text[80];
  const int size =
      std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", parts.tm_year + 1900,
                    parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                    static_cast<int>(millis));
  return std::string(text, static_cast<size_t>(size));
}

void append_log_line(std::string& to, LogFormat format, Timestamp time, LogLevel level,
                     std::string_view message, LogFields fields, uint64_t suppressed) {
  const bool json = format == LogFormat::kJson;
  to.append(json ? "{\"ts\":\"" : "ts=");
  to.append(iso_utc(time));
  to.append(json ? "\",\"level\":\"" : " level=");
  to.append(log_level_name(level));
  if (json) to.push_back('"');
  append_key(to, format, "msg");
  append_text(to, format, message);
  for (const LogField& field : fields) {
    append_key(to, format, field.key);
    append_value(to, format, field.value);
  }
  if (suppressed > 0) {
    append_key(to, format, "suppressed");
    append_number(to, suppressed);
  }
  to.append(json ? "}\n" : "\n");
}

}  // namespace dataflow
