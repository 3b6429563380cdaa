// The archive that writes a plan's parts as JSON, in the order of json_fields.h. What is absent
// (optional fields, null expressions) is left out; defaults are written, so that a stored plan
// keeps its meaning should a default change.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "enum_names.h"
#include "json_fields.h"

namespace dataflow::plan {

using Json = nlohmann::ordered_json;

class ObjectWriter {
 public:
  template <class T>
  void required(const char* name, const T& value) {
    object_[name] = json_of(value);
  }
  template <class T>
  void field(const char* name, const T& value) {
    object_[name] = json_of(value);
  }
  template <class T>
  void field(const char* name, const std::optional<T>& value) {
    if (value) object_[name] = json_of(*value);
  }
  void field(const char* name, const expr::ExpressionPtr& value) {
    if (value != nullptr) object_[name] = json_of(value);
  }
  void field(const char* name, const std::vector<expr::ExpressionPtr>& value) {
    if (!value.empty()) object_[name] = json_of(value);
  }
  void field(const char* name, const std::vector<ValueOrder>& value) {
    if (!value.empty()) object_[name] = json_of(value);
  }
  void field(const char* name, const expr::Place& place) {
    if (place.line > 0) object_[name] = json_of(place);
  }
  void spec(const Spec& spec) {
    object_["kind"] = kind_name(spec);
    object_["spec"] = std::visit([](const auto& of) { return json_of(of); }, spec);
  }

  Json take() { return std::move(object_); }

 private:
  template <class T>
  static Json json_of(const T& value);
  template <class T>
  static Json json_of(const std::vector<T>& list);
  static Json json_of(const expr::ExpressionPtr& expression);
  static Json json_of(const SchemaPtr& schema);

  Json object_ = Json::object();
};

template <class T>
Json ObjectWriter::json_of(const T& value) {
  if constexpr (std::is_enum_v<T>) {
    return enum_name(value);
  } else if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::string> ||
                       std::is_same_v<T, Options>) {
    return value;
  } else {
    ObjectWriter inner;
    describe(inner, value);
    return inner.take();
  }
}

template <class T>
Json ObjectWriter::json_of(const std::vector<T>& list) {
  Json array = Json::array();
  for (const auto& element : list) array.push_back(json_of(element));
  return array;
}

}  // namespace dataflow::plan
