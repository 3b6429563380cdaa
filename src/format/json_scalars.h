// JsonScalars: strings, numbers and words of a JSON text as values of a column.
#pragma once

#include <string>
#include <string_view>

#include "json_node.h"
#include "json_number.h"
#include "text_value.h"

namespace dataflow::format {

class JsonScalars {
 public:
  explicit JsonScalars(const ReadStyle& style) : style_(style) {}

  // Each appends a value to the node's column, or says why not and appends nothing (at most text
  // without its end, which truncate() takes back).
  bool read_string(JsonNode& node, std::string_view token);  // with its quotes
  bool read_number(JsonNode& node, std::string_view text);
  bool read_number(JsonNode& node, std::string_view text, const JsonNumber& number);
  bool read_word(JsonNode& node, std::string_view word);  // true, false, null
  // A string without escapes, for a column that is neither text nor JSON nor nested.
  bool read_plain(JsonNode& node, std::string_view inside) {
    return append_text_value(inside, style_, *node.column, reason_);
  }

  const std::string& reason() const { return reason_; }

 private:
  bool refuse(std::string reason) {
    reason_ = std::move(reason);
    return false;
  }
  bool append_raw(JsonNode& node, std::string_view text) {
    return node.column->append_text(text) || refuse("the batch holds too much text");
  }
  bool append_string(JsonNode& node, std::string_view inside);
  bool plain_text(std::string_view& text);

  const ReadStyle style_;
  std::string reason_;
  std::string scratch_;
};

}  // namespace dataflow::format
