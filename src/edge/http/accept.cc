#include "accept.h"

#include <algorithm>
#include <charconv>
#include <tuple>

namespace dataflow::http {
namespace {

char small(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return small(x) == small(y); });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// What stands up to the sign, which goes with it.
std::string_view take_part(std::string_view& text, char sign) {
  const size_t end = std::min(text.find(sign), text.size());
  const std::string_view part = trimmed(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

// 2: the type itself, 1: `text/*`, 0: `*/*`; none: another one.
std::optional<int> closeness(std::string_view range, std::string_view type) {
  if (same(range, type)) return 2;
  if (range == "*/*") return 0;
  const size_t slash = type.find('/');
  if (range.ends_with("/*") && same(range.substr(0, range.size() - 2), type.substr(0, slash))) {
    return 1;
  }
  return std::nullopt;
}

// Of "text/csv; q=0.5" the second part; 1 where there is none, or none that can be read.
double quality_of(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::string_view one = take_part(parameters, ';');
    if (one.size() < 2 || small(one[0]) != 'q' || one[1] != '=') continue;
    double quality = 1;
    std::from_chars(one.data() + 2, one.data() + one.size(), quality);
    return std::clamp(quality, 0.0, 1.0);
  }
  return 1;
}

struct Wish {
  double quality = 0;
  int closeness = -1;
  size_t place = 0;
};

Wish wish_for(std::string_view type, std::string_view accept) {
  Wish found;
  for (size_t place = 0; !accept.empty(); ++place) {
    std::string_view parameters = take_part(accept, ',');
    const std::string_view range = take_part(parameters, ';');
    const std::optional<int> close = closeness(range, type);
    if (close && *close > found.closeness) found = {quality_of(parameters), *close, place};
  }
  return found;
}

}  // namespace

std::optional<size_t> best_accepted(std::string_view accept,
                                    std::span<const std::string_view> types) {
  if (trimmed(accept).empty()) accept = "*/*";
  std::optional<size_t> best;
  Wish most;
  for (size_t i = 0; i < types.size(); ++i) {
    const Wish wish = wish_for(types[i], accept);
    if (wish.quality <= 0) continue;
    const bool better = std::tuple(wish.quality, wish.closeness, most.place) >
                        std::tuple(most.quality, most.closeness, wish.place);
    if (best && !better) continue;
    best = i;
    most = wish;
  }
  return best;
}

}  // namespace dataflow::http
