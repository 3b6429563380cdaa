// AND, OR, NOT and the IS tests, three-valued, 64 rows at a time.
#include "coercion.h"
#include "comparison.h"
#include "registry.h"
#include "row_function.h"

namespace dataflow::expr {

namespace {

// A boolean column as words: where it is true, and where it is known.
struct Truth {
  BufferPtr values;
  BufferPtr valid;  // null: everywhere

  uint64_t is_true(int64_t i) const { return const_words_of(values)[i] & known(i); }
  uint64_t is_false(int64_t i) const { return ~const_words_of(values)[i] & known(i); }
  uint64_t known(int64_t i) const {
    return valid == nullptr ? ~uint64_t{0} : const_words_of(valid)[i];
  }
};

Result<Truth> truth_of(const Node& node, const Batch& batch, const Selection& selection,
                       EvalContext& context) {
  Truth truth;
  if (const Value* value = node.literal()) {
    DF_ASSIGN_OR_RETURN(truth.values,
                        allocate_bits(batch.rows, !value->is_null() && value->as_bool()));
    if (value->is_null()) {
      DF_ASSIGN_OR_RETURN(truth.valid, allocate_bits(batch.rows, false));
    }
    return truth;
  }
  DF_ASSIGN_OR_RETURN(ColumnPtr column, node.evaluate(batch, selection, context));
  DF_ASSIGN_OR_RETURN(truth.values, bits_of(*column));
  DF_ASSIGN_OR_RETURN(truth.valid, validity_of(*column));
  return truth;
}

// AND; OR is the same with true and false exchanged. A row is settled once a condition is FALSE
// (of OR: TRUE); for settled rows nothing more is evaluated, unless it is cheap.
class Junction final : public Node {
 public:
  Junction(Nodes conditions, bool is_or)
      : Node(Type::boolean(), any_nullable(conditions), conditions), is_or_(is_or) {}

  bool is_cheap() const override { return arguments_are_cheap(); }

  Result<ColumnPtr> evaluate(const Batch& batch, const Selection& selection,
                             EvalContext& context) const override {
    int64_t words = word_count(batch.rows);
    DF_ASSIGN_OR_RETURN(BufferPtr settled, allocate_bits(batch.rows, false));
    DF_ASSIGN_OR_RETURN(BufferPtr unknown, allocate_bits(batch.rows, false));
    uint64_t* done = words_of(settled);
    uint64_t* open = words_of(unknown);
    bool first = true;
    for (const NodePtr& condition : arguments()) {
      bool everywhere = first || condition->is_cheap();
      first = false;
      Selection rest;
      if (!everywhere) {
        rest = unsettled(done, batch.rows, selection);
        if (rest.count(batch.rows) == 0) continue;
      }
      const Selection& wanted = everywhere ? selection : rest;
      DF_ASSIGN_OR_RETURN(Truth truth, truth_of(*condition, batch, wanted, context));
      if (everywhere || rest.all) {
        for (int64_t i = 0; i < words; ++i) {
          done[i] |= is_or_ ? truth.is_true(i) : truth.is_false(i);
          open[i] |= ~truth.known(i);
        }
      } else {
        take_rows(rest, truth, done, open);
      }
    }
    return finish(batch.rows, settled, unknown);
  }

 private:
  static Selection unsettled(const uint64_t* done, int64_t rows, const Selection& selection) {
    std::vector<uint64_t> still(static_cast<size_t>(word_count(rows)));
    for (size_t i = 0; i < still.size(); ++i) still[i] = ~done[i];
    Selection rest;
    rest.rows = rows_of(still.data(), rows, selection);
    rest.all = selection.all && static_cast<int64_t>(rest.rows.size()) == rows;
    return rest;
  }

  void take_rows(const Selection& rest, const Truth& truth, uint64_t* done, uint64_t* open) const {
    for (int32_t row : rest.rows) {
      int64_t i = row / 64;
      uint64_t bit = uint64_t{1} << (row % 64);
      done[i] |= bit & (is_or_ ? truth.is_true(i) : truth.is_false(i));
      open[i] |= bit & ~truth.known(i);
    }
  }

