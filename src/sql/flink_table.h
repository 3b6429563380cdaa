// CREATE TABLE as Flink reads it: our connectors by their names there, with their options.
#pragma once

#include <string>

#include "flink_query.h"

namespace dataflow::sql {

struct FlinkTarget {
  std::string kafka_address;
  // What is there now is read, and no more; in batch mode always.
  bool bounded = false;
  // How long a split without rows holds the watermark back; 0: for ever.
  int64_t idle_timeout_ms = 0;
  // Set where a topic was met: who reads the script has to know where it is.
  bool* names_kafka = nullptr;
};

// A topic whose rows replace each other, which Flink reads in streaming mode only.
bool is_keyed_topic(const Table& table);

// kInvalid without a place says what Flink has not. `queries` writes the expressions.
Result<std::string> flink_table(const Table& table, const FlinkTarget& target,
                                FlinkQueries& queries);

}  // namespace dataflow::sql
