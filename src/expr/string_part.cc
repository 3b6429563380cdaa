// Functions that look for parts of texts, and take or replace them. Positions count characters
// from 1.
#include <re2/re2.h>

#include <algorithm>

#include "nested_function.h"
#include "text_list.h"
#include "typed_function.h"
#include "utf8.h"

namespace dataflow::expr {

namespace {

using View = std::string_view;

void add(FunctionList& list, const char* name, const char* signature, const char* help,
         size_t least, size_t most, Binder bind) {
  list.push_back({{name, signature, help, "string"}, least, most, std::move(bind)});
}

// From the character `from` on; 0: nowhere.
int32_t locate(View wanted, View text, int64_t from) {
  if (wanted.empty()) return 1;
  const size_t skipped = from <= 1 ? 0 : utf8_offset(text, static_cast<size_t>(from - 1));
  const size_t at = text.find(wanted, skipped);
  return at == View::npos ? 0 : static_cast<int32_t>(utf8_length(text.substr(0, at))) + 1;
}

Result<NodePtr> bind_locate(Nodes arguments, const CallSite& site) {
  if (arguments.size() == 2) arguments.push_back(make_literal(Value::int64(1)));
  return typed<int32_t, View, View, int64_t>(Type::int32(),
                                             [](Row&, View wanted, View text, int64_t from) {
                                               return locate(wanted, text, from);
                                             })(std::move(arguments), site);
}

// The skipped characters are replaced from position `start` on; text that has no such position
// stays as it is.
void overlay(std::string& out, View text, View with, int64_t start, int64_t length) {
  const auto characters = static_cast<int64_t>(utf8_length(text));
  if (start <= 0 || start > characters) {
    out.append(text);
    return;
  }
  out.append(text.substr(0, utf8_offset(text, static_cast<size_t>(start - 1)))).append(with);
  if (length > 0 && length <= characters - start) {
    out.append(text.substr(utf8_offset(text, static_cast<size_t>(start - 1 + length))));
  }
}

Result<NodePtr> bind_overlay(Nodes arguments, const CallSite& site) {
  if (arguments.size() == 3) {
    return typed<Text, View, View, int64_t>(
        Type::string(), [](Row&, std::string& out, View text, View with, int64_t start) {
          overlay(out, text, with, start, static_cast<int64_t>(utf8_length(with)));
        })(std::move(arguments), site);
  }
  return typed<Text, View, View, int64_t, int64_t>(
      Type::string(), [](Row&, std::string& out, View text, View with, int64_t start,
                         int64_t length) { overlay(out, text, with, start, length); })(
      std::move(arguments), site);
}

View left(View text, int64_t count) {
  if (count <= 0) return {};
  return text.substr(0, utf8_offset(text, static_cast<size_t>(count)));
}

View right(View text, int64_t count) {
  if (count <= 0) return {};
  const size_t length = utf8_length(text);
  if (static_cast<size_t>(count) >= length) return text;
  return text.substr(utf8_offset(text, length - static_cast<size_t>(count)));
}

// What stands before the count-th delimiter; from the end on where it is negative.
View before_delimiter(View text, View delimiter, int64_t count) {
  if (delimiter.empty() || count == 0) return {};
  size_t at = count > 0 ? 0 : text.size();
  for (; count > 0; --count) {
    const size_t found = text.find(delimiter, at);
    if (found == View::npos) return text;
    if (count == 1) return text.substr(0, found);
    at = found + delimiter.size();
  }
  for (; count < 0; ++count) {
    const size_t found = at == 0 ? View::npos : text.rfind(delimiter, at - 1);
    if (found == View::npos) return text;
    if (count == -1) return text.substr(found + delimiter.size());
    at = found;
  }
  return text;
}

// Characters of `from` become those of `to` in the same place, or go away where there is none.
void translate(std::string& out, View text, View from, View to) {
  while (!text.empty()) {
    const size_t bytes = first_character_bytes(text);
    const View character = text.substr(0, bytes);
    text.remove_prefix(bytes);
    size_t index = 0;
    View rest = from;
    while (!rest.empty() && rest.substr(0, first_character_bytes(rest)) != character) {
      rest.remove_prefix(first_character_bytes(rest));
      ++index;
    }
    out.append(rest.empty() ? character : utf8_substring(to, index, 1));
  }
}

// As in PostgreSQL: an empty delimiter parts nothing.
void split_part(Row& row, std::string& out, View text, View delimiter, int64_t number) {
  if (number == 0) return row.fail([] { return "SPLIT_PART counts parts from 1"; });
  if (delimiter.empty()) {
    if (number == 1 || number == -1) out.append(text);
    return;
  }
  if (number < 0) {
    int64_t parts = 1;
    for (size_t at = 0; (at = text.find(delimiter, at)) != View::npos; at += delimiter.size()) {
      ++parts;
    }
    number += parts + 1;
    if (number <= 0) return;
  }
  for (; number > 1; --number) {
    const size_t at = text.find(delimiter);
    if (at == View::npos) return;
    text.remove_prefix(at + delimiter.size());
  }
  out.append(text.substr(0, text.find(delimiter)));
}

Result<NodePtr> bind_translate(Nodes arguments, const CallSite& site) {
  DF_ASSIGN_OR_RETURN(const Function* if_null, find_function("IFNULL", site));
  for (size_t i = 1; i < arguments.size(); ++i) {
    DF_RETURN_IF_ERROR(take_parameter<View>(arguments, i, site));
    const NodePtr none = make_literal(Value::string(""));
    DF_ASSIGN_OR_RETURN(arguments[i], if_null->bind({arguments[i], none}, site));
  }
  return typed<Text, View, View, View>(Type::string(),
                                       [](Row&, std::string& out, View text, View from, View to) {
                                         translate(out, text, from, to);
                                       })(std::move(arguments), site);
}

// CONCAT_WS: NULLs are left out, but the separator must not be one.
struct ConcatWithSeparator {
  using Out = TextWriter;
  ConcatWithSeparator(const Nodes&, const std::vector<Input>& inputs, Out&) : inputs_(inputs) {
    for (const Input& input : inputs) texts_.emplace_back(input);
  }
  void row(Row& row, int64_t i, Out& out) const {
    bool first = true;
    for (size_t part = 1; part < inputs_.size(); ++part) {
      if (inputs_[part].column->IsNull(inputs_[part].constant ? 0 : i)) continue;
      const View separator = first ? View() : texts_[0][i];
      const View text = texts_[part][i];
      if (!row.has_room(out.bytes(), separator.size() + text.size())) return;
      out.bytes().append(separator).append(text);
      first = false;
    }
  }