  // Settled: FALSE (OR: TRUE). Else unknown if one condition was. Else TRUE (OR: FALSE).
  Result<ColumnPtr> finish(int64_t rows, const BufferPtr& settled, const BufferPtr& unknown) const {
    uint64_t* done = words_of(settled);
    uint64_t* open = words_of(unknown);
    uint64_t any_null = 0;
    for (int64_t i = 0; i < word_count(rows); ++i) {
      uint64_t is_null = open[i] & ~done[i];
      any_null |= is_null;
      open[i] = ~is_null;
      if (!is_or_) done[i] = ~done[i];
    }
    return make_array(layout(), rows, {any_null == 0 ? nullptr : unknown, settled});
  }

  bool is_or_;
};

enum class Test { kNull, kTrue, kFalse };

// IS [NOT] NULL / TRUE / FALSE: never NULL itself.
class IsTest final : public Node {
 public:
  IsTest(NodePtr argument, Test test, bool negated)
      : Node(Type::boolean(), false, {std::move(argument)}), test_(test), negated_(negated) {}

  bool is_cheap() const override { return arguments_are_cheap(); }

  Result<ColumnPtr> evaluate(const Batch& batch, const Selection& selection,
                             EvalContext& context) const override {
    DF_ASSIGN_OR_RETURN(BufferPtr out, allocate_bits(batch.rows, false));
    uint64_t flip = negated_ ? ~uint64_t{0} : 0;
    uint64_t* words = words_of(out);
    if (test_ == Test::kNull) {
      DF_ASSIGN_OR_RETURN(ColumnPtr column, arguments()[0]->evaluate(batch, selection, context));
      DF_ASSIGN_OR_RETURN(BufferPtr valid, validity_of(*column));
      for (int64_t i = 0; i < word_count(batch.rows); ++i) {
        words[i] = (valid == nullptr ? 0 : ~const_words_of(valid)[i]) ^ flip;
      }
    } else {
      DF_ASSIGN_OR_RETURN(Truth truth, truth_of(*arguments()[0], batch, selection, context));
      for (int64_t i = 0; i < word_count(batch.rows); ++i) {
        words[i] = (test_ == Test::kTrue ? truth.is_true(i) : truth.is_false(i)) ^ flip;
      }
    }
    return make_array(layout(), batch.rows, {nullptr, std::move(out)});
  }

 private:
  Test test_;
  bool negated_;
};

class Not final : public Node {
 public:
  explicit Not(NodePtr argument) : Node(Type::boolean(), argument->nullable(), {argument}) {}

  bool is_cheap() const override { return arguments_are_cheap(); }

  Result<ColumnPtr> evaluate(const Batch& batch, const Selection& selection,
                             EvalContext& context) const override {
    DF_ASSIGN_OR_RETURN(Truth truth, truth_of(*arguments()[0], batch, selection, context));
    DF_ASSIGN_OR_RETURN(BufferPtr out, allocate_bits(batch.rows, false));
    for (int64_t i = 0; i < word_count(batch.rows); ++i) {
      words_of(out)[i] = ~const_words_of(truth.values)[i];
    }
    return make_array(layout(), batch.rows, {truth.valid, std::move(out)});
  }
};

// NULLs are equal to each other and to nothing else. The arguments are evaluated again for their
// validity: they are mostly columns.
class Distinct final : public Node {
 public:
  Distinct(Nodes arguments, bool negated)
      : Node(Type::boolean(), false, std::move(arguments)), negated_(negated) {}

  bool is_cheap() const override { return arguments_are_cheap(); }

