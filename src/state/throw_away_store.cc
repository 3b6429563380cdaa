#include <iterator>
#include <mutex>
#include <utility>

#include "state/job_store.h"

namespace dataflow::state {

namespace {

class ThrowAwayStore final : public JobStore {
 public:
  bool keeps_tables() const override { return false; }

  Status write(const Checkpoint& checkpoint) override {
    const std::lock_guard lock(mutex_);
    if (checkpoint.id != last_ + 1) {
      return Status::invalid("writing a checkpoint: its id is " +
                             std::to_string(checkpoint.id.value()) + ", the last one was " +
                             std::to_string(last_.value()));
    }
    last_ = checkpoint.id;
    wall_millis_ = checkpoint.wall_millis;
    for (const NamedState& state : checkpoint.named) {
      std::map<std::string, std::string>& of_operator = named_[state.operator_id];
      if (state.bytes) {
        of_operator.insert_or_assign(state.name, *state.bytes);
      } else {
        of_operator.erase(state.name);
      }
    }
    if (!checkpoint.committables.empty()) owed_[checkpoint.id] = checkpoint.committables;
    return {};
  }
  void acknowledge(CheckpointId id) override {
    const std::lock_guard lock(mutex_);
    owed_.erase(id);
  }

  CheckpointId last() const override {
    const std::lock_guard lock(mutex_);
    return last_;
  }
  Result<std::vector<StoredCommittable>> committables() override {
    const std::lock_guard lock(mutex_);
    std::vector<StoredCommittable> found;
    for (const auto& [id, committables] : owed_) {
      uint32_t index = 0;
      for (const Committable& one : committables) found.push_back({id, index++, one});
    }
    return found;
  }
  Result<std::map<std::string, std::string>> named(const std::string& operator_id) override {
    const std::lock_guard lock(mutex_);
    const auto found = named_.find(operator_id);
    return found == named_.end() ? std::map<std::string, std::string>() : found->second;
  }

  size_t rows_stored(const std::string&, const std::string&, KeyGroupRange) const override {
    return 0;
  }
  using JobStore::load;
  Status load(const std::string&, const std::string&, KeyGroupRange,
              const std::function<Status(const DeltaBlock&)>&) override {
    return {};
  }
  Result<std::vector<std::string>> operators() override {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> found;
    for (const auto& [id, named] : named_) found.push_back(id);
    return found;
  }
  Status forget_operator(const std::string& operator_id) override {
    const std::lock_guard lock(mutex_);
    named_.erase(operator_id);
    return {};
  }

  Status put_fact(const std::string& name, const std::string& bytes) override {
    const std::lock_guard lock(mutex_);
    facts_.insert_or_assign(name, bytes);
    return {};
  }
  Result<std::optional<std::string>> fact(const std::string& name) override {
    const std::lock_guard lock(mutex_);
    const auto found = facts_.find(name);
    return found == facts_.end() ? std::nullopt : std::optional(found->second);
  }

  Status fold() override { return {}; }
  Result<SavepointInfo> save(const std::string& /*dir*/, const std::string& job) override {
    return Status(StatusCode::kUnsupported,
                  "no savepoint can be made of " + job + ": nothing of it is kept");
  }
  StoreStats stats() const override {
    const std::lock_guard lock(mutex_);
    StoreStats stats;
    stats.last = last_;
    stats.last_wall_millis = wall_millis_;
    return stats;
  }
  std::vector<TableSize> table_sizes() const override { return {}; }
  Status close() override { return {}; }

 private:
  mutable std::mutex mutex_;
  CheckpointId last_;
  int64_t wall_millis_ = 0;
  std::map<CheckpointId, std::vector<Committable>> owed_;
  std::map<std::string, std::map<std::string, std::string>> named_;
  std::map<std::string, std::string> facts_;
};

}  // namespace

std::unique_ptr<JobStore> JobStore::throw_away() { return std::make_unique<ThrowAwayStore>(); }

}  // namespace dataflow::state
