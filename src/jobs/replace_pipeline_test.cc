// A replacement over crashes: the old pipeline with its whole state, or the new one that started.
#include <gtest/gtest.h>

#include <random>

#include "pipelines_bed.h"

namespace dataflow::jobs {
namespace {

enum class Loses : uint8_t { kNothing, kSome, kAll };

struct Case {
  Loses loses = Loses::kNothing;
  bool starts = true;
  bool takes_checkpoint = false;
  bool finished = false;  // the old one

  plan::Plan plan() const {
    plan::Plan plan = loses == Loses::kSome ? renamed_plan("p") : small_plan("p");
    plan.nodes.push_back(plan.nodes.back());  // another sink: what is refused
    plan.nodes.back().id = "out3";
    return plan;
  }
  DeployOptions options() const { return {.replace = true, .discard_state = loses == Loses::kAll}; }
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << "loses " << static_cast<int>(c.loses) << " starts " << c.starts << " checkpoint "
       << c.takes_checkpoint << " finished " << c.finished;
}

class ReplacePipeline : public PipelinesTest {
 protected:
  // Ends the process, however far it came, and starts the next one.
  void crash() {
    engine_.jobs.clear();
    pipelines_.reset();
    store_.reset();
    env_.crash();
    engine_.refused_node = "";
    engine_.takes_checkpoint = false;
    open();
    pipelines_->start_all();
  }

  // What state the folder has: "split 7, last 1".
  std::string words_of_state(const std::string& id) {
    auto store = state::JobStore::open(env_, "/data/jobs/" + id);
    if (!store.ok()) return store.status().message();
    const auto named = (*store)->named("in");
    const bool has = named.ok() && named->contains("split/0");
    return (has ? "split " + named->at("split/0") : "no split") + ", last " +
           std::to_string((*store)->last().value());
  }

  void expect_old(const PipelineView& was, bool finished) {
    const auto view = pipelines_->describe("p");
    ASSERT_TRUE(view.ok()) << view.status();
    EXPECT_EQ(view->id, was.id);
    EXPECT_EQ(view->source, "text");
    EXPECT_EQ(view->state, finished ? "finished" : "running");
    EXPECT_EQ(words_of_state(view->id), "split 7, last 1");
  }

  // Replaces a new pipeline and crashes at the nth change of the disk; false if there are fewer.
  bool crashes_at(uint64_t nth, const Case& c) {
    SCOPED_TRACE(testing::PrintToString(c) + " at change " + std::to_string(nth));
    const PipelineView was = deploy("p");
    if (c.finished) engine_.jobs.back()->end(engine::JobState::kFinished, {});
    leave_state(env_, "/data/jobs/" + was.id, false);
    engine_.jobs.clear();
    engine_.has_checkpoint = false;
    if (!c.starts) engine_.refused_node = "out3";
    engine_.takes_checkpoint = c.takes_checkpoint;
    env_.set_crash_after(env_.mutations() + nth);
    const bool replaced = pipelines_->deploy(c.plan(), "new", c.options()).ok();
    const bool crashed = env_.crashed();
    bool began = false;
    for (const auto& job : engine_.jobs) began |= job->config().plan.find("out3") != nullptr;
    const bool delivered = engine_.has_checkpoint;
    crash();
    const auto view = pipelines_->describe("p");
    if (view.ok() && view->source == "new") {
      EXPECT_TRUE(began) << "what has not started is there";
      EXPECT_EQ(view->state, "running");
      const bool all = c.loses == Loses::kNothing;
      EXPECT_EQ(words_of_state(view->id).starts_with("split 7"), all);
    } else {
      EXPECT_FALSE(replaced) << "what was told to run is gone";
      EXPECT_FALSE(delivered) << "what it has delivered would come twice";
      expect_old(was, c.finished);
    }
    EXPECT_EQ(states(), 1U);
    EXPECT_TRUE(pipelines_->remove("p", {}).ok());
    EXPECT_EQ(states(), 0U);
    return crashed;
  }
};

TEST_F(ReplacePipeline, a_crash_at_any_change_leaves_the_old_one_whole_or_the_new_one_started) {
  for (const Loses loses : {Loses::kNothing, Loses::kSome, Loses::kAll}) {
    for (const Case& c : {Case{loses, false}, Case{loses, false, false, true}, Case{loses, true},
                          Case{loses, true, true}}) {
      // Copying state has hundreds of changes: of these a few, others in each run.
      std::random_device random;
      uint64_t nth = 1;
      while (crashes_at(nth, c)) {
        if (HasFailure()) return;
        nth += nth < 30 ? 1 : 1 + random() % 16;
      }
      EXPECT_GT(nth, 3U);
    }
  }
}

TEST_F(ReplacePipeline, one_of_whom_nobody_can_tell_waits_for_the_next_start_of_the_server) {
  const PipelineView was = deploy("p");
  const std::string dir = "/data/jobs/" + was.id;
  leave_state(env_, dir, false);
  engine_.refused_node = "out3";
  engine_.on_start = [this] { env_.set_crash_after(env_.mutations() + 1); };
  EXPECT_FALSE(pipelines_->deploy(Case().plan(), "new", {.replace = true}).ok());
  ASSERT_TRUE(env_.crashed());
  engine_.on_start = {};
  env_.fail(FaultOp::kOpen, Status::io_error("the disk does not answer"), dir, 1,
            FaultEnv::kAlways);
  crash();
  EXPECT_EQ(state_of("p"), "failed");
  EXPECT_EQ(pipelines_->start("p").status().code(), StatusCode::kConflict);
  EXPECT_EQ(pipelines_->restart("p").status().code(), StatusCode::kConflict);
  EXPECT_EQ(pipelines_->deploy(small_plan("p"), "", {.replace = true, .discard_state = true})
                .status()
                .code(),
            StatusCode::kConflict);
  EXPECT_TRUE(env_.exists(dir));
  env_.clear_faults();
  crash();
  expect_old(was, false);
}

}  // namespace
}  // namespace dataflow::jobs
