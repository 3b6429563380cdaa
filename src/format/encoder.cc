#include "format/encoder.h"

#include <arrow/array.h>

#include <algorithm>
#include <charconv>

#include "base/base64.h"
#include "encoders.h"
#include "format_names.h"
#include "types/number_text.h"

namespace dataflow::format {
namespace {

// The longest number, and the longest timestamp.
constexpr size_t kScalarChars = std::max(kMaxJavaNumberChars, kMaxTemporalChars);

class RawEncoder final : public Encoder {
 public:
  explicit RawEncoder(SchemaPtr schema) : schema_(std::move(schema)) {}

  Status encode(const Batch& batch, EncodedRows& out, std::vector<RowFault>& faults) override {
    const ColumnView column((*schema_)[0].type, *batch.columns[0]->data());
    for (int64_t row = 0; row < batch.rows; ++row) {
      if (column.is_null(row)) {
        faults.push_back({row, (*schema_)[0].name, "NULL has no raw form"});
      } else {
        out.bytes += column.text(row);
      }
      out.ends.push_back(out.bytes.size());
    }
    return {};
  }

 private:
  SchemaPtr schema_;
};

}  // namespace

void append_scalar_text(const ColumnView& column, int64_t row, const WriteStyle& style,
                        std::string& out) {
  const Type& type = *column.type;
  char text[kScalarChars];
  char* end = text;
  switch (type.id()) {
    case TypeId::kBoolean: out += column.boolean(row) ? "true" : "false"; return;
    case TypeId::kFloat32:
      if (style.flink) {
        end = write_java_float(text, column.get<float>(row));
        break;
      }
      end = std::to_chars(text, text + sizeof text, column.get<float>(row)).ptr;
      break;
    case TypeId::kFloat64:
      if (style.flink) {
        end = write_java_double(text, column.get<double>(row));
        break;
      }
      end = std::to_chars(text, text + sizeof text, column.get<double>(row)).ptr;
      break;
    case TypeId::kDecimal:
      end = style.flink && !style.plain_decimals
                ? write_java_decimal(text, column.get<Int128>(row), type.scale(), true)
                : write_decimal(text, column.get<Int128>(row), type.scale());
      break;
    case TypeId::kDate: end = write_date(text, column.integer(row)); break;
    case TypeId::kTime:
      end = write_time(text, type, column.integer(row), FractionStyle::kTrimmed);
      break;
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
      end = write_timestamp(text, type, column.integer(row), style.timestamps,
                            FractionStyle::kTrimmed);
      break;
    default: end = std::to_chars(text, text + sizeof text, column.integer(row)).ptr; break;
  }
  out.append(text, static_cast<size_t>(end - text));
}

void append_base64(std::string_view bytes, std::string& out) {
  const size_t before = out.size();
  out.resize(before + base64_size(bytes.size()));
  encode_base64(bytes, out.data() + before);
}

std::unique_ptr<Encoder> make_raw_encoder(SchemaPtr schema) {
  return std::make_unique<RawEncoder>(std::move(schema));
}

Result<std::unique_ptr<Encoder>> make_encoder(const std::string& format, SchemaPtr schema,
                                              const EncoderOptions& options) {
  if (format == "row") return make_row_encoder(std::move(schema));
  DF_RETURN_IF_ERROR(check_format(format, *schema, options.flink));
  if (options.timestamp_format != "SQL" && options.timestamp_format != "ISO-8601") {
    return Status::invalid("timestamp_format is \"" + options.timestamp_format +
                           "\"; it may be SQL or ISO-8601");
  }
  const WriteStyle style = {
      options.timestamp_format == "SQL" ? TimestampStyle::kSql : TimestampStyle::kIso,
      options.flink, options.plain_decimals};
  if (format == "raw") return make_raw_encoder(std::move(schema));
  if (format == "json") return make_json_encoder(std::move(schema), options, style);
  DF_RETURN_IF_ERROR(check_csv_signs(options.csv_delimiter, options.csv_quote));
  return make_csv_encoder(std::move(schema), options, style);
}

}  // namespace dataflow::format
