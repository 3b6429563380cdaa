// RowFunction: a function of single rows as a node. NULL where an argument is NULL; computed only
// for the rows that are wanted.
#pragma once

#include <tuple>
#include <utility>

#include "columns.h"

namespace dataflow::expr {

// The largest text that a function makes of one row.
inline constexpr size_t kMostTextBytes = 16 << 20;

// What a function says of its row besides its value.
class Row {
 public:
  Row(EvalContext& context, bool faults_are_null)
      : context_(context), faults_are_null_(faults_are_null) {}

  void set_null() { null_ = true; }
  // The row fails; its value does not matter. `reason` is only made where it is needed.
  template <class Reason>
  void fail(Reason&& reason) {
    null_ = true;
    if (!faults_are_null_) context_.faults.push_back({row_, "", std::string(reason())});
  }
  const EvalContext& context() const { return context_; }
  // Whether the row's text at the end of `out` may grow by so many bytes; the row fails if not. To
  // be asked before each step of a loop; what is made of its inputs once is measured afterwards.
  bool has_room(const std::string& out, size_t more) {
    if (more <= kMostTextBytes && out.size() - text_begin_ <= kMostTextBytes - more) return true;
    fail([] { return "a text of over 16 MiB"; });
    return false;
  }

  // The row's text, if it has one, begins there.
  void begin(int64_t row, size_t text_begin = 0) {
    row_ = row;
    text_begin_ = text_begin;
    null_ = false;
  }
  bool is_null() const { return null_; }

 private:
  EvalContext& context_;
  bool faults_are_null_;
  int64_t row_ = 0;
  size_t text_begin_ = 0;
  bool null_ = false;
};

// How a result's value is given: numbers are returned, texts appended to a string.
//   number: R f(Row&, A...)           text: void f(Row&, std::string& out, A...)
struct Text {};

struct RowFunctionTraits {
  bool deterministic = true;
  bool faults_are_null = false;  // TRY_CAST
};

template <class R, class F, class... A>
class RowFunction final : public Node {
 public:
  RowFunction(Type type, bool nullable, Nodes arguments, F f, RowFunctionTraits traits)
      : Node(std::move(type), nullable, std::move(arguments)), f_(std::move(f)), traits_(traits) {}

  bool is_deterministic() const override { return traits_.deterministic; }

  Result<ColumnPtr> evaluate(const Batch& batch, const Selection& selection,
                             EvalContext& context) const override {
    std::vector<Input> inputs;
    for (const NodePtr& argument : arguments()) {
      DF_ASSIGN_OR_RETURN(Input input, input_of(*argument, batch, selection, context));
      inputs.push_back(std::move(input));
    }
    DF_ASSIGN_OR_RETURN(Nulls nulls, Nulls::of(inputs, batch.rows));
    return run(batch.rows, selection, context, inputs, nulls, std::index_sequence_for<A...>());
  }

 private:
  template <size_t... I>
  Result<ColumnPtr> run(int64_t rows, const Selection& selection, EvalContext& context,
                        const std::vector<Input>& inputs, Nulls& nulls,
                        std::index_sequence<I...>) const {
    std::tuple<Values<A>...> values{Values<A>(inputs[I])...};
    std::conditional_t<std::is_same_v<R, Text>, TextWriter, Writer<R>> out;
    DF_RETURN_IF_ERROR(out.open(rows));
    Row row(context, traits_.faults_are_null);
    Status failed;
    for_each_row(selection, rows, [&](int64_t i) {
      if (nulls.is_null(i) || !failed.ok()) return;
      if constexpr (std::is_same_v<R, Text>) {
        out.begin_row(i);
        row.begin(i, out.bytes().size());
        f_(row, out.bytes(), std::get<I>(values)[i]...);
        if (row.is_null() || !row.has_room(out.bytes(), 0)) out.drop_row(i);
        if (out.too_large()) failed = Status::too_large("the texts of one batch take over 2 GiB");
      } else {
        row.begin(i);
        out.set(i, f_(row, std::get<I>(values)[i]...));
      }
      if (row.is_null()) failed = failed.ok() ? nulls.set_null(i) : failed;
    });
    DF_RETURN_IF_ERROR(failed);
    return out.finish(layout(), rows, nulls);
  }

  F f_;
  RowFunctionTraits traits_;
};

inline bool any_nullable(const Nodes& nodes) {
  for (const NodePtr& node : nodes) {
    if (node->nullable()) return true;
  }
  return false;
}

// `may_be_null`: also where no argument is. Folds what is constant.
template <class R, class... A, class F>
NodePtr make_row_function(Type type, Nodes arguments, F f, bool may_be_null = false,
                          RowFunctionTraits traits = {}) {
  for (const NodePtr& argument : arguments) {
    if (argument->literal() != nullptr && argument->literal()->is_null()) {
      return make_literal(Value::null(type));
    }
  }
  bool nullable = may_be_null || any_nullable(arguments);
  return folded(std::make_shared<RowFunction<R, F, A...>>(
      std::move(type), nullable, std::move(arguments), std::move(f), traits));
}

}  // namespace dataflow::expr
