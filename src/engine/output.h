// Output: where a task's rows go: to the same task of the next stage, to the task that owns a row's
// key, or to the tasks in turn.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "channel.h"
#include "key_columns.h"

namespace dataflow::engine {

// kToOne: all that a task sends goes to one and the same, so that changes stay in their order.
enum class Routing : uint8_t { kForward, kKeyed, kInTurn, kToOne };

class Output {
 public:
  // Of task number `task`. `keys` for kKeyed, of the batches' schema. kForward has one channel.
  Output(Routing routing, std::vector<size_t> keys, std::vector<std::shared_ptr<Channel>> channels,
         int task);

  Status send(const Batch& batch);
  void send_to_all(const Message& message);
  // Some channel is full: the task waits, and is woken when it has room.
  bool full();

 private:
  Status send_by_key(const Batch& batch);

  const Routing routing_;
  const std::vector<std::shared_ptr<Channel>> channels_;
  KeyColumns keys_;
  std::vector<std::vector<int32_t>> rows_;  // of each channel, used again
  size_t turn_ = 0;                         // the channel of the next batch
};

}  // namespace dataflow::engine
