// Makes the generator's columns.
#include <arrow/array.h>
#include <arrow/builder.h>

#include <algorithm>
#include <cmath>

#include "generator_rules.h"
#include "random_bits.h"
#include "types/arrow_status.h"

namespace dataflow::connect {
namespace {

using Kind = ColumnRule::Kind;

// Several independent draws a row.
enum class Draw : uint64_t { kValue = 1, kNull, kLate, kDisorder };

class Values {
 public:
  Values(const ColumnRule& rule, int64_t began_ms)
      : rule_(rule), start_ms_(rule.start_ms.value_or(began_ms)) {}

  bool is_null(int64_t row) const {
    return rule_.null_share > 0 && unit(row, Draw::kNull) < rule_.null_share;
  }
  int64_t integer(int64_t row) const {
    switch (rule_.kind) {
      case Kind::kSequence: return wrapped(row);
      case Kind::kChoice: return choice(row);
      case Kind::kTime: return time(row);
      case Kind::kRandom: return between(row);
    }
    return 0;
  }
  double real(int64_t row) const {
    if (rule_.kind != Kind::kRandom) return static_cast<double>(integer(row));
    return rule_.min + (rule_.max - rule_.min) * unit(row, Draw::kValue);
  }
  void text(int64_t row, std::string& out) const;

 private:
  uint64_t bits(int64_t row, Draw draw) const {
    return mixed(mixed(rule_.seed + static_cast<uint64_t>(draw)) ^ static_cast<uint64_t>(row));
  }
  // At least 0 and less than 1.
  double unit(int64_t row, Draw draw) const { return unit_of(bits(row, draw)); }
  int64_t wrapped(int64_t row) const {
    return static_cast<int64_t>(static_cast<uint64_t>(rule_.start) +
                                static_cast<uint64_t>(row) * static_cast<uint64_t>(rule_.step));
  }
  int64_t between(int64_t row) const {
    const auto from = static_cast<int64_t>(std::ceil(rule_.min));
    const auto to = static_cast<int64_t>(std::floor(rule_.max));
    const uint64_t width = static_cast<uint64_t>(to) - static_cast<uint64_t>(from);
    const auto wide = static_cast<unsigned __int128>(width) + 1;
    const auto above = static_cast<uint64_t>((bits(row, Draw::kValue) * wide) >> 64);
    return static_cast<int64_t>(static_cast<uint64_t>(from) + above);
  }
  int64_t choice(int64_t row) const {
    const double place = unit(row, Draw::kValue);
    if (rule_.shares.empty()) {
      return static_cast<int64_t>(place * static_cast<double>(rule_.count));
    }
    const auto found = std::upper_bound(rule_.shares.begin(), rule_.shares.end(), place);
    return std::min<int64_t>(found - rule_.shares.begin(), rule_.count - 1);
  }
  // In the units of the column.
  int64_t time(int64_t row) const {
    const int64_t units = rule_.type.units_per_milli();
    auto us = static_cast<int64_t>(static_cast<double>(row) * rule_.spacing_us);
    us -= static_cast<int64_t>(static_cast<double>(rule_.disorder_ms) * 1000 *
                               unit(row, Draw::kDisorder));
    if (rule_.late_share > 0 && unit(row, Draw::kLate) < rule_.late_share) {
      us -= rule_.late_by_ms * 1000;
    }
    if (units == 1000) return start_ms_ * 1000 + us;
    return start_ms_ + (us - (us < 0 ? 999 : 0)) / 1000;
  }

  const ColumnRule& rule_;
  const int64_t start_ms_;
};

void Values::text(int64_t row, std::string& out) const {
  out.clear();
  if (rule_.kind == Kind::kRandom) {
    constexpr char kLetters[] = "abcdefghijklmnopqrstuvwxyz012345";  // 32
    uint64_t word = bits(row, Draw::kValue);
    for (int64_t i = 0; i < rule_.length; ++i) {
      if (i % 12 == 11) word = mixed(word);
      out += kLetters[word & 31];
      word >>= 5;
    }
    return;
  }
  const int64_t number = integer(row);
  if (!rule_.values.empty()) {
    out = rule_.values[static_cast<size_t>(number)];
  } else {
    out = rule_.prefix + std::to_string(number);
  }
}

template <class Builder, class Append>
Result<ColumnPtr> build(const ColumnRule& rule, const Values& values, int64_t first, int64_t stride,
                        int64_t rows, Append append) {
  DF_ASSIGN_OR_RETURN(std::unique_ptr<arrow::ArrayBuilder> made,
                      from_arrow(arrow::MakeBuilder(arrow_type(rule.type))));
  auto& builder = static_cast<Builder&>(*made);
  DF_RETURN_IF_ERROR(from_arrow(builder.Reserve(rows)));
  for (int64_t i = 0; i < rows; ++i) {
    const int64_t row = first + i * stride;
    DF_RETURN_IF_ERROR(
        from_arrow(values.is_null(row) ? builder.AppendNull() : append(builder, row)));
  }
  return from_arrow(builder.Finish());
}

}  // namespace

Result<ColumnPtr> generate_column(const ColumnRule& rule, int64_t first, int64_t stride,
                                  int64_t rows, int64_t began_ms) {
  const Values values(rule, began_ms);
  const auto integers = [&]<class Builder>(Builder*) {
    return build<Builder>(rule, values, first, stride, rows, [&](Builder& builder, int64_t row) {
      return builder.Append(static_cast<typename Builder::value_type>(values.integer(row)));
    });
  };
  const auto reals = [&]<class Builder>(Builder*) {
    return build<Builder>(rule, values, first, stride, rows, [&](Builder& builder, int64_t row) {
      return builder.Append(static_cast<typename Builder::value_type>(values.real(row)));
    });
  };
  switch (rule.type.id()) {
    case TypeId::kBoolean:
      return build<arrow::BooleanBuilder>(
          rule, values, first, stride, rows, [&](arrow::BooleanBuilder& builder, int64_t row) {
            return builder.Append((mixed(rule.seed ^ static_cast<uint64_t>(row)) & 1) != 0);
          });
    case TypeId::kInt8: return integers(static_cast<arrow::Int8Builder*>(nullptr));
    case TypeId::kInt16: return integers(static_cast<arrow::Int16Builder*>(nullptr));
    case TypeId::kInt32: return integers(static_cast<arrow::Int32Builder*>(nullptr));
    case TypeId::kInt64: return integers(static_cast<arrow::Int64Builder*>(nullptr));
    case TypeId::kDate: return integers(static_cast<arrow::Date32Builder*>(nullptr));
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz: return integers(static_cast<arrow::TimestampBuilder*>(nullptr));
    case TypeId::kFloat32: return reals(static_cast<arrow::FloatBuilder*>(nullptr));
    case TypeId::kFloat64: return reals(static_cast<arrow::DoubleBuilder*>(nullptr));
    case TypeId::kDecimal: {
      const double unit = std::pow(10.0, rule.type.scale());
      return build<arrow::Decimal128Builder>(
          rule, values, first, stride, rows, [&](arrow::Decimal128Builder& builder, int64_t row) {
            return builder.Append(arrow::Decimal128(std::llround(values.real(row) * unit)));
          });
    }
    default: break;
  }
  std::string text;
  return build<arrow::BinaryBuilder>(rule, values, first, stride, rows,
                                     [&](arrow::BinaryBuilder& builder, int64_t row) {
                                       values.text(row, text);
                                       return builder.Append(text);
                                     });
}

}  // namespace dataflow::connect
