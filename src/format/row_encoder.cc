// Rows as Flink prints them for people: "[1, some text, 2024-01-31T10:00, null]". Times are those
// of Java's toString(): seconds that are 0 are left out, fractions have three, six or no digits.
#include <arrow/array.h>

#include "encoders.h"
#include "types/number_text.h"

namespace dataflow::format {
namespace {

class RowEncoder final : public Encoder {
 public:
  explicit RowEncoder(SchemaPtr schema) : schema_(std::move(schema)) {}

  Status encode(const Batch& batch, EncodedRows& out, std::vector<RowFault>&) override {
    std::vector<ColumnView> columns;
    for (size_t i = 0; i < schema_->size(); ++i) {
      columns.emplace_back((*schema_)[i].type, *batch.columns[i]->data());
    }
    for (int64_t row = 0; row < batch.rows; ++row) {
      write_row(columns, row, out.bytes);
      out.ends.push_back(out.bytes.size());
    }
    return {};
  }

 private:
  void write_row(const std::vector<ColumnView>& columns, int64_t row, std::string& out) {
    out += '[';
    for (size_t i = 0; i < columns.size(); ++i) {
      if (i > 0) out += ", ";
      write(columns[i], row, out);
    }
    out += ']';
  }

  void write(const ColumnView& column, int64_t row, std::string& out) {
    if (column.is_null(row)) {
      out += "null";
      return;
    }
    switch (column.type->id()) {
      case TypeId::kString:
      case TypeId::kJson: out += column.text(row); return;
      case TypeId::kBytes: write_bytes(column.text(row), out); return;
      case TypeId::kDecimal: {
        char text[kMaxJavaNumberChars];
        const char* const end = write_java_decimal(text, column.get<Int128>(row),
                                                   column.type->scale(), /*stripped=*/false);
        out.append(text, static_cast<size_t>(end - text));
        return;
      }
      case TypeId::kTime:
      case TypeId::kTimestamp:
      case TypeId::kTimestampTz: write_time_of_java(column, row, out); return;
      case TypeId::kRow:
        out += "+I";
        write_row(column.children, row, out);
        return;
      case TypeId::kArray:
      case TypeId::kMap: write_list(column, row, out); return;
      default: append_scalar_text(column, row, {TimestampStyle::kIso, true, false}, out); return;
    }
  }

  void write_list(const ColumnView& column, int64_t row, std::string& out) {
    const bool map = column.type->id() == TypeId::kMap;
    const auto begin = column.get<int32_t>(row);
    const auto end = column.get<int32_t>(row + 1);
    out += map ? '{' : '[';
    for (int64_t i = begin; i < end; ++i) {
      if (i > begin) out += ", ";
      write(column.children[0], i, out);
      if (!map) continue;
      out += '=';
      write(column.children[1], i, out);
    }
    out += map ? '}' : ']';
  }

  // As a Java array of signed bytes.
  static void write_bytes(std::string_view bytes, std::string& out) {
    out += '[';
    for (size_t i = 0; i < bytes.size(); ++i) {
      if (i > 0) out += ", ";
      out += std::to_string(static_cast<int>(static_cast<signed char>(bytes[i])));
    }
    out += ']';
  }

  static void write_time_of_java(const ColumnView& column, int64_t row, std::string& out) {
    char text[kMaxTemporalChars];
    const Type& type = *column.type;
    const bool zoned = type.id() == TypeId::kTimestampTz;
    char* end = type.id() == TypeId::kTime
                    ? write_time(text, type, column.integer(row), FractionStyle::kTrimmed)
                    : write_timestamp(text, type, column.integer(row), TimestampStyle::kIso,
                                      FractionStyle::kTrimmed);
    std::string_view time(text, static_cast<size_t>(end - text));
    if (zoned && time.ends_with('Z')) time.remove_suffix(1);
    const size_t point = time.rfind('.');
    if (point != std::string_view::npos) {
      out += time;
      const size_t digits = time.size() - point - 1;
      out.append((3 - digits % 3) % 3, '0');
    } else {
      if (!zoned && time.ends_with(":00")) time.remove_suffix(3);
      out += time;
    }
    if (zoned) out += 'Z';
  }

  SchemaPtr schema_;
};

}  // namespace

std::unique_ptr<Encoder> make_row_encoder(SchemaPtr schema) {
  return std::make_unique<RowEncoder>(std::move(schema));
}

}  // namespace dataflow::format
