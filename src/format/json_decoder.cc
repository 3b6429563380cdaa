// JSON to columns: one walk over a payload's tokens writes the values of the schema's fields where
// they will stay, and passes over the rest.
#include "decoders.h"
#include "json_node.h"
#include "json_scalars.h"
#include "json_shape.h"
#include "json_tokens.h"

namespace dataflow::format {
namespace {

class JsonDecoder final : public Decoder {
 public:
  JsonDecoder(SchemaPtr schema, const DecoderOptions& options, const ReadStyle& style)
      : schema_(std::move(schema)),
        scalars_(style),
        fail_on_missing_(options.fail_on_missing_field),
        ignore_errors_(options.ignore_parse_errors),
        object_(schema_->fields()) {
    columns_.reserve(schema_->size());
    for (const Field& field : schema_->fields()) {
      columns_.emplace_back(field.type);
      nodes_.emplace_back(field, columns_.back());
    }
  }

  bool add(std::string_view payload, RowFault& fault) override {
    if (shape_.read(payload, scalars_)) {
      ++rows_;
      return true;
    }
    take_back();
    field_.clear();
    if (tokens_.scan(payload, reason_) && read_fields(object_, nodes_, rows_) && ends()) {
      ++rows_;
      shape_.note(payload, tokens_, nodes_);
      return true;
    }
    take_back();
    fault = {rows_, std::move(field_), std::move(reason_)};
    field_.clear();
    reason_.clear();
    return false;
  }

  int64_t rows() const override { return rows_; }

  Result<std::vector<ColumnPtr>> take() override {
    rows_ = 0;
    return take_columns(columns_);
  }

 private:
  // What the columns have of a row that does not end.
  void take_back() {
    for (ColumnBuffer& column : columns_) column.truncate(rows_);
  }

  bool refuse(std::string reason) {
    reason_ = std::move(reason);
    return false;
  }
  bool refuse_next(std::string_view wanted) { return refuse(tokens_.expected(wanted)); }

  bool told(bool read) { return read || refuse(scalars_.reason()); }

  bool ends() { return tokens_.at_end() || refuse_next("the end"); }

  // The field of a fault is named as the readers return: "place.x".
  bool fail_in(const std::string& name) {
    field_ = field_.empty() ? name : name + "." + field_;
    return false;
  }

  // An object's fields; the columns have `row` rows before it.
  bool read_fields(JsonObject& object, std::vector<JsonNode>& nodes, int64_t row) {
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
          JsonNode& node = nodes[static_cast<size_t>(field)];
          if (object.mark(field)) {
            ++found;
          } else {
            node.column->truncate(row);  // the last one of equal keys counts
          }
          if (!read_or_ignore(node, row)) return fail_in(node.name);
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

  bool fill_missing(const JsonObject& object, std::vector<JsonNode>& nodes) {
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

  bool read_or_ignore(JsonNode& node, int64_t row) {
    if (!ignore_errors_ || !node.nullable) return read_value(node);
    const JsonTokens::Mark before = tokens_.mark();
    if (read_value(node)) return true;
    // The value again, for its end; where it has none the row is at fault.
    tokens_.go_back(before);
    if (!tokens_.skip_value(reason_)) return false;
    node.column->truncate(row);
    node.column->append_null();
    reason_.clear();
    field_.clear();
    return true;
  }

  bool read_value(JsonNode& node) {
    const char first = tokens_.peek();
    switch (first) {
      case '"': return told(scalars_.read_string(node, tokens_.take()));
      case '{':
      case '[': return read_container(node, first);
      case 't':
      case 'f':
      case 'n': return told(scalars_.read_word(node, tokens_.take()));
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
      case '9': return told(scalars_.read_number(node, tokens_.take()));
      default: return refuse_next(node.column->type().to_string());
    }
  }

  bool append_raw(JsonNode& node, std::string_view text) {
    return node.column->append_text(text) || refuse("the batch holds too much text");
  }

  bool read_container(JsonNode& node, char first) {
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

  bool refuse_kind(const JsonNode& node, char first) {
    return refuse(std::string(first == '{' ? "an object" : "an array") + " was found, " +
                  node.column->type().to_string() + " is expected");
  }

  bool read_array(JsonNode& node) {
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

  bool read_map(JsonNode& node) {
    tokens_.skip_sign();
    if (!tokens_.take_sign('}')) {
      while (true) {
        if (tokens_.peek() != '"') return refuse_next("a key");
        if (!told(scalars_.read_string(node.children[0], tokens_.take()))) return false;
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
  JsonScalars scalars_;
  bool fail_on_missing_;
  bool ignore_errors_;
  JsonTokens tokens_;
  JsonObject object_;
  JsonShape shape_;
  std::vector<ColumnBuffer> columns_;
  std::vector<JsonNode> nodes_;
  int64_t rows_ = 0;
  std::string field_;
  std::string reason_;
};

}  // namespace

std::unique_ptr<Decoder> make_json_decoder(SchemaPtr schema, const DecoderOptions& options,
                                           const ReadStyle& style) {
  return std::make_unique<JsonDecoder>(std::move(schema), options, style);
}

}  // namespace dataflow::format
