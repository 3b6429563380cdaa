// Functions of maps.
#include <arrow/array/array_nested.h>
#include <arrow/type.h>

#include "nested_function.h"

namespace dataflow::expr {

namespace {

// The keys or the values as an array: the map's own buffers under another type.
class MapPart final : public Node {
 public:
  MapPart(Type type, NodePtr map, bool keys, bool values)
      : Node(std::move(type), map->nullable(), {map}), keys_(keys), values_(values) {}

  Result<ColumnPtr> evaluate(const Batch& batch, const Selection& selection,
                             EvalContext& context) const override {
    if (batch.rows == 0) return all_null(layout(), 0);  // has no offsets, perhaps
    DF_ASSIGN_OR_RETURN(const ColumnPtr column,
                        arguments()[0]->evaluate(batch, selection, context));
    const auto& map = static_cast<const arrow::MapArray&>(*column);
    DF_ASSIGN_OR_RETURN(BufferPtr valid, validity_of(map));
    ColumnPtr elements = keys_ ? map.keys() : map.items();
    if (keys_ && values_) {
      elements = make_nested(layout()->field(0)->type(), map.keys()->length(), {nullptr},
                             {map.keys(), map.items()});
    }
    BufferPtr offsets = arrow::SliceBuffer(map.value_offsets(), map.offset() * 4);
    return make_nested(layout(), batch.rows, {std::move(valid), std::move(offsets)}, {elements});
  }

 private:
  bool keys_;
  bool values_;
};

Result<NodePtr> bind_part(Nodes arguments, const CallSite& site, bool keys, bool values) {
  const Type map = arguments[0]->type();
  if (map.id() == TypeId::kNull) return make_literal(Value());
  if (map.id() != TypeId::kMap) return site.wrong_types("a map", arguments);
  Type element = map.fields()[keys ? 0 : 1].type;
  if (keys && values) element = Type::row(map.fields());
  return folded(std::make_shared<MapPart>(Type::array(element), arguments[0], keys, values));
}

// The last of equal keys counts, at the place of the first.
struct FromArrays {
  using Out = MapWriter;
  FromArrays(const Nodes& arguments, const std::vector<Input>& inputs, Out& out)
      : keys_(inputs[0]),
        values_(inputs[1]),
        elements_(
            make_elements(arguments[0]->type().element(), keys_.elements(), keys_.elements())),
        set_(*elements_) {
    out.keys().add_source({keys_.elements(), false});
    out.values().add_source({values_.elements(), false});
  }

  void row(Row& row, int64_t i, Out& out) {
    const int64_t size = keys_.size(i);
    if (size != values_.size(i)) {
      return row.fail([&] {
        return "a map of " + std::to_string(size) + " keys and " + std::to_string(values_.size(i)) +
               " values";
      });
    }
    const int64_t begin = keys_.begin(i);
    set_.clear(size);
    value_of_.assign(static_cast<size_t>(size), -1);
    for (int64_t at = 0; at < size; ++at) {
      if (elements_->left_is_null(begin + at)) {
        return row.fail([] { return "a key of a map is NULL"; });
      }
      value_of_[static_cast<size_t>(set_.insert(begin + at) - begin)] = at;
    }
    for (int64_t at = 0; at < size; ++at) {
      const int64_t value = value_of_[static_cast<size_t>(at)];
      if (value < 0) continue;
      out.keys().add(0, begin + at);
      out.values().add(0, values_.begin(i) + value);
    }
  }

