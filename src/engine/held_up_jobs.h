// HeldUpJobs: jobs that are over, though a connector still holds a thread of theirs. They stay
// until it comes back, and so does everything that it may use.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace dataflow::engine {

class JobImpl;

class HeldUpJobs {
 public:
  HeldUpJobs();
  ~HeldUpJobs();
  HeldUpJobs(const HeldUpJobs&) = delete;
  HeldUpJobs& operator=(const HeldUpJobs&) = delete;

  void add(std::shared_ptr<JobImpl> job);
  // These let go of those that came back; not from a job's own thread.
  size_t count();
  // What the job over this state is held up by; empty if there is none.
  std::string over(const std::string& state_dir);

 private:
  void let_go();

  std::mutex mutex_;
  std::vector<std::shared_ptr<JobImpl>> jobs_;
};

}  // namespace dataflow::engine
