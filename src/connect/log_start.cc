// Where the log source begins, and how it writes down where it is.
#include "base/units.h"
#include "log_source.h"
#include "topic_names.h"
#include "types/temporal.h"

namespace dataflow::connect {
namespace {

constexpr std::string_view kEarliest = "earliest";

Result<Timestamp> parse_moment(std::string_view text) {
  Result<int64_t> ms = parse_int(text);
  if (ms.ok()) return Timestamp(*ms);
  int64_t moment = 0;
  if (parse_timestamp(text, Type::timestamp_tz(3), moment)) return Timestamp(moment);
  return Status::invalid("`" + std::string(text) +
                         "` is no moment; give milliseconds, or 2026-01-31T12:00:00Z");
}

Offset readable_end(const log::Partition& partition, const LogSourceSpec& spec) {
  return spec.read_committed ? partition.last_stable() : partition.high_offset();
}

}  // namespace

std::string position_text(Offset offset, const Uuid& topic_id) {
  return std::to_string(offset.value()) + "@" + topic_id.to_string();
}

Result<LogPosition> parse_position(std::string_view text) {
  if (text == kEarliest) return LogPosition{};
  LogPosition position;
  const size_t at = text.find('@');
  Result<int64_t> offset = parse_int(text.substr(0, at));
  if (!offset.ok() || *offset < 0) {
    return Status::invalid("`" + std::string(text) + "` is no position in a topic");
  }
  position.offset = Offset(*offset);
  if (at == std::string_view::npos) return position;
  DF_ASSIGN_OR_RETURN(position.topic_id, Uuid::parse(text.substr(at + 1)));
  return position;
}

std::string split_id(const std::string& topic, PartitionIndex partition) {
  return partition_words(topic, partition);
}

Result<PartitionIndex> partition_of_split(std::string_view id) {
  const size_t dash = id.rfind('-');
  if (dash != std::string_view::npos) {
    Result<int64_t> index = parse_int(id.substr(dash + 1));
    if (index.ok() && *index >= 0 && *index <= INT32_MAX) {
      return PartitionIndex(static_cast<int32_t>(*index));
    }
  }
  return Status::invalid("`" + std::string(id) + "` is no partition of a topic");
}

Result<LogStart> parse_start(const std::string& text) {
  LogStart start;
  if (text == kEarliest) return start;
  if (text == "latest") {
    start.kind = LogStart::Kind::kLatest;
    return start;
  }
  const std::string_view view = text;
  if (view.starts_with("timestamp:")) {
    start.kind = LogStart::Kind::kTime;
    DF_ASSIGN_OR_RETURN(start.time, parse_moment(view.substr(10)));
    return start;
  }
  if (view.starts_with("group:") && view.size() > 6) {
    start.kind = LogStart::Kind::kGroup;
    start.group = view.substr(6);
    return start;
  }
  return Status::invalid(
      "give `earliest`, `latest`, `timestamp:` and a moment (milliseconds, or "
      "2026-01-31T12:00:00Z), or `group:` and a group's name");
}

Result<std::string> start_position(const LogStart& start, const LogSourceSpec& spec,
                                   log::Partition& partition, log::Groups* groups) {
  const auto text = [&](Offset offset) { return position_text(offset, spec.topic_id); };
  switch (start.kind) {
    // Not a number: retention may take the first records away before they are read.
    case LogStart::Kind::kEarliest: return std::string(kEarliest);
    case LogStart::Kind::kLatest: return text(readable_end(partition, spec));
    case LogStart::Kind::kTime: {
      DF_ASSIGN_OR_RETURN(std::optional<log::OffsetAtTime> found,
                          partition.find_by_time(start.time, spec.isolation()));
      return text(found ? found->offset : readable_end(partition, spec));
    }
    case LogStart::Kind::kGroup: break;
  }
  log::OffsetFetchRequest request;
  request.group = start.group;
  request.partitions.emplace({partition.name()});
  const log::OffsetFetchResult fetched = groups->fetch_offsets(request);
  DF_RETURN_IF_ERROR(fetched.status);
  for (const log::FetchedOffset& each : fetched.offsets) {
    DF_RETURN_IF_ERROR(each.status);
    if (each.offset.value() >= 0) return text(each.offset);
  }
  LogStart instead;
  instead.kind = start.fallback;
  return start_position(instead, spec, partition, groups);
}

}  // namespace dataflow::connect
