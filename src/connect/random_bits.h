// Bits that look random and hang on a number only: for rows that are made up.
#pragma once

#include <cstdint>

namespace dataflow::connect {

// The finaliser of splitmix64.
constexpr uint64_t mixed(uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

// At least 0 and below `count`, which is not 0.
constexpr uint64_t below(uint64_t bits, uint64_t count) {
  return static_cast<uint64_t>((static_cast<unsigned __int128>(bits) * count) >> 64);
}

// At least 0 and less than 1.
constexpr double unit_of(uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1p-53; }

}  // namespace dataflow::connect
