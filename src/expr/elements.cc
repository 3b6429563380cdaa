#include "elements.h"

#include <arrow/array/array_nested.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "gather.h"

namespace dataflow::expr {

namespace {

uint64_t mixed(uint64_t value) {
  value ^= value >> 32;
  value *= 0x9E3779B97F4A7C15ull;
  return value ^ value >> 29;
}

template <class T>
uint64_t hash_of(T value) {
  if constexpr (std::is_same_v<T, std::string_view>) {
    return std::hash<std::string_view>()(value);
  } else if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(value)) return 11;
    return mixed(std::bit_cast<uint64_t>(value == 0 ? 0.0 : static_cast<double>(value)));
  } else if constexpr (std::is_same_v<T, Int128>) {
    return mixed(static_cast<uint64_t>(value) + 31 * static_cast<uint64_t>(value >> 64));
  } else {
    return mixed(static_cast<uint64_t>(value));
  }
}

class WithNulls : public Elements {
 public:
  WithNulls(const ColumnPtr& left, const ColumnPtr& right) : left_(left), right_(right) {}

  bool equal(int64_t left, int64_t right) const final {
    const bool left_null = left_->IsNull(left);
    const bool right_null = right_->IsNull(right);
    if (left_null || right_null) return left_null && right_null;
    return equal_values(left, right);
  }
  std::optional<bool> same(int64_t left, int64_t right) const final {
    if (left_->IsNull(left) || right_->IsNull(right)) return std::nullopt;
    return same_values(left, right);
  }
  uint64_t hash(int64_t left) const final { return left_->IsNull(left) ? 7 : hash_value(left); }
  bool left_is_null(int64_t at) const final { return left_->IsNull(at); }
  bool right_is_null(int64_t at) const final { return right_->IsNull(at); }
  int order(int64_t, int64_t) const override { return 0; }

 protected:
  virtual bool equal_values(int64_t left, int64_t right) const = 0;
  virtual std::optional<bool> same_values(int64_t left, int64_t right) const {
    return equal_values(left, right);
  }
  virtual uint64_t hash_value(int64_t left) const = 0;

 private:
  ColumnPtr left_;
  ColumnPtr right_;
};

// NaN is equal to itself, and larger than all others.
template <class T>
int order_of(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(a) || std::isnan(b)) return int{std::isnan(a)} - int{std::isnan(b)};
  }
  return a < b ? -1 : b < a ? 1 : 0;
}

template <class T>
class ScalarElements final : public WithNulls {
 public:
  ScalarElements(const ColumnPtr& left, const ColumnPtr& right)
      : WithNulls(left, right), a_(Input{left, false}), b_(Input{right, false}) {}

  int order(int64_t left, int64_t right) const override { return order_of(a_[left], b_[right]); }

 private:
  bool equal_values(int64_t left, int64_t right) const override {
    if constexpr (std::is_same_v<T, std::string_view>) return a_[left] == b_[right];
    return order_of(a_[left], b_[right]) == 0;
  }
  uint64_t hash_value(int64_t left) const override { return hash_of(a_[left]); }

  Values<T> a_;
  Values<T> b_;
};

class NullElements final : public WithNulls {
 public:
  using WithNulls::WithNulls;

 private:
  bool equal_values(int64_t, int64_t) const override { return true; }
  uint64_t hash_value(int64_t) const override { return 0; }
};

class ArrayElements final : public WithNulls {
 public:
  ArrayElements(const Type& type, const ColumnPtr& left, const ColumnPtr& right)
      : WithNulls(left, right),
        a_(Input{left, false}),
        b_(Input{right, false}),
        inner_(make_elements(type.element(), a_.elements(), b_.elements())) {}

 private:
  bool equal_values(int64_t left, int64_t right) const override {
    const int64_t size = a_.size(left);
    if (b_.size(right) != size) return false;
    for (int64_t i = 0; i < size; ++i) {
      if (!inner_->equal(a_.begin(left) + i, b_.begin(right) + i)) return false;
    }
    return true;
  }
  uint64_t hash_value(int64_t left) const override {
    uint64_t hash = 0;
    for (int64_t i = a_.begin(left); i < a_.end(left); ++i) hash = mixed(hash + inner_->hash(i));
    return hash;
  }

  Lists a_;
  Lists b_;
  std::unique_ptr<const Elements> inner_;
};

class RowElements final : public WithNulls {
 public:
  RowElements(const Type& type, const ColumnPtr& left, const ColumnPtr& right)
      : WithNulls(left, right) {
    const auto& a = static_cast<const arrow::StructArray&>(*left);
    const auto& b = static_cast<const arrow::StructArray&>(*right);
    for (size_t i = 0; i < type.fields().size(); ++i) {
      const int at = static_cast<int>(i);
      fields_.push_back(make_elements(type.fields()[i].type, a.field(at), b.field(at)));
    }
  }

