#include "log/producer_ids.h"

#include <deque>
#include <mutex>
#include <string>

#include "coordinator_tables.h"
#include "meta/codec.h"
#include "reservation.h"

namespace dataflow::log {

namespace {

constexpr std::string_view kProducerIdsKey = "producer_ids";

// Shared with the callbacks of a reservation that is under way.
class Blocks : public std::enable_shared_from_this<Blocks> {
 public:
  Blocks(meta::Store& store, int64_t first, int64_t size)
      : store_(store), size_(size), next_(first), end_(first) {}

  void next(ProducerIds::Callback callback) {
    int64_t id = 0;
    {
      const std::lock_guard lock(mutex_);
      if (next_ == end_) {
        waiting_.push_back(std::move(callback));
        if (reserving_) return;
        reserving_ = true;
      } else {
        id = next_++;
      }
    }
    if (callback) {
      callback(ProducerId(id));
    } else {
      reserve();
    }
  }

 private:
  void reserve() {
    meta::WriteBatch batch;
    // Only one reservation is under way, so nobody else moves end_.
    put_reservation(batch, kProducerIdsKey, end_ + size_);
    store_.commit_async(std::move(batch), [self = shared_from_this()](const Status& status) {
      self->reserved(status);
    });
  }

  void reserved(const Status& status) {
    std::deque<std::pair<ProducerIds::Callback, int64_t>> served;
    std::deque<ProducerIds::Callback> refused;
    bool again = false;
    {
      const std::lock_guard lock(mutex_);
      if (status.ok()) {
        end_ += size_;
      } else {
        refused.swap(waiting_);
      }
      while (!waiting_.empty() && next_ < end_) {
        served.emplace_back(std::move(waiting_.front()), next_++);
        waiting_.pop_front();
      }
      again = reserving_ = !waiting_.empty();
    }
    for (auto& [callback, id] : served) callback(ProducerId(id));
    for (auto& callback : refused) {
      callback(
          Status::unavailable("reserving producer ids: " + status.to_string() + "; try again"));
    }
    if (again) reserve();
  }

  meta::Store& store_;
  const int64_t size_;
  std::mutex mutex_;
  int64_t next_;
  int64_t end_;  // of what is reserved
  bool reserving_ = false;
  std::deque<ProducerIds::Callback> waiting_;
};

class ProducerIdsImpl final : public ProducerIds {
 public:
  explicit ProducerIdsImpl(std::shared_ptr<Blocks> blocks) : blocks_(std::move(blocks)) {}
  void next(Callback callback) override { blocks_->next(std::move(callback)); }

 private:
  const std::shared_ptr<Blocks> blocks_;
};

}  // namespace

Result<std::unique_ptr<ProducerIds>> ProducerIds::open(meta::Store& store, int64_t block_size) {
  if (block_size < 1) return Status::invalid("a block of producer ids must hold at least one");
  DF_ASSIGN_OR_RETURN(const int64_t first, read_reservation(store, kProducerIdsKey));
  auto blocks = std::make_shared<Blocks>(store, first, block_size);
  return std::unique_ptr<ProducerIds>(std::make_unique<ProducerIdsImpl>(std::move(blocks)));
}

}  // namespace dataflow::log
