// a[1], m['key'], r.field, ELEMENT and CARDINALITY.
#include <arrow/array/array_nested.h>

#include "base/edit_distance.h"
#include "nested_function.h"

namespace dataflow::expr {

namespace {

struct ArrayItem {
  using Out = PickWriter;
  ArrayItem(const Nodes&, const std::vector<Input>& inputs, Out& out)
      : lists_(inputs[0]), index_(inputs[1]) {
    out.picks().add_source({lists_.elements(), false});
  }
  void row(Row&, int64_t i, Out& out) const {
    const int64_t index = index_[i];
    if (index >= 1 && index <= lists_.size(i)) out.set(i, 0, lists_.begin(i) + index - 1);
  }

 private:
  Lists lists_;
  Values<int64_t> index_;
};

struct MapItem {
  using Out = PickWriter;
  MapItem(const Nodes& arguments, const std::vector<Input>& inputs, Out& out)
      : maps_(inputs[0]),
        one_key_(inputs[1].constant),
        keys_(make_elements(arguments[1]->type(), maps_.elements(), inputs[1].column)) {
    out.picks().add_source({maps_.values(), false});
  }
  void row(Row&, int64_t i, Out& out) const {
    for (int64_t at = maps_.begin(i); at < maps_.end(i); ++at) {
      if (keys_->equal(at, one_key_ ? 0 : i)) return out.set(i, 0, at);
    }
  }

 private:
  Lists maps_;
  bool one_key_;
  std::unique_ptr<const Elements> keys_;
};

class FieldNode final : public Node {
 public:
  FieldNode(NodePtr row, size_t field)
      : Node(row->type().fields()[field].type,
             row->nullable() || row->type().fields()[field].nullable, {row}),
        field_(static_cast<int>(field)) {}

  Result<ColumnPtr> evaluate(const Batch& batch, const Selection& selection,
                             EvalContext& context) const override {
    DF_ASSIGN_OR_RETURN(ColumnPtr row, arguments()[0]->evaluate(batch, selection, context));
    // NULL where the row is.
    auto field = static_cast<const arrow::StructArray&>(*row).GetFlattenedField(field_);
    if (!field.ok()) return Status::internal("a row's field: " + field.status().ToString());
    return std::move(field).ValueUnsafe();
  }

 private:
  int field_;
};

Result<NodePtr> bind_field(NodePtr row, const std::string& name, const CallSite& site) {
  const Type type = row->type();
  if (type.id() != TypeId::kRow) {
    return site.fail("only rows have fields; this is " + type.to_string());
  }
  const Schema fields(type.fields());
  if (const auto index = fields.find(name)) return folded(std::make_shared<FieldNode>(row, *index));
  std::vector<std::string> names;
  for (const Field& field : type.fields()) names.push_back(field.name);
  return site.fail("unknown field \"" + name + "\" of " + type.to_string() +
                   suggestion(name, names));
}

Result<NodePtr> array_item(Nodes arguments, const CallSite& site) {
  if (!arguments[1]->type().is_integer() && arguments[1]->type().id() != TypeId::kNull) {
    return site.fail("an array's elements are counted by integers, not by " +
                     arguments[1]->type().to_string());
  }
  const Value* index = arguments[1]->literal();
  if (index != nullptr && !index->is_null() && index->as_int() < 1) {
    return site.fail("an array's elements are counted from 1, not from " + index->to_string());
  }
  DF_ASSIGN_OR_RETURN(arguments[1], coerced(arguments[1], Type::int64(), site));
  const Type element = arguments[0]->type().element();
  return make_nested_function<ArrayItem>(element, std::move(arguments), kAllStrict, true);
}

Result<NodePtr> map_item(Nodes arguments, const CallSite& site) {
  const Type type = arguments[0]->type();
  const auto key = comparison_type(type.fields()[0].type, arguments[1]->type());
  if (!key) {
    return site.fail("the map's keys are " + type.fields()[0].type.to_string() + ", not " +
                     arguments[1]->type().to_string());
  }
  DF_ASSIGN_OR_RETURN(arguments[1], coerced(arguments[1], *key, site));
  DF_ASSIGN_OR_RETURN(arguments[0],
                      coerced(arguments[0], Type::map(*key, type.fields()[1].type), site));
  return make_nested_function<MapItem>(type.fields()[1].type, std::move(arguments), kAllStrict,
                                       true);
}

// Of a row: its field by number, from 1, or by name.
Result<NodePtr> row_item(const Nodes& arguments, const CallSite& site) {
  const Value* which = arguments[1]->literal();
  if (which != nullptr && !which->is_null() && which->type().id() == TypeId::kString) {
    return bind_field(arguments[0], which->as_text(), site);
  }
  if (which == nullptr || which->is_null() || !which->type().is_integer()) {
    return site.fail("a row's field is named by a constant number or text");
  }
  const std::vector<Field>& fields = arguments[0]->type().fields();
  if (which->as_int() < 1 || which->as_int() > static_cast<int64_t>(fields.size())) {
    return site.fail("the row has fields 1 to " + std::to_string(fields.size()) + ", not " +
                     which->to_string());
  }
  return folded(
      std::make_shared<FieldNode>(arguments[0], static_cast<size_t>(which->as_int() - 1)));
}

Result<NodePtr> bind_item(Nodes arguments, const CallSite& site) {
  switch (arguments[0]->type().id()) {
    case TypeId::kArray: return array_item(std::move(arguments), site);
    case TypeId::kMap: return map_item(std::move(arguments), site);
    case TypeId::kRow: return row_item(arguments, site);
    case TypeId::kNull: return make_literal(Value());
    default: return site.wrong_types("an array and a number, or a map and a key", arguments);
  }
}

struct Cardinality {
  using Out = Writer<int32_t>;
  Cardinality(const Nodes&, const std::vector<Input>& inputs, Out&) : lists_(inputs[0]) {}
  void row(Row&, int64_t i, Out& out) const { out.set(i, static_cast<int32_t>(lists_.size(i))); }

