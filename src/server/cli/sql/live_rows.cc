#include "cli/sql/live_rows.h"

namespace dataflow::cli {
namespace {

// Places whose row never came: they are given up.
constexpr size_t kMostWaiting = 10'000;

std::string key_of(const LiveRows::Cells& cells) {
  std::string key;
  for (const std::string& cell : cells) key += std::to_string(cell.size()) + ":" + cell;
  return key;
}

}  // namespace

void LiveRows::add(Places::iterator place, Cells cells) {
  by_cells_.emplace(key_of(cells), place);
  place->cells = std::move(cells);
  place->empty = false;
  ++size_;
}

void LiveRows::remove(const Cells& cells, bool keeps_place) {
  const auto found = by_cells_.find(key_of(cells));
  if (found == by_cells_.end()) return;
  const Places::iterator place = found->second;
  by_cells_.erase(found);
  --size_;
  if (!keeps_place) {
    places_.erase(place);
    return;
  }
  place->empty = true;
  waiting_.push_back(place);
  if (waiting_.size() > kMostWaiting) {
    places_.erase(waiting_.front());
    waiting_.pop_front();
  }
}

void LiveRows::apply(const std::string& change, Cells cells) {
  ++changes_;
  if (change == "-U" || change == "-D") {
    remove(cells, change == "-U");
  } else if (change == "+U" && !waiting_.empty()) {
    const Places::iterator place = waiting_.front();
    waiting_.pop_front();
    add(place, std::move(cells));
  } else {
    add(places_.emplace(places_.end()), std::move(cells));
  }
}

std::vector<const LiveRows::Cells*> LiveRows::first(size_t most) const {
  std::vector<const Cells*> rows;
  for (auto place = places_.begin(); place != places_.end() && rows.size() < most; ++place) {
    if (!place->empty) rows.push_back(&place->cells);
  }
  return rows;
}

}  // namespace dataflow::cli
