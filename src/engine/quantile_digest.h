// QuantileDigest: where in a distribution values lie, in a bounded number of bytes: Dunning's
// t-digest (merging, scale k1, compression 200). A quantile is that of linear interpolation between
// the values around its place; up to 512 values are kept themselves, and it is exact. Beyond, what
// stands for the values of a place q has a part of at most 4 * sqrt(q * (1 - q)) / 200 of them.
//
// Values are gathered into it by 512s, counted per digest: it hangs on the order in which values
// and digests came, and on nothing else. NaN is passed over.
//
// The bytes are state: u8 version (1), u32 count of centroids; if there are any, the least and the
// greatest value and each centroid's mean and weight, in order; then values not gathered yet; all
// of them doubles. No bytes: nothing was added.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"

namespace dataflow::engine {

void add_to_digest(std::string& digest, double value);
// kCorrupt: one of them is none.
Status merge_digests(std::string& into, std::string_view from);
// Of a place from 0 to 1; nothing of no values.
Result<std::optional<double>> quantile_of(std::string_view digest, double place);
Status check_digest(std::string_view digest);

}  // namespace dataflow::engine
