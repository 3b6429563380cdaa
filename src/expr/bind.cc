#include <algorithm>
#include <map>

#include "base/edit_distance.h"
#include "checked.h"
#include "columns.h"
#include "expr/lexer.h"
#include "expr/operators.h"
#include "in_zone.h"
#include "json_function.h"
#include "registry.h"
#include "text_forms.h"

namespace dataflow::expr {

namespace {

const std::map<std::string, Function, std::less<>>& registry() {
  static const auto* kFunctions = [] {
    FunctionList list;
    for (auto add :
         {add_arithmetic,   add_comparison,   add_logic,       add_conditional,  add_math,
          add_string,       add_time,         add_collections, add_trigonometry, add_random,
          add_string_parts, add_string_codes, add_charsets,    add_printf,       add_regexp,
          add_url,          add_json,         add_json_makers, add_checked,      add_in_zone,
          add_types}) {
      add(list);
    }
    auto* by_name = new std::map<std::string, Function, std::less<>>();
    for (Function& function : list) by_name->emplace(function.info.name, std::move(function));
    return by_name;
  }();
  return *kFunctions;
}

bool is_word(const std::string& name) { return name[0] >= 'A' && name[0] <= 'Z'; }

std::string count_text(const Function& function) {
  std::string text = std::to_string(function.least);
  if (function.most == kAnyNumber) return text + " or more arguments";
  if (function.most != function.least) text += " to " + std::to_string(function.most);
  return text + (function.most == 1 ? " argument" : " arguments");
}

class Bind {
 public:
  explicit Bind(const Schema& schema) : schema_(schema) {}

  Result<NodePtr> node(const Expression& expression, int depth) const {
    CallSite site(expression);
    if (depth > kMaxDepth) return site.fail("the expression nests too deeply");
    if (expression.kind == Kind::kColumn) return column(expression, site);
    if (expression.kind == Kind::kLiteral) return make_literal(expression.value);
    if (expression.kind == Kind::kExtension) {
      return site.fail("a subquery, an aggregate or OVER has no place in this expression");
    }
    Nodes arguments;
    for (const ExpressionPtr& argument : expression.arguments) {
      DF_ASSIGN_OR_RETURN(NodePtr bound, node(*argument, depth + 1));
      arguments.push_back(std::move(bound));
    }
    switch (expression.kind) {
      case Kind::kCast:
        if (arguments.size() != 1) return site.fail("a cast takes one argument");
        return bind_cast(std::move(arguments[0]), expression.type, site,
                         expression.name == "TRY_CAST");
      case Kind::kCase:
        if (arguments.size() < 2) return site.fail("CASE needs a WHEN and a THEN");
        return bind_case(std::move(arguments), site);
      default: return call(expression, std::move(arguments), site);
    }
  }

 private:
  Result<NodePtr> column(const Expression& expression, const CallSite& site) const {
    auto index = schema_.find(expression.name);
    if (index) return make_column(*index, schema_[*index]);
    std::vector<std::string> names;
    for (const Field& field : schema_.fields()) names.push_back(field.name);
    std::string near = suggestion(expression.name, names);
    if (near.empty() && names.size() <= 12) {
      near = "; there are";
      for (size_t i = 0; i < names.size(); ++i) near += (i == 0 ? " " : ", ") + names[i];
      if (names.empty()) near = "; there are no columns here";
    }
    return site.fail("unknown column \"" + expression.name + "\"" + near);
  }

  static Result<NodePtr> call(const Expression& expression, Nodes arguments, const CallSite& site) {
    DF_ASSIGN_OR_RETURN(const Function* function, find_function(expression.name, site));
    if (arguments.size() < function->least || arguments.size() > function->most) {
      return site.fail(function->info.name + " takes " + count_text(*function) + ", not " +
                       std::to_string(arguments.size()) + ": " + function->info.signature);
    }
    return function->bind(std::move(arguments), site);
  }

