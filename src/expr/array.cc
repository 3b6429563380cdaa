// Functions that give arrays out of arrays, element by element.
#include <algorithm>

#include "nested_function.h"

namespace dataflow::expr {

namespace {

// Functions of one array, whose elements become the result's.
struct OfOneArray {
  using Out = ListWriter;
  OfOneArray(const Nodes&, const std::vector<Input>& inputs, Out& out) : lists_(inputs[0]) {
    out.picks().add_source({lists_.elements(), false});
  }

 protected:
  Lists lists_;
};

struct Reverse : OfOneArray {
  using OfOneArray::OfOneArray;
  void row(Row&, int64_t i, Out& out) const {
    for (int64_t at = lists_.end(i); at-- > lists_.begin(i);) out.picks().add(0, at);
  }
};

// From and to are counted from 1, from the end where they are negative; 0 is the first.
struct Slice : OfOneArray {
  Slice(const Nodes& arguments, const std::vector<Input>& inputs, Out& out)
      : OfOneArray(arguments, inputs, out), from_(inputs[1]) {
    if (inputs.size() > 2) to_.emplace(inputs[2]);
  }
  void row(Row&, int64_t i, Out& out) const {
    const int64_t size = lists_.size(i);
    if (size == 0) return;
    int64_t from = clamped(from_[i], size);
    int64_t to = to_ ? clamped((*to_)[i], size) : size;
    from = std::max<int64_t>(from < 0 ? from + size + 1 : from, 1);
    to = to < 0 ? to + size + 1 : to;
    to = to == 0 ? 1 : std::min(to, size);
    for (int64_t at = from; at <= to; ++at) out.picks().add(0, lists_.begin(i) + at - 1);
  }

 private:
  // No further outside than there is something to say about it.
  static int64_t clamped(int64_t index, int64_t size) {
    return std::clamp(index, -size - 2, size + 1);
  }

  Values<int64_t> from_;
  std::optional<Values<int64_t>> to_;
};

struct Sort : OfOneArray {
  Sort(const Nodes& arguments, const std::vector<Input>& inputs, Out& out)
      : OfOneArray(arguments, inputs, out),
        elements_(
            make_elements(arguments[0]->type().element(), lists_.elements(), lists_.elements())) {
    if (inputs.size() > 1) rising_.emplace(inputs[1]);
    if (inputs.size() > 2) nulls_first_.emplace(inputs[2]);
  }
  void row(Row&, int64_t i, Out& out) {
    const bool rising = rising_ ? (*rising_)[i] : true;
    const bool nulls_first = nulls_first_ ? (*nulls_first_)[i] : rising;
    order_.clear();
    int64_t nulls = 0;
    for (int64_t at = lists_.begin(i); at < lists_.end(i); ++at) {
      if (elements_->left_is_null(at)) {
        ++nulls;
      } else {
        order_.push_back(at);
      }
    }
    std::stable_sort(order_.begin(), order_.end(), [&](int64_t a, int64_t b) {
      return rising ? elements_->order(a, b) < 0 : elements_->order(b, a) < 0;
    });
    if (nulls_first) add_nulls(nulls, out);
    for (const int64_t at : order_) out.picks().add(0, at);
    if (!nulls_first) add_nulls(nulls, out);
  }

 private:
  static void add_nulls(int64_t count, Out& out) {
    for (; count > 0; --count) out.picks().add_null();
  }

  std::unique_ptr<const Elements> elements_;
  std::optional<Values<bool>> rising_;
  std::optional<Values<bool>> nulls_first_;
  std::vector<int64_t> order_;
};

// An array and a value at one of its ends.
template <bool kInFront>
struct AddOne : OfOneArray {
  AddOne(const Nodes& arguments, const std::vector<Input>& inputs, Out& out)
      : OfOneArray(arguments, inputs, out) {
    out.picks().add_source(inputs[1]);
  }
  void row(Row&, int64_t i, Out& out) const {
    if (kInFront) out.picks().add_row(1, i);
    for (int64_t at = lists_.begin(i); at < lists_.end(i); ++at) out.picks().add(0, at);
    if (!kInFront) out.picks().add_row(1, i);
  }
};

struct Concat {
  using Out = ListWriter;
  Concat(const Nodes&, const std::vector<Input>& inputs, Out& out) {
    for (const Input& input : inputs) {
      lists_.emplace_back(input);
      out.picks().add_source({lists_.back().elements(), false});
    }
  }
  void row(Row&, int64_t i, Out& out) const {
    int64_t source = 0;
    for (const Lists& list : lists_) {
      for (int64_t at = list.begin(i); at < list.end(i); ++at) out.picks().add(source, at);
      ++source;
    }
  }

