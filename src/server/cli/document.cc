#include "cli/document.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace dataflow::cli {
namespace {

// The length of the UTF-8 sequence at the front, 0 if there is none.
size_t sequence_length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const uint8_t second = byte(1);
  const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool beyond = (first == 0xED && second > 0x9F) || (first == 0xF4 && second > 0x8F);
  return overlong || beyond ? 0 : length;
}

void append_escaped(std::string& out, char c) {
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  char code[8];
  std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned>(static_cast<uint8_t>(c)));
  out += code;
}

void append_number(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  char text[40];
  auto [end, error] = std::to_chars(text, text + sizeof text, value);
  out.append(text, end);
}

bool is_number_text(std::string_view text) {
  double value;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

// Whether YAML reads the bare text as this string and nothing else.
bool is_plain_yaml(std::string_view text) {
  if (text.empty() || is_number_text(text)) return false;
  for (std::string_view word :
       {"null", "Null", "NULL", "~",  "true", "True", "TRUE", "false", "False", "FALSE",
        "yes",  "Yes",  "no",   "No", "on",   "On",   "off",  "Off",   "y",     "n"}) {
    if (text == word) return false;
  }
  const bool letters =
      std::isalpha(static_cast<uint8_t>(text[0])) != 0 || text[0] == '/' || text[0] == '_';
  if (!letters || text.back() == ' ' || text.back() == ':') return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c < 0x20 || c == 0x7F || c == '#' || c == '"' || c == '\'') return false;
    if (c == ':' && i + 1 < text.size() && text[i + 1] == ' ') return false;
  }
  return is_utf8(text);
}

Document from_nlohmann(const nlohmann::ordered_json& json) {
  switch (json.type()) {
    case nlohmann::json::value_t::object: {
      Document object = Document::object();
      for (const auto& [name, value] : json.items()) object.put(name, from_nlohmann(value));
      return object;
    }
    case nlohmann::json::value_t::array: {
      Document array = Document::array();
      for (const auto& item : json) array.push(from_nlohmann(item));
      return array;
    }
    case nlohmann::json::value_t::string: return json.get<std::string>();
    case nlohmann::json::value_t::boolean: return json.get<bool>();
    case nlohmann::json::value_t::number_integer: return json.get<int64_t>();
    case nlohmann::json::value_t::number_unsigned: return json.get<uint64_t>();
    case nlohmann::json::value_t::number_float: return json.get<double>();
    default: return nullptr;
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (static_cast<uint8_t>(c) < 0x80) {
      if (static_cast<uint8_t>(c) < 0x20 || c == '"' || c == '\\' || c == 0x7F) {
        append_escaped(out, c);
      } else {
        out += c;
      }
      ++i;
      continue;
    }
    const size_t length = sequence_length(text.substr(i));
    out += length > 0 ? text.substr(i, length) : std::string_view("\xEF\xBF\xBD");
    i += length > 0 ? length : 1;
  }
  out += '"';
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = sequence_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

Result<Document> parse_json(std::string_view text) {
  try {
    return from_nlohmann(nlohmann::ordered_json::parse(text));
  } catch (const nlohmann::json::exception& e) {
    return Status::invalid(std::string("this is not JSON: ") + e.what());
  }
}

const Document* Document::find(std::string_view name) const {
  if (!is_object()) return nullptr;
  for (const auto& [key, value] : members()) {
    if (key == name) return &value;
  }
  return nullptr;
}

void Document::push(Document item) {
  if (is_null()) value_ = Array();
  std::get<Array>(value_).push_back(std::move(item));
}

Document& Document::put(std::string name, Document value) {
  if (is_null()) value_ = Object();
  auto& members = std::get<Object>(value_);
  members.emplace_back(std::move(name), std::move(value));
  return members.back().second;
}

void Document::write_scalar(std::string& out) const {
  if (const bool* flag = std::get_if<bool>(&value_)) {
    out += *flag ? "true" : "false";
  } else if (const int64_t* number = std::get_if<int64_t>(&value_)) {
    out += std::to_string(*number);
  } else if (const double* real = std::get_if<double>(&value_)) {
    append_number(out, *real);
  } else if (const std::string* text = std::get_if<std::string>(&value_)) {
    append_json_string(out, *text);
  } else if (const Raw* raw = std::get_if<Raw>(&value_)) {
    out += raw->json;
  } else {
    out += "null";
  }
}

// `indent` -1: on one line.
void Document::write_json(std::string& out, int indent) const {
  if (!is_array() && !is_object()) return write_scalar(out);
  const bool empty = is_array() ? items().empty() : members().empty();
  if (empty) {
    out += is_array() ? "[]" : "{}";
    return;
  }
  const int inner = indent < 0 ? -1 : indent + 2;
  const auto new_line = [&](int spaces) {
    if (indent >= 0) out.append("\n").append(static_cast<size_t>(spaces), ' ');
  };
  bool first = true;
  const auto separate = [&] {
    if (!first) out += ',';
    first = false;
    new_line(inner);
  };
  if (is_array()) {
    out += '[';
    for (const Document& item : items()) {
      separate();
      item.write_json(out, inner);
    }
    new_line(indent);
    out += ']';
    return;
  }
  out += '{';
  for (const auto& [name, value] : members()) {
    separate();
    append_json_string(out, name);
    out += indent < 0 ? ":" : ": ";
    value.write_json(out, inner);
  }
  new_line(indent);
  out += '}';
}

// `in_place`: the cursor stands behind "- ", so that the first member needs no indentation.
void Document::write_yaml(std::string& out, size_t indent, bool in_place) const {
  bool first = in_place;
  const auto start_line = [&] {
    if (!first) out.append(indent, ' ');
    first = false;
  };
  if (is_array() && !items().empty()) {
    for (const Document& item : items()) {
      start_line();
      out += "- ";
      item.write_yaml(out, indent + 2, true);
    }
    return;
  }
  if (is_object() && !members().empty()) {
    for (const auto& [name, value] : members()) {
      start_line();
      Document(name).write_yaml(out, 0, true);
      out.back() = ':';
      const bool nested = (value.is_array() && !value.items().empty()) ||
                          (value.is_object() && !value.members().empty());
      out += nested ? "\n" : " ";
      value.write_yaml(out, nested ? indent + 2 : 0, !nested);
    }
    return;
  }
  start_line();
  if (const std::string* plain = text(); plain && is_plain_yaml(*plain)) {
    out += *plain;
  } else {
    write_json(out, -1);
  }
  out += '\n';
}

std::string Document::to_cell() const {
  if (is_null()) return "-";
  if (const std::string* plain = text()) return *plain;
  return to_json();
}

std::string Document::to_json() const {
  std::string out;
  write_json(out, -1);
  return out;
}

std::string Document::to_pretty_json() const {
  std::string out;
  write_json(out, 0);
  return out;
}

std::string Document::to_yaml() const {
  std::string out;
  write_yaml(out, 0, false);
  return out;
}

}  // namespace dataflow::cli
