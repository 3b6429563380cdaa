#include "sql_request.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "accept.h"
#include "format/decoder.h"

namespace dataflow::http {
namespace {

using nlohmann::json;

constexpr int kMaxDepth = 32;

// What stands in quotes does not count.
bool deeper_than(std::string_view text, int most) {
  int depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        quoted = false;
      }
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      if (++depth > most) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

// By the strictness of JSON's reader.
bool is_utf8(const std::string& text) {
  try {
    (void)json(text).dump();
  } catch (const json::exception&) {
    return false;
  }
  return true;
}

Status read_settings(const json& given, SqlRequest& out) {
  if (!given.is_object()) return Status::invalid("`settings` must be an object of texts");
  for (const auto& [key, value] : given.items()) {
    if (!value.is_string()) return Status::invalid("setting `" + key + "` must be a text");
    out.settings[key] = value.get<std::string>();
  }
  return {};
}

Status read_member(const std::string& key, const json& value, SqlRequest& out) {
  if (key == "settings") return read_settings(value, out);
  if (key == "statement") {
    if (!value.is_string()) return Status::invalid("`statement` must be a text");
    out.statement = value.get<std::string>();
    return {};
  }
  if (key == "parameters") {
    if (!value.is_array()) {
      return Status::invalid("`parameters` must be a list: the first one is $1");
    }
    out.parameters.assign(value.begin(), value.end());
    return {};
  }
  return Status::invalid("there is no `" + key + "` here; known: statement, parameters, settings");
}

}  // namespace

Result<SqlRequest> read_sql_request(const Request& request, bool plain) {
  SqlRequest out;
  if (plain && request.content_type != "application/json") {
    if (!is_utf8(request.body)) return Status::invalid("the statement is not UTF-8");
    out.statement = request.body;
    return out;
  }
  if (request.body.find_first_not_of(" \t\r\n") == std::string::npos) return out;
  if (deeper_than(request.body, kMaxDepth)) {
    return Status::invalid("the body's JSON is nested deeper than " + std::to_string(kMaxDepth));
  }
  const json body = json::parse(request.body, nullptr, false);
  if (!body.is_object()) return Status::invalid("the body must be an object in JSON");
  for (const auto& [key, value] : body.items()) {
    DF_RETURN_IF_ERROR(read_member(key, value, out));
  }
  return out;
}

Result<std::vector<Value>> read_parameters(const std::vector<Type>& types,
                                           const std::vector<json>& given) {
  if (types.size() != given.size()) {
    return Status::invalid("the statement takes " + std::to_string(types.size()) + " parameters, " +
                           std::to_string(given.size()) + " are given");
  }
  std::vector<Value> values;
  for (size_t i = 0; i < types.size(); ++i) {
    if (given[i].is_null()) {
      values.push_back(Value::null(types[i]));
      continue;
    }
    const auto schema = std::make_shared<const Schema>(std::vector<Field>{{"v", types[i], true}});
    DF_ASSIGN_OR_RETURN(const auto decoder, format::make_decoder("json", schema, {}));
    std::string payload = "{\"v\":" + given[i].dump() + "}";
    payload.reserve(payload.size() + format::kPayloadPadding);
    RowFault fault;
    if (!decoder->add(payload, fault)) {
      return Status::invalid("parameter $" + std::to_string(i + 1) + ": " + fault.reason);
    }
    Batch batch;
    batch.schema = schema;
    batch.rows = 1;
    DF_ASSIGN_OR_RETURN(batch.columns, decoder->take());
    values.push_back(row_of(batch, 0)[0]);
  }
  return values;
}

Result<int64_t> query_number(const Request& request, const std::string& name, int64_t usual,
                             int64_t least, int64_t most) {
  const std::optional<std::string> text = query_value(request, name);
  if (!text) return usual;
  int64_t number = 0;
  const auto read = std::from_chars(text->data(), text->data() + text->size(), number);
  if (read.ec == std::errc() && read.ptr == text->data() + text->size() && number >= least &&
      number <= most) {
    return number;
  }
  return Status::invalid("`" + name + "` must be a whole number from " + std::to_string(least) +
                         " to " + std::to_string(most));
}

Result<RowFormat> row_format(const Request& request) {
  // In the order in which a `*` means them.
  constexpr std::array kFormats = {RowFormat::kJson, RowFormat::kCsv, RowFormat::kArrow,
                                   RowFormat::kEvents};
  std::array<std::string_view, kFormats.size()> types;
  std::ranges::transform(kFormats, types.begin(), content_type_of);
  if (const auto best = best_accepted(request.accept, types)) return kFormats[*best];
  return Status::unsupported(
      "rows are to be had as application/json, text/csv, application/vnd.apache.arrow.stream and "
      "text/event-stream; Accept names none of them");
}

const char* content_type_of(RowFormat format) {
  switch (format) {
    case RowFormat::kJson: return "application/json";
    case RowFormat::kCsv: return "text/csv";
    case RowFormat::kArrow: return "application/vnd.apache.arrow.stream";
    case RowFormat::kEvents: return "text/event-stream";
  }
  return "";
}

}  // namespace dataflow::http
