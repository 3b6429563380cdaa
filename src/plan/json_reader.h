// The archive that reads a plan's parts from JSON. It is strict: a key that nobody asked for, a
// missing required one and a wrong type are errors, with the path in the document. After the first
// error nothing more is read.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "enum_names.h"
#include "json_fields.h"

namespace dataflow::plan {

using Json = nlohmann::ordered_json;

class ObjectReader {
 public:
  // `error` takes the first error; both outlive the reader.
  ObjectReader(const Json& value, std::string path, Status& error);

  template <class T>
  void required(const char* name, T& out) {
    if (const Json* value = ask(name, true)) read(*value, path_of(name), out);
  }
  template <class T>
  void field(const char* name, T& out) {
    if (const Json* value = ask(name, false)) read(*value, path_of(name), out);
  }
  void spec(Spec& out);
  // To be called last: refuses the keys that were not asked for.
  void finish();

 private:
  // Null where it is absent, or an error stands.
  const Json* ask(const char* name, bool required);
  std::string path_of(std::string_view name) const { return path_ + "." + std::string(name); }
  void fail(const std::string& path, const std::string& what);
  void expected(const std::string& path, std::string_view what, const Json& got);

  void read(const Json& value, const std::string& path, std::string& out);
  void read(const Json& value, const std::string& path, bool& out);
  void read(const Json& value, const std::string& path, int64_t& out);
  void read(const Json& value, const std::string& path, int& out);
  void read(const Json& value, const std::string& path, Options& out);
  void read(const Json& value, const std::string& path, expr::ExpressionPtr& out);
  void read(const Json& value, const std::string& path, SchemaPtr& out);
  void read_field(const Json& value, const std::string& path, std::vector<Field>& out);
  void read_name(const Json& value, const std::string& path, const std::vector<std::string>& names,
                 size_t& out);
  template <class T>
  void read(const Json& value, const std::string& path, std::optional<T>& out) {
    read(value, path, out.emplace());
  }
  template <class T>
  void read(const Json& value, const std::string& path, std::vector<T>& out);
  template <class T>
  void read(const Json& value, const std::string& path, T& out);

  const Json* object_ = nullptr;  // null: it was none
  std::string path_;
  std::vector<std::string> asked_;
  Status& error_;
};

template <class T>
void ObjectReader::read(const Json& value, const std::string& path, std::vector<T>& out) {
  if (!value.is_array()) return expected(path, "an array", value);
  for (const Json& element : value) {
    if (!error_.ok()) return;
    const std::string element_path = path + "[" + std::to_string(out.size()) + "]";
    read(element, element_path, out.emplace_back());
  }
}

template <class T>
void ObjectReader::read(const Json& value, const std::string& path, T& out) {
  if constexpr (std::is_enum_v<T>) {
    std::vector<std::string> names;
    for (const auto& [known, name] : EnumNames<T>::kTable) names.emplace_back(name);
    size_t index = 0;
    read_name(value, path, names, index);
    out = EnumNames<T>::kTable[index].first;
  } else {
    ObjectReader inner(value, path, error_);
    describe(inner, out);
    inner.finish();
  }
}

}  // namespace dataflow::plan
