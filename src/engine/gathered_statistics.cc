#include "gathered_statistics.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <unordered_map>

#include "base/bytes.h"
#include "gathered_reader.h"

namespace dataflow::engine {
namespace {

using Kind = plan::AggregateKind;
using Values = std::span<const std::string_view>;

// The different values in the order in which they come first, and how often each is there.
class Counts {
 public:
  Counts(const Type& type, Values values) {
    std::unordered_map<std::string_view, size_t> places;
    for (const std::string_view value : values) {
      const auto [place, fresh] = places.emplace(told_apart(type, value), all_.size());
      if (fresh) all_.push_back({value, 0});
      ++all_[place->second].times;
    }
  }

  struct Count {
    std::string_view value;
    int32_t times;
  };
  const std::vector<Count>& all() const { return all_; }

 private:
  std::vector<Count> all_;
};

class Mode final : public GatheredValues {
 public:
  using GatheredValues::GatheredValues;

  Status put(Values values, ColumnWriter& out) const override {
    const Counts counts(type(), values);
    if (counts.all().empty()) {
      out.put_null();
      return {};
    }
    return put_gathered(
        type(), std::ranges::max_element(counts.all(), {}, &Counts::Count::times)->value, out);
  }
};

// A map from values to how often they are there.
class Collected final : public GatheredValues {
 public:
  using GatheredValues::GatheredValues;

  Status put(Values values, ColumnWriter& out) const override {
    const Counts counts(type(), values);
    if (counts.all().empty()) {
      out.put_null();
      return {};
    }
    const size_t count = counts.all().size();
    std::string bits((count + 7) / 8, '\0');
    for (size_t i = 0; i < count; ++i) bits[i / 8] = static_cast<char>(bits[i / 8] | 1 << i % 8);
    std::string bytes(4, '\0');
    store_le32(bytes.data(), static_cast<uint32_t>(count));
    bytes += bits;
    for (const auto& [value, times] : counts.all()) bytes += value.substr(1);
    bytes += bits;
    for (const auto& [value, times] : counts.all()) {
      bytes.append(reinterpret_cast<const char*>(&times), sizeof times);
    }
    out.put_bytes(bytes);
    return {};
  }
};

class Bits final : public GatheredValues {
 public:
  Bits(const Type& type, Kind kind, bool distinct)
      : GatheredValues(type, false, distinct), kind_(kind) {}

  Status put(Values values, ColumnWriter& out) const override {
    if (values.empty()) {
      out.put_null();
      return {};
    }
    uint64_t bits = kind_ == Kind::kBitAnd ? ~uint64_t{0} : 0;
    for (const std::string_view value : values) {
      if (value.size() < 2) return no_gathered_value();
      // Sign bits of narrow ones do not matter: they are cut off again.
      uint64_t one = 0;
      std::memcpy(&one, value.data() + 1, std::min(value.size() - 1, sizeof one));
      if (kind_ == Kind::kBitAnd) bits &= one;
      if (kind_ == Kind::kBitOr) bits |= one;
      if (kind_ == Kind::kBitXor) bits ^= one;
    }
    out.put_int(static_cast<int64_t>(bits));
    return {};
  }

 private:
  const Kind kind_;
};

// The first value in the order up to which a part of all stands. Values come sorted.
class DiscretePercentile final : public GatheredValues {
 public:
  DiscretePercentile(const Type& type, plan::Places places, bool distinct)
      : GatheredValues(type, false, distinct), places_(std::move(places)) {}

  Status put(Values values, ColumnWriter& out) const override {
    if (values.empty()) {
      out.put_null();
      return {};
    }
    if (!places_.is_array) return put_gathered(type(), at(values, places_.of[0]), out);
    std::string bytes(4 + (places_.of.size() + 7) / 8, '\xff');
    store_le32(bytes.data(), static_cast<uint32_t>(places_.of.size()));
    for (const double place : places_.of) bytes += at(values, place).substr(1);
    out.put_bytes(bytes);
    return {};
  }

 private:
  static std::string_view at(Values values, double place) {
    const double number = std::ceil(place * static_cast<double>(values.size()));
    return values[static_cast<size_t>(std::max(number, 1.0)) - 1];
  }

  const plan::Places places_;
};

// Of rows of two DOUBLEs, y and x.
class OfPairs final : public GatheredValues {
 public:
  OfPairs(const Type& type, Kind kind) : GatheredValues(type, false, false), kind_(kind) {}

