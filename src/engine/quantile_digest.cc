#include "quantile_digest.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <numbers>
#include <vector>

namespace dataflow::engine {
namespace {

constexpr char kVersion = 1;
constexpr size_t kHead = 1 + sizeof(uint32_t);
constexpr double kCompression = 200;
constexpr size_t kMostValues = 512;  // before they are gathered
// The scale gives no more than so many, and one for the rest.
constexpr uint32_t kMostCentroids = 2 * static_cast<uint32_t>(kCompression);
constexpr double kMost = std::numeric_limits<double>::max();

struct Centroid {
  double mean;
  double weight;
};

struct Digest {
  double least = kMost;
  double greatest = -kMost;
  std::vector<Centroid> centroids;  // in order
  std::vector<double> values;       // in none
};

uint32_t centroids_in(std::string_view digest) {
  uint32_t count;
  std::memcpy(&count, digest.data() + 1, sizeof count);
  return count;
}

// Of those bytes that stand before the values.
size_t bytes_before_values(uint32_t centroids) {
  return kHead + (centroids == 0 ? 0 : 2 * sizeof(double) + centroids * sizeof(Centroid));
}

size_t values_in(std::string_view digest) {
  return (digest.size() - bytes_before_values(centroids_in(digest))) / sizeof(double);
}

Digest read(std::string_view digest) {
  Digest read;
  if (digest.empty()) return read;
  const uint32_t count = centroids_in(digest);
  const char* at = digest.data() + kHead;
  if (count > 0) {
    std::memcpy(&read.least, at, sizeof(double));
    std::memcpy(&read.greatest, at + sizeof(double), sizeof(double));
    at += 2 * sizeof(double);
    read.centroids.resize(count);
    std::memcpy(read.centroids.data(), at, count * sizeof(Centroid));
    at += count * sizeof(Centroid);
  }
  read.values.resize(values_in(digest));
  if (!read.values.empty()) {
    std::memcpy(read.values.data(), at, read.values.size() * sizeof(double));
  }
  return read;
}

std::string written(const Digest& digest) {
  const auto count = static_cast<uint32_t>(digest.centroids.size());
  std::string bytes(1, kVersion);
  const auto put = [&](const void* from, size_t size) {
    bytes.append(static_cast<const char*>(from), size);
  };
  put(&count, sizeof count);
  if (count > 0) {
    put(&digest.least, sizeof(double));
    put(&digest.greatest, sizeof(double));
    put(digest.centroids.data(), count * sizeof(Centroid));
  }
  put(digest.values.data(), digest.values.size() * sizeof(double));
  return bytes;
}

// The place up to which a centroid that begins at `place` may reach: one step of the scale.
double reach_of(double place) {
  const double step = kCompression / (2 * std::numbers::pi);
  const double scaled = step * std::asin(2 * place - 1) + 1;
  if (scaled >= kCompression / 4) return 1;
  return (std::sin(scaled / step) + 1) / 2;
}

// All of `parts`, which are in order, as few centroids.
std::vector<Centroid> gathered(const std::vector<Centroid>& parts) {
  double total = 0;
  for (const Centroid& part : parts) total += part.weight;
  std::vector<Centroid> made;
  double before = 0;  // the weight of those that are done
  double reach = reach_of(0) * total;
  for (const Centroid& part : parts) {
    if (!made.empty() && before + made.back().weight + part.weight <= reach) {
      Centroid& last = made.back();
      last.weight += part.weight;
      const double share = part.weight / last.weight;
      last.mean = last.mean * (1 - share) + part.mean * share;
      continue;
    }
    if (!made.empty()) {
      before += made.back().weight;
      reach = reach_of(before / total) * total;
    }
    made.push_back(part);
  }
  return made;
}

void gather(Digest& digest) {
  for (const double value : digest.values) {
    digest.least = std::min(digest.least, value);
    digest.greatest = std::max(digest.greatest, value);
    digest.centroids.push_back({value, 1});
  }
  digest.values.clear();
  std::ranges::stable_sort(digest.centroids, {}, &Centroid::mean);
  digest.centroids = gathered(digest.centroids);
}

double between(double low, double high, double share) {
  return low == high ? low : low * (1 - share) + high * share;
}

double shown(double value) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  return value >= kMost ? kInfinity : value <= -kMost ? -kInfinity : value;
}

double quantile_of_values(std::vector<double> values, double place) {
  std::ranges::sort(values);
  const double at = place * static_cast<double>(values.size() - 1);
  const auto low = static_cast<size_t>(at);
  const size_t high = std::min(low + 1, values.size() - 1);
  return between(values[low], values[high], at - std::floor(at));
}

// Each centroid stands for its values at the middle of their places; the ends are known.
double quantile_of_centroids(const Digest& digest, double place) {
  double total = 0;
  for (const Centroid& centroid : digest.centroids) total += centroid.weight;
  const double wanted = place * (total - 1);
  // The outermost centroid by its mean need not be the one that the outermost value went into.
  if (wanted <= 0) return digest.least;
  if (wanted >= total - 1) return digest.greatest;
  double at = 0, value = digest.least, before = 0;
  for (const Centroid& centroid : digest.centroids) {
    const double middle = before + (centroid.weight - 1) / 2;
    if (wanted <= middle) {
      return middle == at ? centroid.mean
                          : between(value, centroid.mean, (wanted - at) / (middle - at));
    }
    at = middle;
    value = centroid.mean;
    before += centroid.weight;
  }
  const double end = total - 1;
  return end <= at ? digest.greatest : between(value, digest.greatest, (wanted - at) / (end - at));
}

}  // namespace

