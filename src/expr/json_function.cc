#include "json_function.h"

#include "json_path.h"
#include "json_tree.h"
#include "kept.h"
#include "nested_function.h"
#include "text_list.h"
#include "typed_function.h"

namespace dataflow::expr {

namespace {

using View = std::string_view;

void add(FunctionList& list, const char* name, const char* signature, const char* help,
         size_t least, size_t most, Binder bind) {
  list.push_back({{name, signature, help, "json"}, least, most, std::move(bind)});
}

// What a path leads to in a row's JSON.
class Lookup {
 public:
  enum class State { kError, kEmpty, kOne, kList };

  State look(View json, View path_text) {
    const Result<JsonPath>& path = kept<JsonPath, JsonPath::parse>(path_text);
    if (!path.ok()) return fail("the path cannot be read");
    lax_ = path->is_lax();
    if (!tree_.parse(json)) return fail("the text is not JSON");
    if (!path->find(tree_, found_)) {
      return lax_ ? State::kEmpty : fail("there is nothing where the path leads");
    }
    if (!path->is_definite()) return State::kList;
    if (tree_[found_[0]].kind == JsonKind::kNull) return State::kEmpty;
    return State::kOne;
  }

  bool is_lax() const { return lax_; }
  const JsonTree& tree() const { return tree_; }
  const std::vector<uint32_t>& found() const { return found_; }
  JsonKind kind() const { return tree_[found_[0]].kind; }
  bool is_scalar() const { return kind() != JsonKind::kArray && kind() != JsonKind::kObject; }
  const char* error() const { return error_; }

 private:
  State fail(const char* error) {
    error_ = error;
    return State::kError;
  }

  JsonTree tree_;
  std::vector<uint32_t> found_;
  bool lax_ = false;
  const char* error_ = "";
};

enum class Answer { kNull, kError, kDefault, kEmptyArray, kEmptyObject };

struct NamedAnswer {
  const char* name;
  Answer answer;
};

// The constant argument that names one of the answers; the first one where there is no argument.
template <size_t kCount>
Result<Answer> answer_of(const Nodes& arguments, size_t at, const NamedAnswer (&answers)[kCount],
                         const CallSite& site) {
  if (at >= arguments.size()) return answers[0].answer;
  const Value* name = arguments[at]->literal();
  for (const NamedAnswer& known : answers) {
    const bool text = name != nullptr && !name->is_null() && name->type().id() == TypeId::kString;
    if (text && name->as_text() == known.name) return known.answer;
  }
  return site.fail("expected one of NULL, ERROR and the like for what is empty or wrong");
}

Status check_path(Nodes& arguments, const CallSite& site) {
  DF_RETURN_IF_ERROR((check_constant<JsonPath, JsonPath::parse>(*arguments[1], site)));
  for (size_t i = 0; i < 2; ++i) DF_RETURN_IF_ERROR(take_parameter<View>(arguments, i, site));
  return {};
}

struct JsonValue {
  using Out = TextWriter;
  // json, path, what is given where it is empty and where it is wrong; then the two answers' names.
  JsonValue(const Nodes& nodes, const std::vector<Input>& inputs, Out&)
      : inputs_(inputs), on_empty_(named(*nodes[4])), on_error_(named(*nodes[5])) {
    for (size_t i = 0; i < 4; ++i) texts_.emplace_back(inputs[i]);
  }

  void row(Row& row, int64_t i, Out& out) {
    const Lookup::State state = lookup_.look(texts_[0][i], texts_[1][i]);
    const bool scalar = state == Lookup::State::kOne && lookup_.is_scalar();
    if (scalar) return lookup_.tree().write_scalar(lookup_.found()[0], out.bytes());
    const bool empty =
        state == Lookup::State::kEmpty || (state != Lookup::State::kError && lookup_.is_lax());
    const Answer answer = empty ? on_empty_ : on_error_;
    const size_t fallback = empty ? 2 : 3;
    if (answer == Answer::kError) {
      return row.fail([&] {
        return std::string("JSON_VALUE: ") +
               (state == Lookup::State::kError ? lookup_.error()
                : empty                        ? "there is no scalar where the path leads"
                                               : "an array or object stands where the path leads");
      });
    }
    const Input& input = inputs_[fallback];
    if (answer == Answer::kNull || input.column->IsNull(input.constant ? 0 : i)) {
      return row.set_null();
    }
    out.bytes().append(texts_[fallback][i]);
  }

  static constexpr NamedAnswer kAnswers[] = {
      {"NULL", Answer::kNull}, {"ERROR", Answer::kError}, {"DEFAULT", Answer::kDefault}};

 private:
  static Answer named(const Node& node) {
    for (const NamedAnswer& known : kAnswers) {
      if (node.literal()->as_text() == known.name) return known.answer;
    }
    return Answer::kNull;
  }

