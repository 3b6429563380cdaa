// CASE, IF, COALESCE, IFNULL, NULLIF: each row's value comes from one of several branches, and only
// that branch is evaluated for it.
#include "coercion.h"
#include "comparison.h"
#include "gather.h"
#include "registry.h"
#include "row_function.h"

namespace dataflow::expr {

namespace {

constexpr uint16_t kNoBranch = 0xFFFF;

// Branches evaluated so far, and which one each row takes.
class Branches {
 public:
  explicit Branches(int64_t rows) : of_row_(static_cast<size_t>(rows), kNoBranch) {}

  void take(Input input, const Selection& selection) {
    auto index = static_cast<uint16_t>(inputs_.size());
    inputs_.push_back(std::move(input));
    for_each_row(selection, static_cast<int64_t>(of_row_.size()),
                 [&](int64_t row) { of_row_[static_cast<size_t>(row)] = index; });
  }

  Result<ColumnPtr> merge(const Node& node, const Selection& selection) const;

 private:
  int64_t rows() const { return static_cast<int64_t>(of_row_.size()); }

  template <class T>
  Result<ColumnPtr> merge_values(const Node& node, const Selection& selection) const {
    constexpr bool kText = std::is_same_v<T, std::string_view>;
    std::vector<Values<T>> values;
    for (const Input& input : inputs_) values.emplace_back(input);
    DF_ASSIGN_OR_RETURN(Nulls nulls, Nulls::of({}, rows()));
    std::conditional_t<kText, TextWriter, Writer<T>> out;
    DF_RETURN_IF_ERROR(out.open(rows()));
    Status failed;
    for_each_row(selection, rows(), [&](int64_t row) {
      if (!failed.ok()) return;
      uint16_t branch = of_row_[static_cast<size_t>(row)];
      if (branch == kNoBranch ||
          inputs_[branch].column->IsNull(inputs_[branch].constant ? 0 : row)) {
        if (Status status = nulls.set_null(row); !status.ok()) failed = status;
        return;
      }
      if constexpr (kText) {
        out.begin_row(row);
        out.bytes().append(values[branch][row]);
        if (out.too_large()) failed = Status::too_large("the texts of one batch take over 2 GiB");
      } else {
        out.set(row, values[branch][row]);
      }
    });
    DF_RETURN_IF_ERROR(failed);
    return out.finish(node.layout(), rows(), nulls);
  }

  Result<ColumnPtr> merge_nested(const Node& node) const {
    Picks picks;
    for (const Input& input : inputs_) picks.add_source(input);
    for (int64_t row = 0; row < rows(); ++row) {
      const uint16_t branch = of_row_[static_cast<size_t>(row)];
      if (branch == kNoBranch) {
        picks.add_null();
      } else {
        picks.add_row(branch, row);
      }
    }
    return picks.take(node.layout());
  }

  std::vector<Input> inputs_;
  std::vector<uint16_t> of_row_;
};

Result<ColumnPtr> Branches::merge(const Node& node, const Selection& selection) const {
  if (node.type().is_nested()) return merge_nested(node);
  if (node.type().id() == TypeId::kNull) return all_null(node.layout(), rows());
  return with_storage(node.type(), [&](auto sample) -> Result<ColumnPtr> {
    return merge_values<decltype(sample)>(node, selection);
  });
}

// Splits `from` by a boolean column: where it is true goes to `chosen`, the others stay.
Result<Selection> split_true(const ColumnPtr& column, int64_t rows, Selection& from) {
  DF_ASSIGN_OR_RETURN(BufferPtr values, bits_of(*column));
  DF_ASSIGN_OR_RETURN(BufferPtr valid, validity_of(*column));
  std::vector<uint64_t> words(static_cast<size_t>(word_count(rows)));
  for (size_t i = 0; i < words.size(); ++i) {
    words[i] = const_words_of(values)[i] & (valid == nullptr ? ~0ull : const_words_of(valid)[i]);
  }
  Selection chosen;
  chosen.all = false;
  chosen.rows = rows_of(words.data(), rows, from);
  for (uint64_t& word : words) word = ~word;
  from.rows = rows_of(words.data(), rows, from);
  from.all = false;
  return chosen;
}

// arguments: when, then, …, else.
class Case final : public Node {
 public:
  Case(Type type, bool nullable, Nodes arguments)
      : Node(std::move(type), nullable, std::move(arguments)) {}

  Result<ColumnPtr> evaluate(const Batch& batch, const Selection& selection,
                             EvalContext& context) const override {
    Branches branches(batch.rows);
    Selection rest = selection;
    size_t i = 0;
    for (; i + 1 < arguments().size() && rest.count(batch.rows) > 0; i += 2) {
      DF_ASSIGN_OR_RETURN(ColumnPtr condition, arguments()[i]->evaluate(batch, rest, context));
      DF_ASSIGN_OR_RETURN(Selection chosen, split_true(condition, batch.rows, rest));
      if (chosen.rows.empty()) continue;
      DF_ASSIGN_OR_RETURN(Input value, input_of(*arguments()[i + 1], batch, chosen, context));
      branches.take(std::move(value), chosen);
    }
    if (rest.count(batch.rows) > 0) {
      DF_ASSIGN_OR_RETURN(Input value, input_of(*arguments().back(), batch, rest, context));
      branches.take(std::move(value), rest);
    }
    return branches.merge(*this, selection);
  }
};

class Coalesce final : public Node {
 public:
  Coalesce(Type type, bool nullable, Nodes arguments)
      : Node(std::move(type), nullable, std::move(arguments)) {}