Status check_digest(std::string_view digest) {
  if (digest.empty()) return {};
  const auto bad = [](const std::string& what) {
    return Status::corrupt("a digest of values " + what);
  };
  if (digest[0] != kVersion) {
    return bad("is of version " + std::to_string(digest[0]) + ", this knows 1");
  }
  if (digest.size() < kHead || centroids_in(digest) > kMostCentroids ||
      digest.size() < bytes_before_values(centroids_in(digest)) ||
      (digest.size() - kHead) % sizeof(double) != 0) {
    return bad("has a wrong length");
  }
  return {};
}

void add_to_digest(std::string& digest, double value) {
  if (std::isnan(value)) return;
  value = std::clamp(value, -kMost, kMost);
  if (digest.empty()) digest.assign(kHead, '\0')[0] = kVersion;
  if (values_in(digest) == kMostValues) {
    Digest all = read(digest);
    gather(all);
    digest = written(all);
  }
  digest.append(reinterpret_cast<const char*>(&value), sizeof value);
}

Status merge_digests(std::string& into, std::string_view from) {
  DF_RETURN_IF_ERROR(check_digest(from));
  DF_RETURN_IF_ERROR(check_digest(into));
  if (from.empty()) return {};
  const Digest more = read(from);
  if (into.empty() || !more.centroids.empty()) {
    Digest all = read(into);
    all.least = std::min(all.least, more.least);
    all.greatest = std::max(all.greatest, more.greatest);
    all.centroids.insert(all.centroids.end(), more.centroids.begin(), more.centroids.end());
    if (!more.centroids.empty()) gather(all);
    into = written(all);
  }
  for (const double value : more.values) add_to_digest(into, value);
  return {};
}

Result<std::optional<double>> quantile_of(std::string_view digest, double place) {
  DF_RETURN_IF_ERROR(check_digest(digest));
  Digest all = read(digest);
  if (all.centroids.empty() && all.values.empty()) return std::optional<double>();
  if (all.centroids.empty()) {
    return std::optional<double>(shown(quantile_of_values(std::move(all.values), place)));
  }
  gather(all);
  return std::optional<double>(shown(quantile_of_centroids(all, place)));
}

}  // namespace dataflow::engine
