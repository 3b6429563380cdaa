#include "ordered_values.h"

#include <bit>
#include <cmath>
#include <limits>

#include "base/bytes.h"
#include "base/hash.h"
#include "column_values.h"

namespace dataflow::engine {
namespace {

constexpr uint64_t kSign = 1ULL << 63;

void store_int(char* to, int64_t value) { store_be64(to, static_cast<uint64_t>(value) ^ kSign); }
int64_t load_int(const char* from) { return static_cast<int64_t>(load_be64(from) ^ kSign); }

// Of negative numbers the greater size sorts first.
void store_float(char* to, double value) {
  if (std::isnan(value)) value = std::numeric_limits<double>::quiet_NaN();
  const auto bits = std::bit_cast<uint64_t>(value);
  store_be64(to, (bits & kSign) != 0 ? ~bits : bits ^ kSign);
}
double load_float(const char* from) {
  const uint64_t bits = load_be64(from);
  return std::bit_cast<double>((bits & kSign) != 0 ? bits ^ kSign : ~bits);
}

void store_decimal(char* to, __int128 value) {
  store_int(to, static_cast<int64_t>(value >> 64));
  store_be64(to + 8, static_cast<uint64_t>(value));
}
__int128 load_decimal(const char* from) {
  const auto high = static_cast<unsigned __int128>(static_cast<uint64_t>(load_int(from)));
  return static_cast<__int128>(high << 64 | load_be64(from + 8));
}

size_t width_of(const Type& type) {
  if (is_text_like(type)) return 0;
  return type.id() == TypeId::kDecimal ? 16 : 8;
}

}  // namespace

bool OrderedValues::have_order(const Type& type) {
  return is_integral(type) || type.is_float() || type.id() == TypeId::kDecimal ||
         is_text_like(type);
}

template <class Values, class Store>
void OrderedValues::read_fixed(int64_t rows, size_t width, const Values& values, Store&& store) {
  arena_.resize(static_cast<size_t>(rows) * width);
  for (int64_t row = 0; row < rows; ++row) {
    char* const to = arena_.data() + static_cast<size_t>(row) * width;
    store(to, values[row]);
    values_.emplace_back(to, width);
  }
}

void OrderedValues::read(const arrow::Array& column) {
  const int64_t rows = column.length();
  const size_t width = width_of(type_);
  values_.clear();
  values_.reserve(static_cast<size_t>(rows));
  if (width == 0) {
    const TextValues texts(column);
    for (int64_t row = 0; row < rows; ++row) values_.push_back(texts[row]);
  } else if (type_.is_float()) {
    with_floats(type_, column,
                [&](const auto& values) { read_fixed(rows, width, values, store_float); });
  } else if (type_.id() == TypeId::kDecimal) {
    read_fixed(rows, width, DecimalValues(column), store_decimal);
  } else {
    with_ints(type_, column,
              [&](const auto& values) { read_fixed(rows, width, values, store_int); });
  }
  hashes_.resize(values_.size());
  for (size_t i = 0; i < values_.size(); ++i) hashes_[i] = hash64(values_[i]);
}

Status OrderedValues::put(std::string_view bytes, ColumnWriter& out) const {
  const size_t width = width_of(type_);
  if (width > 0 && bytes.size() != width) {
    return Status::corrupt("a value of " + type_.to_string() + " in the state has " +
                           std::to_string(bytes.size()) + " bytes");
  }
  if (width == 0) {
    out.put_bytes(bytes);
  } else if (type_.is_float()) {
    out.put_float(load_float(bytes.data()));
  } else if (type_.id() == TypeId::kDecimal) {
    out.put_decimal(load_decimal(bytes.data()));
  } else {
    out.put_int(load_int(bytes.data()));
  }
  return {};
}

}  // namespace dataflow::engine
