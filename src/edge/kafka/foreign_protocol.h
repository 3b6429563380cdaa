// Tells what spoke to the Kafka port that is no Kafka client.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace dataflow::kafka {

// Why a frame whose length field says `length` is refused, for the log. `start`: the first bytes of
// the frame with the length field, at least four.
std::string explain_bad_length(std::string_view start, int32_t length, size_t max_bytes);

}  // namespace dataflow::kafka
