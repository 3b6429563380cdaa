// JSON to columns: one walk over a payload's tokens writes the values of the schema's fields where
// they will stay, and passes over the rest.
#include <simdjson.h>

#include <charconv>
#include <cmath>

#include "decoders.h"
#include "json_object.h"
#include "json_tokens.h"

namespace dataflow::format {
namespace {

// A field, or an element, key or value: a column and how to read into it.
struct Node {
  Node(const Field& field, ColumnBuffer& buffer)
      : name(field.name), nullable(field.nullable), column(&buffer) {
    const std::vector<Field>& inner = field.type.fields();
    if (field.type.id() == TypeId::kRow) object = std::make_unique<JsonObject>(inner);
    for (size_t i = 0; i < inner.size(); ++i) children.emplace_back(inner[i], buffer.child(i));
  }

  std::string name;
  bool nullable;
  ColumnBuffer* column;
  std::vector<Node> children;
  std::unique_ptr<JsonObject> object;  // of a row
};

constexpr uint64_t kOnes = 0x0101010101010101ULL;

// Copies a string's inside, eight bytes at a time: both sides have room for it. False if there is
// an escape in it.
bool copy_plain(const char* from, size_t size, char* to) {
  for (size_t i = 0; i < size; i += 8) {
    uint64_t word;
    std::memcpy(&word, from + i, 8);
    std::memcpy(to + i, &word, 8);
    const uint64_t difference = word ^ (kOnes * '\\');
    // Bytes behind the end may be anything: an escape seen there is found not to be one below.
    if (((difference - kOnes) & ~difference & (kOnes << 7)) != 0) {
      if (std::memchr(from + i, '\\', size - i < 8 ? size - i : 8) != nullptr) return false;
    }
  }
  return true;
}

class JsonDecoder final : public Decoder {
 public:
  JsonDecoder(SchemaPtr schema, const DecoderOptions& options, const ReadStyle& style)
      : schema_(std::move(schema)),
        style_(style),
        fail_on_missing_(options.fail_on_missing_field),
        object_(schema_->fields()) {
    columns_.reserve(schema_->size());
    for (const Field& field : schema_->fields()) {
      columns_.emplace_back(field.type);
      nodes_.emplace_back(field, columns_.back());
    }
  }

  bool add(std::string_view payload, RowFault& fault) override {
    field_.clear();
    if (tokens_.scan(payload, reason_) && read_fields(object_, nodes_, rows_) && ends()) {
      ++rows_;
      return true;
    }
    for (ColumnBuffer& column : columns_) column.truncate(rows_);
    fault = {rows_, std::move(field_), std::move(reason_)};
    field_.clear();
    reason_.clear();
    return false;
  }

  int64_t rows() const override { return rows_; }

  Result<std::vector<ColumnPtr>> take() override {
    std::vector<ColumnPtr> out;
    for (ColumnBuffer& column : columns_) {
      DF_ASSIGN_OR_RETURN(ColumnPtr taken, column.take());
      out.push_back(std::move(taken));
    }
    rows_ = 0;
    return out;
  }

 private:
  bool refuse(std::string reason) {
    reason_ = std::move(reason);
    return false;
  }
  bool refuse_next(std::string_view wanted) { return refuse(tokens_.expected(wanted)); }

  bool ends() { return tokens_.at_end() || refuse_next("the end"); }

  // The field of a fault is named as the readers return: "place.x".
  bool fail_in(const std::string& name) {
    field_ = field_.empty() ? name : name + "." + field_;
    return false;
  }

  // An object's fields; the columns have `row` rows before it.
  bool read_fields(JsonObject& object, std::vector<Node>& nodes, int64_t row) {
    if (!tokens_.take_sign('{')) return refuse_next("an object");
    object.next_row();
    size_t found = 0;
    if (!tokens_.take_sign('}')) {
      for (size_t position = 0;; ++position) {
        if (tokens_.peek() != '"') return refuse_next("a key");
        const std::string_view key = tokens_.take();
        if (!tokens_.take_sign(':')) return refuse_next("\":\"");
        const int field = object.find(position, key.substr(1, key.size() - 2));
        if (field >= 0) {
          Node& node = nodes[static_cast<size_t>(field)];
          if (object.mark(field)) {
            ++found;
          } else {
            node.column->truncate(row);  // the last one of equal keys counts
          }
          if (!read_value(node)) return fail_in(node.name);
        } else if (field != kUnknownKey) {
          return refuse(excerpt(key) + " has a wrong escape");
        } else if (!tokens_.skip_value(reason_)) {
          return false;
        }
        if (tokens_.take_sign(',')) continue;
        if (tokens_.take_sign('}')) break;
        return refuse_next("\",\" or \"}\"");
      }
    }
    return found == nodes.size() || fill_missing(object, nodes);
  }

