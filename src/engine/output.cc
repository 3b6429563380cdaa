#include "output.h"

#include "state/ids.h"

namespace dataflow::engine {

Output::Output(Routing routing, std::vector<size_t> keys,
               std::vector<std::shared_ptr<Channel>> channels, int task)
    : routing_(routing),
      channels_(std::move(channels)),
      keys_(std::move(keys)),
      rows_(channels_.size()) {
  if (routing_ == Routing::kToOne) turn_ = static_cast<size_t>(task) % channels_.size();
}

Status Output::send(const Batch& batch) {
  if (batch.rows == 0) return {};
  if (routing_ == Routing::kKeyed && channels_.size() > 1) return send_by_key(batch);
  channels_[turn_]->push(Message::of(batch));
  if (routing_ == Routing::kInTurn) turn_ = (turn_ + 1) % channels_.size();
  return {};
}

Status Output::send_by_key(const Batch& batch) {
  DF_RETURN_IF_ERROR(keys_.read(batch));
  for (std::vector<int32_t>& rows : rows_) rows.clear();
  const int tasks = static_cast<int>(channels_.size());
  for (int64_t row = 0; row < batch.rows; ++row) {
    const state::KeyGroup group = state::key_group_of(keys_.hashes()[static_cast<size_t>(row)]);
    rows_[static_cast<size_t>(state::task_of_key_group(group, tasks))].push_back(
        static_cast<int32_t>(row));
  }
  for (size_t i = 0; i < channels_.size(); ++i) {
    if (rows_[i].empty()) continue;
    if (static_cast<int64_t>(rows_[i].size()) == batch.rows) {
      channels_[i]->push(Message::of(batch));
      continue;
    }
    DF_ASSIGN_OR_RETURN(Batch part, take(batch, rows_[i]));
    channels_[i]->push(Message::of(std::move(part)));
  }
  return {};
}

void Output::send_to_all(const Message& message) {
  for (const std::shared_ptr<Channel>& channel : channels_) channel->push(message);
}

bool Output::full() {
  bool any = false;
  for (const std::shared_ptr<Channel>& channel : channels_) any |= channel->full();
  return any;
}

}  // namespace dataflow::engine