  const Schema& schema_;
};

// What bind() gives out: faults are settled once for the whole expression.
class Root final : public BoundExpression {
 public:
  explicit Root(NodePtr node) : BoundExpression(node->type(), node->nullable()), node_(node) {}

  bool is_constant() const override { return node_->is_constant(); }

  Result<ColumnPtr> evaluate(const Batch& batch, const Selection& selection,
                             EvalContext& context) const override {
    size_t before = context.faults.size();
    Result<ColumnPtr> column = evaluate_in_memory(*node_, batch, selection, context);
    settle_faults(context, before);
    return column;
  }

 private:
  NodePtr node_;
};

}  // namespace

Status CallSite::fail(const std::string& what) const {
  std::string message;
  if (expression_.place.line > 0) {
    message = "line " + std::to_string(expression_.place.line) + ", column " +
              std::to_string(expression_.place.column) + ": ";
  }
  std::string text = expression_.to_string();
  if (expression_.kind != Kind::kColumn) message += "in " + text + ": ";
  return Status::invalid(message + what);
}

Status CallSite::wrong_types(const std::string& takes, const Nodes& arguments) const {
  std::string types;
  for (const NodePtr& argument : arguments) {
    types += (types.empty() ? "" : ", ") + argument->type().to_string();
  }
  std::string name = expression_.name.empty() ? "CASE" : expression_.name;
  return fail(name + " takes " + takes + ", not (" + types + ")");
}

Result<const Function*> find_function(const std::string& name, const CallSite& site) {
  auto found = registry().find(in_capitals(name));
  if (found != registry().end()) return &found->second;
  std::vector<std::string> names;
  for (const auto& [known, function] : registry()) {
    if (is_word(known)) names.push_back(known);
  }
  return site.fail("there is no function " + name + suggestion(name, names));
}

std::vector<FunctionInfo> functions() {
  std::vector<FunctionInfo> all;
  for (const auto& [name, function] : registry()) {
    // What a text cannot write is nobody's to know of.
    if (!name.starts_with('$')) all.push_back(function.info);
  }
  return all;
}

bool is_function(const std::string& name) { return registry().contains(in_capitals(name)); }

Result<BoundPtr> bind(const ExpressionPtr& expression, const Schema& schema) {
  if (expression == nullptr) return Status::invalid("binding an expression: there is none");
  DF_ASSIGN_OR_RETURN(NodePtr node, Bind(schema).node(*expression, 0));
  return BoundPtr(std::make_shared<Root>(std::move(node)));
}

Result<Selection> select_true(const BoundExpression& condition, const Batch& batch,
                              const Selection& selection, EvalContext& context) {
  if (condition.type().id() != TypeId::kBoolean && condition.type().id() != TypeId::kNull) {
    return Status::invalid("a condition must be BOOLEAN, not " + condition.type().to_string());
  }
  Selection chosen;
  chosen.all = false;
  size_t before = context.faults.size();
  DF_ASSIGN_OR_RETURN(ColumnPtr column, condition.evaluate(batch, selection, context));
  if (condition.type().id() == TypeId::kNull) return chosen;
  DF_ASSIGN_OR_RETURN(BufferPtr values, bits_of(*column));
  DF_ASSIGN_OR_RETURN(BufferPtr valid, validity_of(*column));
  DF_ASSIGN_OR_RETURN(BufferPtr chosen_bits, allocate_bits(batch.rows, false));
  uint64_t* words = words_of(chosen_bits);
  for (int64_t i = 0; i < word_count(batch.rows); ++i) {
    words[i] = const_words_of(values)[i] & (valid == nullptr ? ~0ull : const_words_of(valid)[i]);
  }
  if (context.faults.size() != before) {
    for (const RowFault& fault : context.faults) {
      if (fault.row < batch.rows) arrow::bit_util::ClearBit(chosen_bits->mutable_data(), fault.row);
    }
  }
  chosen.rows = rows_of(words, batch.rows, selection);
  if (selection.all && static_cast<int64_t>(chosen.rows.size()) == batch.rows) return Selection();
  return chosen;
}

}  // namespace dataflow::expr