  bool fill_missing(const JsonObject& object, std::vector<Node>& nodes) {
    for (size_t i = 0; i < nodes.size(); ++i) {
      if (object.is_marked(i)) continue;
      if (fail_on_missing_ || !nodes[i].nullable) {
        reason_ = "the field is missing";
        return fail_in(nodes[i].name);
      }
      nodes[i].column->append_null();
    }
    return true;
  }

  bool read_value(Node& node) {
    const char first = tokens_.peek();
    switch (first) {
      case '"': return read_string(node);
      case '{':
      case '[': return read_container(node, first);
      case 't':
      case 'f':
      case 'n': return read_word(node);
      case '-':
      case '0':
      case '1':
      case '2':
      case '3':
      case '4':
      case '5':
      case '6':
      case '7':
      case '8':
      case '9': return read_number(node);
      default: return refuse_next(node.column->type().to_string());
    }
  }

  bool read_word(Node& node) {
    const std::string_view word = tokens_.take();
    const TypeId id = node.column->type().id();
    if (word == "null") {
      // A JSON column has SQL's NULL for it, as every other one.
      if (!node.nullable) return refuse("null was found, the field is NOT NULL");
      node.column->append_null();
      return true;
    }
    const bool yes = word == "true";
    if (!yes && word != "false") return refuse(excerpt(word) + " was found, a value is expected");
    if (id == TypeId::kBoolean) {
      node.column->append_bool(yes);
      return true;
    }
    if (id == TypeId::kString || id == TypeId::kJson) return append_raw(node, word);
    return refuse(found_but_expected(word, node.column->type()));
  }

  bool append_raw(Node& node, std::string_view text) {
    return node.column->append_text(text) || refuse("the batch holds too much text");
  }

  bool read_string(Node& node) {
    const std::string_view token = tokens_.take();
    const std::string_view inside = token.substr(1, token.size() - 2);
    const TypeId id = node.column->type().id();
    if (id == TypeId::kString) return append_string(node, inside);
    if (id == TypeId::kJson) {
      scratch_.resize(inside.size());
      if (unescape_json(inside, scratch_.data()) == nullptr) {
        return refuse(excerpt(token) + " has a wrong escape");
      }
      return append_raw(node, token);
    }
    if (node.column->type().is_nested()) {
      return refuse(found_but_expected(token, node.column->type()));
    }
    std::string_view text = inside;
    return plain_text(text) && append_text_value(text, style_, *node.column, reason_);
  }

  // Without its escapes, which are rare here.
  bool plain_text(std::string_view& text) {
    if (text.find('\\') == std::string_view::npos) return true;
    scratch_.resize(text.size());
    const char* const end = unescape_json(text, scratch_.data());
    if (end == nullptr) return refuse(excerpt(text) + " has a wrong escape");
    text = std::string_view(scratch_.data(), static_cast<size_t>(end - scratch_.data()));
    return true;
  }

  bool append_string(Node& node, std::string_view inside) {
    // With room for the whole words that copy_plain() writes.
    char* const out = node.column->text_room(static_cast<int64_t>(inside.size()) + 8);
    if (out == nullptr) return refuse("the batch holds too much text");
    if (copy_plain(inside.data(), inside.size(), out)) {
      node.column->append_written(static_cast<int64_t>(inside.size()));
      return true;
    }
    const char* const end = unescape_json(inside, out);
    if (end == nullptr) return refuse(excerpt(inside) + " has a wrong escape");
    node.column->append_written(end - out);
    return true;
  }

  bool read_number(Node& node) {
    const std::string_view text = tokens_.take();
    ColumnBuffer& column = *node.column;
    const TypeId id = column.type().id();
    if (id == TypeId::kFloat64 || id == TypeId::kFloat32) {
      double value = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (!is_json_number(text)) return refuse(excerpt(text) + " is no number");
      if (error == std::errc::result_out_of_range) {
        return refuse(excerpt(text) + " is out of the range of " + column.type().to_string());
      }
      return append_float(value, text, column, reason_);
    }
    int64_t value = 0;
    const bool whole = whole_number(text, value);
    if (!whole && !is_json_number(text)) return refuse(excerpt(text) + " is no number");
    switch (id) {
      case TypeId::kString:
      case TypeId::kJson: return append_raw(node, text);
      case TypeId::kDecimal: return append_text_value(text, style_, column, reason_);
      case TypeId::kBoolean:
      case TypeId::kBytes:
      case TypeId::kArray:
      case TypeId::kMap:
      case TypeId::kRow:
      case TypeId::kNull: return refuse(found_but_expected(text, column.type()));
      default: break;
    }
    if (!whole && !whole_in_disguise(text, value)) {
      return refuse(found_but_expected(text, column.type()));
    }
    return append_epoch(value, style_, column, reason_);
  }

