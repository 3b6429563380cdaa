#include "arrived_values.h"

#include <algorithm>

#include "base/hash.h"

namespace dataflow::engine {
namespace {

using state::ValueKind;

constexpr uint8_t kStateVersion = 1;
constexpr int64_t kOwnerNumber = 0;
constexpr size_t kValue = 0;  // the column of state
// Columns of the index.
constexpr size_t kFirst = 0;
constexpr size_t kLast = 1;

}  // namespace

ArrivedValues::ArrivedValues() : index_({"values", 1, {ValueKind::kInt64, ValueKind::kInt64}}) {}

Status ArrivedValues::open(OperatorContext& context, state::KeyedTable& owner,
                           const std::string& name) {
  owner_ = &owner;
  DF_ASSIGN_OR_RETURN(kept_, context.table({name, kStateVersion, {ValueKind::kBytes}}));
  std::vector<Row> all;
  kept_->for_each([&](Row kept) { all.push_back(kept); });
  std::ranges::sort(all, {}, [this](Row kept) { return kept_->number(kept); });
  for (const Row kept : all) {
    const auto group = owner_->find(kept_->hash(kept), kept_->key(kept), kOwnerNumber);
    if (!group) return Status::corrupt("a value in table " + name + " belongs to no group");
    const std::string_view value = kept_->bytes(kValue)[kept];
    link(kept, hash64(value), value, *group);
  }
  return {};
}

void ArrivedValues::add(uint64_t hash, std::string_view value, Row group, int64_t arrival) {
  const Row kept = kept_->upsert(owner_->hash(group), owner_->key(group), arrival);
  kept_->bytes(kValue)[kept] = value;
  kept_->note_bytes(std::ssize(value));
  link(kept, hash, value, group);
}

void ArrivedValues::take_back(uint64_t hash, std::string_view value, Row group) {
  const std::optional<Row> equals = index_.find(hash, value, group);
  if (!equals) return;
  const auto kept = static_cast<Row>(index_.ints(kFirst)[*equals]);
  const Row next_equal = links_[kept].next_equal;
  if (next_equal == kNone) {
    index_.erase(*equals);
  } else {
    index_.ints(kFirst)[*equals] = next_equal;
  }
  unlink(kept, group);
  kept_->erase(kept);
}

std::optional<std::string_view> ArrivedValues::value_of(Row kept) const {
  if (kept == kNone) return std::nullopt;
  return kept_->bytes(kValue)[kept];
}

std::optional<std::string_view> ArrivedValues::first(Row group) const {
  return value_of(group < groups_.size() ? groups_[group].first : kNone);
}

std::optional<std::string_view> ArrivedValues::last(Row group) const {
  return value_of(group < groups_.size() ? groups_[group].last : kNone);
}

int64_t ArrivedValues::last_arrival(Row group) const {
  if (group >= groups_.size() || groups_[group].last == kNone) return -1;
  return kept_->number(groups_[group].last);
}

void ArrivedValues::append_values(Row group, std::vector<std::string_view>& values) const {
  if (group >= groups_.size()) return;
  for (Row kept = groups_[group].first; kept != kNone; kept = links_[kept].next) {
    values.push_back(kept_->bytes(kValue)[kept]);
  }
}

void ArrivedValues::clear(Row group) {
  if (group >= groups_.size()) return;
  for (Row kept = groups_[group].first; kept != kNone;) {
    const Row next = links_[kept].next;
    const std::string_view value = kept_->bytes(kValue)[kept];
    if (const auto equals = index_.find(hash64(value), value, group)) index_.erase(*equals);
    kept_->erase(kept);
    kept = next;
  }
  groups_[group] = {};
}

// At the end of its group and of the equal ones.
void ArrivedValues::link(Row kept, uint64_t hash, std::string_view value, Row group) {
  if (group >= groups_.size()) groups_.resize(std::max<size_t>(group + 1, 2 * groups_.size()));
  if (kept >= links_.size()) links_.resize(std::max<size_t>(kept + 1, 2 * links_.size()));
  Ends& ends = groups_[group];
  links_[kept] = {ends.last, kNone, kNone};
  (ends.last == kNone ? ends.first : links_[ends.last].next) = kept;
  ends.last = kept;
  bool made = false;
  const Row equals = index_.upsert(hash, value, group, &made);
  if (made) {
    index_.ints(kFirst)[equals] = kept;
  } else {
    links_[static_cast<size_t>(index_.ints(kLast)[equals])].next_equal = kept;
  }
  index_.ints(kLast)[equals] = kept;
}

void ArrivedValues::unlink(Row kept, Row group) {
  Ends& ends = groups_[group];
  const Links& links = links_[kept];
  (links.before == kNone ? ends.first : links_[links.before].next) = links.next;
  (links.next == kNone ? ends.last : links_[links.next].before) = links.before;
}

}  // namespace dataflow::engine
