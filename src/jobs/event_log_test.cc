#include "event_log.h"

#include <gtest/gtest.h>

#include "base/fault_env.h"

namespace dataflow::jobs {
namespace {

TEST(EventLog, KeepsTheNewestInABoundedSpaceOverTornLinesAndRestarts) {
  FaultEnv env;
  const std::string dir = "/data/jobs/x.events";
  const std::string long_words(700, 'w');
  int64_t n = 0;
  for (int start = 0; start < 3; ++start) {
    EventLog log(env, dir);
    for (int i = 0; i < 500; ++i) {
      ASSERT_TRUE(log.append({Timestamp(++n), "restarting", long_words + "\xff"}).ok());
    }
    auto file = env.open(dir + "/events", OpenMode::kReadWrite);
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_TRUE((*file)->write_at(*(*file)->size(), "{\"time_ms\": 5, \"ev").ok());
  }
  EXPECT_LT(*env.file_size(dir + "/events") + *env.file_size(dir + "/events.1"), 600U << 10);
  EventLog log(env, dir);
  ASSERT_TRUE(log.append({Timestamp(++n), "stopped", ""}).ok());
  ASSERT_TRUE(log.move_to("/data/jobs/y.events").ok());
  const std::vector<PipelineEvent> events = EventLog(env, "/data/jobs/y.events").read(256);
  ASSERT_EQ(events.size(), 256U);
  for (size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i].when, Timestamp(n - 255 + static_cast<int64_t>(i)));
  }
  EXPECT_EQ(events.back().kind, "stopped");
  EXPECT_TRUE(EventLog(env, dir).read(256).empty());
}

}  // namespace
}  // namespace dataflow::jobs
