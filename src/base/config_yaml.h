// A YAML file as a flat list of keys; the only place that knows yaml-cpp.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"

namespace dataflow {

struct YamlEntry {
  std::string key;  // the path to the value, joined by dots
  std::string text;
  int line = 0;           // from 1
  bool has_value = true;  // false for null and for lists
};

// `name` is what messages call the file. A file without any content is an empty list.
Result<std::vector<YamlEntry>> flatten_yaml(const std::string& name, const std::string& text);

}  // namespace dataflow
