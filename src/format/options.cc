// Options as people write them: decoder_options() and encoder_options().
#include <algorithm>
#include <array>

#include "base/edit_distance.h"
#include "base/units.h"
#include "format/decoder.h"
#include "format/encoder.h"
#include "format_names.h"

namespace dataflow::format {
namespace {

using Options = std::map<std::string, std::string>;

struct Known {
  std::string_view format;  // empty: of every one
  std::string_view key;
};
constexpr std::array kKnown = {
    Known{"", "timestamp_format"},
    Known{"", "epoch_unit"},
    Known{"", "fail_on_missing_field"},
    Known{"", "ignore_parse_errors"},
    Known{"", "style"},
    Known{"", "plain_decimals"},
    Known{"json", "skip_nulls"},
    Known{"csv", "header"},
    Known{"csv", "delimiter"},
    Known{"csv", "null_literal"},
    Known{"csv", "quote"},
    Known{"csv", "escape"},
    Known{"csv", "comments"},
    Known{"csv", "element_delimiter"},
};

// "json.fail-on-missing-field" is fail_on_missing_field.
std::string plain_key(const std::string& format, std::string key) {
  if (key.starts_with(format + ".")) key.erase(0, format.size() + 1);
  std::replace(key.begin(), key.end(), '-', '_');
  return key;
}

Result<Options> plain_options(const std::string& format, const Options& options) {
  std::vector<std::string> names;
  for (const Known& known : kKnown) {
    if (known.format.empty() || known.format == format) names.emplace_back(known.key);
  }
  Options out;
  for (const auto& [key, value] : options) {
    const std::string plain = plain_key(format, key);
    if (std::find(names.begin(), names.end(), plain) == names.end()) {
      return Status::invalid("the format " + format + " has no option \"" + key + "\"" +
                             suggestion(plain, names));
    }
    if (!out.emplace(plain, value).second) {
      return Status::invalid("the option " + plain + " of the format is given twice");
    }
  }
  return out;
}

Status read_bool(const Options& options, const std::string& key, bool& value) {
  const auto found = options.find(key);
  if (found == options.end()) return {};
  const auto parsed = parse_bool(found->second);
  if (!parsed.ok()) return parsed.status().with_context("the format's option " + key);
  value = *parsed;
  return {};
}

Status read_char(const Options& options, const std::string& key, char& value) {
  const auto found = options.find(key);
  if (found == options.end()) return {};
  if (found->second == "\\t") {
    value = '\t';
    return {};
  }
  if (found->second.size() != 1) {
    return Status::invalid("the format's option " + key + " is \"" + found->second +
                           "\"; one character is expected (\\t for a tab)");
  }
  value = found->second[0];
  return {};
}

Status read_quote(const Options& options, char& quote) {
  const auto found = options.find("quote");
  if (found != options.end() && found->second == "none") {
    quote = '\0';
    return {};
  }
  return read_char(options, "quote", quote);
}

Status read_flink(const Options& options, bool& flink) {
  const auto found = options.find("style");
  if (found == options.end()) return {};
  flink = found->second == "flink";
  if (flink || found->second == "plain") return {};
  return Status::invalid("the format's option style is \"" + found->second +
                         "\"; it may be plain or flink");
}

void read_text(const Options& options, const std::string& key, std::string& value) {
  const auto found = options.find(key);
  if (found != options.end()) value = found->second;
}

}  // namespace

Result<DecoderOptions> decoder_options(const std::string& format, const Options& options) {
  DF_ASSIGN_OR_RETURN(const Options plain, plain_options(format, options));
  DecoderOptions out;
  read_text(plain, "timestamp_format", out.timestamp_format);
  read_text(plain, "epoch_unit", out.epoch_unit);
  read_text(plain, "null_literal", out.csv_null_literal);
  DF_RETURN_IF_ERROR(read_flink(plain, out.flink));
  DF_RETURN_IF_ERROR(read_bool(plain, "fail_on_missing_field", out.fail_on_missing_field));
  DF_RETURN_IF_ERROR(read_bool(plain, "ignore_parse_errors", out.ignore_parse_errors));
  DF_RETURN_IF_ERROR(read_bool(plain, "comments", out.csv_comments));
  DF_RETURN_IF_ERROR(read_bool(plain, "header", out.csv_header));
  DF_RETURN_IF_ERROR(read_char(plain, "delimiter", out.csv_delimiter));
  DF_RETURN_IF_ERROR(read_quote(plain, out.csv_quote));
  DF_RETURN_IF_ERROR(read_char(plain, "escape", out.csv_escape));
  return out;
}

Result<EncoderOptions> encoder_options(const std::string& format, const Options& options) {
  DF_ASSIGN_OR_RETURN(const Options plain, plain_options(format, options));
  EncoderOptions out;
  read_text(plain, "timestamp_format", out.timestamp_format);
  read_text(plain, "null_literal", out.csv_null_literal);
  DF_RETURN_IF_ERROR(read_flink(plain, out.flink));
  DF_RETURN_IF_ERROR(read_bool(plain, "plain_decimals", out.plain_decimals));
  DF_RETURN_IF_ERROR(read_bool(plain, "skip_nulls", out.json_skip_nulls));
  DF_RETURN_IF_ERROR(read_bool(plain, "header", out.csv_header));
  DF_RETURN_IF_ERROR(read_char(plain, "delimiter", out.csv_delimiter));
  DF_RETURN_IF_ERROR(read_quote(plain, out.csv_quote));
  DF_RETURN_IF_ERROR(read_char(plain, "escape", out.csv_escape));
  read_text(plain, "element_delimiter", out.csv_element_delimiter);
  return out;
}

}  // namespace dataflow::format
