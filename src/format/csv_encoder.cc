// Columns to CSV lines. A value is in quotes only where it would be read as something else without.
#include <arrow/array.h>

#include <algorithm>

#include "encoders.h"

namespace dataflow::format {
namespace {

class CsvEncoder final : public Encoder {
 public:
  CsvEncoder(SchemaPtr schema, const EncoderOptions& options, const WriteStyle& style)
      : schema_(std::move(schema)), options_(options), style_(style) {}

  Status encode(const Batch& batch, EncodedRows& out, std::vector<RowFault>&) override {
    std::vector<ColumnView> columns;
    for (size_t i = 0; i < schema_->size(); ++i) {
      columns.emplace_back((*schema_)[i].type, *batch.columns[i]->data());
    }
    for (int64_t row = 0; row < batch.rows; ++row) {
      for (size_t i = 0; i < columns.size(); ++i) {
        if (i > 0) out.bytes += options_.csv_delimiter;
        write(columns[i], row, out.bytes);
      }
      out.ends.push_back(out.bytes.size());
    }
    return {};
  }

 private:
  void write(const ColumnView& column, int64_t row, std::string& out) {
    if (column.is_null(row)) {
      out += options_.csv_null_literal;
      return;
    }
    switch (column.type->id()) {
      case TypeId::kString:
      case TypeId::kJson: write_text(column.text(row), out); return;
      case TypeId::kBoolean:
      case TypeId::kInt8:
      case TypeId::kInt16:
      case TypeId::kInt32:
      case TypeId::kInt64:
      case TypeId::kFloat32:
      case TypeId::kFloat64:
      case TypeId::kDecimal:
        if (style_.flink) {
          // Numbers are never in quotes, whatever the delimiter.
          append_scalar_text(column, row, style_, out);
          return;
        }
        break;
      default: break;
    }
    scratch_.clear();
    append_value(column, row);
    write_text(scratch_, out);
  }

  // A value that is not NULL, without quotes.
  void append_value(const ColumnView& column, int64_t row) {
    switch (column.type->id()) {
      case TypeId::kString:
      case TypeId::kJson: scratch_ += column.text(row); return;
      case TypeId::kBytes: append_base64(column.text(row), scratch_); return;
      case TypeId::kArray: {
        const auto end = column.get<int32_t>(row + 1);
        const auto begin = column.get<int32_t>(row);
        for (int64_t i = begin; i < end; ++i) append_element(column.children[0], i, i > begin);
        return;
      }
      case TypeId::kRow:
        for (size_t i = 0; i < column.children.size(); ++i) {
          append_element(column.children[i], row, i > 0);
        }
        return;
      default: append_scalar_text(column, row, style_, scratch_);
    }
  }

  void append_element(const ColumnView& column, int64_t row, bool behind_another) {
    if (behind_another) scratch_ += options_.csv_element_delimiter;
    if (column.is_null(row)) {
      scratch_ += options_.csv_null_literal;
    } else {
      append_value(column, row);
    }
  }

  bool needs_quotes(std::string_view text) const {
    if (options_.csv_quote == '\0') return false;
    if (style_.flink) return needs_cautious_quotes(text);
    if (text == options_.csv_null_literal) return true;
    for (const char c : text) {
      if (c == options_.csv_delimiter || c == options_.csv_quote || c == '\n' || c == '\r') {
        return true;
      }
    }
    return false;
  }

  bool needs_cautious_quotes(std::string_view text) const {
    constexpr int64_t kMostUnlooked = 24;  // UTF-16 units; a longer text is not looked at
    if (text.empty()) return false;
    // It would be read as NULL otherwise.
    if (text == options_.csv_null_literal) return true;
    const auto most =
        static_cast<uint8_t>(std::max({options_.csv_delimiter, options_.csv_quote, '\n', '\r'}));
    int64_t units = 0;
    for (const char c : text) {
      const auto byte = static_cast<uint8_t>(c);
      if (byte <= most || c == '\\' || (c == options_.csv_escape && c != '\0')) return true;
      // Four bytes of UTF-8 are two units, fewer are one.
      units += byte >= 0xf0 ? 2 : (byte & 0xc0) != 0x80 ? 1 : 0;
    }
    return units > kMostUnlooked;
  }

  void write_text(std::string_view text, std::string& out) {
    if (!needs_quotes(text)) {
      out += text;
      return;
    }
    const char escape = options_.csv_escape;
    out += options_.csv_quote;
    for (const char c : text) {
      if (c == options_.csv_quote) {
        out += escape != '\0' ? escape : c;
      } else if (c == escape && c != '\0') {
        out += escape;
      }
      out += c;
    }
    out += options_.csv_quote;
  }

  SchemaPtr schema_;
  EncoderOptions options_;
  WriteStyle style_;
  std::string scratch_;
};

}  // namespace

std::unique_ptr<Encoder> make_csv_encoder(SchemaPtr schema, const EncoderOptions& options,
                                          const WriteStyle& style) {
  return std::make_unique<CsvEncoder>(std::move(schema), options, style);
}

}  // namespace dataflow::format
