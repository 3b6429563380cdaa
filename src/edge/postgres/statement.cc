#include "statement.h"

#include <algorithm>
#include <iterator>

#include "type_map.h"

namespace dataflow::postgres {

const std::vector<sql::OutputColumn>* Statement::columns() const {
  if (!prepared || copy || !prepared->columns()) return nullptr;
  return &*prepared->columns();
}

uint32_t Statement::oid_of_column(size_t column) const {
  if (column < column_oids.size() && column_oids[column] != 0) return column_oids[column];
  return oid_of((*prepared->columns())[column].type);
}

const std::string& Statement::name_of_column(size_t column) const {
  if (column < column_names.size()) return column_names[column];
  return (*prepared->columns())[column].name;
}

WireFormat Portal::format_of(size_t column) const {
  if (formats.empty()) return WireFormat::kText;
  return formats.size() == 1 ? formats[0] : formats[column];
}

}  // namespace dataflow::postgres
