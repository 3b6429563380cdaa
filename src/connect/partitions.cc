#include "partitions.h"

#include <algorithm>

namespace dataflow::connect {
namespace {

// Types whose texts are read back as what they were, in any zone.
bool can_name_a_folder(const Type& type) {
  return type.is_integer() || type.id() == TypeId::kString || type.id() == TypeId::kBoolean ||
         type.id() == TypeId::kDate;
}

}  // namespace

Result<Partitions> read_partitions(OptionReader& options, const Schema& schema) {
  Partitions out;
  out.nothing = options.text("partition_default").value_or("__DEFAULT_PARTITION__");
  const std::string names = options.text("partition_by").value_or("");
  for (size_t from = 0; from < names.size();) {
    const size_t end = std::min(names.find(',', from), names.size());
    size_t first = from, last = end;
    while (first < last && names[first] == ' ') ++first;
    while (first < last && names[last - 1] == ' ') --last;
    const std::string name = names.substr(first, last - first);
    from = end + 1;
    const auto column = schema.find(name);
    if (!column) return options.wrong("partition_by", "there is no column `" + name + "`");
    const Type& type = schema[*column].type;
    if (!can_name_a_folder(type)) {
      return options.wrong("partition_by", "column `" + name + "` is " + type.to_string() +
                                               "; cast it to STRING, so that it names a folder");
    }
    if (std::ranges::find(out.columns, *column) != out.columns.end()) {
      return options.wrong("partition_by", "column `" + name + "` stands there twice");
    }
    out.columns.push_back(*column);
  }
  if (out.columns.empty() || out.columns.size() < schema.size()) return out;
  return options.wrong("partition_by", "no column is left to stand in the files");
}

}  // namespace dataflow::connect
