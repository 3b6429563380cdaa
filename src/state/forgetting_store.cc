#include "state/forgetting_store.h"

#include <atomic>

namespace dataflow::state {
namespace {

class ForgettingStore final : public JobStore {
 public:
  bool keeps() const override { return false; }

  Status write(const Checkpoint& checkpoint) override {
    const CheckpointId next = last() + 1;
    if (checkpoint.id != next) {
      return Status::invalid("writing a checkpoint: its id is " +
                             std::to_string(checkpoint.id.value()) + ", and the next one is " +
                             std::to_string(next.value()));
    }
    wall_millis_ = checkpoint.wall_millis;
    last_ = checkpoint.id.value();
    return {};
  }
  void acknowledge(CheckpointId) override {}

  CheckpointId last() const override { return CheckpointId(last_); }
  Result<std::vector<StoredCommittable>> committables() override {
    return std::vector<StoredCommittable>();
  }
  Result<std::map<std::string, std::string>> named(const std::string&) override {
    return std::map<std::string, std::string>();
  }
  size_t rows_stored(const std::string&, const std::string&, KeyGroupRange) const override {
    return 0;
  }
  Status load(const std::string&, const std::string&, KeyGroupRange,
              const std::function<Status(const DeltaBlock&)>&) override {
    return {};
  }
  Result<std::vector<std::string>> operators() override { return std::vector<std::string>(); }
  Status forget_operator(const std::string&) override { return {}; }

  Status put_fact(const std::string&, const std::string&) override { return {}; }
  Result<std::optional<std::string>> fact(const std::string&) override {
    return std::optional<std::string>();
  }

  Status fold() override { return {}; }
  Result<SavepointInfo> save(const std::string&, const std::string& job) override {
    return Status::unsupported("the job " + job + " keeps no state to be saved");
  }
  StoreStats stats() const override {
    StoreStats stats;
    stats.last = last();
    stats.last_wall_millis = wall_millis_;
    return stats;
  }
  std::vector<TableSize> table_sizes() const override { return {}; }
  Status close() override { return {}; }

 private:
  std::atomic<int64_t> last_ = 0;
  std::atomic<int64_t> wall_millis_ = 0;
};

}  // namespace

std::unique_ptr<JobStore> make_forgetting_store() { return std::make_unique<ForgettingStore>(); }

}  // namespace dataflow::state
