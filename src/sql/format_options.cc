// Flink's options of formats.
#include "base/edit_distance.h"
#include "table_options.h"

namespace dataflow::sql {
namespace {

// Copies an option under our name for it.
void take(TableOptions& options, const std::string& key, const char* ours, plan::Options& out) {
  if (const std::optional<std::string> value = options.text(key)) out[ours] = *value;
}

Status take_bool(TableOptions& options, const std::string& key, const char* ours,
                 plan::Options& out) {
  DF_ASSIGN_OR_RETURN(const bool yes, options.boolean(key, false));
  if (yes) out[ours] = "true";
  return {};
}

// Options that may be given at their usual value only.
Status refuse_true(TableOptions& options, const std::string& key) {
  DF_ASSIGN_OR_RETURN(const bool yes, options.boolean(key, false));
  return yes ? options.wrong(key, "this is not supported yet") : Status();
}

Status take_sign(TableOptions& options, const std::string& key, const char* ours,
                 plan::Options& out) {
  const std::optional<std::string> value = options.text(key);
  if (!value) return {};
  if (value->size() != 1 && *value != "\\t") {
    return options.wrong(key, "one character is expected");
  }
  out[ours] = *value;
  return {};
}

Status read_csv(TableOptions& options, const std::string& prefix, plan::Options& out) {
  DF_RETURN_IF_ERROR(take_sign(options, prefix + "field-delimiter", "delimiter", out));
  DF_RETURN_IF_ERROR(take_sign(options, prefix + "quote-character", "quote", out));
  DF_RETURN_IF_ERROR(take_sign(options, prefix + "escape-character", "escape", out));
  DF_ASSIGN_OR_RETURN(const bool unquoted,
                      options.boolean(prefix + "disable-quote-character", false));
  if (unquoted) out["quote"] = "none";
  DF_RETURN_IF_ERROR(take_bool(options, prefix + "allow-comments", "comments", out));
  DF_RETURN_IF_ERROR(
      take_bool(options, prefix + "ignore-parse-errors", "ignore_parse_errors", out));
  DF_RETURN_IF_ERROR(take_bool(options, prefix + "header", "header", out));
  take(options, prefix + "array-element-delimiter", "element_delimiter", out);
  take(options, prefix + "null-literal", "null_literal", out);
  for (const char* key : {"trim-spaces", "empty-string-as-null", "fail-on-missing-columns",
                          "allow-trailing-comma", "ignore-trailing-unmappable"}) {
    DF_RETURN_IF_ERROR(refuse_true(options, prefix + key));
  }
  // Flink's writer takes no notice of it.
  options.pass({prefix + "write-bigdecimal-in-scientific-notation"});
  return {};
}

Status read_json(TableOptions& options, const std::string& prefix, plan::Options& out) {
  DF_RETURN_IF_ERROR(
      take_bool(options, prefix + "fail-on-missing-field", "fail_on_missing_field", out));
  DF_RETURN_IF_ERROR(
      take_bool(options, prefix + "ignore-parse-errors", "ignore_parse_errors", out));
  DF_RETURN_IF_ERROR(
      take_bool(options, prefix + "encode.decimal-as-plain-number", "plain_decimals", out));
  DF_RETURN_IF_ERROR(take_bool(options, prefix + "encode.ignore-null-fields", "skip_nulls", out));
  const std::string style = prefix + "timestamp-format.standard";
  if (options.text(style)) {
    DF_ASSIGN_OR_RETURN(out["timestamp_format"], options.word(style, {"SQL", "ISO-8601"}, "SQL"));
  }
  // Keys of our maps are never NULL.
  options.pass({prefix + "map-null-key.mode", prefix + "map-null-key.literal",
                prefix + "decode.json-parser.enabled"});
  return {};
}

Status read_raw(TableOptions& options, const std::string& prefix) {
  DF_ASSIGN_OR_RETURN(const std::string charset,
                      options.word(prefix + "charset", {"UTF-8"}, "UTF-8"));
  options.pass({prefix + "endianness"});
  return {};
}

}  // namespace

Result<FormatChoice> read_format(TableOptions& options, const std::string& prefix,
                                 const std::string& name) {
  FormatChoice out;
  out.name = name;
  const std::string own = prefix + name + ".";
  if (name == "csv" || name == "json") out.options["style"] = "flink";
  if (name == "csv") {
    DF_RETURN_IF_ERROR(read_csv(options, own, out.options));
    return out;
  }
  if (name == "json") {
    DF_RETURN_IF_ERROR(read_json(options, own, out.options));
    return out;
  }
  if (name == "raw") {
    DF_RETURN_IF_ERROR(read_raw(options, own));
    return out;
  }
  const std::vector<std::string> known = {"csv", "json", "raw"};
  const std::string hint = suggestion(name, known);
  return options.wrong_table("there is no format '" + name + "'" +
                             (hint.empty() ? "; there are 'csv', 'json' and 'raw'" : hint));
}

}  // namespace dataflow::sql
