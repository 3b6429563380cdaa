// Document: a value as JSON and YAML know it, with object members in the order in which they were
// put. What a command prints with -o json or -o yaml.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/status.h"

namespace dataflow::cli {

class Document {
 public:
  using Array = std::vector<Document>;
  using Object = std::vector<std::pair<std::string, Document>>;
  // JSON text that is valid already and goes out as it is.
  struct Raw {
    std::string json;
  };

  Document() = default;  // null
  Document(std::nullptr_t) {}
  Document(bool value) : value_(value) {}
  Document(int value) : value_(int64_t{value}) {}
  Document(int64_t value) : value_(value) {}
  Document(uint64_t value) : value_(static_cast<int64_t>(value)) {}
  Document(double value) : value_(value) {}
  Document(const char* text) : value_(std::string(text)) {}
  Document(std::string text) : value_(std::move(text)) {}
  Document(std::string_view text) : value_(std::string(text)) {}
  Document(Raw raw) : value_(std::move(raw)) {}
  Document(Array array) : value_(std::move(array)) {}
  Document(Object object) : value_(std::move(object)) {}

  static Document array() { return Document(Array()); }
  static Document object() { return Document(Object()); }

  bool is_null() const { return holds<std::monostate>(); }
  bool is_array() const { return holds<Array>(); }
  bool is_object() const { return holds<Object>(); }
  const Array& items() const { return std::get<Array>(value_); }
  const Object& members() const { return std::get<Object>(value_); }
  // nullptr if this is no object or has no such member.
  const Document* find(std::string_view name) const;
  // The text of a string; nullptr for anything else.
  const std::string* text() const { return std::get_if<std::string>(&value_); }
  const int64_t* integer() const { return std::get_if<int64_t>(&value_); }

  // Makes null an array or object first.
  void push(Document item);
  Document& put(std::string name, Document value);

  // As a table's cell: a string as it is, null as "-", lists and objects as JSON.
  std::string to_cell() const;
  std::string to_json() const;         // on one line
  std::string to_pretty_json() const;  // indented by two, no newline at the end
  std::string to_yaml() const;         // ends with a newline

 private:
  template <class T>
  bool holds() const {
    return std::holds_alternative<T>(value_);
  }
  void write_json(std::string& out, int indent) const;
  void write_yaml(std::string& out, size_t indent, bool in_place) const;
  void write_scalar(std::string& out) const;

  std::variant<std::monostate, bool, int64_t, double, std::string, Raw, Array, Object> value_;
};

// With its quotes. Bytes that are no UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);
bool is_utf8(std::string_view text);

// kInvalid with the place of the first error.
Result<Document> parse_json(std::string_view text);

}  // namespace dataflow::cli
