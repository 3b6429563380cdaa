#include "base/edit_distance.h"

#include <algorithm>
#include <vector>

#include "base/lower_case.h"

namespace dataflow {
namespace {

// Names are short; this keeps a hostile one from costing time.
constexpr size_t kLongestName = 256;

}  // namespace

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before_last(b.size() + 1);
  std::vector<size_t> last(b.size() + 1);
  std::vector<size_t> current(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) current[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    before_last.swap(last);
    last.swap(current);
    current[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      current[j] = std::min({last[j] + 1, current[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        current[j] = std::min(current[j], before_last[j - 2] + 1);
      }
    }
  }
  return current[b.size()];
}

std::optional<std::string> nearest_name(std::string_view wanted,
                                        std::span<const std::string> names) {
  if (wanted.size() > kLongestName) return std::nullopt;
  const std::string lower = lower_case(wanted);
  const std::string* nearest = nullptr;
  size_t least = 0;
  for (const std::string& name : names) {
    const size_t distance = edit_distance(lower, lower_case(name));
    const size_t limit = std::max<size_t>(1, std::max(lower.size(), name.size()) / 3);
    // Of a name as short as that nothing would be left.
    if (distance >= std::max(lower.size(), name.size())) continue;
    if (distance > limit || (nearest != nullptr && distance >= least)) continue;
    nearest = &name;
    least = distance;
  }
  if (nearest == nullptr) return std::nullopt;
  return *nearest;
}

std::string suggestion(std::string_view wanted, std::span<const std::string> names) {
  const std::optional<std::string> nearest = nearest_name(wanted, names);
  return nearest ? "; did you mean \"" + *nearest + "\"?" : "";
}

}  // namespace dataflow
