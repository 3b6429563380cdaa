// A function whose arguments or result are arrays, maps or rows, as a node. What it does of a row
// is its kernel's:
//   struct Kernel {
//     using Out = ListWriter;           // or MapWriter, PickWriter, Writer<T>, TextWriter
//     // Once a batch: what its rows share.
//     Kernel(const Nodes& arguments, const std::vector<Input>& inputs, Out& out);
//     void row(Row& row, int64_t i, Out& out);
//     const Status& status() const;     // where the constructor can fail
//   };
#pragma once

#include "coercion.h"
#include "elements.h"
#include "gather.h"
#include "row_function.h"

namespace dataflow::expr {

template <class Kernel>
class NestedFunction final : public Node {
 public:
  // The result is NULL where one of the first `strict` arguments is; the kernel sees no such row.
  NestedFunction(Type type, bool nullable, Nodes arguments, size_t strict)
      : Node(std::move(type), nullable, std::move(arguments)), strict_(strict) {}

  Result<ColumnPtr> evaluate(const Batch& batch, const Selection& selection,
                             EvalContext& context) const override {
    std::vector<Input> inputs;
    for (const NodePtr& argument : arguments()) {
      DF_ASSIGN_OR_RETURN(Input input, input_of(*argument, batch, selection, context));
      inputs.push_back(std::move(input));
    }
    const auto behind = inputs.begin() + static_cast<ptrdiff_t>(std::min(strict_, inputs.size()));
    DF_ASSIGN_OR_RETURN(Nulls nulls, Nulls::of({inputs.begin(), behind}, batch.rows));
    typename Kernel::Out out;
    DF_RETURN_IF_ERROR(out.open(batch.rows));
    Kernel kernel(arguments(), inputs, out);
    if constexpr (requires { kernel.status(); }) DF_RETURN_IF_ERROR(kernel.status());
    Row row(context, false);
    Status failed;
    for_each_row(selection, batch.rows, [&](int64_t i) {
      if (nulls.is_null(i) || !failed.ok()) return;
      if constexpr (requires { out.begin_row(i); }) out.begin_row(i);
      if constexpr (requires { out.bytes(); }) {
        row.begin(i, out.bytes().size());
        kernel.row(row, i, out);
        if (row.is_null() || !row.has_room(out.bytes(), 0)) out.drop_row(i);
      } else {
        row.begin(i);
        kernel.row(row, i, out);
      }
      if (row.is_null()) failed = nulls.set_null(i);
      if constexpr (requires { out.too_large(); }) {
        if (out.too_large()) failed = Status::too_large("the values of one batch take over 2 GiB");
      }
    });
    DF_RETURN_IF_ERROR(failed);
    return out.finish(layout(), batch.rows, nulls);
  }

 private:
  size_t strict_;
};

inline constexpr size_t kAllStrict = static_cast<size_t>(-1);

template <class Kernel>
NodePtr make_nested_function(Type type, Nodes arguments, size_t strict = kAllStrict,
                             bool may_be_null = false) {
  bool nullable = may_be_null;
  for (size_t i = 0; i < std::min(strict, arguments.size()); ++i) {
    nullable = nullable || arguments[i]->nullable();
    const Value* value = arguments[i]->literal();
    if (value != nullptr && value->is_null()) return make_literal(Value::null(std::move(type)));
  }
  return folded(std::make_shared<NestedFunction<Kernel>>(std::move(type), nullable,
                                                         std::move(arguments), strict));
}

// The type of the values behind an array's, map's or row's argument; fails for others. A bare NULL
// stands for an array of them.
Result<Type> element_type(const Node& argument, const CallSite& site);

// Of several arrays, and single values that stand beside them: all brought to one type of elements.
Status bring_to_one_element(Nodes& arrays, Nodes& values, const CallSite& site);

// One line of a family's list.
void add_collection_function(FunctionList& list, const char* name, const char* signature,
                             const char* help, size_t least, size_t most, Binder bind);

// The families' parts.
void add_array_functions(FunctionList& list);         // array.cc
void add_array_set_functions(FunctionList& list);     // array_set.cc
void add_array_search_functions(FunctionList& list);  // array_search.cc
void add_map_functions(FunctionList& list);           // map.cc
void add_access_functions(FunctionList& list);        // access.cc
void add_constructors(FunctionList& list);            // constructors.cc
void add_series(FunctionList& list);                  // series.cc

}  // namespace dataflow::expr
