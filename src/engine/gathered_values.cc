#include "gathered_values.h"

#include <arrow/array.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <unordered_set>

#include "base/bytes.h"
#include "gathered_reader.h"
#include "gathered_sorted.h"
#include "gathered_statistics.h"
#include "nested_values.h"

namespace dataflow::engine {
namespace {

// The texts with something between them, and around them.
class TextList final : public GatheredValues {
 public:
  TextList(const Type& type, std::string separator, bool distinct)
      : GatheredValues(type, false, distinct), separator_(std::move(separator)) {}

  Status put(std::span<const std::string_view> values, ColumnWriter& out) const override {
    if (values.empty()) {
      out.put_null();
      return {};
    }
    std::string all;
    for (const std::string_view value : values) {
      GatheredReader reader(value);
      DF_RETURN_IF_ERROR(reader.byte().status());
      DF_ASSIGN_OR_RETURN(const std::string_view text, reader.text());
      if (value.data() != values.front().data()) all += separator_;
      all += text;
    }
    out.put_bytes(all);
    return {};
  }

 private:
  const std::string separator_;
};

class ArrayOfValues final : public GatheredValues {
 public:
  using GatheredValues::GatheredValues;

  Status put(std::span<const std::string_view> values, ColumnWriter& out) const override {
    if (values.empty()) {
      out.put_null();
      return {};
    }
    std::string bytes(4 + (values.size() + 7) / 8, '\0');
    store_le32(bytes.data(), static_cast<uint32_t>(values.size()));
    for (size_t i = 0; i < values.size(); ++i) {
      if (values[i].empty()) return no_gathered_value();
      if (values[i][0] == 0) continue;
      char& bits = bytes[4 + i / 8];
      bits = static_cast<char>(bits | 1 << i % 8);
      bytes += values[i].substr(1);
    }
    out.put_bytes(bytes);
    return {};
  }
};

class JsonArray final : public GatheredValues {
 public:
  using GatheredValues::GatheredValues;

  Status put(std::span<const std::string_view> values, ColumnWriter& out) const override {
    std::string all = "[";
    for (const std::string_view value : values) {
      GatheredReader reader(value);
      DF_ASSIGN_OR_RETURN(const uint8_t is_there, reader.byte());
      std::string_view text = "null";
      if (is_there != 0) {
        DF_ASSIGN_OR_RETURN(text, reader.text());
      }
      if (all.size() > 1) all += ',';
      all += text;
    }
    out.put_bytes(all + "]");
    return {};
  }
};

// Of rows of a key and a value, both JSON.
class JsonObject final : public GatheredValues {
 public:
  JsonObject(const Type& type, bool keeps_nulls)
      : GatheredValues(type, false, false), keeps_nulls_(keeps_nulls) {}

  Status put(std::span<const std::string_view> values, ColumnWriter& out) const override {
    // The last of equal keys is met first.
    std::unordered_set<std::string_view> keys;
    std::vector<std::pair<std::string_view, std::string_view>> members;
    for (size_t i = values.size(); i-- > 0;) {
      GatheredReader reader(values[i]);
      DF_RETURN_IF_ERROR(reader.byte().status());
      DF_ASSIGN_OR_RETURN(const uint8_t there, reader.byte());
      if ((there & 1) == 0) continue;
      std::pair<std::string_view, std::string_view> member;
      DF_ASSIGN_OR_RETURN(member.first, reader.text());
      member.second = "null";
      if ((there & 2) != 0) {
        DF_ASSIGN_OR_RETURN(member.second, reader.text());
      }
      const bool kept = (there & 2) != 0 || keeps_nulls_;
      if (keys.insert(member.first).second && kept) members.push_back(member);
    }
    // By name, as Flink writes JSON; without their quotes, which are above a blank.
    std::ranges::sort(members, {}, [](const auto& member) {
      return member.first.substr(1, std::max<size_t>(member.first.size(), 2) - 2);
    });
    std::string all = "{";
    for (const auto& [key, value] : members) {
      if (all.size() > 1) all += ',';
      all += key;
      all += ':';
      all += value;
    }
    out.put_bytes(all + "}");
    return {};
  }

 private:
  const bool keeps_nulls_;
};

// Of DOUBLEs, or of rows of one and of how often it counts.
class Percentile final : public GatheredValues {
 public:
  Percentile(const Type& type, plan::Places places, bool distinct)
      : GatheredValues(type, false, distinct),
        places_(std::move(places)),
        counted_(type.id() == TypeId::kRow) {}

