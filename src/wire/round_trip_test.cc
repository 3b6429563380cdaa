#include "round_trip.h"

#include <cstdlib>
#include <set>

#include "base/env.h"
#include "wire/api.h"
#include "wire/message_table.h"

namespace dataflow::wire {
namespace {

constexpr int kMessagesAVersion = 25;

// DATAFLOW_TEST_SEED repeats a run.
uint64_t seed() {
  if (const char* given = std::getenv("DATAFLOW_TEST_SEED"))
    return std::strtoull(given, nullptr, 10);
  uint64_t value = 0;
  posix_env().fill_random({reinterpret_cast<char*>(&value), sizeof value});
  return value;
}

TEST(RoundTrip, every_message_in_every_version) {
  uint64_t start = seed();
  std::cout << "DATAFLOW_TEST_SEED=" << start << "\n";
  int checked = 0;
  for (const RoundTripCase& one : round_trip_cases()) {
    for (int16_t version = one.min_version; version <= one.max_version; ++version) {
      SCOPED_TRACE(std::string(one.name) + " version " + std::to_string(version) + ", seed " +
                   std::to_string(start));
      RandomValues random(start + static_cast<uint64_t>(checked));
      for (int i = 0; i < kMessagesAVersion; ++i) one.check(random, version);
      ++checked;
      if (testing::Test::HasFailure()) return;
    }
  }
  std::cout << checked << " messages and versions\n";
  EXPECT_GT(checked, 300);
}

TEST(RoundTrip, covers_every_api_of_the_table) {
  std::set<std::string_view> tried;
  for (const RoundTripCase& one : round_trip_cases()) tried.insert(one.name);
  for (const ApiRange& api : api_ranges()) {
    EXPECT_TRUE(tried.contains(std::string(api.name) + "Request")) << api.name;
    EXPECT_TRUE(tried.contains(std::string(api.name) + "Response")) << api.name;
  }
  for (const MessageEntry& entry : message_table())
    EXPECT_TRUE(tried.contains(entry.name)) << entry.name;
  EXPECT_EQ(message_table().size(), 2 * api_ranges().size());
}

}  // namespace
}  // namespace dataflow::wire
