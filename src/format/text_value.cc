#include "text_value.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "base/base64.h"
#include "types/temporal.h"

namespace dataflow::format {
namespace {

constexpr size_t kExcerpt = 40;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && static_cast<uint8_t>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<uint8_t>(text.back()) <= ' ') text.remove_suffix(1);
  return text;
}

bool is_word(std::string_view text, std::string_view word) {
  if (text.size() != word.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if ((text[i] | 0x20) != word[i]) return false;
  }
  return true;
}

bool refuse(std::string_view text, const Type& type, std::string& reason) {
  reason = found_but_expected(text, type);
  return false;
}

template <class Number>
bool whole_number(std::string_view text, Number& value) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

bool append_bytes(std::string_view text, ColumnBuffer& column, std::string& reason) {
  char* const out = column.text_room(static_cast<int64_t>(text.size()));
  if (out == nullptr) {
    reason = "the batch holds too much text";
    return false;
  }
  const char* const end = decode_base64(text, out);
  if (end == nullptr) {
    reason = excerpt(text) + " was found, base64 is expected";
    return false;
  }
  column.append_written(end - out);
  return true;
}

bool append_decimal_text(std::string_view text, ColumnBuffer& column, std::string& reason) {
  const Type& type = column.type();
  Int128 value = 0;
  switch (parse_decimal(text, type.precision(), type.scale(), value)) {
    case DecimalParse::kOk: column.append_decimal(value); return true;
    case DecimalParse::kTooLarge:
      reason = excerpt(text) + " is out of the range of " + type.to_string();
      return false;
    case DecimalParse::kNotANumber: break;
  }
  return refuse(text, type, reason);
}

}  // namespace

std::string excerpt(std::string_view text) {
  if (text.size() <= kExcerpt) return "\"" + std::string(text) + "\"";
  size_t cut = kExcerpt;
  while (cut > 0 && (static_cast<uint8_t>(text[cut]) & 0xc0) == 0x80) --cut;
  return "\"" + std::string(text.substr(0, cut)) + "…\"";
}

std::string found_but_expected(std::string_view text, const Type& type) {
  return excerpt(text) + " was found, " + type.to_string() + " is expected";
}

bool append_integer(int64_t value, ColumnBuffer& column, std::string& reason) {
  const auto within = [value]<class Number>(Number) {
    return value >= std::numeric_limits<Number>::min() &&
           value <= std::numeric_limits<Number>::max();
  };
  bool fits = true;
  switch (column.type().id()) {
    case TypeId::kInt8: fits = within(int8_t{}); break;
    case TypeId::kInt16: fits = within(int16_t{}); break;
    case TypeId::kInt32:
    case TypeId::kDate:
    case TypeId::kMonths: fits = within(int32_t{}); break;
    case TypeId::kTime:
      fits = value >= 0 && value < kMillisPerDay * column.type().units_per_milli();
      break;
    default: break;
  }
  if (!fits) {
    reason = std::to_string(value) + " is out of the range of " + column.type().to_string();
    return false;
  }
  column.append_int(value);
  return true;
}

bool append_float(double value, std::string_view text, ColumnBuffer& column, std::string& reason) {
  if (column.type().id() == TypeId::kFloat32 && std::isfinite(value) &&
      !std::isfinite(static_cast<float>(value))) {
    reason = excerpt(text) + " is out of the range of FLOAT";
    return false;
  }
  column.append_double(value);
  return true;
}

bool append_epoch(int64_t value, const ReadStyle& style, ColumnBuffer& column,
                  std::string& reason) {
  if (!column.type().is_timestamp()) return append_integer(value, column, reason);
  const int64_t per_second = column.type().units_per_milli() * 1000;
  int64_t units = value;
  if (style.epoch_per_second > per_second) {
    const int64_t by = style.epoch_per_second / per_second;
    units = value / by - (value % by < 0 ? 1 : 0);
  } else if (__builtin_mul_overflow(value, per_second / style.epoch_per_second, &units)) {
    reason = std::to_string(value) + " is out of the range of " + column.type().to_string();
    return false;
  }
  column.append_int(units);
  return true;
}

bool append_text_value(std::string_view text, const ReadStyle& style, ColumnBuffer& column,
                       std::string& reason) {
  const Type& type = column.type();
  int64_t number = 0;
  switch (type.id()) {
    case TypeId::kString:
    case TypeId::kJson:
      if (column.append_text(text)) return true;
      reason = "the batch holds too much text";
      return false;
    case TypeId::kBytes: return append_bytes(text, column, reason);
    case TypeId::kBoolean: {
      const bool yes = is_word(trimmed(text), "true");
      if (!yes && !is_word(trimmed(text), "false")) return refuse(text, type, reason);
      column.append_bool(yes);
      return true;
    }
    case TypeId::kInt8:
    case TypeId::kInt16:
    case TypeId::kInt32:
    case TypeId::kInt64:
    case TypeId::kMonths:
    case TypeId::kMillis:
      if (!whole_number(trimmed(text), number)) return refuse(text, type, reason);
      return append_integer(number, column, reason);
    case TypeId::kFloat32:
    case TypeId::kFloat64: {
      double value = 0;
      if (!whole_number(trimmed(text), value)) return refuse(text, type, reason);
      return append_float(value, text, column, reason);
    }
    case TypeId::kDecimal: return append_decimal_text(trimmed(text), column, reason);
    case TypeId::kDate:
      if (!parse_date(trimmed(text), number)) return refuse(text, type, reason);
      return append_integer(number, column, reason);
    case TypeId::kTime:
      if (!parse_time(trimmed(text), type, number)) return refuse(text, type, reason);
      return append_integer(number, column, reason);
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
      if (!parse_timestamp(trimmed(text), type, number, style.timestamp_styles)) {
        return refuse(text, type, reason);
      }
      column.append_int(number);
      return true;
    default: return refuse(text, type, reason);
  }
}

}  // namespace dataflow::format
