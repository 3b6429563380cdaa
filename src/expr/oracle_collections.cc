#include <algorithm>

#include "oracle.h"

namespace dataflow::expr {

namespace {

const Type kList = Type::array(Type::int32());
const Type kMap = Type::map(Type::string(), Type::int32());

Value integer(int64_t value) { return Value::integer(Type::int32(), value); }
Outcome list_of(Value::List values) { return {Value::list(kList, std::move(values))}; }

bool has(const Value::List& values, const Value& wanted) {
  return std::find(values.begin(), values.end(), wanted) != values.end();
}

// Of an element's type: NULLs that expressions give may be of another one.
Value element(const Value& value) { return value.is_null() ? Value::null(Type::int32()) : value; }

void put(Value::List& entries, const Value& key, const Value& value, bool replaces) {
  for (size_t i = 0; i < entries.size(); i += 2) {
    if (entries[i] != key) continue;
    if (replaces) entries[i + 1] = value;
    return;
  }
  entries.push_back(key);
  entries.push_back(value);
}

Outcome make_map(const std::vector<Value>& values) {
  Value::List entries;
  for (size_t i = 0; i < values.size(); i += 2) {
    if (values[i].is_null()) return {{}, true};
    put(entries, values[i], element(values[i + 1]), true);
  }
  return {Value::list(kMap, std::move(entries))};
}

bool equal_maps(const Value::List& a, const Value::List& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); i += 2) {
    bool found = false;
    for (size_t j = 0; j < b.size(); j += 2) found |= a[i] == b[j] && a[i + 1] == b[j + 1];
    if (!found) return false;
  }
  return true;
}

Outcome of_map(const std::string& name, const std::vector<Value>& values) {
  const Value::List& entries = values[0].as_list();
  if (name == "CARDINALITY") return {integer(static_cast<int64_t>(entries.size() / 2))};
  if (name == "=" || name == "<>") {
    return {Value::boolean(equal_maps(entries, values[1].as_list()) == (name == "="))};
  }
  Value::List out;
  if (name == "ITEM") {
    for (size_t i = 0; i < entries.size(); i += 2) {
      if (entries[i] == values[1]) return {entries[i + 1]};
    }
    return {};
  }
  if (name == "MAP_UNION") {
    for (const Value* map : {&values[1], &values[0]}) {
      const Value::List& all = map->as_list();
      for (size_t i = 0; i < all.size(); i += 2) put(out, all[i], all[i + 1], false);
    }
    return {Value::list(kMap, std::move(out))};
  }
  const size_t first = name == "MAP_KEYS" ? 0 : 1;
  for (size_t i = first; i < entries.size(); i += 2) out.push_back(entries[i]);
  return {Value::list(Type::array(kMap.fields()[first].type), std::move(out))};
}

Outcome from_arrays(const Value::List& keys, const Value::List& values) {
  if (keys.size() != values.size()) return {{}, true};
  std::vector<Value> both;
  for (size_t i = 0; i < keys.size(); ++i) {
    both.push_back(keys[i]);
    both.push_back(values[i]);
  }
  return make_map(both);
}

Outcome slice_of(const Value::List& list, int64_t from, int64_t to) {
  const auto size = static_cast<int64_t>(list.size());
  Value::List out;
  if (from < 0) from += size + 1;
  if (to < 0) to += size + 1;
  if (to == 0) to = 1;
  for (int64_t at = 1; at <= size; ++at) {
    if (at >= from && at <= to) out.push_back(list[static_cast<size_t>(at - 1)]);
  }
  return list_of(std::move(out));
}

Outcome extreme(const Value::List& list, bool largest) {
  Value best;
  for (const Value& value : list) {
    if (value.is_null()) continue;
    if (best.is_null() || (value.as_int() > best.as_int()) == largest) best = value;
  }
  return {best};
}

Outcome sorted(Value::List list, bool rising) {
  std::stable_sort(list.begin(), list.end(), [&](const Value& left, const Value& right) {
    const Value& a = rising ? left : right;
    const Value& b = rising ? right : left;
    if (a.is_null() || b.is_null()) return a.is_null() && !b.is_null();
    return a.as_int() < b.as_int();
  });
  return list_of(std::move(list));
}

// Two arrays, or one and an empty one.
Outcome as_sets(const std::string& name, const Value::List& a, const Value::List& b) {
  Value::List out;
  for (const Value& value : a) {
    const bool wanted = name == "ARRAY_EXCEPT"      ? !has(b, value)
                        : name == "ARRAY_INTERSECT" ? has(b, value)
                                                    : true;
    if (wanted && !has(out, value)) out.push_back(value);
  }
  if (name == "ARRAY_UNION") {
    for (const Value& value : b) {
      if (!has(out, value)) out.push_back(value);
    }
  }
  return list_of(std::move(out));
}

