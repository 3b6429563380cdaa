#include "session_index.h"

#include <algorithm>

namespace dataflow::engine {

using Row = SessionIndex::Row;

void SessionIndex::find_keys(std::span<const uint64_t> hashes,
                             std::span<const std::string_view> keys, std::vector<Row>& found) {
  if (zeros_.size() < keys.size()) zeros_.resize(keys.size());
  found.resize(keys.size());
  made_.clear();
  keys_.upsert_all(hashes, keys, std::span(zeros_).first(keys.size()), found, &made_);
  for (const Row key : made_) {
    if (key >= first_.size()) first_.resize(std::max<size_t>(key + 1, 2 * first_.size()), kNone);
  }
}

void SessionIndex::drop_unused() {
  for (const Row key : made_) {
    if (first_[key] == kNone) keys_.erase(key);
  }
  made_.clear();
}

void SessionIndex::insert(Row key, Row before, Row session) {
  if (session >= links_.size()) {
    links_.resize(std::max<size_t>(session + 1, 2 * links_.size()));
  }
  Row& place = before == kNone ? first_[key] : links_[before].next;
  links_[session] = {place, key, INT64_MAX};
  place = session;
}

void SessionIndex::remove(Row session) {
  const Row key = links_[session].key;
  Row* place = &first_[key];
  while (*place != session) place = &links_[*place].next;
  *place = links_[session].next;
  links_[session] = {};
  if (first_[key] != kNone) return;
  // A key of the batch at hand may get a session yet.
  if (std::ranges::find(made_, key) == made_.end()) keys_.erase(key);
}

void SessionIndex::look_at(Row session, int64_t moment) {
  if (links_[session].moment == moment) return;
  links_[session].moment = moment;
  due_.push_back({moment, session});
  std::ranges::push_heap(due_, std::greater<>());
}

Row SessionIndex::take_due(int64_t time) {
  const Row session = next_due();
  if (session == kNone || due_.front().moment > time) return kNone;
  pop_due();
  links_[session].moment = INT64_MAX;
  return session;
}

Row SessionIndex::next_due() {
  while (!due_.empty()) {
    const Due& due = due_.front();
    const Link& link = links_[due.session];
    if (link.key != kNone && link.moment == due.moment) return due.session;
    pop_due();
  }
  return kNone;
}

void SessionIndex::pop_due() {
  std::ranges::pop_heap(due_, std::greater<>());
  due_.pop_back();
}

std::optional<int64_t> SessionIndex::next_moment() const {
  if (due_.empty()) return std::nullopt;
  return due_.front().moment;
}

}  // namespace dataflow::engine
