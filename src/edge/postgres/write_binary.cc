#include <bit>
#include <charconv>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "type_map.h"
#include "types/decimal.h"
#include "types/temporal.h"
#include "write_value.h"

namespace dataflow::postgres {
namespace {

constexpr int64_t kEpochDays = 10'957;  // 2000-01-01, from which PostgreSQL counts
constexpr int64_t kMicrosPerMilli = 1000;
constexpr int64_t kEpochMicros = kEpochDays * kMillisPerDay * kMicrosPerMilli;
constexpr int kNumericDigits = 4;  // decimal ones in one of numeric's
constexpr int kNumericBase = 10'000;
constexpr uint16_t kNumericNegative = 0x4000;
constexpr uint32_t kInt2Vector = 22;

// What is out of int64's microseconds is at their end.
int64_t micros_of(const Type& type, int64_t value) {
  if (type.units_per_milli() == kMicrosPerMilli) return value;
  int64_t micros = 0;
  if (__builtin_mul_overflow(value, kMicrosPerMilli, &micros)) {
    return value < 0 ? INT64_MIN : INT64_MAX;
  }
  return micros;
}

int64_t since_epoch(int64_t micros) {
  int64_t since = 0;
  return __builtin_sub_overflow(micros, kEpochMicros, &since) ? INT64_MIN : since;
}

// Digits to the base of 10,000 around the point: their number, the first one's weight, the sign,
// how many decimal digits are shown behind the point, then the digits.
void write_numeric(Int128 unscaled, int scale, std::string& out) {
  const bool negative = unscaled < 0;
  auto rest = negative ? -static_cast<unsigned __int128>(unscaled)
                       : static_cast<unsigned __int128>(unscaled);
  // Digits behind the point come in fours; the last four are filled up.
  const int odd = scale % kNumericDigits;
  const int fraction = (scale + kNumericDigits - 1) / kNumericDigits;
  uint16_t digits[16];  // from the last one: 38 decimal digits have 10, and one may be cut in two
  int count = 0;
  if (odd != 0) {
    const auto part = static_cast<unsigned>(power_of_ten(odd));
    const auto fill = static_cast<unsigned>(power_of_ten(kNumericDigits - odd));
    digits[count++] = static_cast<uint16_t>(static_cast<unsigned>(rest % part) * fill);
    rest /= part;
  }
  for (; rest > 0; rest /= kNumericBase)
    digits[count++] = static_cast<uint16_t>(rest % kNumericBase);
  const int weight = count - fraction - 1;
  int first = 0;  // zeros at the end are not sent
  while (first < count && digits[first] == 0) ++first;
  int last = count;  // nor are those in front
  while (last > first && digits[last - 1] == 0) --last;
  append_be16(out, static_cast<uint16_t>(last - first));
  append_be16(out, static_cast<uint16_t>(last > first ? weight - (count - last) : 0));
  append_be16(out, negative ? kNumericNegative : 0);
  append_be16(out, static_cast<uint16_t>(scale));
  for (int i = last; i > first; --i) append_be16(out, digits[i - 1]);
}

void write_interval(int64_t micros, int64_t days, int64_t months, std::string& out) {
  append_be64(out, static_cast<uint64_t>(micros));
  append_be32(out, static_cast<uint32_t>(days));
  append_be32(out, static_cast<uint32_t>(months));
}

void write_array(const Value& value, uint32_t element, std::string& out) {
  const Value::List& list = value.as_list();
  bool nulls = false;
  for (const Value& part : list) nulls = nulls || part.is_null();
  append_be32(out, list.empty() ? 0 : 1);  // dimensions
  append_be32(out, nulls ? 1 : 0);
  append_be32(out, element);
  if (list.empty()) return;
  append_be32(out, static_cast<uint32_t>(list.size()));
  append_be32(out, 1);  // the first one's index
  for (const Value& part : list) {
    if (part.is_null()) {
      append_be32(out, UINT32_MAX);
      continue;
    }
    const size_t at = out.size();
    append_be32(out, 0);
    write_binary(part, element, out);
    store_be32(out.data() + at, static_cast<uint32_t>(out.size() - at - 4));
  }
}

void write_integer(int64_t value, uint32_t oid, std::string& out) {
  switch (size_of(oid)) {
    case 2: return append_be16(out, static_cast<uint16_t>(value));
    case 4: return append_be32(out, static_cast<uint32_t>(value));
    default: return append_be64(out, static_cast<uint64_t>(value));
  }
}

// Of "1 2": an array whose first one has the index 0.
void write_vector(std::string_view text, std::string& out) {
  std::vector<uint16_t> numbers;
  for (const char* at = text.data(); at < text.data() + text.size();) {
    int16_t number = 0;
    const auto [end, error] = std::from_chars(at, text.data() + text.size(), number);
    if (error != std::errc()) break;
    numbers.push_back(static_cast<uint16_t>(number));
    at = end + 1;
  }
  append_be32(out, 1);  // dimensions
  append_be32(out, 0);  // no NULL
  append_be32(out, oid::kInt2);
  append_be32(out, static_cast<uint32_t>(numbers.size()));
  append_be32(out, 0);
  for (const uint16_t number : numbers) {
    append_be32(out, sizeof number);
    append_be16(out, number);
  }
}

}  // namespace

void write_binary(const Value& value, uint32_t oid, std::string& out) {
  const Type& type = value.type();
  switch (type.id()) {
    case TypeId::kBoolean: out += static_cast<char>(value.as_bool()); return;
    case TypeId::kInt8:
    case TypeId::kInt16:
    case TypeId::kInt32:
    case TypeId::kInt64: return write_integer(value.as_int(), oid, out);
    case TypeId::kFloat32:
      return append_be32(out, std::bit_cast<uint32_t>(static_cast<float>(value.as_double())));
    case TypeId::kFloat64: return append_be64(out, std::bit_cast<uint64_t>(value.as_double()));
    case TypeId::kDecimal: return write_numeric(value.as_decimal(), type.scale(), out);
    case TypeId::kBytes: out += value.as_text(); return;
    case TypeId::kDate: return append_be32(out, static_cast<uint32_t>(value.as_int() - kEpochDays));
    case TypeId::kTime:
      return append_be64(out, static_cast<uint64_t>(micros_of(type, value.as_int())));
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
      return append_be64(out, static_cast<uint64_t>(since_epoch(micros_of(type, value.as_int()))));
    case TypeId::kMonths: return write_interval(0, 0, value.as_int(), out);
    case TypeId::kMillis:
      return write_interval(value.as_int() % kMillisPerDay * kMicrosPerMilli,
                            value.as_int() / kMillisPerDay, 0, out);
    case TypeId::kArray:
      if (const uint32_t element = element_of(oid); element != 0) {
        return write_array(value, element, out);
      }
      return write_json(value, out);
    default:
      if (oid == kInt2Vector) return write_vector(value.as_text(), out);
      return write_text(value, out);
  }
}

}  // namespace dataflow::postgres