  Result<ColumnPtr> evaluate(const Batch& batch, const Selection& selection,
                             EvalContext& context) const override {
    DF_ASSIGN_OR_RETURN(ColumnPtr left, arguments()[0]->evaluate(batch, selection, context));
    DF_ASSIGN_OR_RETURN(ColumnPtr right, arguments()[1]->evaluate(batch, selection, context));
    DF_ASSIGN_OR_RETURN(Truth equal, truth_of(*arguments()[2], batch, selection, context));
    DF_ASSIGN_OR_RETURN(BufferPtr left_valid, validity_of(*left));
    DF_ASSIGN_OR_RETURN(BufferPtr right_valid, validity_of(*right));
    DF_ASSIGN_OR_RETURN(BufferPtr out, allocate_bits(batch.rows, false));
    for (int64_t i = 0; i < word_count(batch.rows); ++i) {
      uint64_t a = left_valid == nullptr ? ~uint64_t{0} : const_words_of(left_valid)[i];
      uint64_t b = right_valid == nullptr ? ~uint64_t{0} : const_words_of(right_valid)[i];
      uint64_t same = (a & b & equal.is_true(i)) | (~a & ~b);
      words_of(out)[i] = negated_ ? same : ~same;
    }
    return make_array(layout(), batch.rows, {nullptr, std::move(out)});
  }

 private:
  bool negated_;
};

NodePtr junction(Nodes conditions, bool is_or) {
  Nodes kept;
  for (NodePtr& condition : conditions) {
    const Value* value = condition->literal();
    if (value != nullptr && !value->is_null()) {
      // TRUE AND x is x; behind FALSE AND nothing is evaluated.
      if (value->as_bool() != is_or) continue;
      if (kept.empty()) return condition;
    }
    kept.push_back(std::move(condition));
  }
  if (kept.empty()) return make_literal(Value::boolean(!is_or));
  if (kept.size() == 1) return kept[0];
  return folded(std::make_shared<Junction>(std::move(kept), is_or));
}

Result<Nodes> conditions_of(Nodes arguments, const CallSite& site) {
  for (const NodePtr& argument : arguments) {
    TypeId id = argument->type().id();
    if (id != TypeId::kBoolean && id != TypeId::kNull) {
      return site.wrong_types("conditions", arguments);
    }
  }
  return all_coerced(std::move(arguments), Type::boolean(), site);
}

}  // namespace

NodePtr make_and(Nodes conditions) { return junction(std::move(conditions), false); }
NodePtr make_or(Nodes conditions) { return junction(std::move(conditions), true); }
NodePtr make_not(NodePtr condition) { return folded(std::make_shared<Not>(std::move(condition))); }

NodePtr make_distinct(Nodes arguments, NodePtr equal, bool negated) {
  arguments.push_back(std::move(equal));
  return folded(std::make_shared<Distinct>(std::move(arguments), negated));
}

void add_logic(FunctionList& list) {
  for (bool is_or : {false, true}) {
    std::string name = is_or ? "OR" : "AND";
    list.push_back({{name, "condition " + name + " condition",
                     is_or ? "TRUE if one of them is." : "TRUE if all of them are.", "logic"},
                    2,
                    kAnyNumber,
                    [=](Nodes arguments, const CallSite& site) -> Result<NodePtr> {
                      DF_ASSIGN_OR_RETURN(Nodes conditions,
                                          conditions_of(std::move(arguments), site));
                      return junction(std::move(conditions), is_or);
                    }});
  }
  list.push_back({{"NOT", "NOT condition", "The contrary; NULL of NULL.", "logic"},
                  1,
                  1,
                  [](Nodes arguments, const CallSite& site) -> Result<NodePtr> {
                    DF_ASSIGN_OR_RETURN(Nodes one, conditions_of(std::move(arguments), site));
                    return make_not(one[0]);
                  }});
  struct Named {
    const char* name;
    Test test;
  };
  for (Named named : {Named{"NULL", Test::kNull}, Named{"UNKNOWN", Test::kNull},
                      Named{"TRUE", Test::kTrue}, Named{"FALSE", Test::kFalse}}) {
    for (bool negated : {false, true}) {
      std::string name = std::string(negated ? "IS NOT " : "IS ") + named.name;
      list.push_back({{name, "value " + name, "A test that is never NULL.", "logic"},
                      1,
                      1,
                      [=](Nodes arguments, const CallSite& site) -> Result<NodePtr> {
                        if (std::string_view(named.name) != "NULL") {
                          DF_ASSIGN_OR_RETURN(arguments, conditions_of(std::move(arguments), site));
                        }
                        return folded(std::make_shared<IsTest>(arguments[0], named.test, negated));
                      }});
    }
  }
}

}  // namespace dataflow::expr
