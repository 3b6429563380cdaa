#include "json_reader.h"

#include <algorithm>
#include <limits>

#include "base/edit_distance.h"
#include "spec_kinds.h"

namespace dataflow::plan {

ObjectReader::ObjectReader(const Json& value, std::string path, Status& error)
    : path_(std::move(path)), error_(error) {
  if (value.is_object()) {
    object_ = &value;
  } else {
    expected(path_, "an object", value);
  }
}

void ObjectReader::fail(const std::string& path, const std::string& what) {
  if (error_.ok()) error_ = Status::invalid(path + ": " + what);
}

void ObjectReader::expected(const std::string& path, std::string_view what, const Json& got) {
  fail(path, "is " + std::string(got.type_name()) + ", not " + std::string(what));
}

const Json* ObjectReader::ask(const char* name, bool required) {
  asked_.emplace_back(name);
  if (object_ == nullptr || !error_.ok()) return nullptr;
  const auto found = object_->find(name);
  if (found != object_->end()) return &*found;
  if (required) fail(path_, "has no \"" + std::string(name) + "\"");
  return nullptr;
}

void ObjectReader::finish() {
  if (object_ == nullptr || !error_.ok()) return;
  for (const auto& [key, value] : object_->items()) {
    if (std::ranges::find(asked_, key) == asked_.end()) {
      fail(path_, "unknown key \"" + key + "\"" + suggestion(key, asked_));
    }
  }
}

void ObjectReader::spec(Spec& out) {
  const Json* kind = ask("kind", true);
  const Json* spec = ask("spec", true);
  if (kind == nullptr || spec == nullptr) return;
  size_t index = 0;
  read_name(*kind, path_of("kind"), {kSpecKinds.begin(), kSpecKinds.end()}, index);
  if (!error_.ok()) return;
  out = *spec_of_kind(kSpecKinds[index]);
  std::visit([&](auto& of) { read(*spec, path_of("spec"), of); }, out);
}

void ObjectReader::read(const Json& value, const std::string& path, std::string& out) {
  if (!value.is_string()) return expected(path, "a string", value);
  out = value.get_ref<const std::string&>();
}

void ObjectReader::read(const Json& value, const std::string& path, bool& out) {
  if (!value.is_boolean()) return expected(path, "true or false", value);
  out = value.get<bool>();
}

void ObjectReader::read(const Json& value, const std::string& path, int64_t& out) {
  if (!value.is_number_integer()) return expected(path, "a whole number", value);
  const bool too_large = value.is_number_unsigned() &&
                         value.get<uint64_t>() > uint64_t{std::numeric_limits<int64_t>::max()};
  if (too_large) return fail(path, value.dump() + " is too large");
  out = value.get<int64_t>();
}

void ObjectReader::read(const Json& value, const std::string& path, int& out) {
  int64_t wide = 0;
  read(value, path, wide);
  if (!std::in_range<int>(wide)) return fail(path, std::to_string(wide) + " is too large");
  out = static_cast<int>(wide);
}

void ObjectReader::read(const Json& value, const std::string& path, Options& out) {
  if (!value.is_object()) return expected(path, "an object", value);
  for (const auto& [key, text] : value.items()) read(text, path + "." + key, out[key]);
}

void ObjectReader::read(const Json& value, const std::string& path, expr::ExpressionPtr& out) {
  const auto expression = expr::expression_from_json(value.dump());
  if (!expression.ok()) return fail(path, expression.status().message());
  out = *expression;
}

void ObjectReader::read_field(const Json& value, const std::string& path, std::vector<Field>& out) {
  ObjectReader reader(value, path, error_);
  Field field;
  std::string type;
  reader.required("name", field.name);
  reader.required("type", type);
  reader.field("nullable", field.nullable);
  reader.finish();
  if (!error_.ok()) return;
  const auto parsed = parse_type(type);
  if (!parsed.ok()) return fail(path + ".type", parsed.status().message());
  field.type = *parsed;
  out.push_back(std::move(field));
}

void ObjectReader::read(const Json& value, const std::string& path, SchemaPtr& out) {
  if (!value.is_array()) return expected(path, "an array", value);
  std::vector<Field> fields;
  for (const Json& element : value) {
    read_field(element, path + "[" + std::to_string(fields.size()) + "]", fields);
    if (!error_.ok()) return;
  }
  out = std::make_shared<const Schema>(std::move(fields));
}

void ObjectReader::read_name(const Json& value, const std::string& path,
                             const std::vector<std::string>& names, size_t& out) {
  std::string name;
  read(value, path, name);
  if (!error_.ok()) return;
  const auto found = std::ranges::find(names, name);
  if (found != names.end()) {
    out = static_cast<size_t>(found - names.begin());
    return;
  }
  std::string all;
  for (const auto& known : names) all += (all.empty() ? "" : ", ") + known;
  fail(path, "\"" + name + "\" is none of " + all + suggestion(name, names));
}

}  // namespace dataflow::plan
