#include "format/decoder.h"

#include <algorithm>

#include "decoders.h"
#include "format_names.h"
#include "types/temporal.h"

namespace dataflow::format {
namespace {

Result<ReadStyle> read_style(const DecoderOptions& options) {
  ReadStyle style;
  if (options.timestamp_format == "SQL") {
    style.timestamp_styles = 1u << static_cast<unsigned>(TimestampStyle::kSql);
  } else if (options.timestamp_format == "ISO-8601") {
    style.timestamp_styles = 1u << static_cast<unsigned>(TimestampStyle::kIso);
  } else if (!options.timestamp_format.empty()) {
    return Status::invalid("timestamp_format is \"" + options.timestamp_format +
                           "\"; it may be SQL or ISO-8601");
  }
  if (options.epoch_unit == "s") {
    style.epoch_per_second = 1;
  } else if (options.epoch_unit == "us") {
    style.epoch_per_second = 1'000'000;
  } else if (options.epoch_unit != "ms") {
    return Status::invalid("epoch_unit is \"" + options.epoch_unit + "\"; it may be s, ms or us");
  }
  return style;
}

SchemaPtr columns_of(const SchemaPtr& schema, const std::vector<bool>& read) {
  if (std::ranges::find(read, false) == read.end()) return schema;
  std::vector<Field> fields;
  for (size_t i = 0; i < schema->size(); ++i) {
    if (read[i]) fields.push_back((*schema)[i]);
  }
  return std::make_shared<const Schema>(std::move(fields));
}

}  // namespace

Result<std::unique_ptr<Decoder>> make_decoder(const std::string& format, SchemaPtr schema,
                                              const DecoderOptions& options,
                                              const std::vector<bool>& read) {
  DF_RETURN_IF_ERROR(check_format(format, *schema));
  DF_ASSIGN_OR_RETURN(const ReadStyle style, read_style(options));
  if (format == "raw") return make_raw_decoder(schema, read.empty() || read[0]);
  if (format == "json") return make_json_decoder(columns_of(schema, read), options, style);
  DF_RETURN_IF_ERROR(check_csv_signs(options.csv_delimiter, options.csv_quote));
  return make_csv_decoder(std::move(schema), options, style, read);
}

}  // namespace dataflow::format
