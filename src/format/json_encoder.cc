// Columns to JSON: an object a row, its keys in the order of the schema.
#include <arrow/array.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "encoders.h"

namespace dataflow::format {
namespace {

constexpr std::array<bool, 256> make_plain() {
  std::array<bool, 256> plain{};
  for (size_t i = 0x20; i < 0xf0; ++i) plain[i] = i != '"' && i != '\\';
  return plain;
}
constexpr auto kPlain = make_plain();

void append_escape(char c, std::string& out) {
  static constexpr char kDigits[] = "0123456789abcdef";
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    case '\b': out += "\\b"; return;
    case '\f': out += "\\f"; return;
    default:
      out += "\\u00";
      out += kDigits[static_cast<uint8_t>(c) >> 4];
      out += kDigits[c & 15];
  }
}

// A character of four bytes as the two halves that it has in UTF-16, as Flink writes it.
void append_surrogates(std::string_view bytes, std::string& out) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  uint32_t point = static_cast<uint8_t>(bytes[0]) & 7;
  for (const char c : bytes.substr(1)) point = point << 6 | (static_cast<uint8_t>(c) & 0x3f);
  point -= 0x10000;
  for (const uint32_t half : {0xd800 + (point >> 10), 0xdc00 + (point & 0x3ff)}) {
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out += kDigits[half >> shift & 15];
  }
}

// JSON is UTF-8: each byte that is no part of it becomes U+FFFD.
std::string mended(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    size_t size = std::min<size_t>(text.size(), 4);
    while (size > 0 && !simdjson::validate_utf8(text.data(), size)) --size;
    out += size > 0 ? text.substr(0, size) : std::string_view("\xef\xbf\xbd");
    text.remove_prefix(std::max<size_t>(size, 1));
  }
  return out;
}

void append_string(std::string_view text, std::string& out) {
  out += '"';
  size_t begin = 0;
  char all = 0;
  for (const char c : text) all |= c;
  std::string other;
  if (static_cast<uint8_t>(all) >= 0x80 && !simdjson::validate_utf8(text.data(), text.size())) {
    text = other = mended(text);
  }
  for (size_t i = 0; i < text.size(); ++i) {
    const uint8_t c = static_cast<uint8_t>(text[i]);
    if (kPlain[c]) continue;
    out += text.substr(begin, i - begin);
    if (c >= 0xf0) {
      append_surrogates(text.substr(i, 4), out);
      i += 3;
    } else {
      append_escape(text[i], out);
    }
    begin = i + 1;
  }
  out += text.substr(begin);
  out += '"';
}

// `"name":` of each field.
std::vector<std::string> keys_of(const std::vector<Field>& fields) {
  std::vector<std::string> keys;
  for (const Field& field : fields) {
    keys.emplace_back();
    append_string(field.name, keys.back());
    keys.back() += ':';
  }
  return keys;
}

// How values of a type are written: the keys of rows, at every depth.
struct Shape {
  explicit Shape(const std::vector<Field>& fields) : keys(keys_of(fields)) {
    for (const Field& field : fields) inner.emplace_back(field.type.fields());
  }
  std::vector<std::string> keys;
  std::vector<Shape> inner;
};

class JsonEncoder final : public Encoder {
 public:
  JsonEncoder(SchemaPtr schema, const EncoderOptions& options, const WriteStyle& style)
      : schema_(std::move(schema)),
        skip_nulls_(options.json_skip_nulls),
        style_(style),
        shape_(schema_->fields()) {}

  Status encode(const Batch& batch, EncodedRows& out, std::vector<RowFault>& faults) override {
    std::vector<ColumnView> columns;
    for (size_t i = 0; i < schema_->size(); ++i) {
      columns.emplace_back((*schema_)[i].type, *batch.columns[i]->data());
    }
    for (int64_t row = 0; row < batch.rows; ++row) {
      const size_t before = out.bytes.size();
      if (!write_fields(columns, shape_, schema_->fields(), row, out.bytes)) {
        out.bytes.resize(before);
        faults.push_back({row, std::move(field_), std::move(reason_)});
        field_.clear();
      }
      out.ends.push_back(out.bytes.size());
    }
    return {};
  }