 private:
  Lists lists_;
};

struct Element {
  using Out = PickWriter;
  Element(const Nodes&, const std::vector<Input>& inputs, Out& out) : lists_(inputs[0]) {
    out.picks().add_source({lists_.elements(), false});
  }
  void row(Row& row, int64_t i, Out& out) const {
    if (lists_.size(i) == 1) out.set(i, 0, lists_.begin(i));
    if (lists_.size(i) > 1) {
      row.fail(
          // What a subquery that stands for a value is read by.
          [&] {
            return "ELEMENT of an array of " + std::to_string(lists_.size(i)) +
                   " elements; one may be in it, and one row in a subquery that stands for a value";
          });
    }
  }

 private:
  Lists lists_;
};

}  // namespace

void add_access_functions(FunctionList& list) {
  add_collection_function(list, "ITEM", "array[number], map[key], row[number]",
                          "The element, counted from 1, or the key's value; NULL if there is none.",
                          2, 2, bind_item);
  add_collection_function(
      list, "FIELD", "row.field", "The row's field of that name.", 2, 2,
      [](Nodes arguments, const CallSite& site) -> Result<NodePtr> {
        const Value* name = arguments[1]->literal();
        if (name == nullptr || name->is_null() || name->type().id() != TypeId::kString) {
          return site.fail("a field is named by a constant text");
        }
        return bind_field(arguments[0], name->as_text(), site);
      });
  add_collection_function(list, "CARDINALITY", "CARDINALITY(array), CARDINALITY(map)",
                          "How many elements or entries it has.", 1, 1,
                          [](Nodes arguments, const CallSite& site) -> Result<NodePtr> {
                            const TypeId id = arguments[0]->type().id();
                            if (id == TypeId::kNull)
                              return make_literal(Value::null(Type::int32()));
                            if (id != TypeId::kArray && id != TypeId::kMap) {
                              return site.wrong_types("an array or a map", arguments);
                            }
                            return make_nested_function<Cardinality>(Type::int32(),
                                                                     std::move(arguments));
                          });
  add_collection_function(list, "ELEMENT", "ELEMENT(array)",
                          "The only element; NULL of an empty array, and a fault of a longer one.",
                          1, 1, [](Nodes arguments, const CallSite& site) -> Result<NodePtr> {
                            DF_ASSIGN_OR_RETURN(Type type, element_type(*arguments[0], site));
                            return make_nested_function<Element>(type, std::move(arguments),
                                                                 kAllStrict, true);
                          });
}

}  // namespace dataflow::expr
