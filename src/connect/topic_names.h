// What is said where a topic is not there.
#pragma once

#include <string>

#include "base/status.h"
#include "log/log.h"

namespace dataflow::connect {

// kNotFound, with the nearest name that there is.
Status no_such_topic(const log::Log& log, const std::string& name);

// "orders-3".
std::string partition_words(const std::string& topic, PartitionIndex partition);

}  // namespace dataflow::connect