  Result<ColumnPtr> evaluate(const Batch& batch, const Selection& selection,
                             EvalContext& context) const override {
    Branches branches(batch.rows);
    Selection rest = selection;
    for (const NodePtr& argument : arguments()) {
      if (rest.count(batch.rows) == 0) break;
      DF_ASSIGN_OR_RETURN(Input value, input_of(*argument, batch, rest, context));
      BufferPtr valid;
      if (value.constant ? value.column->IsNull(0) : value.column->null_count() > 0) {
        if (value.constant) continue;
        DF_ASSIGN_OR_RETURN(valid, validity_of(*value.column));
      }
      branches.take(std::move(value), rest);
      if (valid == nullptr) break;
      std::vector<uint64_t> null_words(static_cast<size_t>(word_count(batch.rows)));
      for (size_t i = 0; i < null_words.size(); ++i) null_words[i] = ~const_words_of(valid)[i];
      rest.rows = rows_of(null_words.data(), batch.rows, rest);
      rest.all = false;
    }
    return branches.merge(*this, selection);
  }
};

Result<NodePtr> coalesce(Nodes arguments, const CallSite& site) {
  Type type = arguments[0]->type();
  for (const NodePtr& argument : arguments) {
    auto both = common_type(type, argument->type());
    if (!both) return site.wrong_types("values of one type", arguments);
    type = *both;
  }
  DF_ASSIGN_OR_RETURN(arguments, all_coerced(std::move(arguments), type, site));
  Nodes kept;
  bool nullable = true;
  for (NodePtr& argument : arguments) {
    if (argument->literal() != nullptr && argument->literal()->is_null()) continue;
    nullable = nullable && argument->nullable();
    kept.push_back(std::move(argument));
    if (!nullable) break;  // what follows is never reached
  }
  if (kept.empty()) return make_literal(Value::null(type));
  if (kept.size() == 1) return kept[0];
  return folded(std::make_shared<Coalesce>(std::move(type), nullable, std::move(kept)));
}

// NULLIF(a, b) has a's type, whatever b is compared as.
Result<NodePtr> null_if(Nodes arguments, const CallSite& site) {
  DF_ASSIGN_OR_RETURN(NodePtr equal, make_comparison(CompareOp::kEqual, arguments, site));
  NodePtr null = make_literal(Value::null(arguments[0]->type()));
  return bind_case({std::move(equal), std::move(null), arguments[0]}, site);
}

void add(FunctionList& list, const char* name, const char* signature, const char* help,
         size_t least, size_t most, Binder bind) {
  list.push_back({{name, signature, help, "conditional"}, least, most, std::move(bind)});
}

}  // namespace

Result<NodePtr> bind_case(Nodes arguments, const CallSite& site) {
  if (arguments.size() % 2 == 0) arguments.push_back(make_literal(Value()));
  if (arguments.size() / 2 >= kNoBranch) return site.fail("CASE has too many branches");
  Type type;
  bool nullable = false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    bool is_condition = i % 2 == 0 && i + 1 < arguments.size();
    const Type& own = arguments[i]->type();
    if (is_condition) {
      if (own.id() != TypeId::kBoolean && own.id() != TypeId::kNull) {
        return site.fail("a condition must be BOOLEAN, not " + own.to_string());
      }
      DF_ASSIGN_OR_RETURN(arguments[i], coerced(arguments[i], Type::boolean(), site));
      continue;
    }
    auto both = common_type(type, own);
    if (!both) {
      return site.fail("its branches have no type in common: " + type.to_string() + " and " +
                       own.to_string() + "; cast one of them");
    }
    type = *both;
    nullable = nullable || arguments[i]->nullable();
  }
  for (size_t i = 1; i < arguments.size() + 1; i += 2) {
    NodePtr& value = arguments[std::min(i, arguments.size() - 1)];
    DF_ASSIGN_OR_RETURN(value, coerced(value, type, site));
  }
  return folded(std::make_shared<Case>(std::move(type), nullable, std::move(arguments)));
}

void add_conditional(FunctionList& list) {
  for (const char* name : {"IF", "IIF"}) {
    add(list, name, "IF(condition, value, value)",
        "The first value if the condition is TRUE, else the second.", 3, 3,
        [](Nodes arguments, const CallSite& site) {
          return bind_case(std::move(arguments), site);
        });
  }
  add(list, "COALESCE", "COALESCE(value, …)", "The first value that is not NULL.", 1, kAnyNumber,
      coalesce);
  add(list, "IFNULL", "IFNULL(value, value)", "The first value, or where it is NULL the second.", 2,
      2, coalesce);
  add(list, "NULLIF", "NULLIF(value, value)", "NULL if both are equal, else the first.", 2, 2,
      null_if);
}

}  // namespace dataflow::expr
