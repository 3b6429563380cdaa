// Functions of arrays as sets: each element once, in the order in which they come.
#include "nested_function.h"

namespace dataflow::expr {

namespace {

// Elements of all arguments side by side in one column.
class Together {
 public:
  using Out = ListWriter;

  Together(const Nodes& arguments, const std::vector<Input>& inputs, ListWriter& out) {
    std::vector<ColumnPtr> parts;
    int64_t length = 0;
    for (const Input& input : inputs) {
      lists_.emplace_back(input);
      base_.push_back(length);
      length += lists_.back().elements()->length();
      parts.push_back(lists_.back().elements());
    }
    Result<ColumnPtr> joined = joined_columns(parts);
    status_ = joined.status();
    if (!status_.ok()) return;
    joined_ = std::move(*joined);
    out.picks().add_source({joined_, false});
    elements_ = make_elements(arguments[0]->type().element(), joined_, joined_);
    set_.emplace(*elements_);
  }

  const Status& status() const { return status_; }

 protected:
  int64_t begin(size_t list, int64_t row) const { return base_[list] + lists_[list].begin(row); }
  int64_t end(size_t list, int64_t row) const { return base_[list] + lists_[list].end(row); }

  Status status_;
  std::vector<Lists> lists_;
  std::vector<int64_t> base_;
  ColumnPtr joined_;
  std::unique_ptr<const Elements> elements_;
  std::optional<ElementSet> set_;
};

// DISTINCT and UNION.
struct Union : public Together {
  using Together::Together;
  void row(Row&, int64_t i, Out& out) {
    int64_t count = 0;
    for (const Lists& list : lists_) count += list.size(i);
    set_->clear(count);
    for (size_t list = 0; list < lists_.size(); ++list) {
      for (int64_t at = begin(list, i); at < end(list, i); ++at) {
        if (set_->insert(at) == at) out.picks().add(0, at);
      }
    }
  }
};

// The first array's elements that are in the second one, or are not.
template <bool kWanted>
struct Filtered : public Together {
  using Together::Together;
  void row(Row&, int64_t i, Out& out) {
    set_->clear(lists_[1].size(i));
    for (int64_t at = begin(1, i); at < end(1, i); ++at) set_->insert(at);
    chosen_.clear();
    for (int64_t at = begin(0, i); at < end(0, i); ++at) {
      if (set_->contains(at) == kWanted) chosen_.push_back(at);
    }
    set_->clear(static_cast<int64_t>(chosen_.size()));
    for (const int64_t at : chosen_) {
      if (set_->insert(at) == at) out.picks().add(0, at);
    }
  }

 private:
  std::vector<int64_t> chosen_;
};

template <class Kernel>
Result<NodePtr> bind_set(Nodes arguments, const CallSite& site) {
  Nodes none;
  DF_RETURN_IF_ERROR(bring_to_one_element(arguments, none, site));
  const Type type = arguments[0]->type();
  return make_nested_function<Kernel>(type, std::move(arguments));
}

}  // namespace

void add_array_set_functions(FunctionList& list) {
  add_collection_function(list, "ARRAY_DISTINCT", "ARRAY_DISTINCT(array)",
                          "Each of its elements once, where it comes first.", 1, 1,
                          bind_set<Union>);
  add_collection_function(list, "ARRAY_UNION", "ARRAY_UNION(array, array)",
                          "The elements of both, each once.", 2, 2, bind_set<Union>);
  add_collection_function(list, "ARRAY_EXCEPT", "ARRAY_EXCEPT(array, array)",
                          "The first array's elements that the second has not, each once.", 2, 2,
                          bind_set<Filtered<false>>);
  add_collection_function(list, "ARRAY_INTERSECT", "ARRAY_INTERSECT(array, array)",
                          "The first array's elements that the second has, too, each once.", 2, 2,
                          bind_set<Filtered<true>>);
}

}  // namespace dataflow::expr
