// ARRAY[…], MAP[…] and ROW(…).
#include "nested_function.h"

namespace dataflow::expr {

namespace {

// One type for the arguments from `first` on, each `step`-th of them.
Result<Type> one_type(const Nodes& arguments, size_t first, size_t step, const CallSite& site) {
  Type type;
  for (size_t i = first; i < arguments.size(); i += step) {
    auto both = common_type(type, arguments[i]->type());
    if (!both) {
      return site.fail("its values have no type in common: " + type.to_string() + " and " +
                       arguments[i]->type().to_string() + "; cast one of them");
    }
    type = *both;
  }
  return type;
}

struct ArrayKernel {
  using Out = ListWriter;
  ArrayKernel(const Nodes&, const std::vector<Input>& inputs, Out& out) {
    for (const Input& input : inputs) out.picks().add_source(input);
    count_ = static_cast<int64_t>(inputs.size());
  }
  void row(Row&, int64_t i, Out& out) const {
    for (int64_t source = 0; source < count_; ++source) out.picks().add_row(source, i);
  }

 private:
  int64_t count_;
};

Result<NodePtr> bind_array(Nodes arguments, const CallSite& site) {
  DF_ASSIGN_OR_RETURN(Type element, one_type(arguments, 0, 1, site));
  DF_ASSIGN_OR_RETURN(arguments, all_coerced(std::move(arguments), element, site));
  return make_nested_function<ArrayKernel>(Type::array(std::move(element)), std::move(arguments),
                                           0);
}

// The last of equal keys counts, at the place of the first.
struct MapKernel {
  using Out = MapWriter;
  MapKernel(const Nodes& arguments, const std::vector<Input>& inputs, Out& out)
      : inputs_(inputs), pairs_(static_cast<int64_t>(inputs.size()) / 2) {
    for (int64_t i = 0; i < pairs_; ++i) {
      out.keys().add_source(key(i));
      out.values().add_source(inputs[static_cast<size_t>(2 * i + 1)]);
    }
    chosen_.resize(static_cast<size_t>(pairs_));
    // Keys are few: each is compared with those before it.
    for (int64_t i = 1; i < pairs_; ++i) {
      for (int64_t j = 0; j < i; ++j) {
        earlier_.push_back(make_elements(arguments[0]->type(), key(i).column, key(j).column));
      }
    }
  }

  void row(Row& row, int64_t at, Out& out) {
    size_t pair = 0;
    for (int64_t i = 0; i < pairs_; ++i) {
      if (key(i).column->IsNull(row_of(i, at))) {
        return row.fail([] { return "a key of MAP[…] is NULL"; });
      }
      chosen_[static_cast<size_t>(i)] = i;
      bool repeated = false;
      for (int64_t j = 0; j < i; ++j, ++pair) {
        if (repeated || !earlier_[pair]->equal(row_of(i, at), row_of(j, at))) continue;
        repeated = true;
        chosen_[static_cast<size_t>(j)] = i;
        chosen_[static_cast<size_t>(i)] = -1;
      }
    }
    for (int64_t i = 0; i < pairs_; ++i) {
      const int64_t value = chosen_[static_cast<size_t>(i)];
      if (value < 0) continue;
      out.keys().add_row(i, at);
      out.values().add_row(value, at);
    }
  }

 private:
  const Input& key(int64_t pair) const { return inputs_[static_cast<size_t>(2 * pair)]; }
  int64_t row_of(int64_t pair, int64_t row) const { return key(pair).constant ? 0 : row; }

  const std::vector<Input>& inputs_;
  int64_t pairs_;
  std::vector<int64_t> chosen_;  // whose value a key has; -1: a repeated key
  std::vector<std::unique_ptr<const Elements>> earlier_;
};

// Comparing each key with all before it stays cheap below this.
constexpr size_t kMostPairs = 256;

Result<NodePtr> bind_map(Nodes arguments, const CallSite& site) {
  if (arguments.size() % 2 != 0) {
    return site.fail("MAP[…] takes keys and values in turn; the last key has no value");
  }
  if (arguments.size() / 2 > kMostPairs) return site.fail("MAP[…] takes at most 256 entries");
  DF_ASSIGN_OR_RETURN(Type key, one_type(arguments, 0, 2, site));
  DF_ASSIGN_OR_RETURN(Type value, one_type(arguments, 1, 2, site));
  for (size_t i = 0; i < arguments.size(); ++i) {
    DF_ASSIGN_OR_RETURN(arguments[i], coerced(arguments[i], i % 2 == 0 ? key : value, site));
  }
  return make_nested_function<MapKernel>(Type::map(std::move(key), std::move(value)),
                                         std::move(arguments), 0);
}

class RowNode final : public Node {
 public:
  RowNode(Type type, Nodes arguments) : Node(std::move(type), false, std::move(arguments)) {}

  Result<ColumnPtr> evaluate(const Batch& batch, const Selection& selection,
                             EvalContext& context) const override {
    std::vector<ColumnPtr> fields;
    for (const NodePtr& argument : arguments()) {
      DF_ASSIGN_OR_RETURN(ColumnPtr field, argument->evaluate(batch, selection, context));
      fields.push_back(std::move(field));
    }
    return make_nested(layout(), batch.rows, {nullptr}, fields);
  }
};

// Fields have the names that Flink gives them.
Result<NodePtr> bind_row(Nodes arguments, const CallSite&) {
  std::vector<Field> fields;
  for (const NodePtr& argument : arguments) {
    fields.push_back({"EXPR$" + std::to_string(fields.size()), argument->type(), true});
  }
  return folded(std::make_shared<RowNode>(Type::row(std::move(fields)), std::move(arguments)));
}

}  // namespace

void add_constructors(FunctionList& list) {
  add_collection_function(list, "ARRAY", "ARRAY[value, …]", "An array of the values.", 0,
                          kAnyNumber, bind_array);
  add_collection_function(list, "MAP", "MAP[key, value, …]",
                          "A map; of equal keys the last one counts.", 0, kAnyNumber, bind_map);
  add_collection_function(list, "ROW", "ROW(value, …), (value, value, …)",
                          "A row whose fields are named EXPR$0, EXPR$1, …", 1, kAnyNumber,
                          bind_row);
}

}  // namespace dataflow::expr