  const std::vector<Input>& inputs_;
  std::vector<Values<View>> texts_;
  Answer on_empty_;
  Answer on_error_;
  Lookup lookup_;
};

Result<NodePtr> bind_value(Nodes arguments, const CallSite& site) {
  if (arguments.size() != 2 && arguments.size() != 6) {
    return site.fail(
        "JSON_VALUE takes a text and a path, or four more arguments for ON EMPTY and "
        "ON ERROR");
  }
  DF_RETURN_IF_ERROR(check_path(arguments, site));
  Nodes ordered = {arguments[0], arguments[1]};
  Nodes names;
  for (const size_t at : {size_t{2}, size_t{4}}) {
    DF_RETURN_IF_ERROR(answer_of(arguments, at, JsonValue::kAnswers, site).status());
    const bool given = at < arguments.size();
    names.push_back(given ? arguments[at] : make_literal(Value::string("NULL")));
    NodePtr fallback = given ? arguments[at + 1] : make_literal(Value());
    DF_ASSIGN_OR_RETURN(fallback, coerced(std::move(fallback), Type::string(), site));
    ordered.push_back(std::move(fallback));
  }
  ordered.insert(ordered.end(), names.begin(), names.end());
  return make_nested_function<JsonValue>(Type::string(), std::move(ordered), 2, true);
}

enum class Wrapper { kNone, kConditional, kAlways };

void query(Row& row, std::string& out, View json, View path, Wrapper wrapper, Answer on_empty,
           Answer on_error) {
  thread_local Lookup lookup;
  const Lookup::State state = lookup.look(json, path);
  const bool list = state == Lookup::State::kList;
  const bool found = list || state == Lookup::State::kOne;
  const bool array = list || (found && lookup.kind() == JsonKind::kArray);
  const bool wrapped = wrapper == Wrapper::kAlways || (wrapper == Wrapper::kConditional && !array);
  if (found && (wrapped || list || !lookup.is_scalar())) {
    if (wrapped) out.push_back('[');
    if (list) out.push_back('[');
    for (size_t i = 0; i < lookup.found().size(); ++i) {
      if (i > 0) out.push_back(',');
      lookup.tree().write(lookup.found()[i], out);
    }
    if (list) out.push_back(']');
    if (wrapped) out.push_back(']');
    return;
  }
  const bool empty = state == Lookup::State::kEmpty || (found && lookup.is_lax());
  switch (empty ? on_empty : on_error) {
    case Answer::kError:
      return row.fail([&] {
        return std::string("JSON_QUERY: ") +
               (state == Lookup::State::kError ? lookup.error()
                                               : "no array or object stands where the path leads");
      });
    case Answer::kEmptyArray: out.append("[]"); return;
    case Answer::kEmptyObject: out.append("{}"); return;
    default: return row.set_null();
  }
}

Result<NodePtr> bind_query(Nodes arguments, const CallSite& site) {
  static constexpr NamedAnswer kAnswers[] = {{"NULL", Answer::kNull},
                                             {"ERROR", Answer::kError},
                                             {"EMPTY ARRAY", Answer::kEmptyArray},
                                             {"EMPTY OBJECT", Answer::kEmptyObject}};
  Wrapper wrapper = Wrapper::kNone;
  if (arguments.size() > 2) {
    const Value* name = arguments[2]->literal();
    const bool text = name != nullptr && !name->is_null() && name->type().id() == TypeId::kString;
    const std::string wanted = text ? name->as_text() : "";
    if (wanted != "WITHOUT" && wanted != "CONDITIONAL" && wanted != "UNCONDITIONAL") {
      return site.fail("a wrapper is WITHOUT, CONDITIONAL or UNCONDITIONAL");
    }
    if (wanted != "WITHOUT") {
      wrapper = wanted == "CONDITIONAL" ? Wrapper::kConditional : Wrapper::kAlways;
    }
  }
  DF_ASSIGN_OR_RETURN(const Answer on_empty, answer_of(arguments, 3, kAnswers, site));
  DF_ASSIGN_OR_RETURN(const Answer on_error, answer_of(arguments, 4, kAnswers, site));
  DF_RETURN_IF_ERROR(check_path(arguments, site));
  return make_row_function<Text, View, View>(
      Type::string(), {arguments[0], arguments[1]},
      [=](Row& row, std::string& out, View json, View path) {
        query(row, out, json, path, wrapper, on_empty, on_error);
      },
      true);
}

// The elements of a JSON array as texts: scalars without quotes, null as NULL.
struct JsonTexts {
  using Out = TextListWriter;
  JsonTexts(const Nodes&, const std::vector<Input>& inputs, Out&) : texts_(inputs[0]) {}

  void row(Row& row, int64_t i, Out& out) {
    if (!tree_.parse(texts_[i]) || tree_[0].kind != JsonKind::kArray) return row.set_null();
    for (uint32_t at = tree_[0].first; at != JsonTree::kNone; at = tree_[at].next) {
      const JsonKind kind = tree_[at].kind;
      if (kind == JsonKind::kNull) {
        out.texts().add_null();
        continue;
      }
      std::string text;
      if (kind == JsonKind::kArray || kind == JsonKind::kObject) {
        tree_.write(at, text);
      } else {
        tree_.write_scalar(at, text);
      }
      out.texts().add(text);
    }
  }

