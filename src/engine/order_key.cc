#include "order_key.h"

#include <arrow/array.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/bytes.h"
#include "column_values.h"

namespace dataflow::engine {
namespace {

constexpr char kNullFirst = 0;
constexpr char kValue = 1;
constexpr char kNullLast = 2;
constexpr size_t kMark = 1;     // bytes of it
constexpr size_t kTextEnd = 2;  // behind a text

// One column on its way into the keys.
struct ColumnOut {
  const arrow::Array& column;
  OrderKeyColumn order;
  char* arena;
  std::vector<size_t>& at;
};

// put(to, row) writes the value and gives its end.
template <class Put>
void put_values(const ColumnOut& out, Put&& put) {
  const char null = out.order.nulls_first ? kNullFirst : kNullLast;
  const bool any_null = out.column.null_count() > 0;
  for (int64_t row = 0; row < out.column.length(); ++row) {
    size_t& at = out.at[static_cast<size_t>(row)];
    char* to = out.arena + at;
    if (any_null && out.column.IsNull(row)) {
      *to++ = null;
    } else {
      *to++ = kValue;
      to = put(to, row);
    }
    at = static_cast<size_t>(to - out.arena);
  }
}

template <class Unsigned>
char* put_bits(char* to, Unsigned bits, Unsigned turned) {
  bytes_detail::store<Unsigned, std::endian::big>(to, static_cast<Unsigned>(bits ^ turned));
  return to + sizeof bits;
}

template <class Unsigned>
constexpr Unsigned sign_of() {
  return static_cast<Unsigned>(Unsigned{1} << (8 * sizeof(Unsigned) - 1));
}

template <class Unsigned>
Unsigned all_bits_if(bool descending) {
  return descending ? std::numeric_limits<Unsigned>::max() : Unsigned{0};
}

template <class Unsigned>
void put_integers(const ColumnOut& out) {
  const auto* const values = out.column.data()->GetValues<Unsigned>(1);
  const auto turned =
      static_cast<Unsigned>(all_bits_if<Unsigned>(out.order.descending) ^ sign_of<Unsigned>());
  put_values(out, [&](char* to, int64_t row) { return put_bits(to, values[row], turned); });
}

template <class Float, class Unsigned>
void put_floats(const ColumnOut& out) {
  const auto* const values = out.column.data()->GetValues<Float>(1);
  const auto turned = all_bits_if<Unsigned>(out.order.descending);
  put_values(out, [&](char* to, int64_t row) {
    Float value = values[row];
    if (value == 0) value = 0;
    if (std::isnan(value)) value = std::numeric_limits<Float>::quiet_NaN();
    auto bits = std::bit_cast<Unsigned>(value);
    bits ^= (bits & sign_of<Unsigned>()) != 0 ? all_bits_if<Unsigned>(true) : sign_of<Unsigned>();
    return put_bits(to, bits, turned);
  });
}

void put_decimals(const ColumnOut& out) {
  const DecimalValues values(out.column);
  const auto turned = all_bits_if<uint64_t>(out.order.descending);
  put_values(out, [&](char* to, int64_t row) {
    const auto bits = static_cast<unsigned __int128>(values[row]);
    to = put_bits(to, static_cast<uint64_t>(bits >> 64) ^ sign_of<uint64_t>(), turned);
    return put_bits(to, static_cast<uint64_t>(bits), turned);
  });
}

void put_booleans(const ColumnOut& out) {
  const BooleanValues values(out.column);
  const auto turned = all_bits_if<uint8_t>(out.order.descending);
  put_values(out, [&](char* to, int64_t row) {
    return put_bits(to, static_cast<uint8_t>(values[row]), turned);
  });
}

void put_texts(const ColumnOut& out) {
  const TextValues texts(out.column);
  put_values(out, [&](char* to, int64_t row) {
    std::string_view text = texts[row];
    char* const begin = to;
    while (true) {
      const size_t zero = std::min(text.find('\0'), text.size());
      std::memcpy(to, text.data(), zero);
      to += zero;
      if (zero == text.size()) break;
      *to++ = '\0';
      *to++ = '\xff';
      text.remove_prefix(zero + 1);
    }
    *to++ = '\0';
    *to++ = '\0';
    if (out.order.descending) {
      for (char* at = begin; at < to; ++at) *at = static_cast<char>(~*at);
    }
    return to;
  });
}

void put_column(const ColumnOut& out, const Type& type) {
  if (type.id() == TypeId::kBoolean) return put_booleans(out);
  if (type.id() == TypeId::kFloat32) return put_floats<float, uint32_t>(out);
  if (type.id() == TypeId::kFloat64) return put_floats<double, uint64_t>(out);
  switch (fixed_width_of(type)) {
    case 0: return put_texts(out);
    case 1: return put_integers<uint8_t>(out);
    case 2: return put_integers<uint16_t>(out);
    case 4: return put_integers<uint32_t>(out);
    case 8: return put_integers<uint64_t>(out);
    default: return put_decimals(out);
  }
}

}  // namespace

Result<std::vector<OrderKeyColumn>> order_key_columns(const std::vector<plan::OrderColumn>& order,
                                                      const Schema& schema) {
  std::vector<OrderKeyColumn> columns;
  for (const plan::OrderColumn& by : order) {
    DF_ASSIGN_OR_RETURN(const size_t column, schema.require(by.column));
    columns.push_back({column, by.descending, by.nulls_first});
  }
  return columns;
}

void OrderKeys::measure(const Batch& batch) {
  const auto rows = static_cast<size_t>(batch.rows);
  at_.assign(rows + 1, 0);
  size_t of_all = 0;
  for (const OrderKeyColumn& by : columns_) {
    const arrow::Array& column = *batch.columns[by.column];
    const size_t width = fixed_width_of((*batch.schema)[by.column].type);
    of_all += kMark;
    if (width > 0 && column.null_count() == 0) {
      of_all += width;
      continue;
    }
    for (size_t row = 0; row < rows; ++row) {
      const auto at = static_cast<int64_t>(row);
      if (column.IsNull(at)) continue;
      if (width > 0) {
        at_[row + 1] += width;
        continue;
      }
      const std::string_view text = static_cast<const arrow::BinaryArray&>(column).GetView(at);
      at_[row + 1] += text.size() + static_cast<size_t>(std::ranges::count(text, '\0')) + kTextEnd;
    }
  }
  for (size_t row = 0; row < rows; ++row) at_[row + 1] += at_[row] + of_all;
}

void OrderKeys::read(const Batch& batch) {
  measure(batch);
  const auto rows = static_cast<size_t>(batch.rows);
  arena_.resize(at_[rows]);
  keys_.resize(rows);
  for (size_t row = 0; row < rows; ++row) {
    keys_[row] = std::string_view(arena_).substr(at_[row], at_[row + 1] - at_[row]);
  }
  for (const OrderKeyColumn& by : columns_) {
    put_column({*batch.columns[by.column], by, arena_.data(), at_},
               (*batch.schema)[by.column].type);
  }
}

uint64_t order_key_head(std::string_view key) {
  if (key.empty() || key[0] == kNullFirst) return 0;
  if (key[0] == kNullLast) return std::numeric_limits<uint64_t>::max();
  char head[sizeof(uint64_t)] = {};
  std::memcpy(head, key.data() + kMark, std::min(key.size() - kMark, sizeof head));
  return load_be64(head);
}

}  // namespace dataflow::engine
