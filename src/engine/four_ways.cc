#include "engine/four_ways.h"

#include <algorithm>

namespace dataflow::engine {
namespace {

uint64_t below(std::mt19937_64& random, uint64_t limit) { return random() % limit; }

}  // namespace

FourWays::FourWays(std::string dir, int64_t stretch) : dir_(std::move(dir)) {
  timers_.start();
  engine_ = Engine::create(env_, timers_, connectors_, {2, stretch, 2}, nullptr);
}

FourWays::~FourWays() {
  engine_.reset();
  timers_.stop();
  (void)env_.remove_tree(dir_);
}

Status FourWays::run(const plan::Plan& valid, const Way& way, std::mt19937_64& random) {
  connectors_.results.clear();
  DF_RETURN_IF_ERROR(env_.remove_tree(dir_));
  connectors_.chunk_rows = way.shuffles ? 1 + below(random, 30 * chunk_rows_) : chunk_rows_;
  connectors_.shuffle_chunks = way.shuffles;
  plan::Plan plan = valid;
  plan.job.parallelism = 2;
  while (true) {
    if (way.rescales) plan.job.parallelism = 1 + static_cast<int>(below(random, 4));
    connectors_.seed = random();
    JobConfig config{plan.name, plan, dir_};
    config.as_written = as_written_;
    DF_ASSIGN_OR_RETURN(const std::shared_ptr<Job> job, engine_->start(std::move(config)));
    // A number of checkpoints, then the end of the process as far as the job can tell.
    bool over = !way.kills;
    for (uint64_t i = 1 + below(random, 4); i > 0 && !over; --i) {
      over = !job->checkpoint().ok() || (enough_ && enough_());
    }
    if (over) {
      const Status ended = end(*job);
      dead_letters_ = job->status().dead_letters;
      return ended;
    }
    job->cancel();
  }
}

Status FourWays::end(Job& job) {
  if (!enough_) return job.wait();
  while (!enough_()) DF_RETURN_IF_ERROR(job.checkpoint().status());
  return job.stop();
}

std::vector<std::string> FourWays::rows_of(const std::string& result) {
  const auto found = connectors_.results.find(result);
  if (found == connectors_.results.end()) return {};
  std::vector<std::string> rows = found->second->rows();
  std::ranges::sort(rows);
  return rows;
}

}  // namespace dataflow::engine