 private:
  Lists keys_;
  Lists values_;
  std::unique_ptr<const Elements> elements_;
  ElementSet set_;
  std::vector<int64_t> value_of_;  // of each key that comes first
};

Result<NodePtr> bind_from_arrays(Nodes arguments, const CallSite& site) {
  DF_ASSIGN_OR_RETURN(const Type key, element_type(*arguments[0], site));
  DF_ASSIGN_OR_RETURN(const Type value, element_type(*arguments[1], site));
  DF_ASSIGN_OR_RETURN(arguments[0], coerced(arguments[0], Type::array(key), site));
  DF_ASSIGN_OR_RETURN(arguments[1], coerced(arguments[1], Type::array(value), site));
  return make_nested_function<FromArrays>(Type::map(key, value), std::move(arguments));
}

// The entries of the last map first, then those of the others whose keys are new.
class Union {
 public:
  using Out = MapWriter;
  Union(const Nodes& arguments, const std::vector<Input>& inputs, Out& out) {
    std::vector<ColumnPtr> keys;
    std::vector<ColumnPtr> values;
    int64_t length = 0;
    for (const Input& input : inputs) {
      maps_.emplace_back(input);
      base_.push_back(length);
      length += maps_.back().elements()->length();
      keys.push_back(maps_.back().elements());
      values.push_back(maps_.back().values());
    }
    Result<ColumnPtr> all_keys = joined_columns(keys);
    Result<ColumnPtr> all_values = joined_columns(values);
    status_ = all_keys.ok() ? all_values.status() : all_keys.status();
    if (!status_.ok()) return;
    out.keys().add_source({*all_keys, false});
    out.values().add_source({*all_values, false});
    elements_ = make_elements(arguments[0]->type().fields()[0].type, *all_keys, *all_keys);
    set_.emplace(*elements_);
  }

  const Status& status() const { return status_; }

  void row(Row&, int64_t i, Out& out) {
    int64_t count = 0;
    for (const Lists& map : maps_) count += map.size(i);
    set_->clear(count);
    for (size_t map = maps_.size(); map-- > 0;) {
      for (int64_t at = maps_[map].begin(i); at < maps_[map].end(i); ++at) {
        const int64_t entry = base_[map] + at;
        if (set_->insert(entry) != entry) continue;
        out.keys().add(0, entry);
        out.values().add(0, entry);
      }
    }
  }

 private:
  Status status_;
  std::vector<Lists> maps_;
  std::vector<int64_t> base_;
  std::unique_ptr<const Elements> elements_;
  std::optional<ElementSet> set_;
};

Result<NodePtr> bind_union(Nodes arguments, const CallSite& site) {
  Type type;
  for (const NodePtr& argument : arguments) {
    const auto both = common_type(type, argument->type());
    const bool map = both && (both->id() == TypeId::kMap || both->id() == TypeId::kNull);
    if (!map) return site.wrong_types("maps of one type", arguments);
    type = *both;
  }
  if (type.id() == TypeId::kNull) return make_literal(Value());
  DF_ASSIGN_OR_RETURN(arguments, all_coerced(std::move(arguments), type, site));
  return make_nested_function<Union>(type, std::move(arguments));
}

}  // namespace

void add_map_functions(FunctionList& list) {
  add_collection_function(list, "MAP_KEYS", "MAP_KEYS(map)", "Its keys as an array.", 1, 1,
                          [](Nodes arguments, const CallSite& site) {
                            return bind_part(std::move(arguments), site, true, false);
                          });
  add_collection_function(list, "MAP_VALUES", "MAP_VALUES(map)", "Its values as an array.", 1, 1,
                          [](Nodes arguments, const CallSite& site) {
                            return bind_part(std::move(arguments), site, false, true);
                          });
  add_collection_function(list, "MAP_ENTRIES", "MAP_ENTRIES(map)",
                          "Its entries as an array of rows of key and value.", 1, 1,
                          [](Nodes arguments, const CallSite& site) {
                            return bind_part(std::move(arguments), site, true, true);
                          });
  add_collection_function(list, "MAP_FROM_ARRAYS", "MAP_FROM_ARRAYS(keys, values)",
                          "A map of two arrays of one length; of equal keys the last one counts.",
                          2, 2, bind_from_arrays);
  add_collection_function(list, "MAP_UNION", "MAP_UNION(map, …)",
                          "The entries of all; of equal keys the last map's one counts.", 1,
                          kAnyNumber, bind_union);
}

}  // namespace dataflow::expr
