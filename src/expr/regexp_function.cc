// REGEXP and its kin, SIMILAR TO, and texts that are split by expressions.
#include "kept.h"
#include "nested_function.h"
#include "regexp.h"
#include "text_list.h"
#include "typed_function.h"
#include "utf8.h"

namespace dataflow::expr {

namespace {

using View = std::string_view;

// Null where it is none: as in Flink the function is NULL then, or FALSE.
const re2::RE2* regexp_of(View pattern) {
  const Result<Regexp>& made = kept<Regexp, make_regexp>(pattern);
  return made.ok() ? made->get() : nullptr;
}

void add(FunctionList& list, const char* name, const char* signature, const char* help,
         size_t least, size_t most, Binder bind) {
  list.push_back({{name, signature, help, "string"}, least, most, std::move(bind)});
}

// `bind` where argument `at` is an expression that can be read.
Binder checked(size_t at, Binder bind) {
  return [at, bind = std::move(bind)](Nodes arguments, const CallSite& site) -> Result<NodePtr> {
    if (at < arguments.size()) {
      DF_RETURN_IF_ERROR((check_constant<Regexp, make_regexp>(*arguments[at], site)));
    }
    return bind(std::move(arguments), site);
  };
}

bool matches(View text, View pattern) {
  const re2::RE2* regexp = pattern.empty() ? nullptr : regexp_of(pattern);
  return regexp != nullptr &&
         re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *regexp);
}

void extract(Row& row, std::string& out, View text, View pattern, int64_t group) {
  const re2::RE2* regexp = regexp_of(pattern);
  if (regexp == nullptr || group < 0 || group > regexp->NumberOfCapturingGroups()) {
    return row.set_null();
  }
  thread_local std::vector<re2::StringPiece> groups;
  groups.assign(static_cast<size_t>(group) + 1, {});
  if (!regexp->Match({text.data(), text.size()}, 0, text.size(), re2::RE2::UNANCHORED,
                     groups.data(), static_cast<int>(groups.size())) ||
      groups.back().data() == nullptr) {
    return row.set_null();
  }
  out.append(groups.back().data(), groups.back().size());
}

Result<NodePtr> bind_extract(Nodes arguments, const CallSite& site) {
  if (arguments.size() == 2) arguments.push_back(make_literal(Value::int64(0)));
  return typed<Text, View, View, int64_t>(Type::string(), extract, true)(std::move(arguments),
                                                                         site);
}

void replace(Row& row, std::string& out, View text, View pattern, View with) {
  const re2::RE2* regexp = regexp_of(pattern);
  if (regexp == nullptr) return row.set_null();
  Matches all(*regexp, text);
  Match match;
  size_t from = 0;
  while (all.next(match)) {
    if (!row.has_room(out, match.begin - from + with.size())) return;
    out.append(text.substr(from, match.begin - from)).append(with);
    from = match.end;
  }
  out.append(text.substr(from));
}

int32_t count(Row& row, View text, View pattern) {
  const re2::RE2* regexp = regexp_of(pattern);
  if (regexp == nullptr) row.set_null();
  if (regexp == nullptr) return 0;
  Matches all(*regexp, text);
  Match match;
  int32_t found = 0;
  while (all.next(match)) ++found;
  return found;
}

int32_t position(Row& row, View text, View pattern) {
  const re2::RE2* regexp = regexp_of(pattern);
  if (regexp == nullptr) row.set_null();
  Match match;
  if (regexp == nullptr || !Matches(*regexp, text).next(match)) return 0;
  return static_cast<int32_t>(utf8_length(text.substr(0, match.begin))) + 1;
}

void first_match(Row& row, std::string& out, View text, View pattern) {
  const re2::RE2* regexp = regexp_of(pattern);
  Match match;
  if (regexp == nullptr || !Matches(*regexp, text).next(match)) return row.set_null();
  out.append(text.substr(match.begin, match.end - match.begin));
}

// The group of every match.
struct ExtractAll {
  using Out = TextListWriter;
  ExtractAll(const Nodes&, const std::vector<Input>& inputs, Out&)
      : texts_(inputs[0]), patterns_(inputs[1]), groups_(inputs[2]) {}