  // At most 18 digits, and no leading zero: the rest is for whole_in_disguise().
  static bool whole_number(std::string_view text, int64_t& value) {
    const bool negative = text[0] == '-';
    const size_t begin = negative ? 1 : 0;
    const size_t digits = text.size() - begin;
    if (digits == 0 || digits > 18 || (text[begin] == '0' && digits > 1)) return false;
    int64_t sum = 0;
    for (size_t i = begin; i < text.size(); ++i) {
      const auto digit = static_cast<unsigned>(text[i] - '0');
      if (digit > 9) return false;
      sum = sum * 10 + digit;
    }
    value = negative ? -sum : sum;
    return true;
  }

  // 5.0, 1e3, or nineteen digits.
  static bool whole_in_disguise(std::string_view text, int64_t& value) {
    constexpr int kScale = 18;
    Int128 unscaled = 0;
    if (parse_decimal(text, kMaxDecimalPrecision, kScale, unscaled) != DecimalParse::kOk) {
      return false;
    }
    const Int128 one = power_of_ten(kScale);
    if (unscaled % one != 0) return false;
    const Int128 whole = unscaled / one;
    value = static_cast<int64_t>(whole);
    return value == whole;
  }

  bool read_container(Node& node, char first) {
    ColumnBuffer& column = *node.column;
    switch (column.type().id()) {
      case TypeId::kRow:
        if (first != '{') break;
        if (!read_fields(*node.object, node.children, column.rows())) return false;
        column.end_nested();
        return true;
      case TypeId::kArray: return first == '[' ? read_array(node) : refuse_kind(node, first);
      case TypeId::kMap: return first == '{' ? read_map(node) : refuse_kind(node, first);
      case TypeId::kString:
      case TypeId::kJson: {
        const char* const begin = tokens_.position();
        if (!tokens_.skip_value(reason_)) return false;
        const char* end = tokens_.position();
        while (is_space(end[-1])) --end;
        return append_raw(node, {begin, static_cast<size_t>(end - begin)});
      }
      default: break;
    }
    return refuse_kind(node, first);
  }

  bool refuse_kind(const Node& node, char first) {
    return refuse(std::string(first == '{' ? "an object" : "an array") + " was found, " +
                  node.column->type().to_string() + " is expected");
  }

  bool read_array(Node& node) {
    tokens_.skip_sign();
    if (!tokens_.take_sign(']')) {
      while (true) {
        if (!read_value(node.children[0])) return false;
        if (tokens_.take_sign(',')) continue;
        if (tokens_.take_sign(']')) break;
        return refuse_next("\",\" or \"]\"");
      }
    }
    node.column->end_nested();
    return true;
  }

  bool read_map(Node& node) {
    tokens_.skip_sign();
    if (!tokens_.take_sign('}')) {
      while (true) {
        if (tokens_.peek() != '"') return refuse_next("a key");
        if (!read_string(node.children[0])) return false;
        if (!tokens_.take_sign(':')) return refuse_next("\":\"");
        if (!read_value(node.children[1])) return false;
        if (tokens_.take_sign(',')) continue;
        if (tokens_.take_sign('}')) break;
        return refuse_next("\",\" or \"}\"");
      }
    }
    node.column->end_nested();
    return true;
  }

  SchemaPtr schema_;
  ReadStyle style_;
  bool fail_on_missing_;
  JsonTokens tokens_;
  JsonObject object_;
  std::vector<ColumnBuffer> columns_;
  std::vector<Node> nodes_;
  int64_t rows_ = 0;
  std::string field_;
  std::string reason_;
  std::string scratch_;
};

}  // namespace

std::unique_ptr<Decoder> make_json_decoder(SchemaPtr schema, const DecoderOptions& options,
                                           const ReadStyle& style) {
  return std::make_unique<JsonDecoder>(std::move(schema), options, style);
}

}  // namespace dataflow::format
