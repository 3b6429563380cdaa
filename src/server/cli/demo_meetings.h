// Made-up events of meetings, for demonstrations: who joins and leaves, what is said, how good the
// network is. The same ones for the same seed, for whichever of the three topics they are asked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/terminal.h"

namespace dataflow::cli {

struct DemoMeetings {
  int64_t count = 1000;  // of all topics together
  uint64_t seed = 1;
  int meetings = 12;
  double rate = 0;                  // events a second, of all topics; 0: at once
  std::string topic;                // only this one's events; empty: all
  std::string key_separator;        // not empty: the meeting and this stand in front of each event
  std::optional<int64_t> start_ms;  // of the first event
};

inline constexpr const char* kMeetingTopics[] = {"user_events", "chat_events", "meeting_events"};

// JSON lines in the order in which they would arrive. Without a start the last one happens now, or
// with a rate the first one. One of twenty is up to four seconds late, one of two hundred minutes
// (none of the first two minutes); one of fifty is damaged: cut off, without its meeting, with a
// text for a number, or with a latency below zero. kCancelled after Ctrl-C.
Status write_demo_meetings(Output& out, const DemoMeetings& options);

}  // namespace dataflow::cli
