// Named ids: an offset, a partition and an epoch are different types, so that the compiler finds
// the call that swaps them.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <ostream>

namespace dataflow {

template <class Tag, class Rep>
class NamedId {
 public:
  using rep = Rep;

  constexpr NamedId() = default;
  constexpr explicit NamedId(Rep value) : value_(value) {}

  constexpr Rep value() const { return value_; }
  friend constexpr auto operator<=>(NamedId, NamedId) = default;

  constexpr NamedId operator+(Rep n) const { return NamedId(static_cast<Rep>(value_ + n)); }
  constexpr NamedId operator-(Rep n) const { return NamedId(static_cast<Rep>(value_ - n)); }
  constexpr Rep operator-(NamedId other) const { return static_cast<Rep>(value_ - other.value_); }
  constexpr NamedId& operator++() {
    ++value_;
    return *this;
  }

 private:
  Rep value_ = 0;
};

template <class Tag, class Rep>
std::ostream& operator<<(std::ostream& out, NamedId<Tag, Rep> id) {
  return out << +id.value();
}

using Offset = NamedId<struct OffsetTag, int64_t>;
using PartitionIndex = NamedId<struct PartitionIndexTag, int32_t>;
using LeaderEpoch = NamedId<struct LeaderEpochTag, int32_t>;
using ProducerId = NamedId<struct ProducerIdTag, int64_t>;
using ProducerEpoch = NamedId<struct ProducerEpochTag, int16_t>;
using Generation = NamedId<struct GenerationTag, int32_t>;
// Milliseconds since 1970 in UTC, as Kafka's records carry them; -1 is "none".
using Timestamp = NamedId<struct TimestampTag, int64_t>;

inline constexpr ProducerId kNoProducerId{-1};
inline constexpr ProducerEpoch kNoProducerEpoch{-1};
inline constexpr Timestamp kNoTimestamp{-1};

}  // namespace dataflow

template <class Tag, class Rep>
struct std::hash<dataflow::NamedId<Tag, Rep>> {
  size_t operator()(dataflow::NamedId<Tag, Rep> id) const noexcept {
    return std::hash<Rep>()(id.value());
  }
};
