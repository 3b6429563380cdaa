// Functions of texts. Positions count characters from 1.
#include <algorithm>

#include "expr/lexer.h"
#include "letter_case.h"
#include "like.h"
#include "registry.h"
#include "typed_function.h"
#include "utf8.h"

namespace dataflow::expr {

namespace {

using View = std::string_view;

// ASCII's part of Java's white space.
constexpr View kBlanks = " \t\n\v\f\r\x1c\x1d\x1e\x1f";

void add(FunctionList& list, const char* name, const char* signature, const char* help,
         size_t least, size_t most, Binder bind) {
  list.push_back({{name, signature, help, "string"}, least, most, std::move(bind)});
}

// As in SQL: positions before the first character count towards the length.
void substring(Row& row, std::string& out, View text, int64_t from, int64_t count) {
  if (count < 0) return row.set_null();
  auto length = static_cast<int64_t>(utf8_length(text));
  if (from < 0) from = length + from + 1;
  if (from == 0) from = 1;
  if (from < 1 || from > length) return;
  out.append(utf8_substring(text, static_cast<size_t>(from - 1),
                            static_cast<size_t>(std::min(count, length))));
}

Result<NodePtr> bind_substring(Nodes arguments, const CallSite& site) {
  if (arguments.size() == 2) {
    return typed<Text, View, int64_t>(Type::string(),
                                      [](Row& row, std::string& out, View text, int64_t from) {
                                        substring(row, out, text, from, INT64_MAX);
                                      })(std::move(arguments), site);
  }
  return typed<Text, View, int64_t, int64_t>(
      Type::string(),
      [](Row& row, std::string& out, View text, int64_t from, int64_t count) {
        substring(row, out, text, from, count);
      },
      true)(std::move(arguments), site);
}

View without_start(View text, View characters) {
  while (!text.empty()) {
    size_t n = first_character_bytes(text);
    if (characters.find(text.substr(0, n)) == View::npos) break;
    text.remove_prefix(n);
  }
  return text;
}

View without_end(View text, View characters) {
  while (!text.empty()) {
    size_t at = text.size() - 1;
    while (at > 0 && continues_character(text[at])) --at;
    if (characters.find(text.substr(at)) == View::npos) break;
    text.remove_suffix(text.size() - at);
  }
  return text;
}

Binder trim(bool start, bool end) {
  return [=](Nodes arguments, const CallSite& site) {
    if (arguments.size() == 1) arguments.push_back(make_literal(Value::string(" ")));
    return typed<Text, View, View>(Type::string(),
                                   [=](Row&, std::string& out, View text, View characters) {
                                     if (start) text = without_start(text, characters);
                                     if (end) text = without_end(text, characters);
                                     out.append(text);
                                   })(std::move(arguments), site);
  };
}

// TRIM(side, characters, text) as the parser makes it, or TRIM(text [, characters]).
Result<NodePtr> bind_trim(Nodes arguments, const CallSite& site) {
  if (arguments.size() < 3) return trim(true, true)(std::move(arguments), site);
  const Value* side = arguments[0]->literal();
  if (side == nullptr || side->is_null() || side->type().id() != TypeId::kString) {
    return site.fail("TRIM begins with BOTH, LEADING or TRAILING");
  }
  bool start = side->as_text() != "TRAILING";
  bool end = side->as_text() != "LEADING";
  return trim(start, end)({arguments[2], arguments[1]}, site);
}

// || and CONCAT. Neighbours are joined in turns, so that many arguments make no deep tree.
Result<NodePtr> bind_concat(Nodes arguments, const CallSite& site) {
  auto join =
      typed<Text, View, View>(Type::string(), [](Row& row, std::string& out, View a, View b) {
        if (row.has_room(out, a.size() + b.size())) out.append(a).append(b);
      });
  if (arguments.size() == 1) arguments.push_back(make_literal(Value::string("")));
  while (arguments.size() > 1) {
    Nodes joined;
    for (size_t i = 0; i + 1 < arguments.size(); i += 2) {
      DF_ASSIGN_OR_RETURN(NodePtr pair, join({arguments[i], arguments[i + 1]}, site));
      joined.push_back(std::move(pair));
    }
    if (arguments.size() % 2 != 0) joined.push_back(arguments.back());
    arguments = std::move(joined);
  }
  return arguments[0];
}

// Nothing stands between any two characters, and at both ends, as in Java.
void replace_nothing(Row& row, std::string& out, View text, View with) {
  while (!text.empty()) {
    const size_t bytes = first_character_bytes(text);
    if (!row.has_room(out, bytes + 2 * with.size())) return;
    out.append(with).append(text.substr(0, bytes));
    text.remove_prefix(bytes);
  }
  out.append(with);
}

void replace(Row& row, std::string& out, View text, View wanted, View with) {
  if (wanted.empty()) return replace_nothing(row, out, text, with);
  for (size_t at; (at = text.find(wanted)) != View::npos;) {
    if (!row.has_room(out, at + with.size())) return;
    out.append(text.substr(0, at)).append(with);
    text.remove_prefix(at + wanted.size());
  }
  out.append(text);
}

// Letters beyond ASCII are no part of words, as in Flink.
void initcap(std::string& out, View text) {
  bool within = false;
  for (char c : text) {
    bool lower = c >= 'a' && c <= 'z';
    bool upper = c >= 'A' && c <= 'Z';
    if (lower && !within) c = static_cast<char>(c - 32);
    if (upper && within) c = static_cast<char>(c + 32);
    out.push_back(c);
    within = lower || upper || (c >= '0' && c <= '9');
  }
}

// To exactly `length` characters; NULL if that is negative or there is nothing to pad with.
Binder pad(bool left) {
  return typed<Text, View, int64_t, View>(
      Type::string(),
      [left](Row& row, std::string& out, View text, int64_t length, View with) {
        if (length < 0 || (with.empty() && static_cast<size_t>(length) > utf8_length(text))) {
          row.set_null();
          return;
        }
        auto wanted = static_cast<size_t>(length);
        if (!row.has_room(out, wanted)) return;  // a character has a byte at least
        size_t have = utf8_length(text);
        if (!left || wanted <= have) out.append(utf8_substring(text, 0, wanted));
        for (size_t i = have, at = 0; i < wanted; ++i) {
          size_t n = first_character_bytes(with.substr(at));
          if (!row.has_room(out, n)) return;
          out.append(with.substr(at, n));
          at = at + n == with.size() ? 0 : at + n;
        }
        if (left && wanted > have) out.append(text);
      },
      true);
}

// An empty text has no parts; without a delimiter each blank is one, as in Flink.
void split_index(Row& row, std::string& out, View text, View delimiter, int64_t index) {
  if (text.empty() || index < 0) return row.set_null();
  const bool blanks = delimiter.empty();
  for (;; --index) {
    const size_t at = blanks ? text.find_first_of(kBlanks) : text.find(delimiter);
    if (index == 0) {
      out.append(text.substr(0, at));
      return;
    }
    if (at == View::npos) return row.set_null();
    text.remove_prefix(at + (blanks ? 1 : delimiter.size()));
  }
}

void reverse(std::string& out, View text) {
  while (!text.empty()) {
    size_t at = text.size() - 1;
    while (at > 0 && continues_character(text[at])) --at;
    out.append(text.substr(at));
    text.remove_suffix(text.size() - at);
  }
}

// A pattern that each row has its own of.
Result<NodePtr> bind_like_of_rows(Nodes arguments, const std::string& escape, bool negated,
                                  LetterCase letters, const CallSite& site) {
  arguments.pop_back();
  return typed<bool, View, View>(Type::boolean(), [=](Row& row, View text, View pattern) {
    const auto parsed = LikePattern::parse(pattern, escape, letters);
    if (parsed.ok()) return parsed->matches(text) != negated;
    row.fail([&] { return std::string(parsed.status().message()); });
    return false;
  })(std::move(arguments), site);
}

Result<NodePtr> bind_like(Nodes arguments, const CallSite& site, bool negated, LetterCase letters) {
  if (arguments.size() == 2) arguments.push_back(make_literal(Value::string("")));
  for (size_t i = 1; i < 3; ++i) {
    const Value* text = arguments[i]->literal();
    if (text != nullptr && text->is_null()) return make_literal(Value::null(Type::boolean()));
  }
  const Value* escape = arguments[2]->literal();
  if (escape == nullptr || escape->type().id() != TypeId::kString) {
    return site.fail("the ESCAPE of LIKE must be a constant text");
  }
  const Value* constant = arguments[1]->literal();
  if (constant == nullptr) {
    return bind_like_of_rows(arguments, std::string(escape->as_text()), negated, letters, site);
  }
  if (constant->type().id() != TypeId::kString) {
    return site.wrong_types("a text and a pattern", {arguments[0], arguments[1]});
  }
  auto pattern = LikePattern::parse(constant->as_text(), escape->as_text(), letters);
  if (!pattern.ok()) return site.fail(pattern.status().message());
  return typed<bool, View>(Type::boolean(), [pattern = *pattern, negated](Row&, View text) {
    return pattern.matches(text) != negated;
  })({arguments[0]}, site);
}

void add_measures(FunctionList& list) {
  for (const char* name : {"CHAR_LENGTH", "CHARACTER_LENGTH", "LENGTH"}) {
    add(list, name, "CHAR_LENGTH(text)", "How many characters it has.", 1, 1,
        typed<int32_t, View>(Type::int32(), [](Row&, View text) {
          return static_cast<int32_t>(utf8_length(text));
        }));
  }
  add(list, "POSITION", "POSITION(text IN text)",
      "Where the first text begins within the second, from 1; 0: nowhere.", 2, 2,
      typed<int32_t, View, View>(Type::int32(), [](Row&, View wanted, View text) {
        size_t at = text.find(wanted);
        return at == View::npos ? 0 : static_cast<int32_t>(utf8_length(text.substr(0, at))) + 1;
      }));
  for (bool negated : {false, true}) {
    add(list, negated ? "NOT LIKE" : "LIKE", "text LIKE pattern [ESCAPE character]",
        "Whether the text is as the pattern: % stands for any characters, _ for one.", 2, 3,
        [negated](Nodes arguments, const CallSite& site) {
          return bind_like(std::move(arguments), site, negated, LetterCase::kCounts);
        });
    add(list, negated ? "NOT ILIKE" : "ILIKE", "text ILIKE pattern [ESCAPE character]",
        "As LIKE, for letters of either case.", 2, 3,
        [negated](Nodes arguments, const CallSite& site) {
          return bind_like(std::move(arguments), site, negated, LetterCase::kIgnored);
        });
  }
}

}  // namespace

void add_string(FunctionList& list) {
  add(list, "UPPER", "UPPER(text)", "With all letters in capitals, of any script: ß is SS.", 1, 1,
      typed<Text, View>(Type::string(),
                        [](Row&, std::string& out, View text) { append_upper(out, text); }));
  add(list, "LOWER", "LOWER(text)", "With all letters in small, of any script.", 1, 1,
      typed<Text, View>(Type::string(),
                        [](Row&, std::string& out, View text) { append_lower(out, text); }));
  add(list, "INITCAP", "INITCAP(text)",
      "Each word with a capital first. Words are of A to Z and digits; other letters end them.", 1,
      1, typed<Text, View>(Type::string(), [](Row&, std::string& out, View text) {
        initcap(out, text);
      }));
  add(list, "REVERSE", "REVERSE(text)", "Its characters from the last to the first.", 1, 1,
      typed<Text, View>(Type::string(),
                        [](Row&, std::string& out, View text) { reverse(out, text); }));
  add(list, "TRIM", "TRIM([[BOTH|LEADING|TRAILING] [characters] FROM] text)",
      "Without the blanks (or characters) at its ends.", 1, 3, bind_trim);
  add(list, "LTRIM", "LTRIM(text [, characters])", "Without them at its start.", 1, 2,
      trim(true, false));
  add(list, "RTRIM", "RTRIM(text [, characters])", "Without them at its end.", 1, 2,
      trim(false, true));
  add(list, "BTRIM", "BTRIM(text [, characters])", "Without them at both ends.", 1, 2,
      trim(true, true));
  for (const char* name : {"SUBSTRING", "SUBSTR"}) {
    add(list, name, "SUBSTRING(text FROM position [FOR length])",
        "A part of the text; a negative position counts from its end.", 2, 3, bind_substring);
  }
  for (const char* name : {"CONCAT", "||"}) {
    add(list, name, "CONCAT(text, …), text || text", "All of them; NULL if one is.", 1, kAnyNumber,
        bind_concat);
  }
  add(list, "REPLACE", "REPLACE(text, wanted, with)", "With each `wanted` replaced.", 3, 3,
      typed<Text, View, View, View>(Type::string(), replace));
  add(list, "LPAD", "LPAD(text, length, with)", "Padded at its start, or cut.", 3, 3, pad(true));
  add(list, "RPAD", "RPAD(text, length, with)", "Padded at its end, or cut.", 3, 3, pad(false));
  add(list, "SPLIT_INDEX", "SPLIT_INDEX(text, delimiter, index)",
      "The part at the index, from 0; NULL if there are fewer.", 3, 3,
      typed<Text, View, View, int64_t>(Type::string(), split_index, true));
  add(list, "REPEAT", "REPEAT(text, times)", "The text so many times.", 2, 2,
      typed<Text, View, int64_t>(Type::string(),
                                 [](Row& row, std::string& out, View text, int64_t times) {
                                   if (times <= 0 || text.empty()) return;
                                   for (; times > 0 && row.has_room(out, text.size()); --times)
                                     out.append(text);
                                 }));
  add_measures(list);
}

}  // namespace dataflow::expr
