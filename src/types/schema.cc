#include "types/schema.h"

#include "base/edit_distance.h"

namespace dataflow {
namespace {

// So many names are listed whole where none of them is near.
constexpr size_t kFewFields = 8;

bool same_name(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  for (size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

}  // namespace

std::optional<size_t> Schema::find(std::string_view name) const {
  for (size_t i = 0; i < fields_.size(); ++i) {
    if (fields_[i].name == name) return i;
  }
  std::optional<size_t> found;
  for (size_t i = 0; i < fields_.size(); ++i) {
    if (!same_name(fields_[i].name, name)) continue;
    if (found) return std::nullopt;
    found = i;
  }
  return found;
}

Result<size_t> Schema::require(std::string_view name) const {
  if (const auto found = find(name)) return *found;
  std::vector<std::string> names;
  std::string alike;
  for (const Field& field : fields_) {
    names.push_back(field.name);
    if (same_name(field.name, name)) alike += (alike.empty() ? "" : ", ") + field.name;
  }
  std::string message = "there is no field \"" + std::string(name) + "\"";
  // More than one differs only in case: find() would have to guess.
  if (!alike.empty()) return Status::not_found(message + "; written otherwise there are " + alike);
  const std::string near = suggestion(name, names);
  if (!near.empty()) return Status::not_found(message + near);
  if (names.empty()) return Status::not_found(message + "; there are no fields at all");
  if (names.size() > kFewFields) {
    return Status::not_found(message + " among " + std::to_string(names.size()) + " fields");
  }
  message += "; there are ";
  for (size_t i = 0; i < names.size(); ++i) message += (i == 0 ? "" : ", ") + names[i];
  return Status::not_found(message);
}

std::string Schema::to_string() const {
  const std::string row = Type::row(fields_).to_string();  // "ROW<…>"
  return "(" + row.substr(4, row.size() - 5) + ")";
}

}  // namespace dataflow
