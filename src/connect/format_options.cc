#include "format_options.h"

#include "options.h"

namespace dataflow::connect {
namespace {

const std::vector<std::string> kTimestampFormats{"SQL", "ISO-8601"};

Status read_delimiter(OptionReader& reader, char& out) {
  const std::optional<std::string> text = reader.text("csv_delimiter");
  if (!text) return {};
  const std::string delimiter = *text == "\\t" ? "\t" : *text;
  if (delimiter.size() != 1) return reader.wrong("csv_delimiter", "give one character");
  out = delimiter[0];
  return {};
}

}  // namespace

Result<format::DecoderOptions> decoder_options(const std::string& where,
                                               const plan::Options& options) {
  OptionReader reader(where + ", its format", options);
  format::DecoderOptions out;
  if (options.contains("timestamp_format")) {
    DF_ASSIGN_OR_RETURN(size_t format, reader.choice("timestamp_format", kTimestampFormats));
    out.timestamp_format = kTimestampFormats[format];
  } else {
    (void)reader.text("timestamp_format");
  }
  const std::vector<std::string> units{"ms", "s", "us"};
  DF_ASSIGN_OR_RETURN(size_t unit, reader.choice("epoch_unit", units));
  out.epoch_unit = units[unit];
  DF_ASSIGN_OR_RETURN(out.fail_on_missing_field, reader.boolean("fail_on_missing_field", false));
  DF_RETURN_IF_ERROR(read_delimiter(reader, out.csv_delimiter));
  DF_ASSIGN_OR_RETURN(out.csv_header, reader.boolean("csv_header", false));
  out.csv_null_literal = reader.text("csv_null_literal").value_or("");
  DF_RETURN_IF_ERROR(reader.refuse_others());
  return out;
}

Result<format::EncoderOptions> encoder_options(const std::string& where,
                                               const plan::Options& options) {
  OptionReader reader(where + ", its format", options);
  format::EncoderOptions out;
  DF_ASSIGN_OR_RETURN(size_t format, reader.choice("timestamp_format", kTimestampFormats));
  out.timestamp_format = kTimestampFormats[format];
  DF_ASSIGN_OR_RETURN(out.json_skip_nulls, reader.boolean("json_skip_nulls", false));
  DF_RETURN_IF_ERROR(read_delimiter(reader, out.csv_delimiter));
  DF_RETURN_IF_ERROR(reader.refuse_others());
  return out;
}

}  // namespace dataflow::connect
