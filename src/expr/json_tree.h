// A JSON text as a tree that keeps its numbers as they were written.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dataflow::expr {

enum class JsonKind : uint8_t { kNull, kBoolean, kNumber, kText, kArray, kObject };

class JsonTree {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  struct Node {
    JsonKind kind = JsonKind::kNull;
    std::string_view raw;  // of the source; of a text what stands between its quotes
    std::string_view key;  // of an object's member, as in `raw`
    uint32_t first = kNone;
    uint32_t next = kNone;  // of the same array or object
  };

  // Node 0 is the root. False for a text that is not one JSON value, or nests too deeply. The tree
  // reads from `text`.
  bool parse(std::string_view text);
  const Node& operator[](uint32_t at) const { return nodes_[at]; }

  // The member of that name, the last one of equal ones; kNone.
  uint32_t member(uint32_t object, std::string_view name) const;
  uint32_t element(uint32_t array, int64_t index) const;  // negative: from the end

  // The value as JSON, members ordered by name.
  void write(uint32_t at, std::string& out) const;
  // A scalar as text: a string without quotes and escapes.
  void write_scalar(uint32_t at, std::string& out) const;

 private:
  bool value(int depth, uint32_t& at);
  bool container(int depth, uint32_t at, char end);
  bool text_part(std::string_view& out);
  bool number();
  bool word(std::string_view wanted);
  void skip_space();

  std::string_view rest_;
  std::vector<Node> nodes_;
};

// What stands between a JSON text's quotes, without its escapes.
void append_unescaped(std::string_view raw, std::string& out);
// A number, one with an exponent as Java's BigDecimal writes it: "1E+3", "0.0000015".
void append_json_number(std::string_view raw, std::string& out);
void append_json_text(std::string_view text, std::string& out);  // with quotes and escapes

}  // namespace dataflow::expr