Outcome of_value(const std::string& name, Value::List list, const Value& value) {
  if (name == "ARRAY_CONTAINS") return {Value::boolean(has(list, value))};
  if (name == "ARRAY_REMOVE") {
    Value::List out;
    for (const Value& kept : list) {
      if (kept != value) out.push_back(kept);
    }
    return list_of(std::move(out));
  }
  list.insert(name == "ARRAY_APPEND" ? list.end() : list.begin(), value);
  return list_of(std::move(list));
}

// Of arguments that are not NULL, an array first.
std::optional<Outcome> of_list(const std::string& name, const std::vector<Value>& values) {
  const Value::List& list = values[0].as_list();
  const auto number = [&](size_t i) { return values[i].as_int(); };
  if (name == "CARDINALITY") return {{integer(static_cast<int64_t>(list.size()))}};
  if (name == "=" || name == "<>") {
    return {{Value::boolean((list == values[1].as_list()) == (name == "="))}};
  }
  if (name == "ITEM") {
    const bool there = number(1) >= 1 && number(1) <= static_cast<int64_t>(list.size());
    return there ? Outcome{list[static_cast<size_t>(number(1) - 1)]} : Outcome{};
  }
  if (name == "ELEMENT") {
    if (list.size() > 1) return {{{}, true}};
    return list.empty() ? Outcome{} : Outcome{list[0]};
  }
  if (name == "ARRAY_POSITION") {
    const auto at = std::find(list.begin(), list.end(), values[1]);
    return {{integer(at == list.end() ? 0 : at - list.begin() + 1)}};
  }
  if (name == "ARRAY_MAX" || name == "ARRAY_MIN") return extreme(list, name == "ARRAY_MAX");
  if (name == "ARRAY_SLICE") return slice_of(list, number(1), number(2));
  if (name == "ARRAY_SORT") return sorted(list, values[1].as_bool());
  if (name == "ARRAY_REVERSE") return list_of({list.rbegin(), list.rend()});
  if (name == "ARRAY_DISTINCT") return as_sets(name, list, {});
  if (name == "ARRAY_CONCAT") {
    Value::List out = list;
    for (const Value& value : values[1].as_list()) out.push_back(value);
    return list_of(std::move(out));
  }
  if (name == "MAP_FROM_ARRAYS") return from_arrays(list, values[1].as_list());
  if (name == "ARRAY_UNION" || name == "ARRAY_EXCEPT" || name == "ARRAY_INTERSECT") {
    return as_sets(name, list, values[1].as_list());
  }
  return std::nullopt;
}

bool takes_null(const std::string& name) {
  return name == "ARRAY_CONTAINS" || name == "ARRAY_REMOVE" || name == "ARRAY_APPEND" ||
         name == "ARRAY_PREPEND";
}

}  // namespace

std::optional<Outcome> collection_outcome(const Expression& e, const std::vector<Value>& values) {
  if (e.name == "ARRAY") {
    Value::List elements;
    for (const Value& value : values) elements.push_back(element(value));
    return list_of(std::move(elements));
  }
  if (e.name == "MAP") return make_map(values);
  if (e.name == "IS NULL") return std::nullopt;
  if (values[0].is_null()) return std::nullopt;
  if (takes_null(e.name)) return of_value(e.name, values[0].as_list(), element(values[1]));
  for (const Value& value : values) {
    if (value.is_null()) return std::nullopt;
  }
  if (e.name == "FIELD") return {{values[0].as_list()[values[1].as_text() == "x" ? 0 : 1]}};
  if (values[0].type().id() == TypeId::kMap) return of_map(e.name, values);
  if (values[0].type().id() == TypeId::kArray) return of_list(e.name, values);
  return std::nullopt;
}

std::string flink_text(const Value& value) {
  if (value.is_null()) return "NULL";
  if (!value.type().is_nested()) return value.to_string();
  const bool map = value.type().id() == TypeId::kMap;
  std::string out = map ? "{" : "[";
  for (size_t i = 0; i < value.as_list().size(); ++i) {
    if (i > 0) out += map && i % 2 == 1 ? "=" : ", ";
    out += flink_text(value.as_list()[i]);
  }
  return out + (map ? "}" : "]");
}

}  // namespace dataflow::expr
