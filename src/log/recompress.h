// A topic with compression.type other than `producer` stores every batch in that codec.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "log/topic_config.h"
#include "types/log_batch.h"

namespace dataflow::log {

bool needs_recompression(const BatchHeader& batch, const TopicConfig& config);
// The same records, producer and sequence in the topic's codec.
Result<std::string> recompress(std::string_view batch, const TopicConfig& config);

}  // namespace dataflow::log
