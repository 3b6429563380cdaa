#include "distinct_sketch.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/hash.h"

namespace dataflow::engine {
namespace {

constexpr char kVersion = 1;
constexpr char kHashes = 0;
constexpr char kRegisters = 1;
constexpr size_t kHead = 2;

constexpr int kPrecision = 14;
constexpr size_t kRegisterCount = size_t{1} << kPrecision;
// The greatest rank: of what is left of a hash all bits are zero, and one more.
constexpr int kMostRank = 64 - kPrecision + 1;
constexpr size_t kMostHashes = 1024;

uint64_t hash_at(std::string_view sketch, size_t i) {
  uint64_t hash;
  std::memcpy(&hash, sketch.data() + kHead + i * sizeof hash, sizeof hash);
  return hash;
}

size_t hashes_in(std::string_view sketch) { return (sketch.size() - kHead) / sizeof(uint64_t); }

// Where the hash stands, or would.
size_t place_of(std::string_view sketch, uint64_t hash) {
  size_t low = 0, high = hashes_in(sketch);
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (hash_at(sketch, middle) < hash) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

void raise_register(std::string& sketch, uint64_t hash) {
  const size_t number = hash >> (64 - kPrecision);
  const uint64_t rest = hash << kPrecision;
  const int rank = rest == 0 ? kMostRank : std::countl_zero(rest) + 1;
  char& is = sketch[kHead + number];
  is = std::max(is, static_cast<char>(rank));
}

void turn_to_registers(std::string& sketch) {
  std::string made(kHead + kRegisterCount, '\0');
  made[0] = kVersion;
  made[1] = kRegisters;
  for (size_t i = 0; i < hashes_in(sketch); ++i) raise_register(made, hash_at(sketch, i));
  sketch = std::move(made);
}

// The hash is one that the sketch is made for.
void add_mixed(std::string& sketch, uint64_t hash) {
  if (sketch.empty()) sketch = {kVersion, kHashes};
  if (sketch[1] == kRegisters) return raise_register(sketch, hash);
  const size_t place = place_of(sketch, hash);
  if (place < hashes_in(sketch) && hash_at(sketch, place) == hash) return;
  if (hashes_in(sketch) == kMostHashes) {
    turn_to_registers(sketch);
    return raise_register(sketch, hash);
  }
  std::array<char, sizeof hash> bytes;
  std::memcpy(bytes.data(), &hash, sizeof hash);
  sketch.insert(kHead + place * sizeof hash, bytes.data(), bytes.size());
}

// Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (2017), algorithm 6: no
// corrections by tables, and no jump between ranges.
double sigma(double x) {
  if (x == 1) return HUGE_VAL;
  double y = 1, z = x, before = -1;
  while (z != before) {
    before = z;
    x *= x;
    z += x * y;
    y += y;
  }
  return z;
}

double tau(double x) {
  if (x == 0 || x == 1) return 0;
  double y = 1, z = 1 - x, before = -1;
  while (z != before) {
    before = z;
    x = std::sqrt(x);
    y /= 2;
    z -= (1 - x) * (1 - x) * y;
  }
  return z / 3;
}

}  // namespace

Status check_sketch(std::string_view sketch) {
  if (sketch.empty()) return {};
  const auto bad = [](const std::string& what) {
    return Status::corrupt("a sketch of distinct values " + what);
  };
  if (sketch.size() < kHead) return bad("is too short");
  if (sketch[0] != kVersion) {
    return bad("is of version " + std::to_string(sketch[0]) + ", this knows 1");
  }
  const size_t body = sketch.size() - kHead;
  if (sketch[1] == kHashes && body % sizeof(uint64_t) == 0 && hashes_in(sketch) <= kMostHashes) {
    return {};
  }
  if (sketch[1] != kRegisters || body != kRegisterCount) return bad("has a wrong length");
  const auto is_rank = [](char rank) { return rank >= 0 && rank <= kMostRank; };
  if (!std::ranges::all_of(sketch.substr(kHead), is_rank)) return bad("has a wrong register");
  return {};
}

void add_to_sketch(std::string& sketch, uint64_t hash) { add_mixed(sketch, hash64(hash)); }

Status merge_sketches(std::string& into, std::string_view from) {
  DF_RETURN_IF_ERROR(check_sketch(from));
  if (from.empty()) return {};
  if (from[1] == kHashes) {
    for (size_t i = 0; i < hashes_in(from); ++i) add_mixed(into, hash_at(from, i));
    return {};
  }
  DF_RETURN_IF_ERROR(check_sketch(into));
  if (into.empty()) into = {kVersion, kHashes};
  if (into[1] == kHashes) turn_to_registers(into);
  for (size_t i = kHead; i < from.size(); ++i) into[i] = std::max(into[i], from[i]);
  return {};
}

Result<int64_t> estimate_of(std::string_view sketch) {
  DF_RETURN_IF_ERROR(check_sketch(sketch));
  if (sketch.empty()) return 0;
  if (sketch[1] == kHashes) return static_cast<int64_t>(hashes_in(sketch));
  std::array<double, kMostRank + 1> of_rank{};
  for (const char rank : sketch.substr(kHead)) ++of_rank[static_cast<size_t>(rank)];
  constexpr auto kCount = static_cast<double>(kRegisterCount);
  double sum = kCount * tau(1 - of_rank[kMostRank] / kCount);
  for (size_t rank = kMostRank - 1; rank >= 1; --rank) sum = (sum + of_rank[rank]) / 2;
  sum += kCount * sigma(of_rank[0] / kCount);
  return std::llround(kCount * kCount / (2 * std::log(2.0)) / sum);
}

}  // namespace dataflow::engine