  Status put(std::span<const std::string_view> values, ColumnWriter& out) const override {
    std::vector<Weighed> all;
    for (const std::string_view value : values) {
      DF_ASSIGN_OR_RETURN(const auto one, weighed(value));
      if (one) all.push_back(*one);
    }
    if (all.empty()) {
      out.put_null();
      return {};
    }
    std::ranges::sort(all,
                      [](const Weighed& a, const Weighed& b) { return less(a.value, b.value); });
    for (size_t i = 1; i < all.size(); ++i) all[i].times += all[i - 1].times;
    if (!places_.is_array) {
      out.put_float(value_at(all, places_.of[0]));
      return {};
    }
    std::string bytes(4 + (places_.of.size() + 7) / 8, '\xff');
    store_le32(bytes.data(), static_cast<uint32_t>(places_.of.size()));
    for (const double place : places_.of) {
      const double value = value_at(all, place);
      bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    out.put_bytes(bytes);
    return {};
  }

 private:
  struct Weighed {
    double value = 0;
    __int128 times = 1;  // later: of this one and those before it
  };

  // NaN is above all, and -0.0 below 0.0, as Java sorts them.
  static bool less(double a, double b) {
    if (std::isnan(a) || std::isnan(b)) return !std::isnan(a);
    return a < b || (a == b && std::signbit(a) && !std::signbit(b));
  }

  // None: it does not count.
  Result<std::optional<Weighed>> weighed(std::string_view bytes) const {
    GatheredReader reader(bytes);
    DF_RETURN_IF_ERROR(reader.byte().status());
    Weighed one;
    if (counted_) {
      DF_ASSIGN_OR_RETURN(const uint8_t there, reader.byte());
      if (there != 3) return std::optional<Weighed>();
    }
    DF_ASSIGN_OR_RETURN(one.value, reader.number());
    if (!counted_) return std::optional(one);
    DF_ASSIGN_OR_RETURN(one.times, reader.whole());
    return one.times > 0 ? std::optional(one) : std::nullopt;
  }

  static double value_at(const std::vector<Weighed>& all, double place) {
    const double at = place * static_cast<double>(all.back().times - 1);
    const double low = std::floor(at), high = std::ceil(at);
    const auto value_of = [&](double number) {
      const auto wanted = static_cast<__int128>(number);
      const auto found = std::ranges::upper_bound(all, wanted, {}, &Weighed::times);
      return found == all.end() ? all.back().value : found->value;
    };
    const double below = value_of(low), above = value_of(high);
    if (low == high || below == above) return below;
    return (high - at) * below + (at - low) * above;
  }

  const plan::Places places_;
  const bool counted_;
};

}  // namespace

std::string_view told_apart(const Type& type, std::string_view value) {
  if (!type.is_float() || value.size() < 2) return value;
  static constexpr double kZero = 0;
  static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  const auto as_bytes = [](const double& number) {
    return std::string_view(reinterpret_cast<const char*>(&number), sizeof number);
  };
  double number = 0;
  if (type.id() == TypeId::kFloat32) {
    float narrow = 0;
    std::memcpy(&narrow, value.data() + 1, sizeof narrow);
    number = static_cast<double>(narrow);
  } else {
    std::memcpy(&number, value.data() + 1, sizeof number);
  }
  if (std::isnan(number)) return as_bytes(kNone);
  return number == 0 ? as_bytes(kZero) : value;
}

bool GatheredValues::takes(const arrow::Array& column, int64_t row) const {
  return keeps_nulls_ || !column.IsNull(row);
}

void GatheredValues::append(const arrow::Array& column, int64_t row, std::string& out) const {
  if (column.IsNull(row)) {
    out.push_back('\0');
    return;
  }
  out.push_back('\1');
  const size_t at = out.size();
  out.resize(at + nested_size(type_, column, row));
  put_nested(type_, column, row, out.data() + at);
}

void GatheredValues::drop_repeated(std::vector<std::string_view>& values) const {
  std::unordered_set<std::string_view> seen;
  std::erase_if(values, [&](std::string_view value) {
    return !seen.insert(told_apart(type_, value)).second;
  });
}

namespace {

std::unique_ptr<GatheredValues> make_as_they_come(const plan::Aggregate& aggregate,
                                                  const Type& argument) {
  using Kind = plan::AggregateKind;
  const plan::AggregateFunction& function = *plan::find_aggregate(aggregate.function);
  const bool nulls = plan::keeps_nulls(function, aggregate);
  switch (function.kind) {
    case Kind::kListAgg:
      return std::make_unique<TextList>(argument, plan::separator_of(aggregate),
                                        aggregate.distinct);
    case Kind::kArrayAgg:
      return std::make_unique<ArrayOfValues>(argument, nulls, aggregate.distinct);
    case Kind::kJsonArrayAgg:
      return std::make_unique<JsonArray>(argument, nulls, aggregate.distinct);
    case Kind::kJsonObjectAgg: return std::make_unique<JsonObject>(argument, nulls);
    case Kind::kMedian:
      return std::make_unique<Percentile>(argument, plan::Places{{0.5}}, aggregate.distinct);
    case Kind::kPercentile: {
      auto places = plan::places_of(aggregate);
      if (!places.ok()) return nullptr;
      return std::make_unique<Percentile>(argument, std::move(*places), aggregate.distinct);
    }
    default: return make_statistic(function.kind, aggregate, argument);
  }
}

}  // namespace

std::unique_ptr<GatheredValues> GatheredValues::make(const plan::Aggregate& aggregate,
                                                     const Type& argument) {
  if (aggregate.order.empty()) return make_as_they_come(aggregate, argument);
  auto inner = make_as_they_come(aggregate, argument.fields().front().type);
  if (inner == nullptr) return nullptr;
  return make_sorted(std::move(inner), argument, aggregate.order);
}

}  // namespace dataflow::engine
