#include "counted_values.h"

#include <algorithm>

#include "base/hash.h"

namespace dataflow::engine {
namespace {

constexpr uint8_t kStateVersion = 1;
constexpr int64_t kOwnerNumber = 0;
// Columns of state.
constexpr size_t kTimes = 0;
constexpr size_t kValue = 1;
// Of the index.
constexpr size_t kKept = 0;

}  // namespace

CountedValues::CountedValues(Top top)
    : top_(top), index_({"values", 1, {state::ValueKind::kInt64}}) {}

Status CountedValues::open(OperatorContext& context, state::KeyedTable& owner,
                           const std::string& name) {
  owner_ = &owner;
  DF_ASSIGN_OR_RETURN(
      kept_,
      context.table({name, kStateVersion, {state::ValueKind::kInt64, state::ValueKind::kBytes}}));
  Status loaded;
  kept_->for_each([&](Row kept) {
    if (loaded.ok()) loaded = load(kept);
  });
  return loaded;
}

Status CountedValues::load(Row kept) {
  next_number_ = std::max(next_number_, kept_->number(kept) + 1);
  const auto group = owner_->find(kept_->hash(kept), kept_->key(kept), kOwnerNumber);
  if (!group) {
    return Status::corrupt("a value in table " + kept_->spec().name + " belongs to no group");
  }
  const std::string_view value = kept_->bytes(kValue)[kept];
  const Row row = index_.upsert(hash64(value), value, *group);
  index_.ints(kKept)[row] = kept;
  link(row, *group);
  return {};
}

bool CountedValues::add(uint64_t hash, std::string_view value, Row group) {
  bool made = false;
  const Row row = index_.upsert(hash, value, group, &made);
  if (made) {
    const Row kept = kept_->upsert(owner_->hash(group), owner_->key(group), next_number_++);
    kept_->bytes(kValue)[kept] = value;
    kept_->note_bytes(std::ssize(value));
    index_.ints(kKept)[row] = kept;
    link(row, group);
  }
  const auto kept = static_cast<Row>(index_.ints(kKept)[row]);
  ++kept_->ints(kTimes)[kept];
  kept_->mark_changed(kept);
  return made;
}

bool CountedValues::take_back(uint64_t hash, std::string_view value, Row group) {
  const std::optional<Row> row = index_.find(hash, value, group);
  if (!row) return false;
  const auto kept = static_cast<Row>(index_.ints(kKept)[*row]);
  if (--kept_->ints(kTimes)[kept] > 0) {
    kept_->mark_changed(kept);
    return false;
  }
  kept_->erase(kept);
  unlink(*row);
  index_.erase(*row);
  return true;
}

std::optional<std::string_view> CountedValues::top(Row group) const {
  if (group >= values_.size() || values_[group].empty()) return std::nullopt;
  return index_.key(values_[group].front());
}

void CountedValues::clear(Row group) {
  if (group >= values_.size()) return;
  for (const Row row : values_[group]) {
    kept_->erase(static_cast<Row>(index_.ints(kKept)[row]));
    index_.erase(row);
  }
  values_[group] = {};
}

void CountedValues::link(Row value, Row group) {
  if (group >= values_.size()) values_.resize(std::max<size_t>(group + 1, 2 * values_.size()));
  if (value >= place_.size()) place_.resize(std::max<size_t>(value + 1, 2 * place_.size()));
  std::vector<Row>& heap = values_[group];
  heap.push_back(value);
  place_[value] = static_cast<Row>(heap.size() - 1);
  rise(heap, heap.size() - 1);
}

// The last takes its place, and goes up or down from there.
void CountedValues::unlink(Row value) {
  std::vector<Row>& heap = values_[static_cast<size_t>(index_.number(value))];
  const size_t place = place_[value];
  const Row last = heap.back();
  heap.pop_back();
  if (last == value) return;
  put_at(heap, place, last);
  rise(heap, place);
  sink(heap, place_[last]);
}

bool CountedValues::is_above(Row a, Row b) const {
  if (top_ == Top::kNone) return false;
  const int order = index_.key(a).compare(index_.key(b));
  return top_ == Top::kLeast ? order < 0 : order > 0;
}

void CountedValues::rise(std::vector<Row>& heap, size_t place) {
  const Row value = heap[place];
  while (place > 0) {
    const size_t parent = (place - 1) / 2;
    if (!is_above(value, heap[parent])) break;
    put_at(heap, place, heap[parent]);
    place = parent;
  }
  put_at(heap, place, value);
}

void CountedValues::sink(std::vector<Row>& heap, size_t place) {
  const Row value = heap[place];
  while (2 * place + 1 < heap.size()) {
    size_t child = 2 * place + 1;
    if (child + 1 < heap.size() && is_above(heap[child + 1], heap[child])) ++child;
    if (!is_above(heap[child], value)) break;
    put_at(heap, place, heap[child]);
    place = child;
  }
  put_at(heap, place, value);
}

}  // namespace dataflow::engine