 private:
  Values<View> texts_;
  JsonTree tree_;
};

Result<NodePtr> bind_query_returning(Nodes arguments, const CallSite& site) {
  if (arguments.size() < 6) return bind_query(std::move(arguments), site);
  const Value* type = arguments[5]->literal();
  if (type == nullptr || type->is_null() || type->type().id() != TypeId::kString ||
      type->as_text() != "ARRAY<STRING>") {
    return site.fail("JSON_QUERY gives STRING or ARRAY<STRING>");
  }
  arguments.pop_back();
  DF_ASSIGN_OR_RETURN(NodePtr json, bind_query(std::move(arguments), site));
  return make_nested_function<JsonTexts>(Type::array(Type::string()), {std::move(json)}, kAllStrict,
                                         true);
}

Result<NodePtr> bind_exists(Nodes arguments, const CallSite& site) {
  std::string on_error = "FALSE";
  if (arguments.size() > 2) {
    const Value* name = arguments[2]->literal();
    const bool text = name != nullptr && !name->is_null() && name->type().id() == TypeId::kString;
    on_error = text ? name->as_text() : "";
    if (on_error != "TRUE" && on_error != "FALSE" && on_error != "UNKNOWN" && on_error != "ERROR") {
      return site.fail("what is wrong is TRUE, FALSE, UNKNOWN or ERROR");
    }
  }
  DF_RETURN_IF_ERROR(check_path(arguments, site));
  return make_row_function<bool, View, View>(
      Type::boolean(), {arguments[0], arguments[1]},
      [on_error](Row& row, View json, View path) {
        thread_local Lookup lookup;
        const Lookup::State state = lookup.look(json, path);
        if (state != Lookup::State::kError) return state != Lookup::State::kEmpty;
        if (on_error == "UNKNOWN") row.set_null();
        if (on_error == "ERROR") {
          row.fail([&] { return std::string("JSON_EXISTS: ") + lookup.error(); });
        }
        return on_error == "TRUE";
      },
      true);
}

// FALSE of NULL.
struct IsJson {
  using Out = Writer<bool>;
  IsJson(const Nodes&, const std::vector<Input>& inputs, Out&)
      : input_(inputs[0]), texts_(inputs[0]), kinds_(inputs[1]) {}

  void row(Row&, int64_t i, Out& out) {
    const View wanted = kinds_[i];  // "NOT OBJECT"
    const bool negated = wanted.starts_with("NOT ");
    const View kind = wanted.substr(negated ? 4 : 0);
    bool is = !input_.column->IsNull(input_.constant ? 0 : i) && tree_.parse(texts_[i]);
    if (is) {
      const bool array = tree_[0].kind == JsonKind::kArray;
      const bool object = tree_[0].kind == JsonKind::kObject;
      is = kind == "ARRAY"    ? array
           : kind == "OBJECT" ? object
           : kind == "SCALAR" ? !array && !object
                              : true;
    }
    out.set(i, is != negated);
  }

 private:
  const Input& input_;
  Values<View> texts_;
  Values<View> kinds_;
  JsonTree tree_;
};

}  // namespace

void add_json(FunctionList& list) {
  add(list, "JSON_VALUE",
      "JSON_VALUE(json, path [RETURNING type] [{NULL | ERROR | DEFAULT value} ON EMPTY] "
      "[{NULL | ERROR | DEFAULT value} ON ERROR])",
      "The scalar to which the path leads, as text if not said otherwise.", 2, 6, bind_value);
  add(list, "JSON_QUERY",
      "JSON_QUERY(json, path [RETURNING {STRING | ARRAY<STRING>}] [{WITHOUT | WITH [CONDITIONAL | "
      "UNCONDITIONAL]} [ARRAY] WRAPPER] "
      "[{NULL | ERROR | EMPTY ARRAY | EMPTY OBJECT} ON EMPTY] [… ON ERROR])",
      "The array or object to which the path leads, as JSON, or an array's elements as texts.", 2,
      6, bind_query_returning);
  add(list, "JSON_EXISTS", "JSON_EXISTS(json, path [{TRUE | FALSE | UNKNOWN | ERROR} ON ERROR])",
      "Whether there is something where the path leads.", 2, 3, bind_exists);
  for (const char* kind : {"", "VALUE", "SCALAR", "ARRAY", "OBJECT"}) {
    for (const bool negated : {false, true}) {
      const std::string name =
          std::string(negated ? "IS NOT JSON" : "IS JSON") + (*kind == 0 ? "" : " ") + kind;
      list.push_back({{name, "text " + name, "Whether the text is JSON, of that kind.", "json"},
                      1,
                      1,
                      [=](Nodes arguments, const CallSite& site) -> Result<NodePtr> {
                        DF_RETURN_IF_ERROR(take_parameter<View>(arguments, 0, site));
                        arguments.push_back(
                            make_literal(Value::string(std::string(negated ? "NOT " : "") + kind)));
                        return make_nested_function<IsJson>(Type::boolean(), std::move(arguments),
                                                            0);
                      }});
    }
  }
}

}  // namespace dataflow::expr