  Status put(Values values, ColumnWriter& out) const override {
    std::vector<Pair> pairs;
    for (const std::string_view value : values) {
      DF_ASSIGN_OR_RETURN(const auto pair, pair_of(value));
      if (pair) pairs.push_back(*pair);
    }
    if (kind_ == Kind::kRegrCount) {
      out.put_int(std::ssize(pairs));
      return {};
    }
    const std::optional<double> result = pairs.empty() ? std::nullopt : result_of(sums_of(pairs));
    if (result) {
      out.put_float(*result);
    } else {
      out.put_null();
    }
    return {};
  }

 private:
  struct Pair {
    double y, x;
  };
  // Means, and sums of what is apart from them.
  struct Sums {
    double count = 0, y = 0, x = 0, yy = 0, xx = 0, xy = 0;
  };

  // None: one of both is NULL.
  static Result<std::optional<Pair>> pair_of(std::string_view bytes) {
    GatheredReader reader(bytes);
    DF_RETURN_IF_ERROR(reader.byte().status());
    DF_ASSIGN_OR_RETURN(const uint8_t there, reader.byte());
    if (there != 3) return std::optional<Pair>();
    Pair pair{};
    DF_ASSIGN_OR_RETURN(pair.y, reader.number());
    DF_ASSIGN_OR_RETURN(pair.x, reader.number());
    return std::optional(pair);
  }

  static Sums sums_of(const std::vector<Pair>& pairs) {
    Sums sums;
    sums.count = static_cast<double>(pairs.size());
    if (pairs.empty()) return sums;
    // From the first pair on, so that what is always the same is apart from its mean by nothing.
    const Pair first = pairs.front();
    double y_mean = 0, x_mean = 0;
    for (const Pair& pair : pairs) {
      y_mean += pair.y - first.y;
      x_mean += pair.x - first.x;
    }
    y_mean /= sums.count;
    x_mean /= sums.count;
    for (const Pair& pair : pairs) {
      const double y = pair.y - first.y - y_mean;
      const double x = pair.x - first.x - x_mean;
      sums.yy += y * y;
      sums.xx += x * x;
      sums.xy += x * y;
    }
    sums.y = first.y + y_mean;
    sums.x = first.x + x_mean;
    return sums;
  }

  std::optional<double> result_of(const Sums& s) const {
    switch (kind_) {
      case Kind::kCovarPop: return s.xy / s.count;
      case Kind::kCovarSamp:
        if (s.count < 2) return std::nullopt;
        return s.xy / (s.count - 1);
      case Kind::kCorr:
        if (s.xx == 0 || s.yy == 0) return std::nullopt;
        return std::clamp(s.xy / (std::sqrt(s.xx) * std::sqrt(s.yy)), -1.0, 1.0);
      case Kind::kRegrAvgX: return s.x;
      case Kind::kRegrAvgY: return s.y;
      case Kind::kRegrSxx: return s.xx;
      case Kind::kRegrSyy: return s.yy;
      case Kind::kRegrSxy: return s.xy;
      default: break;
    }
    if (s.xx == 0) return std::nullopt;
    if (kind_ == Kind::kRegrSlope) return s.xy / s.xx;
    if (kind_ == Kind::kRegrIntercept) return s.y - s.xy / s.xx * s.x;
    if (s.yy == 0) return 1;
    return s.xy * s.xy / (s.xx * s.yy);
  }

  const Kind kind_;
};

}  // namespace

Status put_gathered(const Type& type, std::string_view value, ColumnWriter& out) {
  if (value.empty()) return no_gathered_value();
  value.remove_prefix(1);
  if (out.width() > 0 || type.is_nested()) {
    out.put_bytes(value);
    return {};
  }
  GatheredReader reader(value);
  DF_ASSIGN_OR_RETURN(const std::string_view text, reader.text());
  out.put_bytes(text);
  return {};
}

std::unique_ptr<GatheredValues> make_statistic(Kind kind, const plan::Aggregate& aggregate,
                                               const Type& argument) {
  switch (kind) {
    case Kind::kMode: return std::make_unique<Mode>(argument, false, aggregate.distinct);
    case Kind::kCollect: return std::make_unique<Collected>(argument, false, aggregate.distinct);
    case Kind::kBitAnd:
    case Kind::kBitOr:
    case Kind::kBitXor: return std::make_unique<Bits>(argument, kind, aggregate.distinct);
    case Kind::kPercentileDisc: {
      auto places = plan::places_of(aggregate);
      if (!places.ok()) return nullptr;
      return std::make_unique<DiscretePercentile>(argument, std::move(*places), aggregate.distinct);
    }
    default: return kind >= Kind::kCovarPop ? std::make_unique<OfPairs>(argument, kind) : nullptr;
  }
}

}  // namespace dataflow::engine
