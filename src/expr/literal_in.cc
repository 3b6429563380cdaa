#include <unordered_set>

#include "comparison.h"
#include "row_function.h"

namespace dataflow::expr {

namespace {

// Below this many a chain of vectorised comparisons is faster.
constexpr size_t kWorthATable = 4;

// Texts are looked up without a copy.
template <class T>
struct ViewHash {
  using is_transparent = void;
  size_t operator()(const T& value) const { return std::hash<T>()(value); }
};

template <class T>
NodePtr table_of(const Nodes& arguments, bool negated) {
  using Kept = std::conditional_t<std::is_same_v<T, std::string_view>, std::string, T>;
  auto table = std::make_shared<std::unordered_set<Kept, ViewHash<T>, std::equal_to<>>>();
  bool has_null = false;
  for (size_t i = 1; i < arguments.size(); ++i) {
    const Value& value = *arguments[i]->literal();
    if (value.is_null()) {
      has_null = true;
    } else if constexpr (std::is_same_v<T, std::string_view>) {
      table->insert(value.as_text());
    } else {
      table->insert(static_cast<T>(value.as_int()));
    }
  }
  return make_row_function<bool, T>(
      Type::boolean(), {arguments[0]},
      [table, has_null, negated](Row& row, T value) {
        bool found = table->find(value) != table->end();
        if (!found && has_null) row.set_null();
        return found != negated;
      },
      has_null);
}

}  // namespace

NodePtr make_literal_in(const Nodes& arguments, bool negated) {
  const Type& type = arguments[0]->type();
  bool text = type.id() == TypeId::kString;
  bool whole = type.id() == TypeId::kInt32 || type.id() == TypeId::kInt64;
  if ((!text && !whole) || arguments.size() <= kWorthATable) return nullptr;
  for (size_t i = 1; i < arguments.size(); ++i) {
    const Value* value = arguments[i]->literal();
    if (value == nullptr) return nullptr;
    // An INT fits a BIGINT column's table, not the other way.
    bool fits = value->is_null() || value->type() == type ||
                (type.id() == TypeId::kInt64 && value->type().is_integer());
    if (!fits) return nullptr;
  }
  if (text) return table_of<std::string_view>(arguments, negated);
  if (type.id() == TypeId::kInt32) return table_of<int32_t>(arguments, negated);
  return table_of<int64_t>(arguments, negated);
}

}  // namespace dataflow::expr