 private:
  const std::vector<Input>& inputs_;
  std::vector<Values<View>> texts_;
};

Result<NodePtr> bind_concat_ws(Nodes arguments, const CallSite& site) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    DF_RETURN_IF_ERROR(take_parameter<View>(arguments, i, site));
  }
  return make_nested_function<ConcatWithSeparator>(Type::string(), std::move(arguments), 1);
}

// A test of a text that is FALSE of NULL, as Flink has them.
Binder test(bool (*is_so)(View)) {
  const Binder plain =
      typed<bool, View>(Type::boolean(), [is_so](Row&, View text) { return is_so(text); });
  return [plain](Nodes arguments, const CallSite& site) -> Result<NodePtr> {
    DF_ASSIGN_OR_RETURN(NodePtr tested, plain(std::move(arguments), site));
    DF_ASSIGN_OR_RETURN(const Function* is_true, find_function("IS TRUE", site));
    return is_true->bind({std::move(tested)}, site);
  };
}

// Letters of any script; those beyond the first 65,536 characters are none, as in Flink.
bool all_are_letters(View text) {
  static const re2::RE2 kLetters("\\p{L}+");
  const bool beyond =
      std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0xf0; });
  return !beyond && re2::RE2::FullMatch(text, kLetters);
}

// Decimal digits of any script, by Unicode 14.0.0: where each ten of them begin. Those beyond the
// first 65,536 characters are none, as in Flink.
constexpr uint32_t kZeros[] = {0x30,   0x660,  0x6f0,  0x7c0,  0x966,  0x9e6,  0xa66,  0xae6,
                               0xb66,  0xbe6,  0xc66,  0xce6,  0xd66,  0xde6,  0xe50,  0xed0,
                               0xf20,  0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80,
                               0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900,
                               0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10};

bool all_are_digits(View text) {
  if (text.empty()) return false;
  while (!text.empty()) {
    const size_t bytes = first_character_bytes(text);
    const uint32_t code = code_point(text.substr(0, bytes));
    text.remove_prefix(bytes);
    const auto* const behind = std::ranges::upper_bound(kZeros, code);
    if (behind == std::begin(kZeros) || code - *(behind - 1) > 9) return false;
  }
  return true;
}