  void row(Row& row, int64_t i, Out& out) {
    const re2::RE2* regexp = regexp_of(patterns_[i]);
    const int64_t group = groups_[i];
    if (regexp == nullptr || group < 0 || group > regexp->NumberOfCapturingGroups()) {
      return row.set_null();
    }
    found_.assign(static_cast<size_t>(group) + 1, {});
    const View text = texts_[i];
    Matches all(*regexp, text);
    Match match;
    while (all.next(match)) {
      // Once more, for its groups.
      regexp->Match({text.data(), text.size()}, match.begin, text.size(), re2::RE2::ANCHOR_START,
                    found_.data(), static_cast<int>(found_.size()));
      if (found_.back().data() == nullptr) {
        out.texts().add_null();
      } else {
        out.texts().add({found_.back().data(), found_.back().size()});
      }
    }
  }

 private:
  Values<View> texts_;
  Values<View> patterns_;
  Values<int64_t> groups_;
  std::vector<re2::StringPiece> found_;
};

Result<NodePtr> bind_extract_all(Nodes arguments, const CallSite& site) {
  if (arguments.size() == 2) arguments.push_back(make_literal(Value::int64(1)));
  DF_RETURN_IF_ERROR((take_parameters<View, View, int64_t>(arguments, site)));
  return make_nested_function<ExtractAll>(Type::array(Type::string()), std::move(arguments),
                                          kAllStrict, true);
}

// Texts between delimiters that are taken as they stand; an empty one parts the characters.
struct Split {
  using Out = TextListWriter;
  Split(const Nodes&, const std::vector<Input>& inputs, Out&)
      : texts_(inputs[0]), delimiters_(inputs[1]) {}

  void row(Row&, int64_t i, Out& out) const {
    View text = texts_[i];
    const View delimiter = delimiters_[i];
    const bool none = text.empty();
    while (delimiter.empty() && !text.empty()) {
      const size_t bytes = first_character_bytes(text);
      out.texts().add(text.substr(0, bytes));
      text.remove_prefix(bytes);
    }
    if (none || delimiter.empty()) return;
    for (size_t at; (at = text.find(delimiter)) != View::npos;) {
      out.texts().add(text.substr(0, at));
      text.remove_prefix(at + delimiter.size());
    }
    out.texts().add(text);
  }

 private:
  Values<View> texts_;
  Values<View> delimiters_;
};

Result<NodePtr> bind_split(Nodes arguments, const CallSite& site) {
  DF_RETURN_IF_ERROR((take_parameters<View, View>(arguments, site)));
  return make_nested_function<Split>(Type::array(Type::string()), std::move(arguments));
}

// Pairs, and in them keys and values, are parted by regular expressions.
struct ToMap {
  using Out = TextMapWriter;
  ToMap(const Nodes&, const std::vector<Input>& inputs, Out&)
      : texts_(inputs[0]), pair_ends_(inputs[1]), key_ends_(inputs[2]) {}

  void row(Row& row, int64_t i, Out& out) {
    const View text = texts_[i];
    if (text.empty()) return;
    const Result<Regexp> pair_end = kept<Regexp, make_regexp>(pair_ends_[i]);
    const Result<Regexp> key_end = kept<Regexp, make_regexp>(key_ends_[i]);
    for (const auto* made : {&pair_end, &key_end}) {
      if (!made->ok()) return row.fail([&] { return made->status().message(); });
    }
    split_by(**pair_end, text, 0, pairs_);
    entries_.clear();
    at_.clear();
    for (const View pair : pairs_) {
      split_by(**key_end, pair, 2, parts_);
      const View key = parts_.size() < 2 ? pair : parts_[0];
      const auto value = parts_.size() < 2 ? std::nullopt : std::optional(parts_[1]);
      const auto [known, added] = at_.emplace(key, entries_.size());
      if (added) {
        entries_.emplace_back(key, value);
      } else {
        entries_[known->second].second = value;
      }
    }
    for (const auto& [key, value] : entries_) {
      out.keys().add(key);
      if (value) {
        out.values().add(*value);
      } else {
        out.values().add_null();
      }
    }
  }

