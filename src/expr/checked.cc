#include "checked.h"

#include "row_function.h"

namespace dataflow::expr {

namespace {

enum class Failing : uint8_t { kRow, kJob };

class Checked final : public Node {
 public:
  Checked(Nodes arguments, std::string words, Failing failing)
      : Node(arguments[0]->type(), arguments[0]->nullable(), arguments),
        words_(std::move(words)),
        failing_(failing) {}

  Result<ColumnPtr> evaluate(const Batch& batch, const Selection& selection,
                             EvalContext& context) const override {
    DF_ASSIGN_OR_RETURN(Input holds, input_of(*arguments()[1], batch, selection, context));
    const bool fine = holds.constant && (holds.column->IsNull(0) || Values<bool>(holds)[0]);
    if (!fine) {
      DF_ASSIGN_OR_RETURN(const Nulls nulls, Nulls::of({holds}, batch.rows));
      const Values<bool> values(holds);
      bool all = true;
      for_each_row(selection, batch.rows, [&](int64_t row) {
        if (nulls.is_null(row) || values[row]) return;
        all = false;
        if (failing_ == Failing::kRow) context.faults.push_back({row, "", words_});
      });
      if (!all && failing_ == Failing::kJob) return Status::invalid(words_);
    }
    return arguments()[0]->evaluate(batch, selection, context);
  }

 private:
  const std::string words_;
  const Failing failing_;
};

Result<NodePtr> checked(Nodes arguments, const CallSite& site, Failing failing) {
  const Value* const words = arguments[2]->literal();
  if (words == nullptr || words->type().id() != TypeId::kString || words->is_null()) {
    return site.fail("its words are a literal");
  }
  if (arguments[1]->type().id() != TypeId::kBoolean) {
    return site.fail("its condition is BOOLEAN");
  }
  std::string text(words->as_text());
  arguments.pop_back();
  return NodePtr(std::make_shared<Checked>(std::move(arguments), std::move(text), failing));
}

}  // namespace

void add_checked(FunctionList& list) {
  for (const Failing failing : {Failing::kRow, Failing::kJob}) {
    list.push_back({{failing == Failing::kRow ? "$CHECKED" : "$REQUIRED", "", "", ""},
                    3,
                    3,
                    [failing](Nodes arguments, const CallSite& site) {
                      return checked(std::move(arguments), site, failing);
                    }});
  }
}

}  // namespace dataflow::expr
