#include "held_up_jobs.h"

#include <algorithm>

#include "job_impl.h"

namespace dataflow::engine {

HeldUpJobs::HeldUpJobs() = default;
HeldUpJobs::~HeldUpJobs() = default;

void HeldUpJobs::add(std::shared_ptr<JobImpl> job) {
  const std::lock_guard lock(mutex_);
  jobs_.push_back(std::move(job));
}

void HeldUpJobs::let_go() {
  std::vector<std::shared_ptr<JobImpl>> back;  // destroyed behind the lock
  const std::lock_guard lock(mutex_);
  std::erase_if(jobs_, [&back](std::shared_ptr<JobImpl>& job) {
    if (job->held_up()) return false;
    back.push_back(std::move(job));
    return true;
  });
}

size_t HeldUpJobs::count() {
  let_go();
  const std::lock_guard lock(mutex_);
  return jobs_.size();
}

std::string HeldUpJobs::over(const std::string& state_dir) {
  let_go();
  const std::lock_guard lock(mutex_);
  for (const std::shared_ptr<JobImpl>& job : jobs_) {
    if (job->state_dir() != state_dir) continue;
    const std::string doing = job->doing();
    return doing.empty() ? "a connector does not return" : doing;
  }
  return "";
}

}  // namespace dataflow::engine
