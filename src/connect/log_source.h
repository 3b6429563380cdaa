// The source "log": the records of a topic, one split a partition.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/env.h"
#include "engine/connectors.h"
#include "format/decoder.h"
#include "key_decoder.h"
#include "log/groups.h"
#include "log/log.h"
#include "metadata_columns.h"

namespace dataflow::connect {

// Where a partition is begun that the job has no position of.
struct LogStart {
  enum class Kind : uint8_t { kEarliest, kLatest, kTime, kGroup };
  Kind kind = Kind::kEarliest;
  Timestamp time;                   // kTime
  std::string group;                // kGroup: where it stands, else
  Kind fallback = Kind::kEarliest;  // earliest or latest
};

struct LogSourceSpec {
  std::string where;  // "source `orders`"
  std::string topic;
  Uuid topic_id;
  LogStart start;
  std::string group;  // shows the job's progress; may be empty
  bool read_committed = true;
  bool skip_missing = false;  // offsets that retention took are passed over
  bool bounded = false;
  std::shared_ptr<const engine::StagedRows> staged;  // read behind what is there; may be null
  bool null_values = false;                          // the format can tell a record without a value
  std::string format;
  format::DecoderOptions decoder;
  // Rows replace each other by it: a record without a value is a deletion. Nothing: they do not.
  std::optional<KeyDecoderSpec> upsert_key;
  SourceColumns columns;

  log::Isolation isolation() const {
    return read_committed ? log::Isolation::kReadCommitted : log::Isolation::kReadUncommitted;
  }
};

struct LogSourceParts {
  log::Log& log;
  log::Groups* groups;  // may be null: then no group can be named
};

Result<std::unique_ptr<engine::Source>> make_log_source(LogSourceParts parts,
                                                        const plan::SourceSpec& spec,
                                                        const engine::ConnectorContext& context);

// A split's position: the next offset, and the topic's id, so that a topic that was made anew is
// not taken for the old one: "1234@<id>"; or "earliest", which is found at open(). "1234" alone is
// read too.
struct LogPosition {
  std::optional<Offset> offset;  // nothing: earliest
  std::optional<Uuid> topic_id;
};
std::string position_text(Offset offset, const Uuid& topic_id);
Result<LogPosition> parse_position(std::string_view text);

std::string split_id(const std::string& topic, PartitionIndex partition);  // "orders-3"
Result<PartitionIndex> partition_of_split(std::string_view id);

// "earliest", "latest", "timestamp:<ms or ISO 8601>", "group:<name>".
Result<LogStart> parse_start(const std::string& text);
// The position for a partition that is begun there.
Result<std::string> start_position(const LogStart& start, const LogSourceSpec& spec,
                                   log::Partition& partition, log::Groups* groups);

Result<std::unique_ptr<engine::SplitReader>> open_log_split(
    log::Log& log, std::shared_ptr<const LogSourceSpec> spec, const engine::Split& split);
Result<std::unique_ptr<engine::ChunkDecoder>> make_log_chunk_decoder(
    std::shared_ptr<const LogSourceSpec> spec);

}  // namespace dataflow::connect
