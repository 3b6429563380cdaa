// Columns to CSV lines. A value is in quotes only where it would be read as something else without.
#include <arrow/array.h>

#include "encoders.h"

namespace dataflow::format {
namespace {

class CsvEncoder final : public Encoder {
 public:
  CsvEncoder(SchemaPtr schema, const EncoderOptions& options, TimestampStyle style)
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
      case TypeId::kBytes:
        scratch_.clear();
        append_base64(column.text(row), scratch_);
        break;
      default: scratch_.clear(); append_scalar_text(column, row, style_, scratch_);
    }
    write_text(scratch_, out);
  }

  bool needs_quotes(std::string_view text) const {
    if (text == options_.csv_null_literal) return true;
    for (const char c : text) {
      if (c == options_.csv_delimiter || c == options_.csv_quote || c == '\n' || c == '\r') {
        return true;
      }
    }
    return false;
  }

  void write_text(std::string_view text, std::string& out) {
    if (!needs_quotes(text)) {
      out += text;
      return;
    }
    out += options_.csv_quote;
    for (const char c : text) {
      if (c == options_.csv_quote) out += c;
      out += c;
    }
    out += options_.csv_quote;
  }

  SchemaPtr schema_;
  EncoderOptions options_;
  TimestampStyle style_;
  std::string scratch_;
};

}  // namespace

std::unique_ptr<Encoder> make_csv_encoder(SchemaPtr schema, const EncoderOptions& options,
                                          TimestampStyle style) {
  return std::make_unique<CsvEncoder>(std::move(schema), options, style);
}

}  // namespace dataflow::format
