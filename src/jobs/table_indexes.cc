#include "table_indexes.h"

#include <chrono>

#include "base/logger.h"

namespace dataflow::jobs {
namespace {

// So many records the reader itself reads; of longer topics the follower does while it waits, and
// looks whether it was cancelled.
constexpr int64_t kReadAtOnce = 20'000;
constexpr std::chrono::milliseconds kLook{50};

std::string columns_of(const plan::SourceSpec& source) {
  std::string words;
  for (const Field& field : source.schema->fields()) {
    words += field.name + ' ' + field.type.to_string() + (field.nullable ? ",\n" : " NOT NULL,\n");
  }
  return words;
}

}  // namespace

void TableIndexes::Bell::ring(const std::string& topic) {
  const std::lock_guard lock(mutex);
  topics.insert(topic);
  rung.notify_one();
}

TableIndexes::~TableIndexes() {
  {
    const std::lock_guard lock(bell_->mutex);
    bell_->closing = true;
    bell_->rung.notify_one();
  }
  memory_.closing = true;
  if (follower_.joinable()) follower_.join();
}

std::shared_ptr<TableIndex> TableIndexes::found_or_made(const plan::SourceSpec& source,
                                                        const std::atomic<bool>& cancelled) {
  const std::string& topic = source.options.at("topic");
  const auto partition = log_.partition(topic, PartitionIndex(0));
  if (partition == nullptr) return nullptr;
  std::unique_lock lock(mutex_);
  Entry& entry = entries_[topic];
  const std::string columns = columns_of(source);
  if (entry.topic_id != partition->topic_id() || entry.columns != columns) {
    entry = {partition->topic_id(), columns, nullptr, false};
    auto made = TableIndex::open(source, connectors_, log_, memory_);
    if (!made.ok()) {
      log_warn("a table is read through jobs",
               {{"table", topic}, {"why", made.status().message()}});
      return nullptr;
    }
    entry.index = std::move(*made);
    entry.ready = entry.index->behind() <= kReadAtOnce;
    if (!follower_.joinable()) follower_ = std::thread([this] { follow(); });
    bell_->ring(topic);
  }
  const std::shared_ptr<TableIndex> index = entry.index;
  while (index != nullptr && !cancelled) {
    // It may be another one's entry by now, or nobody's.
    const auto now = entries_.find(topic);
    if (now == entries_.end() || now->second.index != index) return nullptr;
    if (now->second.ready) return index;
    made_.wait_for(lock, kLook);
  }
  return nullptr;
}

std::shared_ptr<TableIndex> TableIndexes::caught_up(const plan::SourceSpec& source,
                                                    const std::atomic<bool>& cancelled) {
  std::shared_ptr<TableIndex> index = found_or_made(source, cancelled);
  if (index == nullptr) return nullptr;
  const Status caught_up = index->catch_up();
  if (caught_up.ok()) return index;
  give_up(source.options.at("topic"), *index, caught_up);
  return nullptr;
}

std::optional<TableIndexes::Facts> TableIndexes::facts(const std::string& topic) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(topic);
  if (found == entries_.end() || found->second.index == nullptr) return std::nullopt;
  return Facts{found->second.index->rows(), found->second.index->behind()};
}

void TableIndexes::give_up(const std::string& topic, const TableIndex& index, const Status& why) {
  std::shared_ptr<TableIndex> gone;  // outside of the lock: it may be large
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(topic);
    if (found == entries_.end() || found->second.index.get() != &index) return;
    gone = std::move(found->second.index);
    made_.notify_all();
    const auto now = log_.topic(topic);
    // A topic that went away, or was made anew, may have another one.
    if (!now || now->id != index.topic_id()) {
      entries_.erase(found);
      return;
    }
  }
  if (why.code() == StatusCode::kCancelled) return;
  log_warn("a table is read through jobs from now on: it cannot be kept in memory",
           {{"table", topic}, {"why", why.message()}});
}

void TableIndexes::follow() {
  while (true) {
    std::set<std::string> topics;
    {
      std::unique_lock lock(bell_->mutex);
      bell_->rung.wait(lock, [this] { return bell_->closing || !bell_->topics.empty(); });
      if (bell_->closing) return;
      topics.swap(bell_->topics);
    }
    for (const std::string& topic : topics) follow_one(topic);
  }
}

void TableIndexes::follow_one(const std::string& topic) {
  std::shared_ptr<TableIndex> index;
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(topic);
    if (found != entries_.end()) index = found->second.index;
  }
  if (index == nullptr) return;
  const Status followed = index->catch_up_and_wait([bell = bell_, topic] { bell->ring(topic); });
  if (!followed.ok()) return give_up(topic, *index, followed);
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(topic);
  if (found != entries_.end() && found->second.index == index) found->second.ready = true;
  made_.notify_all();
}

}  // namespace dataflow::jobs