 private:
  bool equal_values(int64_t left, int64_t right) const override {
    return std::all_of(fields_.begin(), fields_.end(),
                       [&](const auto& field) { return field->equal(left, right); });
  }
  std::optional<bool> same_values(int64_t left, int64_t right) const override {
    std::optional<bool> all = true;
    for (const auto& field : fields_) {
      const std::optional<bool> one = field->same(left, right);
      if (one == false) return false;
      if (!one) all = std::nullopt;
    }
    return all;
  }
  uint64_t hash_value(int64_t left) const override {
    uint64_t hash = 0;
    for (const auto& field : fields_) hash = mixed(hash + field->hash(left));
    return hash;
  }

  std::vector<std::unique_ptr<const Elements>> fields_;
};

// Equal whatever the order of their entries.
class MapElements final : public WithNulls {
 public:
  MapElements(const Type& type, const ColumnPtr& left, const ColumnPtr& right)
      : WithNulls(left, right),
        a_(Input{left, false}),
        b_(Input{right, false}),
        keys_(make_elements(type.fields()[0].type, a_.elements(), b_.elements())),
        values_(make_elements(type.fields()[1].type, a_.values(), b_.values())),
        left_keys_(make_elements(type.fields()[0].type, a_.elements(), a_.elements())),
        right_keys_(make_elements(type.fields()[0].type, b_.elements(), b_.elements())) {}

 private:
  bool equal_entries(int64_t left, int64_t right) const {
    return keys_->equal(left, right) && values_->equal(left, right);
  }

  bool equal_values(int64_t left, int64_t right) const override {
    const int64_t size = a_.size(left);
    if (b_.size(right) != size) return false;
    int64_t same = 0;
    while (same < size && equal_entries(a_.begin(left) + same, b_.begin(right) + same)) ++same;
    if (same == size) return true;
    // The rest by the hashes of keys; entries of equal hashes are tried against each other.
    const auto from = sorted(*left_keys_, a_.begin(left) + same, a_.end(left));
    const auto to = sorted(*right_keys_, b_.begin(right) + same, b_.end(right));
    for (size_t i = 0, first = 0; i < from.size(); ++i) {
      while (first < to.size() && to[first].first < from[i].first) ++first;
      bool found = false;
      for (size_t j = first; !found && j < to.size() && to[j].first == from[i].first; ++j) {
        found = equal_entries(from[i].second, to[j].second);
      }
      if (!found) return false;
    }
    return true;
  }

  uint64_t hash_value(int64_t left) const override {
    uint64_t hash = 0;  // a sum does not depend on the order
    for (int64_t i = a_.begin(left); i < a_.end(left); ++i) {
      hash += mixed(keys_->hash(i) + 3 * values_->hash(i));
    }
    return hash;
  }

  static std::vector<std::pair<uint64_t, int64_t>> sorted(const Elements& keys, int64_t begin,
                                                          int64_t end) {
    std::vector<std::pair<uint64_t, int64_t>> hashed;
    for (int64_t i = begin; i < end; ++i) hashed.emplace_back(keys.hash(i), i);
    std::sort(hashed.begin(), hashed.end());
    return hashed;
  }

  Lists a_;
  Lists b_;
  std::unique_ptr<const Elements> keys_;
  std::unique_ptr<const Elements> values_;
  std::unique_ptr<const Elements> left_keys_;
  std::unique_ptr<const Elements> right_keys_;
};

}  // namespace

bool has_order(const Type& type) { return !type.is_nested() && type.id() != TypeId::kNull; }

std::unique_ptr<const Elements> make_elements(const Type& type, const ColumnPtr& left,
                                              const ColumnPtr& right) {
  switch (type.id()) {
    case TypeId::kNull: return std::make_unique<NullElements>(left, right);
    case TypeId::kArray: return std::make_unique<ArrayElements>(type, left, right);
    case TypeId::kMap: return std::make_unique<MapElements>(type, left, right);
    case TypeId::kRow: return std::make_unique<RowElements>(type, left, right);
    default: break;
  }
  return with_storage(type, [&](auto sample) -> std::unique_ptr<const Elements> {
    return std::make_unique<ScalarElements<decltype(sample)>>(left, right);
  });
}

void ElementSet::clear(int64_t count) {
  slots_.assign(std::bit_ceil(static_cast<size_t>(count) * 2 + 1), -1);
}

size_t ElementSet::slot_of(int64_t at) const {
  const size_t mask = slots_.size() - 1;
  size_t slot = both_.hash(at) & mask;
  while (slots_[slot] >= 0 && !both_.equal(slots_[slot], at)) slot = (slot + 1) & mask;
  return slot;
}

int64_t ElementSet::insert(int64_t at) {
  int64_t& slot = slots_[slot_of(at)];
  if (slot < 0) slot = at;
  return slot;
}

bool ElementSet::contains(int64_t at) const { return slots_[slot_of(at)] >= 0; }

}  // namespace dataflow::expr
