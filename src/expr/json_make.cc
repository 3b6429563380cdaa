// JSON_STRING, JSON, JSON_OBJECT and JSON_ARRAY: JSON of values.
#include <algorithm>

#include "expr/json_call.h"
#include "expr/operators.h"
#include "json_function.h"
#include "json_tree.h"
#include "json_write.h"
#include "nested_function.h"
#include "typed_function.h"
#include "utf8.h"

namespace dataflow::expr {

namespace {

using View = std::string_view;

// Values of any types, by row.
class AnyValues {
 public:
  AnyValues(const Nodes& nodes, const std::vector<Input>& inputs)
      : nodes_(nodes), inputs_(inputs) {}

  bool is_null(size_t i, int64_t row) const {
    return nodes_[i]->type().id() == TypeId::kNull || inputs_[i].column->IsNull(place(i, row));
  }
  void append(size_t i, int64_t row, std::string& out) const {
    append_json(nodes_[i]->type(), *inputs_[i].column, place(i, row), out);
  }

 private:
  int64_t place(size_t i, int64_t row) const { return inputs_[i].constant ? 0 : row; }

  const Nodes& nodes_;
  const std::vector<Input>& inputs_;
};

struct JsonString {
  using Out = TextWriter;
  JsonString(const Nodes& nodes, const std::vector<Input>& inputs, Out&) : values_(nodes, inputs) {}

  void row(Row& row, int64_t i, Out& out) {
    if (values_.is_null(0, i)) return row.set_null();
    std::string text;
    values_.append(0, i, text);
    out.bytes() += with_members_in_order(std::move(text));
  }

 private:
  AnyValues values_;
};

// What NULLs become, then the values; of an object keys and values in turn.
template <bool kObject>
struct JsonMade {
  using Out = TextWriter;
  JsonMade(const Nodes& nodes, const std::vector<Input>& inputs, Out&)
      : values_(nodes, inputs),
        count_(nodes.size()),
        absent_(nodes[0]->literal()->as_text() == "ABSENT") {}

  void row(Row& row, int64_t i, Out& out) {
    std::string text(1, kObject ? '{' : '[');
    for (size_t at = kObject ? 2 : 1; at < count_; at += kObject ? 2 : 1) {
      if (kObject && values_.is_null(at - 1, i)) {
        return row.fail([] { return "JSON_OBJECT has a key that is NULL"; });
      }
      if (absent_ && values_.is_null(at, i)) continue;
      if (text.size() > 1) text += ',';
      if (kObject) {
        values_.append(at - 1, i, text);
        text += ':';
      }
      values_.append(at, i, text);
      if (!row.has_room(out.bytes(), text.size())) return;
    }
    text += kObject ? '}' : ']';
    out.bytes() += with_members_in_order(std::move(text));
  }

