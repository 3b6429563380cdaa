// Deleting a pipeline that owes output to a sink: delivered first, or the pipeline stays.
#include <gtest/gtest.h>

#include "owed_output.h"
#include "pipelines_bed.h"

namespace dataflow::jobs {
namespace {

constexpr RemoveOptions kForce{.give_up_output = true};

class RemovePipeline : public PipelinesTest {
 protected:
  // A pipeline that failed and owes "rows" to the sink "out"; its folder.
  std::string deploy_owing() {
    const std::string dir = "/data/jobs/" + deploy("p").id;
    engine_.jobs.back()->end(engine::JobState::kFailed, Status::unavailable("out is down"));
    leave_state(env_, dir);
    engine_.jobs.clear();
    return dir;
  }
  void sink_is_down() { engine_.delivery = Status::unavailable("out does not answer"); }
  std::vector<OwedOutput> owed_by(const std::string& dir) {
    const auto owed = owed_output(env_, dir);
    EXPECT_TRUE(owed.ok()) << owed.status();
    return owed.ok() ? *owed : std::vector<OwedOutput>();
  }
  void expect_owed(const std::string& dir) {
    const std::vector<OwedOutput> owed = owed_by(dir);
    ASSERT_EQ(owed.size(), 1U);
    EXPECT_EQ(owed[0].sink, "out");
    EXPECT_EQ(owed[0].checkpoints, 1U);
  }
  std::string last_event() {
    const auto events = pipelines_->events("p");
    return events.ok() ? events->back().kind + ": " + events->back().words : "";
  }
};

TEST_F(RemovePipeline, what_is_owed_is_delivered_first) {
  const std::string dir = deploy_owing();
  const auto removed = pipelines_->remove("p", {});
  ASSERT_TRUE(removed.ok()) << removed.status();
  EXPECT_EQ(removed->given_up, "");
  EXPECT_EQ(engine_.delivered, std::set<std::string>{"rows"});
  EXPECT_TRUE(engine_.jobs.empty()) << "nothing runs for that";
  EXPECT_FALSE(env_.exists(dir));
}

TEST_F(RemovePipeline, one_whose_sink_is_down_stays_and_says_what_it_owes_to_whom_and_the_way_out) {
  const std::string dir = deploy_owing();
  sink_is_down();
  const Status refused = pipelines_->remove("p", {}).status();
  EXPECT_EQ(refused.code(), StatusCode::kConflict);
  EXPECT_EQ(refused.message(),
            "pipeline \"p\" is not deleted: it owes output of 1 checkpoint, 4 bytes, to sink "
            "\"out\" (out does not answer). Start it again to have that delivered, or delete it "
            "with --force (?force=true), which gives it up");
  EXPECT_EQ(last_event(), "not deleted: " + refused.message());
  EXPECT_TRUE(engine_.jobs.empty()) << "what did not run does not start";
  expect_owed(dir);
  // The same behind a restart of the server; and it goes when its sink is back.
  close();
  open();
  EXPECT_FALSE(pipelines_->remove("p", {}).ok());
  expect_owed(dir);
  engine_.delivery = {};
  EXPECT_TRUE(pipelines_->remove("p", {}).ok());
  EXPECT_EQ(engine_.delivered.size(), 1U);
}

TEST_F(RemovePipeline, force_gives_up_what_cannot_be_delivered_and_says_so) {
  const std::string dir = deploy_owing();
  sink_is_down();
  const auto removed = pipelines_->remove("p", kForce);
  ASSERT_TRUE(removed.ok()) << removed.status();
  EXPECT_EQ(removed->given_up,
            "output of 1 checkpoint, 4 bytes, to sink \"out\" (out does not answer)");
  EXPECT_FALSE(env_.exists(dir));
  // What can be delivered is not given up.
  engine_.delivery = {};
  (void)deploy_owing();
  EXPECT_EQ(pipelines_->remove("p", kForce)->given_up, "");
  EXPECT_EQ(engine_.delivered.size(), 1U);
}

TEST_F(RemovePipeline, one_that_ran_goes_on_where_it_is_not_deleted) {
  leave_state(env_, "/data/jobs/" + deploy("p").id);
  sink_is_down();
  EXPECT_FALSE(pipelines_->remove("p", {}).ok());
  EXPECT_EQ(state_of("p"), "running");
  ASSERT_EQ(engine_.jobs.size(), 2U);
  EXPECT_EQ(engine_.jobs[1]->config().first_attempt, engine::FirstAttempt::kNotAwaited);
}

TEST_F(RemovePipeline, nobody_asks_the_sinks_of_one_that_owes_nothing) {
  sink_is_down();
  // Stopped, finished, never run.
  leave_state(env_, "/data/jobs/" + deploy("p").id, false);
  ASSERT_TRUE(pipelines_->stop("p").ok());
  EXPECT_TRUE(pipelines_->remove("p", {}).ok());
  leave_state(env_, "/data/jobs/" + deploy("p").id, false);
  engine_.jobs.back()->end(engine::JobState::kFinished, {});
  EXPECT_TRUE(pipelines_->remove("p", {}).ok());
  ASSERT_TRUE(pipelines_->deploy(small_plan("p"), "", {.start = false}).ok());
  EXPECT_TRUE(pipelines_->remove("p", {}).ok());
  // Whatever its state, which nobody can read.
  const std::string dir = "/data/jobs/" + deploy("p").id;
  ASSERT_TRUE(pipelines_->stop("p").ok());
  leave_state(env_, dir, false);
  env_.fail(FaultOp::kOpen, Status::io_error("the disk does not answer"), dir, 1,
            FaultEnv::kAlways);
  EXPECT_TRUE(pipelines_->remove("p", {}).ok());
  EXPECT_EQ(engine_.deliveries, 0);
}

TEST_F(RemovePipeline, state_that_nobody_can_read_may_owe_output) {
  const std::string dir = deploy_owing();
  sink_is_down();
  env_.fail(FaultOp::kOpen, Status::io_error("the disk does not answer"), dir, 1,
            FaultEnv::kAlways);
  const Status refused = pipelines_->remove("p", {}).status();
  EXPECT_NE(refused.message().find("it owes what nobody can tell now"), std::string::npos)
      << refused;
  EXPECT_TRUE(pipelines_->remove("p", kForce).ok());
  EXPECT_EQ(states(), 0U);
}

TEST_F(RemovePipeline, who_begins_from_a_savepoint_owes_nothing_that_its_pipeline_owes) {
  const std::string dir = deploy_owing();
  ASSERT_TRUE(pipelines_->stop("p").ok());
  {
    auto store = state::JobStore::open(env_, dir);
    ASSERT_TRUE((*store)->put_fact("plan", plan::to_json(*pipelines_->describe("p")->plan)).ok());
  }
  sink_is_down();
  ASSERT_TRUE(pipelines_->save_state("p", "s").ok());
  EXPECT_FALSE(pipelines_->remove("p", {}).ok()) << "the savepoint does not have it";
  // Beside the one that still owes it, and behind it.
  plan::Plan other = small_plan("q");
  const auto began = pipelines_->deploy(other, "", {.from_savepoint = "p/s"});
  ASSERT_TRUE(began.ok()) << began.status();
  EXPECT_TRUE(owed_by("/data/jobs/" + began->id).empty());
  expect_owed(dir);
  engine_.delivery = {};
  ASSERT_TRUE(pipelines_->remove("p", {}).ok());
  EXPECT_EQ(engine_.delivered, std::set<std::string>{"rows"});
  other.name = "r";
  const auto later = pipelines_->deploy(other, "", {.from_savepoint = "p/s"});
  ASSERT_TRUE(later.ok()) << later.status();
  EXPECT_TRUE(owed_by("/data/jobs/" + later->id).empty()) << "it was delivered once";
}

TEST_F(RemovePipeline, state_that_is_discarded_is_delivered_from_or_said_to_be_given_up) {
  (void)deploy_owing();
  const DeployOptions discard{.replace = true, .discard_state = true};
  ASSERT_TRUE(pipelines_->deploy(small_plan("p"), "", discard).ok());
  EXPECT_EQ(engine_.delivered, std::set<std::string>{"rows"});
  EXPECT_EQ(last_event(), "started: ");
  leave_state(env_, "/data/jobs/" + pipelines_->describe("p")->id);
  engine_.jobs.back()->end(engine::JobState::kFailed, Status::unavailable("out is down"));
  sink_is_down();
  ASSERT_TRUE(pipelines_->deploy(small_plan("p"), "", discard).ok());
  EXPECT_EQ(last_event(),
            "gave up: output of 1 checkpoint, 4 bytes, to sink \"out\" (out does not answer)");
}

// A crash at the nth change of the disk while it is deleted; false if there are fewer.
TEST_F(RemovePipeline, a_crash_at_any_change_leaves_it_with_what_it_owes_or_it_has_delivered) {
  bool crashed = true;
  uint64_t nth = 1;
  for (; crashed; ++nth) {
    SCOPED_TRACE(nth);
    const std::string dir = deploy_owing();
    engine_.delivered.clear();
    env_.set_crash_after(env_.mutations() + nth);
    (void)pipelines_->remove("p", {}).ok();
    crashed = env_.crashed();
    pipelines_.reset();
    store_.reset();
    env_.crash();
    open();
    if (pipelines_->describe("p").ok()) {
      if (engine_.delivered.empty()) expect_owed(dir);
      ASSERT_TRUE(pipelines_->remove("p", {}).ok());
    }
    EXPECT_EQ(engine_.delivered, std::set<std::string>{"rows"});
    EXPECT_EQ(states(), 0U);
    if (HasFailure()) return;
  }
  EXPECT_GT(nth, 5U);
}

}  // namespace
}  // namespace dataflow::jobs
