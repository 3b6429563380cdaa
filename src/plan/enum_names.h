// What the plan's JSON form and messages call the values of its enumerations.
#pragma once

#include <array>
#include <string_view>
#include <utility>

#include "plan/plan.h"

namespace dataflow::plan {

template <class E, size_t N>
using NameTable = std::array<std::pair<E, std::string_view>, N>;

template <class E>
struct EnumNames;

template <>
struct EnumNames<Metadata> {
  static constexpr NameTable<Metadata, 6> kTable = {{{Metadata::kOffset, "offset"},
                                                     {Metadata::kPartition, "partition"},
                                                     {Metadata::kTimestamp, "timestamp"},
                                                     {Metadata::kKey, "key"},
                                                     {Metadata::kHeaders, "headers"},
                                                     {Metadata::kFile, "file"}}};
};

template <>
struct EnumNames<WindowKind> {
  static constexpr NameTable<WindowKind, 5> kTable = {{{WindowKind::kTumbling, "tumbling"},
                                                       {WindowKind::kHopping, "hopping"},
                                                       {WindowKind::kSession, "session"},
                                                       {WindowKind::kCumulative, "cumulative"},
                                                       {WindowKind::kCount, "count"}}};
};

template <>
struct EnumNames<TimeKind> {
  static constexpr NameTable<TimeKind, 2> kTable = {
      {{TimeKind::kEvent, "event"}, {TimeKind::kProcessing, "processing"}}};
};

template <>
struct EnumNames<JoinKind> {
  static constexpr NameTable<JoinKind, 6> kTable = {{{JoinKind::kInner, "inner"},
                                                     {JoinKind::kLeft, "left"},
                                                     {JoinKind::kRight, "right"},
                                                     {JoinKind::kFull, "full"},
                                                     {JoinKind::kSemi, "semi"},
                                                     {JoinKind::kAnti, "anti"}}};
};

template <>
struct EnumNames<FrameUnit> {
  static constexpr NameTable<FrameUnit, 2> kTable = {
      {{FrameUnit::kRows, "rows"}, {FrameUnit::kRange, "range"}}};
};

template <>
struct EnumNames<Guarantee> {
  static constexpr NameTable<Guarantee, 2> kTable = {
      {{Guarantee::kAtLeastOnce, "at_least_once"}, {Guarantee::kExactlyOnce, "exactly_once"}}};
};

template <>
struct EnumNames<ErrorPolicy> {
  static constexpr NameTable<ErrorPolicy, 2> kTable = {
      {{ErrorPolicy::kDeadLetter, "dead_letter"}, {ErrorPolicy::kFail, "fail"}}};
};

template <class E>
std::string_view enum_name(E value) {
  for (const auto& [known, name] : EnumNames<E>::kTable) {
    if (known == value) return name;
  }
  return "unknown";
}

}  // namespace dataflow::plan