 private:
  AnyValues values_;
  const size_t count_;
  const bool absent_;
};

template <bool kObject>
Result<NodePtr> bind_made(Nodes arguments, const CallSite& site) {
  const Value* word = arguments[0]->literal();
  const bool known = word != nullptr && !word->is_null() && word->type().id() == TypeId::kString &&
                     (word->as_text() == "NULL" || word->as_text() == "ABSENT");
  if (!known) return site.fail("its first argument is 'NULL' or 'ABSENT'");
  if (kObject && arguments.size() % 2 == 0) return site.fail("the last key has no value");
  for (size_t i = 1; i < arguments.size(); ++i) {
    if (kObject && i % 2 == 1) {
      DF_RETURN_IF_ERROR(take_parameter<View>(arguments, i, site));
    } else if (makes_json(*site.expression().arguments[i])) {
      DF_ASSIGN_OR_RETURN(arguments[i], bind_cast(arguments[i], Type::json(), site, false));
    }
  }
  return make_nested_function<JsonMade<kObject>>(Type::string(), std::move(arguments), 0);
}

Result<NodePtr> bind_string(Nodes arguments, const CallSite& site) {
  if (makes_json(*site.expression().arguments[0])) {
    DF_ASSIGN_OR_RETURN(arguments[0], bind_cast(arguments[0], Type::json(), site, false));
  }
  return make_nested_function<JsonString>(Type::string(), std::move(arguments), kAllStrict);
}

// As Flink has it: all but ASCII by numbers of UTF-16, and / with a backslash.
void quote_json(Row&, std::string& out, std::string_view text) {
  constexpr std::string_view kNamed = "\"\\/\b\f\n\r\t";
  constexpr std::string_view kNames = "\"\\/bfnrt";
  const auto numbered = [&](uint32_t unit) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out += kDigits[unit >> shift & 15];
  };
  out += '"';
  while (!text.empty()) {
    const size_t bytes = first_character_bytes(text);
    const uint32_t code = code_point(text.substr(0, bytes));
    const size_t named = kNamed.find(text[0]);
    if (bytes == 1 && named != std::string_view::npos) {
      out += '\\';
      out += kNames[named];
    } else if (bytes == 1) {
      out += text[0];
    } else if (code < 0x10000) {
      numbered(code);
    } else {
      numbered(0xd800 + ((code - 0x10000) >> 10));
      numbered(0xdc00 + ((code - 0x10000) & 0x3ff));
    }
    text.remove_prefix(bytes);
  }
  out += '"';
}

bool has_whole_escapes(std::string_view text) {
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\') continue;
    if (++at == text.size()) return false;
    if (std::string_view("\"\\/bfnrt").find(text[at]) != std::string_view::npos) continue;
    if (text[at] != 'u' || text.size() - at < 5) return false;
    for (int digit = 0; digit < 4; ++digit) {
      const char c = static_cast<char>(text[++at] | 0x20);
      if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
    }
  }
  return true;
}

// A text without quotes, or with an escape that is none, stays as it is.
void unquote_json(Row&, std::string& out, std::string_view text) {
  const bool quoted = text.size() > 1 && text.front() == '"' && text.back() == '"';
  const std::string_view inside = quoted ? text.substr(1, text.size() - 2) : text;
  if (!quoted || !has_whole_escapes(inside)) {
    out += text;
  } else {
    append_unescaped(inside, out);
  }
}

void add(FunctionList& list, const char* name, const char* signature, const char* help,
         size_t least, size_t most, Binder bind) {
  list.push_back({{name, signature, help, "json"}, least, most, std::move(bind)});
}

}  // namespace

bool makes_json(const Expression& expression) {
  return expression.kind == Kind::kCall &&
         (expression.name == "JSON_OBJECT" || expression.name == "JSON_ARRAY");
}

void add_json_makers(FunctionList& list) {
  add(list, "JSON_QUOTE", "JSON_QUOTE(text)", "The text as JSON's, in quotes, with its escapes.", 1,
      1, typed<Text, std::string_view>(Type::string(), quote_json));
  add(list, "JSON_UNQUOTE", "JSON_UNQUOTE(text)",
      "The text that stands in JSON's quotes; another one as it is.", 1, 1,
      typed<Text, std::string_view>(Type::string(), unquote_json));
  add(list, "JSON_STRING", "JSON_STRING(any)",
      "The value as JSON: members of objects ordered by name, bytes as base64, times as ISO 8601.",
      1, 1, bind_string);
  add(list, "JSON", "JSON(text)", "The text as JSON, which stands in other JSON as it is.", 1, 1,
      typed<Text, View>(Type::json(), [](Row& row, std::string& out, View text) {
        thread_local JsonTree tree;
        if (!tree.parse(text)) return row.fail([] { return "JSON of a text that is not JSON"; });
        out += text;
      }));
  add(list, "JSON_OBJECT", "JSON_OBJECT([[KEY] text VALUE any, …] [{NULL | ABSENT} ON NULL])",
      "A JSON object, its members ordered by name; NULLs are null if not said otherwise. What "
      "JSON_OBJECT and JSON_ARRAY make stands in it as it is.",
      1, kAnyNumber, bind_made<true>);
  add(list, "JSON_ARRAY", "JSON_ARRAY([any, …] [{NULL | ABSENT} ON NULL])",
      "A JSON array; NULLs are left out if not said otherwise.", 1, kAnyNumber, bind_made<false>);
}

}  // namespace dataflow::expr