// Those at the front of the text, which they leave.
size_t take_digits(View& text) {
  const size_t count = std::min(text.find_first_not_of("0123456789"), text.size());
  text.remove_prefix(count);
  return count;
}

bool take_one_of(View& text, View characters) {
  if (text.empty() || characters.find(text.front()) == View::npos) return false;
  text.remove_prefix(1);
  return true;
}

// What Java reads as an integer or a double, but for hexadecimal ones.
bool is_decimal(View text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  take_one_of(text, "+-");
  if (text == "NaN" || text == "Infinity") return true;
  size_t digits = take_digits(text);
  if (take_one_of(text, ".")) digits += take_digits(text);
  if (digits == 0) return false;
  if (take_one_of(text, "eE")) {
    take_one_of(text, "+-");
    if (take_digits(text) == 0) return false;
  }
  take_one_of(text, "dDfF");
  return text.empty();
}

template <class F>
Binder cut(F f) {
  return typed<Text, View, int64_t>(Type::string(), [f](Row&, std::string& out, View text,
                                                        int64_t n) { out.append(f(text, n)); });
}

}  // namespace

void add_string_parts(FunctionList& list) {
  add(list, "LOCATE", "LOCATE(wanted, text [, position])",
      "Where the first text comes first in the second, from the position on; 0: nowhere.", 2, 3,
      bind_locate);
  for (const char* name : {"INSTR", "STRPOS"}) {
    add(list, name, "INSTR(text, wanted)", "Where the second text comes first; 0: nowhere.", 2, 2,
        typed<int32_t, View, View>(
            Type::int32(), [](Row&, View text, View wanted) { return locate(wanted, text, 1); }));
  }
  add(list, "LEFT", "LEFT(text, count)", "Its first characters.", 2, 2, cut(left));
  add(list, "RIGHT", "RIGHT(text, count)", "Its last characters.", 2, 2, cut(right));
  add(list, "OVERLAY", "OVERLAY(text PLACING with FROM position [FOR length])",
      "With the characters from the position on replaced, as many as `with` has if not said "
      "otherwise.",
      3, 4, bind_overlay);
  for (const char* name : {"STARTSWITH", "STARTS_WITH"}) {
    add(list, name, "STARTSWITH(text, start)", "Whether it begins so.", 2, 2,
        typed<bool, View, View>(
            Type::boolean(), [](Row&, View text, View start) { return text.starts_with(start); }));
  }
  add(list, "SPLIT_PART", "SPLIT_PART(text, delimiter, number)",
      "The part with that number, counted from 1, or from the end if negative; empty if there are "
      "fewer.",
      3, 3, typed<Text, View, View, int64_t>(Type::string(), split_part));
  add(list, "ENDSWITH", "ENDSWITH(text, end)", "Whether it ends so.", 2, 2,
      typed<bool, View, View>(Type::boolean(),
                              [](Row&, View text, View end) { return text.ends_with(end); }));
  add(list, "SUBSTRING_INDEX", "SUBSTRING_INDEX(text, delimiter, count)",
      "What stands before so many delimiters; behind them, from the end, if negative.", 3, 3,
      typed<Text, View, View, int64_t>(
          Type::string(), [](Row&, std::string& out, View text, View delimiter, int64_t count) {
            out.append(before_delimiter(text, delimiter, count));
          }));
  for (const char* name : {"TRANSLATE", "TRANSLATE3"}) {
    add(list, name, "TRANSLATE(text, from, to)",
        "With each character of `from` as the one of `to` in the same place, or without it. NULLs "
        "of both are empty.",
        3, 3, bind_translate);
  }
  add(list, "CONCAT_WS", "CONCAT_WS(separator, text, …)",
      "The texts that are not NULL, with the separator between them.", 1, kAnyNumber,
      bind_concat_ws);
  add(list, "IS_ALPHA", "IS_ALPHA(text)",
      "Whether it has letters only, of any script; FALSE of NULL.", 1, 1, test(all_are_letters));
  add(list, "IS_DECIMAL", "IS_DECIMAL(text)",
      "Whether it can be read as a number, such as '-1.5e3'; FALSE of NULL.", 1, 1,
      test(is_decimal));
  add(list, "IS_DIGIT", "IS_DIGIT(text)",
      "Whether it has digits only, of any script; FALSE of NULL.", 1, 1, test(all_are_digits));
}

}  // namespace dataflow::expr
