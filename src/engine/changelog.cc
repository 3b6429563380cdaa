#include "changelog.h"

#include <map>

namespace dataflow::engine {

Result<std::vector<std::string>> standing_rows(const std::vector<std::string>& changes) {
  std::map<std::string, size_t> standing;
  for (const std::string& change : changes) {
    const std::string row = change.substr(3);
    if (change.starts_with('+')) {
      ++standing[row];
      continue;
    }
    const auto found = standing.find(row);
    if (found == standing.end()) {
      return Status::invalid("taken back, but it does not stand: " + change);
    }
    if (--found->second == 0) standing.erase(found);
  }
  std::vector<std::string> rows;
  for (const auto& [row, times] : standing) rows.insert(rows.end(), times, row);
  return rows;
}

Status check_pairs(const std::vector<std::string>& changes) {
  for (size_t i = 0; i <= changes.size(); ++i) {
    const bool begun = i > 0 && changes[i - 1].starts_with("-U");
    const bool ends = i < changes.size() && changes[i].starts_with("+U");
    if (begun == ends) continue;
    return Status::invalid(begun ? "no +U behind " + changes[i - 1] : "no -U before " + changes[i]);
  }
  return {};
}

}  // namespace dataflow::engine
