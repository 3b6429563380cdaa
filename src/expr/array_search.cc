// Functions that look for values in arrays.
#include "nested_function.h"

namespace dataflow::expr {

namespace {

// An array, and a value that is compared with its elements.
class Search {
 public:
  Search(const Nodes& arguments, const std::vector<Input>& inputs)
      : lists_(inputs[0]),
        one_value_(inputs[1].constant),
        elements_(make_elements(arguments[1]->type(), lists_.elements(), inputs[1].column)) {}

 protected:
  bool is_wanted(int64_t at, int64_t row) const {
    return elements_->equal(at, one_value_ ? 0 : row);
  }
  // Where it comes first; the end if nowhere.
  int64_t first(int64_t row) const {
    int64_t at = lists_.begin(row);
    while (at < lists_.end(row) && !is_wanted(at, row)) ++at;
    return at;
  }

  Lists lists_;
  bool one_value_;
  std::unique_ptr<const Elements> elements_;
};

struct Contains : public Search {
  using Out = Writer<bool>;
  Contains(const Nodes& arguments, const std::vector<Input>& inputs, Out&)
      : Search(arguments, inputs) {}
  void row(Row&, int64_t i, Out& out) const { out.set(i, first(i) < lists_.end(i)); }
};

struct Position : public Search {
  using Out = Writer<int32_t>;
  Position(const Nodes& arguments, const std::vector<Input>& inputs, Out&)
      : Search(arguments, inputs) {}
  void row(Row&, int64_t i, Out& out) const {
    const int64_t at = first(i);
    out.set(i, at == lists_.end(i) ? 0 : static_cast<int32_t>(at - lists_.begin(i) + 1));
  }
};

struct Remove : public Search {
  using Out = ListWriter;
  Remove(const Nodes& arguments, const std::vector<Input>& inputs, Out& out)
      : Search(arguments, inputs) {
    out.picks().add_source({lists_.elements(), false});
  }
  void row(Row&, int64_t i, Out& out) const {
    for (int64_t at = lists_.begin(i); at < lists_.end(i); ++at) {
      if (!is_wanted(at, i)) out.picks().add(0, at);
    }
  }
};

// NULLs do not count.
template <bool kLargest>
struct Extreme {
  using Out = PickWriter;
  Extreme(const Nodes& arguments, const std::vector<Input>& inputs, Out& out)
      : lists_(inputs[0]),
        elements_(
            make_elements(arguments[0]->type().element(), lists_.elements(), lists_.elements())) {
    out.picks().add_source({lists_.elements(), false});
  }
  void row(Row&, int64_t i, Out& out) const {
    int64_t best = -1;
    for (int64_t at = lists_.begin(i); at < lists_.end(i); ++at) {
      if (elements_->left_is_null(at)) continue;
      const bool better =
          best < 0 || (kLargest ? elements_->order(best, at) < 0 : elements_->order(at, best) < 0);
      if (better) best = at;
    }
    if (best >= 0) out.set(i, 0, best);
  }

 private:
  Lists lists_;
  std::unique_ptr<const Elements> elements_;
};

// NULLs are left out, or shown as the third argument.
struct Join {
  using Out = TextWriter;
  Join(const Nodes&, const std::vector<Input>& inputs, Out&)
      : lists_(inputs[0]), texts_(Input{lists_.elements(), false}), delimiter_(inputs[1]) {
    if (inputs.size() > 2) null_.emplace(inputs[2]);
  }
  void row(Row& row, int64_t i, Out& out) const {
    bool first = true;
    for (int64_t at = lists_.begin(i); at < lists_.end(i); ++at) {
      const bool null = lists_.elements()->IsNull(at);
      if (null && !null_) continue;
      const std::string_view delimiter = first ? std::string_view() : delimiter_[i];
      const std::string_view text = null ? (*null_)[i] : texts_[at];
      if (!row.has_room(out.bytes(), delimiter.size() + text.size())) return;
      out.bytes().append(delimiter).append(text);
      first = false;
    }
  }

 private:
  Lists lists_;
  Values<std::string_view> texts_;
  Values<std::string_view> delimiter_;
  std::optional<Values<std::string_view>> null_;
};

template <class Kernel>
Result<NodePtr> bind_search(Nodes arguments, const CallSite& site,
                            const std::optional<Type>& result, size_t strict) {
  Nodes arrays = {arguments[0]};
  Nodes values = {arguments[1]};
  DF_RETURN_IF_ERROR(bring_to_one_element(arrays, values, site));
  return make_nested_function<Kernel>(result.value_or(arrays[0]->type()), {arrays[0], values[0]},
                                      strict);
}

template <bool kLargest>
Result<NodePtr> bind_extreme(Nodes arguments, const CallSite& site) {
  DF_ASSIGN_OR_RETURN(const Type element, element_type(*arguments[0], site));
  if (element.is_nested()) {
    return site.fail("elements of " + element.to_string() + " have no order");
  }
  return make_nested_function<Extreme<kLargest>>(element, std::move(arguments), kAllStrict, true);
}

Result<NodePtr> bind_join(Nodes arguments, const CallSite& site) {
  DF_ASSIGN_OR_RETURN(const Type element, element_type(*arguments[0], site));
  for (size_t i = 0; i < arguments.size(); ++i) {
    const TypeId id = i == 0 ? element.id() : arguments[i]->type().id();
    if (id != TypeId::kString && id != TypeId::kNull) {
      return site.wrong_types("an array of STRING and one or two STRING", arguments);
    }
    const Type to = i == 0 ? Type::array(Type::string()) : Type::string();
    DF_ASSIGN_OR_RETURN(arguments[i], coerced(arguments[i], to, site));
  }
  return make_nested_function<Join>(Type::string(), std::move(arguments));
}

}  // namespace

void add_array_search_functions(FunctionList& list) {
  add_collection_function(list, "ARRAY_CONTAINS", "ARRAY_CONTAINS(array, value)",
                          "Whether the value, which may be NULL, is one of the elements.", 2, 2,
                          [](Nodes arguments, const CallSite& site) {
                            return bind_search<Contains>(std::move(arguments), site,
                                                         Type::boolean(), 1);
                          });
  add_collection_function(list, "ARRAY_POSITION", "ARRAY_POSITION(array, value)",
                          "Where the value comes first, from 1; 0: nowhere.", 2, 2,
                          [](Nodes arguments, const CallSite& site) {
                            return bind_search<Position>(std::move(arguments), site, Type::int32(),
                                                         kAllStrict);
                          });
  add_collection_function(list, "ARRAY_REMOVE", "ARRAY_REMOVE(array, value)",
                          "Without the elements that are equal to the value, which may be NULL.", 2,
                          2, [](Nodes arguments, const CallSite& site) {
                            return bind_search<Remove>(std::move(arguments), site, std::nullopt, 1);
                          });
  add_collection_function(list, "ARRAY_MAX", "ARRAY_MAX(array)",
                          "The largest element; NULLs do not count.", 1, 1, bind_extreme<true>);
  add_collection_function(list, "ARRAY_MIN", "ARRAY_MIN(array)",
                          "The smallest element; NULLs do not count.", 1, 1, bind_extreme<false>);
  add_collection_function(list, "ARRAY_JOIN", "ARRAY_JOIN(array, delimiter [, null])",
                          "Its texts with the delimiter between them; NULLs are left out, or "
                          "shown as the third argument.",
                          2, 3, bind_join);
}

}  // namespace dataflow::expr