 private:
  std::vector<Lists> lists_;
};

Result<NodePtr> bind_concat(Nodes arguments, const CallSite& site) {
  Nodes none;
  DF_RETURN_IF_ERROR(bring_to_one_element(arguments, none, site));
  const Type type = arguments[0]->type();
  return make_nested_function<Concat>(type, std::move(arguments));
}

template <bool kInFront>
Result<NodePtr> bind_add_one(Nodes arguments, const CallSite& site) {
  Nodes arrays = {arguments[0]};
  Nodes values = {arguments[1]};
  DF_RETURN_IF_ERROR(bring_to_one_element(arrays, values, site));
  return make_nested_function<AddOne<kInFront>>(arrays[0]->type(), {arrays[0], values[0]}, 1);
}

Result<NodePtr> bind_slice(Nodes arguments, const CallSite& site) {
  DF_ASSIGN_OR_RETURN(const Type element, element_type(*arguments[0], site));
  const Type type = element.id() == TypeId::kNull ? Type::array(element) : arguments[0]->type();
  DF_ASSIGN_OR_RETURN(arguments[0], coerced(arguments[0], type, site));
  for (size_t i = 1; i < arguments.size(); ++i) {
    if (!arguments[i]->type().is_integer() && arguments[i]->type().id() != TypeId::kNull) {
      return site.wrong_types("an array and one or two integers", arguments);
    }
    DF_ASSIGN_OR_RETURN(arguments[i], coerced(arguments[i], Type::int64(), site));
  }
  return make_nested_function<Slice>(type, std::move(arguments));
}

Result<NodePtr> bind_sort(Nodes arguments, const CallSite& site) {
  DF_ASSIGN_OR_RETURN(const Type element, element_type(*arguments[0], site));
  if (element.is_nested()) {
    return site.fail("elements of " + element.to_string() + " have no order");
  }
  for (size_t i = 1; i < arguments.size(); ++i) {
    const TypeId id = arguments[i]->type().id();
    if (id != TypeId::kBoolean && id != TypeId::kNull) {
      return site.wrong_types("an array and one or two BOOLEAN", arguments);
    }
    DF_ASSIGN_OR_RETURN(arguments[i], coerced(arguments[i], Type::boolean(), site));
  }
  if (arguments[0]->type().id() == TypeId::kNull) return make_literal(Value());
  const Type type = arguments[0]->type();
  return make_nested_function<Sort>(type, std::move(arguments));
}

Result<NodePtr> bind_reverse(Nodes arguments, const CallSite& site) {
  DF_RETURN_IF_ERROR(element_type(*arguments[0], site).status());
  if (arguments[0]->type().id() == TypeId::kNull) return make_literal(Value());
  const Type type = arguments[0]->type();
  return make_nested_function<Reverse>(type, std::move(arguments));
}

}  // namespace

void add_array_functions(FunctionList& list) {
  add_collection_function(list, "ARRAY_CONCAT", "ARRAY_CONCAT(array, …)",
                          "The elements of all; NULL if one is.", 1, kAnyNumber, bind_concat);
  add_collection_function(list, "ARRAY_APPEND", "ARRAY_APPEND(array, value)",
                          "With the value behind its elements.", 2, 2, bind_add_one<false>);
  add_collection_function(list, "ARRAY_PREPEND", "ARRAY_PREPEND(array, value)",
                          "With the value before its elements.", 2, 2, bind_add_one<true>);
  add_collection_function(list, "ARRAY_REVERSE", "ARRAY_REVERSE(array)",
                          "Its elements from the last to the first.", 1, 1, bind_reverse);
  add_collection_function(list, "ARRAY_SLICE", "ARRAY_SLICE(array, from [, to])",
                          "The elements from one position to another, both included; positions "
                          "count from 1, negative ones from the end.",
                          2, 3, bind_slice);
  add_collection_function(list, "ARRAY_SORT", "ARRAY_SORT(array [, rising [, nulls_first]])",
                          "In order, rising if not said otherwise; NULLs first if rising.", 1, 3,
                          bind_sort);
}

}  // namespace dataflow::expr
