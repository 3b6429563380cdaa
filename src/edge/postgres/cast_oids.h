// What parameters are, by the casts behind them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace dataflow::postgres {

// `given` with the OIDs of PostgreSQL's types for those that the client has said nothing of and
// that stand in `query` as $1::type or CAST($1 AS type).
std::vector<uint32_t> with_casts(std::string_view query, std::vector<uint32_t> given);

}  // namespace dataflow::postgres