 private:
  Values<View> texts_;
  Values<View> pair_ends_;
  Values<View> key_ends_;
  std::vector<View> pairs_;
  std::vector<View> parts_;
  std::vector<std::pair<View, std::optional<View>>> entries_;
  std::map<View, size_t> at_;
};

Result<NodePtr> bind_to_map(Nodes arguments, const CallSite& site) {
  if (arguments.size() == 1) {
    arguments.push_back(make_literal(Value::string(",")));
    arguments.push_back(make_literal(Value::string("=")));
  }
  if (arguments.size() != 3)
    return site.wrong_types("a text and none or two delimiters", arguments);
  for (size_t i = 1; i < 3; ++i) {
    DF_RETURN_IF_ERROR((check_constant<Regexp, make_regexp>(*arguments[i], site)));
  }
  DF_RETURN_IF_ERROR((take_parameters<View, View, View>(arguments, site)));
  return make_nested_function<ToMap>(Type::map(Type::string(), Type::string()),
                                     std::move(arguments));
}

Result<NodePtr> bind_similar(Nodes arguments, const CallSite& site, bool negated) {
  if (arguments.size() == 2) arguments.push_back(make_literal(Value::string("")));
  for (size_t i = 1; i < 3; ++i) {
    const Value* text = arguments[i]->literal();
    if (text != nullptr && text->is_null()) return make_literal(Value::null(Type::boolean()));
    if (text == nullptr || text->type().id() != TypeId::kString) {
      return site.fail("the pattern of SIMILAR TO and its ESCAPE must be constant texts");
    }
  }
  const Result<std::string> pattern =
      similar_to_regexp(arguments[1]->literal()->as_text(), arguments[2]->literal()->as_text());
  if (!pattern.ok()) return site.fail(pattern.status().message());
  const Result<Regexp> regexp = make_regexp(*pattern);
  if (!regexp.ok()) return site.fail(regexp.status().message());
  return typed<bool, View>(Type::boolean(), [regexp = *regexp, negated](Row&, View text) {
    return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *regexp) != negated;
  })({arguments[0]}, site);
}

}  // namespace

void add_regexp(FunctionList& list) {
  for (const char* name : {"REGEXP", "REGEXP_LIKE"}) {
    add(list, name, "REGEXP(text, expression)",
        "Whether a part of the text is as the regular expression says.", 2, 2,
        checked(1, typed<bool, View, View>(Type::boolean(), [](Row&, View text, View pattern) {
                  return matches(text, pattern);
                })));
  }
  add(list, "REGEXP_EXTRACT", "REGEXP_EXTRACT(text, expression [, group])",
      "The first part that is as the expression says, or a group of it; NULL if there is none.", 2,
      3, checked(1, bind_extract));
  add(list, "REGEXP_EXTRACT_ALL", "REGEXP_EXTRACT_ALL(text, expression [, group])",
      "The group (1 if not said otherwise, 0: all of it) of each such part, as an array.", 2, 3,
      checked(1, bind_extract_all));
  add(list, "REGEXP_REPLACE", "REGEXP_REPLACE(text, expression, with)",
      "With each such part replaced.", 3, 3,
      checked(1, typed<Text, View, View, View>(Type::string(), replace, true)));
  add(list, "REGEXP_COUNT", "REGEXP_COUNT(text, expression)", "How many such parts there are.", 2,
      2, checked(1, typed<int32_t, View, View>(Type::int32(), count, true)));
  add(list, "REGEXP_INSTR", "REGEXP_INSTR(text, expression)",
      "Where the first such part begins, from 1; 0: nowhere.", 2, 2,
      checked(1, typed<int32_t, View, View>(Type::int32(), position, true)));
  add(list, "REGEXP_SUBSTR", "REGEXP_SUBSTR(text, expression)",
      "The first such part; NULL if there is none.", 2, 2,
      checked(1, typed<Text, View, View>(Type::string(), first_match, true)));
  add(list, "SPLIT", "SPLIT(text, delimiter)",
      "Its parts between the delimiters as an array; its characters if the delimiter is empty.", 2,
      2, bind_split);
  add(list, "STR_TO_MAP", "STR_TO_MAP(text [, pair_delimiter, key_delimiter])",
      "A map of 'k=v,k=v'; the delimiters are regular expressions.", 1, 3, bind_to_map);
  for (const bool negated : {false, true}) {
    add(list, negated ? "NOT SIMILAR TO" : "SIMILAR TO",
        "text SIMILAR TO pattern [ESCAPE character]",
        "Whether the whole text is as SQL's regular expression says.", 2, 3,
        [negated](Nodes arguments, const CallSite& site) {
          return bind_similar(std::move(arguments), site, negated);
        });
  }
}

}  // namespace dataflow::expr
