// Whole jobs over tables in memory: what they commit, whatever happens on the way.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <thread>

#include "job_bed.h"

namespace dataflow::engine {
namespace {

SchemaPtr event_schema() {
  return std::make_shared<Schema>(std::vector<Field>{
      {"meeting", Type::string()}, {"cost", Type::int64()}, {"ts", Type::timestamp(3)}});
}

// Events of a few meetings, disordered within `disorder_ms`.
std::shared_ptr<MemoryTable> random_events(uint64_t seed, size_t splits, int64_t rows,
                                           int64_t disorder_ms, bool finished = true) {
  auto table = std::make_shared<MemoryTable>(event_schema(), splits);
  std::mt19937_64 random(seed);
  for (size_t split = 0; split < splits; ++split) {
    for (int64_t i = 0; i < rows; ++i) {
      const auto back = static_cast<int64_t>(random() % static_cast<uint64_t>(disorder_ms + 1));
      table->add(split, {Value::string("meeting_" + std::to_string(random() % 17)),
                         Value::int64(static_cast<int64_t>(random() % 100)),
                         Value::integer(Type::timestamp(3), i * 37 - back)});
    }
  }
  if (finished) table->finish();
  return table;
}

plan::Plan count_plan(int parallelism, int64_t delay_ms) {
  plan::Plan plan;
  plan.name = "counts";
  plan.job.parallelism = parallelism;
  plan.job.checkpoint_interval_ms = 1;
  plan::SourceSpec source{"memory", {{"table", "events"}}, "raw", {}, event_schema()};
  source.watermark = plan::WatermarkSpec{"ts", delay_ms};
  plan.nodes.push_back({"events", {}, source});
  plan::WindowSpec window;
  window.time_column = "ts";
  window.size_ms = 1000;
  window.keys = {"meeting"};
  window.aggregates = {{"COUNT", nullptr, false, nullptr, "n"},
                       {"SUM", expr::column("cost"), false, nullptr, "total"},
                       {"AVG", expr::column("cost"), false, nullptr, "mean"},
                       {"MAX", expr::column("cost"), false, nullptr, "most"}};
  plan.nodes.push_back({"counts", {{"events"}}, window});
  plan.nodes.push_back({"out", {{"counts"}}, plan::SinkSpec{"memory", {{"result", "out"}}, "raw"}});
  return plan;
}

// The same by a plain map.
std::vector<std::string> expected_counts(MemoryTable& table) {
  struct Group {
    int64_t n = 0, total = 0, most = INT64_MIN;
  };
  std::map<std::pair<int64_t, std::string>, Group> groups;
  for (size_t split = 0; split < table.splits(); ++split) {
    for (const auto& row : table.read(split, 0, SIZE_MAX >> 1).rows) {
      const int64_t ts = row[2].as_int();
      const int64_t start = (ts >= 0 ? ts / 1000 : (ts - 999) / 1000) * 1000;
      Group& group = groups[{start, row[0].as_text()}];
      ++group.n;
      group.total += row[1].as_int();
      group.most = std::max(group.most, row[1].as_int());
    }
  }
  std::vector<std::string> rows;
  const auto moment = [](int64_t ms) { return Value::integer(Type::timestamp(3), ms).to_string(); };
  for (const auto& [key, group] : groups) {
    rows.push_back("+I meeting=" + key.second + " start=" + moment(key.first) +
                   " n=" + std::to_string(group.n) + " total=" + std::to_string(group.total) +
                   " mean=" + std::to_string(group.total / group.n) +
                   " most=" + std::to_string(group.most));
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

// "+I {window_start=…, …}" in the words of expected_counts().
std::vector<std::string> in_short(const std::vector<std::string>& rows) {
  std::vector<std::string> made;
  for (const std::string& row : rows) {
    const auto field = [&](const std::string& name) {
      const size_t at = row.find(name + "=") + name.size() + 1;
      return row.substr(at, row.find_first_of(",}", at) - at);
    };
    made.push_back(row.substr(0, 3) + "meeting=" + field("meeting") + " start=" +
                   field("window_start") + " n=" + field("n") + " total=" + field("total") +
                   " mean=" + field("mean") + " most=" + field("most"));
  }
  std::sort(made.begin(), made.end());
  return made;
}

class JobTest : public JobBed {};

TEST_F(JobTest, WindowsCountEveryRowOnce) {
  connectors_.tables["events"] = random_events(1, 3, 2000, 500);
  const auto job = start(count_plan(2, 500));
  expect_finished(*job);
  EXPECT_EQ(in_short(rows()), expected_counts(*connectors_.tables["events"]));
}

TEST_F(JobTest, KilledAtAnyMomentAndAtAnotherParallelismTheRowsAreTheSame) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  connectors_.tables["events"] = random_events(seed, 3, 3000, 500);
  connectors_.shuffle_chunks = true;
  int kills = 0;
  while (true) {
    connectors_.seed = random();
    const auto job = start(count_plan(1 + static_cast<int>(random() % 4), 500));
    // A number of checkpoints, then the end of the process as far as the job can tell.
    bool over = false;
    for (uint64_t i = kills == 0 ? 1 : random() % 5; i > 0 && !over; --i)
      over = !job->checkpoint().ok();
    if (over) {
      expect_finished(*job);
      break;
    }
    job->cancel();
    ++kills;
  }
  EXPECT_GT(kills, 0);
  EXPECT_EQ(in_short(rows()), expected_counts(*connectors_.tables["events"]));
}

// "n" of every result: how many rows are in windows, updates not counted twice.
int64_t counted(const std::vector<std::string>& rows) {
  int64_t sum = 0;
  for (const std::string& row : rows) {
    const size_t at = row.find(" n=") + 3;
    sum += std::stoll(row.substr(at));
  }
  return sum;
}

TEST_F(JobTest, LateRowsAreTheSameHoweverTheInputIsCut) {
  const auto events = random_events(5, 1, 3000, 3000);
  connectors_.tables["events"] = events;
  std::vector<std::vector<std::string>> results;
  std::vector<std::vector<std::string>> letters;
  for (const size_t chunk : {1UL, 7UL, 64UL, 500UL, 3000UL}) {
    connectors_.chunk_rows = chunk;
    plan::Plan plan = count_plan(2, 500);
    plan.job.dead_letters = plan::SinkSpec{"memory", {{"result", "dead"}}, "raw"};
    const auto job = start(plan);
    expect_finished(*job);
    results.push_back(in_short(rows()));
    letters.push_back(rows("dead"));
    connectors_.results.clear();
    EXPECT_TRUE(env_.remove_tree(dir_).ok());
  }
  EXPECT_GT(letters[0].size(), 10U);
  EXPECT_EQ(counted(results[0]) + static_cast<int64_t>(letters[0].size()), 3000);
  for (size_t i = 1; i < results.size(); ++i) {
    EXPECT_EQ(results[i], results[0]) << i;
    EXPECT_EQ(letters[i].size(), letters[0].size()) << i;
  }
}

TEST_F(JobTest, RowsWithinTheLatenessChangeTheirResult) {
  auto table = std::make_shared<MemoryTable>(event_schema(), 1);
  const auto event = [&](int64_t cost, int64_t ts) {
    table->add(0, {Value::string("m"), Value::int64(cost), Value::integer(Type::timestamp(3), ts)});
  };
  // 64 rows of a stretch each, so that the watermark moves behind the first and the second 64.
  for (int i = 0; i < 64; ++i) event(1, 100);
  for (int i = 0; i < 64; ++i) event(1, 1500);
  event(10, 200);  // late, and allowed: the window of 0 .. 1000 is at 1500 - 1000
  event(10, 2600);
  for (int i = 0; i < 64; ++i) event(1, 9000);
  event(10, 300);  // too late
  table->finish();
  connectors_.tables["events"] = table;
  connectors_.chunk_rows = 1;
  plan::Plan plan = count_plan(1, 0);
  std::get<plan::WindowSpec>(plan.nodes[1].spec).allowed_lateness_ms = 2000;
  plan.job.dead_letters = plan::SinkSpec{"memory", {{"result", "dead"}}, "raw"};
  const auto job = start(plan);
  expect_finished(*job);
  std::vector<std::string> first_window;
  for (const std::string& row : in_short(rows())) {
    if (row.find("start=1970-01-01 00:00:00.000") != std::string::npos) first_window.push_back(row);
  }
  EXPECT_EQ(first_window,
            (std::vector<std::string>{
                "+I meeting=m start=1970-01-01 00:00:00.000 n=64 total=64 mean=1 most=1",
                "+U meeting=m start=1970-01-01 00:00:00.000 n=65 total=74 mean=1 most=10",
                "-U meeting=m start=1970-01-01 00:00:00.000 n=64 total=64 mean=1 most=1"}));
  ASSERT_EQ(rows("dead").size(), 1U);
  EXPECT_NE(rows("dead")[0].find("reason=late"), std::string::npos);
}

TEST_F(JobTest, DeadLettersAreCountedOverAllRuns) {
  const auto events = random_events(5, 1, 3000, 3000, false);
  connectors_.tables["events"] = events;
  plan::Plan plan = count_plan(2, 500);
  plan.job.dead_letters = plan::SinkSpec{"memory", {{"result", "dead"}}, "raw"};
  const auto late_in = [](const JobStatus& status) {
    return std::pair(status.dead_letters.contains("late") ? status.dead_letters.at("late") : 0,
                     status.operators.at(1).late_rows);
  };
  auto job = start(plan);
  while (job->status().splits.at(0).lag > 0) ASSERT_TRUE(job->checkpoint().ok());
  ASSERT_TRUE(job->stop().ok());
  const auto [all, of_operator] = late_in(job->status());
  EXPECT_GT(all, 10U);
  EXPECT_EQ(of_operator, all);
  events->finish();
  job = start(plan);
  expect_finished(*job);
  const uint64_t letters = rows("dead").size();
  EXPECT_GE(letters, all);
  EXPECT_EQ(late_in(job->status()), std::pair(letters, letters));
}

TEST_F(JobTest, OpenWindowsAreCountedBeforeTheFirstCheckpoint) {
  connectors_.tables["events"] = random_events(5, 1, 300, 0, false);
  plan::Plan plan = count_plan(1, 500);
  plan.job.checkpoint_interval_ms = 3'600'000;
  const auto job = start(plan);
  while (job->status().operators.at(1).state_rows == 0) std::this_thread::yield();
  EXPECT_EQ(job->status().checkpoints, 0U);
  EXPECT_GT(job->status().operators.at(1).state_bytes, 0U);
  job->cancel();
}

TEST_F(JobTest, StateIsToldByTableAndTheOldestWindowWithItsBounds) {
  auto table = std::make_shared<MemoryTable>(event_schema(), 1);
  for (const int64_t ts : {2100, 2200, 5300}) {
    table->add(0, {Value::string("m" + std::to_string(ts)), Value::int64(1),
                   Value::integer(Type::timestamp(3), ts)});
  }
  connectors_.tables["events"] = table;
  plan::Plan plan = count_plan(2, 100'000);
  plan::WindowSpec session = std::get<plan::WindowSpec>(plan.nodes[1].spec);
  session.kind = plan::WindowKind::kSession;
  session.size_ms = 0;
  session.gap_ms = 500;
  plan.nodes.push_back({"sessions", {{"events"}}, session});
  plan.nodes.push_back(
      {"out2", {{"sessions"}}, plan::SinkSpec{"memory", {{"result", "out2"}}, "raw"}});
  const auto job = start(plan);
  while (job->status().splits.at(0).lag > 0) std::this_thread::yield();
  // What was read is in a checkpoint that begins now.
  ASSERT_TRUE(job->checkpoint().ok());
  const auto look = [&](const std::string& id, const std::string& of) {
    const JobStatus status = job->status();
    const auto stats = std::ranges::find(status.operators, id, &OperatorStats::id);
    ASSERT_NE(stats, status.operators.end());
    ASSERT_EQ(stats->tables.size(), 1U);
    EXPECT_EQ(stats->tables[0].table, of);
    EXPECT_EQ(stats->tables[0].rows, 3U);
    EXPECT_GT(stats->tables[0].stored_bytes, 0U);
    EXPECT_GT(stats->index_bytes, 0U);
    EXPECT_EQ(stats->tables[0].bytes + stats->index_bytes, stats->state_bytes);
  };
  look("counts", "windows");
  look("sessions", "sessions");
  const JobStatus status = job->status();
  const auto windows_of = [&](const std::string& id) {
    return std::ranges::find(status.operators, id, &OperatorStats::id)->windows.value();
  };
  // Of both tasks, wherever the keys are.
  EXPECT_EQ(windows_of("counts").oldest_start_ms, 2000);
  EXPECT_EQ(windows_of("counts").oldest_end_ms, 3000);
  EXPECT_EQ(windows_of("counts").oldest_rows, 2U);
  EXPECT_EQ(windows_of("counts").newest_end_ms, 6000);
  EXPECT_EQ(windows_of("sessions").oldest_start_ms, 2100);
  EXPECT_EQ(windows_of("sessions").oldest_end_ms, 2600);
  job->cancel();
}

TEST_F(JobTest, OnErrorFailEndsTheJobAtItsLastCheckpoint) {
  connectors_.tables["events"] = random_events(5, 1, 3000, 3000);
  plan::Plan plan = count_plan(2, 500);
  plan.job.on_error = plan::ErrorPolicy::kFail;
  const auto job = start(plan);
  EXPECT_FALSE(job->wait().ok());
  EXPECT_EQ(job->status().state, JobState::kFailed);
  EXPECT_NE(job->status().reason.find("its window closed before it came"), std::string::npos)
      << job->status().reason;
}

TEST_F(JobTest, AStoppedJobGoesOnWhereItStood) {
  auto table = std::make_shared<MemoryTable>(event_schema(), 1);
  for (int i = 0; i < 100; ++i) {
    table->add(0, {Value::string("m"), Value::int64(i), Value::integer(Type::timestamp(3), i)});
  }
  connectors_.tables["events"] = table;
  auto job = start(count_plan(2, 0));
  ASSERT_TRUE(job->checkpoint().ok());
  EXPECT_TRUE(job->stop().ok()) << job->status().reason;
  EXPECT_EQ(job->status().state, JobState::kStopped);
  EXPECT_TRUE(rows().empty());
  table->finish();
  job = start(count_plan(3, 0));
  expect_finished(*job);
  EXPECT_EQ(in_short(rows()), expected_counts(*table));
}

TEST_F(JobTest, SplitsThatAListingHasLostAreReadToTheirEnd) {
  const auto events = random_events(5, 2, 500, 500, false);
  connectors_.tables["events"] = events;
  auto job = start(count_plan(2, 500));
  ASSERT_TRUE(job->checkpoint().ok());
  ASSERT_TRUE(job->stop().ok());
  for (int64_t i = 0; i < 9; ++i) {
    events->add(
        1, {Value::string("m"), Value::int64(i), Value::integer(Type::timestamp(3), 90'000 + i)});
  }
  events->finish();
  events->list_only(1);
  job = start(count_plan(2, 500));
  expect_finished(*job);
  EXPECT_EQ(in_short(rows()), expected_counts(*events));
}

TEST_F(JobTest, AnotherJobBeginsFromASavepointAtAnotherParallelism) {
  const auto events = random_events(7, 3, 3000, 500, false);
  connectors_.tables["events"] = events;
  auto first = start(count_plan(2, 500));
  const std::string saved = dir_ + "-saved/first";
  const Result<state::SavepointInfo> info = first->savepoint(saved);
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->job, "counts");
  EXPECT_EQ(first->savepoint(saved).status().code(), StatusCode::kAlreadyExists);
  events->finish();
  expect_finished(*first);
  std::vector<std::string> all = connectors_.results["out"]->rows(info->checkpoint.value());

  connectors_.results.clear();
  JobConfig config{"again", validated(count_plan(3, 500)), dir_ + "-2"};
  config.restore_from = saved;
  const auto second = start(config);
  expect_finished(*second);
  EXPECT_GT(second->status().last_checkpoint, info->checkpoint);
  for (std::string& row : rows()) all.push_back(std::move(row));
  EXPECT_EQ(in_short(all), expected_counts(*events));
  EXPECT_TRUE(env_.remove_tree(dir_ + "-2").ok());
  EXPECT_TRUE(env_.remove_tree(dir_ + "-saved").ok());
}

TEST_F(JobTest, StateBeyondTheBudgetFailsTheJobAndSaysSo) {
  const auto events = random_events(3, 2, 2000, 500);
  connectors_.tables["events"] = events;
  EngineOptions options = small_engine();
  options.state_memory_bytes = 1000;
  make_engine(options);
  plan::Plan plan = count_plan(2, 500);
  plan.job.restart.max_attempts = 0;
  auto job = start(plan);
  const Status failed = job->wait();
  EXPECT_EQ(failed.code(), StatusCode::kTooLarge) << failed;
  EXPECT_NE(failed.message().find("state_memory_bytes"), std::string::npos) << failed;
  EXPECT_NE(failed.message().find("task of counts"), std::string::npos) << failed;
  // With more memory it goes on from its last checkpoint.
  job.reset();
  options.state_memory_bytes = 64 << 20;
  make_engine(options);
  job = start(plan);
  expect_finished(*job);
  EXPECT_EQ(in_short(rows()), expected_counts(*events));
}

TEST_F(JobTest, AJobOfWhichNothingIsKeptGivesTheSameRowsAndLeavesNoFolder) {
  const auto events = random_events(3, 2, 2000, 500);
  connectors_.tables["events"] = events;
  events->finish();
  plan::Plan plan = count_plan(2, 500);
  plan.job.bounded = true;
  const auto job = start(JobConfig{"counts", validated(plan), ""});
  expect_finished(*job);
  EXPECT_GT(job->status().last_checkpoint, CheckpointId(0));
  EXPECT_EQ(job->status().last_checkpoint_bytes, 0U);
  EXPECT_EQ(in_short(rows()), expected_counts(*events));
  EXPECT_FALSE(env_.exists(dir_));
}

TEST_F(JobTest, NothingIsKeptOnlyOfSourcesThatEnd) {
  const auto events = random_events(3, 2, 2000, 500, false);
  events->go_on();
  connectors_.tables["events"] = events;
  const auto job = engine_->start({"counts", validated(count_plan(2, 500)), ""});
  EXPECT_EQ(job.status().code(), StatusCode::kInvalid) << job.status();
}

TEST_F(JobTest, AJobOfWhichNothingIsKeptEndsWithItsFirstFailure) {
  const auto events = random_events(3, 2, 2000, 500);
  connectors_.tables["events"] = events;
  events->finish();
  EngineOptions options = small_engine();
  options.state_memory_bytes = 1000;
  make_engine(options);
  plan::Plan plan = count_plan(2, 500);
  plan.job.bounded = true;
  const auto job = start(JobConfig{"counts", validated(plan), ""});
  EXPECT_EQ(job->wait().code(), StatusCode::kTooLarge);
  EXPECT_EQ(job->status().restarts, 0);
}

TEST_F(JobTest, APlanThatStateDoesNotFitIsRefusedAndTheOldOneGoesOn) {
  const auto events = random_events(4, 2, 2000, 500, false);
  connectors_.tables["events"] = events;
  auto job = start(count_plan(2, 500));
  // Until there is state.
  while (job->status().operators.at(1).rows_in == 0) std::this_thread::yield();
  ASSERT_TRUE(job->stop().ok());
  events->finish();
  plan::Plan changed = count_plan(2, 500);
  std::get<plan::WindowSpec>(changed.nodes[1].spec).size_ms = 2000;
  const auto refused = engine_->start({"counts", validated(changed), dir_});
  EXPECT_EQ(refused.status().code(), StatusCode::kConflict) << refused.status();
  // More of what has no state is no matter.
  plan::Plan wider = count_plan(4, 500);
  wider.nodes.push_back(
      {"log", {{"counts"}}, plan::SinkSpec{"memory", {{"result", "log"}}, "raw"}});
  job = start(wider);
  expect_finished(*job);
  EXPECT_EQ(in_short(rows()), expected_counts(*events));
}

}  // namespace
}  // namespace dataflow::engine