 private:
  bool fail_in(const std::string& name) {
    field_ = field_.empty() ? name : name + "." + field_;
    return false;
  }

  bool write_fields(const std::vector<ColumnView>& columns, const Shape& shape,
                    const std::vector<Field>& fields, int64_t row, std::string& out) {
    char separator = '{';
    for (size_t i = 0; i < columns.size(); ++i) {
      if (skip_nulls_ && columns[i].is_null(row)) continue;
      out += separator;
      separator = ',';
      out += shape.keys[i];
      if (!write(columns[i], shape.inner[i], row, out)) return fail_in(fields[i].name);
    }
    if (separator == '{') out += '{';
    out += '}';
    return true;
  }

  bool write(const ColumnView& column, const Shape& shape, int64_t row, std::string& out) {
    if (column.is_null(row)) {
      out += "null";
      return true;
    }
    switch (column.type->id()) {
      case TypeId::kString: append_string(column.text(row), out); return true;
      case TypeId::kJson: out += column.text(row); return true;
      case TypeId::kBytes:
        out += '"';
        append_base64(column.text(row), out);
        out += '"';
        return true;
      case TypeId::kFloat32: return write_float(column, column.get<float>(row), row, out);
      case TypeId::kFloat64: return write_float(column, column.get<double>(row), row, out);
      case TypeId::kDate:
      case TypeId::kTime:
      case TypeId::kTimestamp:
      case TypeId::kTimestampTz:
        out += '"';
        append_scalar_text(column, row, style_, out);
        out += '"';
        return true;
      case TypeId::kArray: return write_array(column, shape, row, out);
      case TypeId::kMap: return write_map(column, shape, row, out);
      case TypeId::kRow:
        return write_fields(column.children, shape, column.type->fields(), row, out);
      default: append_scalar_text(column, row, style_, out); return true;
    }
  }

  bool write_float(const ColumnView& column, double value, int64_t row, std::string& out) {
    if (!std::isfinite(value) && style_.flink) {
      out += '"';
      append_scalar_text(column, row, style_, out);
      out += '"';
      return true;
    }
    if (!std::isfinite(value)) {
      reason_ = std::string(std::isnan(value) ? "NaN" : "an infinity") + " has no form in JSON";
      return false;
    }
    append_scalar_text(column, row, style_, out);
    return true;
  }

  bool write_array(const ColumnView& column, const Shape& shape, int64_t row, std::string& out) {
    const auto begin = column.get<int32_t>(row);
    const auto end = column.get<int32_t>(row + 1);
    out += '[';
    for (int64_t i = begin; i < end; ++i) {
      if (i > begin) out += ',';
      if (!write(column.children[0], shape.inner[0], i, out)) return false;
    }
    out += ']';
    return true;
  }

  // Keys are strings in JSON: those of other types stand as their text in quotes.
  bool write_map(const ColumnView& column, const Shape& shape, int64_t row, std::string& out) {
    const auto begin = column.get<int32_t>(row);
    const auto end = column.get<int32_t>(row + 1);
    const ColumnView& keys = column.children[0];
    out += '{';
    for (int64_t i = begin; i < end; ++i) {
      if (i > begin) out += ',';
      switch (keys.type->id()) {
        case TypeId::kString:
        case TypeId::kJson: append_string(keys.text(i), out); break;
        case TypeId::kArray:
        case TypeId::kMap:
        case TypeId::kRow: reason_ = "a nested key has no form in JSON"; return false;
        default:
          out += '"';
          if (keys.type->id() == TypeId::kBytes) {
            append_base64(keys.text(i), out);
          } else {
            append_scalar_text(keys, i, style_, out);
          }
          out += '"';
      }
      out += ':';
      if (!write(column.children[1], shape.inner[1], i, out)) return false;
    }
    out += '}';
    return true;
  }

  SchemaPtr schema_;
  bool skip_nulls_;
  WriteStyle style_;
  Shape shape_;
  std::string field_;
  std::string reason_;
};

}  // namespace

std::unique_ptr<Encoder> make_json_encoder(SchemaPtr schema, const EncoderOptions& options,
                                           const WriteStyle& style) {
  return std::make_unique<JsonEncoder>(std::move(schema), options, style);
}

}  // namespace dataflow::format
