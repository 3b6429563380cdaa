#include "format_names.h"

#include <vector>

#include "base/edit_distance.h"

namespace dataflow::format {

namespace {

bool fits_csv(const Type& type, bool lists) {
  if (!type.is_nested()) return type.id() != TypeId::kNull;
  if (!lists || type.id() == TypeId::kMap) return false;
  for (const Field& field : type.fields()) {
    if (!fits_csv(field.type, false)) return false;
  }
  return true;
}

}  // namespace

Status check_format(const std::string& format, const Schema& schema, bool csv_lists) {
  const std::vector<std::string> names = {"json", "csv", "raw"};
  if (format == "json") return {};
  if (format == "csv") {
    for (const Field& field : schema.fields()) {
      if (fits_csv(field.type, csv_lists)) continue;
      return Status::invalid("field " + field.name + ": CSV cannot carry " +
                             field.type.to_string());
    }
    return schema.size() > 0 ? Status() : Status::invalid("CSV needs a field");
  }
  if (format == "raw") {
    if (schema.size() == 1 &&
        (schema[0].type.id() == TypeId::kString || schema[0].type.id() == TypeId::kBytes)) {
      return {};
    }
    return Status::invalid("the format raw carries one field of STRING or BYTES, not " +
                           schema.to_string());
  }
  return Status::invalid("there is no format \"" + format + "\"; there are json, csv and raw" +
                         suggestion(format, names));
}

Status check_csv_signs(char delimiter, char quote) {
  const auto usable = [](char sign) {
    return static_cast<signed char>(sign) > 0 && sign != '\n' && sign != '\r';
  };
  if (!usable(delimiter) || (quote != '\0' && !usable(quote)) || delimiter == quote) {
    return Status::invalid("the delimiter and the quote of CSV are two different ASCII characters");
  }
  return {};
}

}  // namespace dataflow::format
