// A topic with compression.type other than `producer` stores every batch in that codec.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "log/topic_config.h"
#include "types/log_batch.h"

namespace dataflow::log {

// The level at which the topic stores batches of this codec: its own one if the codec is the
// topic's, else the codec's default.
int compression_level(Codec codec, const TopicConfig& config);

bool needs_recompression(const BatchHeader& batch, const TopicConfig& config);
// The same records, producer and sequence in the topic's codec.
Result<std::string> recompress(std::string_view batch, const TopicConfig& config);

}  // namespace dataflow::log
