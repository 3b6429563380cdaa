// Values as cells.
#include "jobs/run_script.h"
#include "types/number_text.h"
#include "types/temporal.h"

namespace dataflow::jobs {
namespace {

std::string list_text(const Value& value) {
  const TypeId id = value.type().id();
  const char* const signs = id == TypeId::kArray ? "[]" : id == TypeId::kMap ? "{}" : "()";
  std::string text(1, signs[0]);
  const Value::List& list = value.as_list();
  for (size_t i = 0; i < list.size(); ++i) {
    if (i > 0) text += id == TypeId::kMap && i % 2 == 1 ? "=" : ", ";
    text += cell_text(list[i]);
  }
  return text + signs[1];
}

}  // namespace

std::string cell_text(const Value& value) {
  if (value.is_null()) return "NULL";
  char text[kMaxJavaNumberChars];
  switch (value.type().id()) {
    case TypeId::kBoolean: return value.as_bool() ? "TRUE" : "FALSE";
    case TypeId::kFloat32:
      return std::string(text, write_java_float(text, static_cast<float>(value.as_double())));
    case TypeId::kFloat64: return std::string(text, write_java_double(text, value.as_double()));
    case TypeId::kArray:
    case TypeId::kMap:
    case TypeId::kRow: return list_text(value);
    default: return value.to_string();
  }
}

}  // namespace dataflow::jobs
