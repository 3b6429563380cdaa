#include "producer_table.h"

#include <algorithm>

#include "base/bytes.h"
#include "log/fault.h"

namespace dataflow::log {
namespace {

std::string producer_words(ProducerId id, ProducerEpoch epoch) {
  return "producer " + std::to_string(id.value()) + " with epoch " + std::to_string(epoch.value());
}

void put_i64(std::string& out, int64_t v) { append_le64(out, static_cast<uint64_t>(v)); }
void put_i32(std::string& out, int32_t v) { append_le32(out, static_cast<uint32_t>(v)); }

class Cursor {
 public:
  explicit Cursor(std::string_view& in) : in_(in) {}
  bool need(size_t n) const { return in_.size() >= n; }
  int64_t i64() { return static_cast<int64_t>(load_le64(take(8))); }
  int32_t i32() { return static_cast<int32_t>(load_le32(take(4))); }

 private:
  const char* take(size_t n) {
    const char* p = in_.data();
    in_.remove_prefix(n);
    return p;
  }
  std::string_view& in_;
};

constexpr size_t kBatchBytes = 32;
constexpr size_t kEntryHeadBytes = 8 + 4 + 4 + 8 + 4 + 8;
constexpr size_t kAbortedBytes = 32;

}  // namespace

void ProducerEntry::remember(const ProducerBatch& batch) {
  if (batch_count == kRemembered) {
    std::move(batches.begin() + 1, batches.end(), batches.begin());
    --batch_count;
  }
  batches[batch_count++] = batch;
}

Result<std::optional<ProducerBatch>> ProducerTable::check(const BatchHeader& batch) const {
  using Found = std::optional<ProducerBatch>;
  auto it = producers_.find(batch.producer_id);
  if (it == producers_.end()) return Found();
  const ProducerEntry& entry = it->second;
  if (batch.producer_epoch < entry.epoch) {
    return fault(Fault::kInvalidProducerEpoch, StatusCode::kConflict,
                 producer_words(batch.producer_id, batch.producer_epoch) +
                     " was replaced by one with epoch " + std::to_string(entry.epoch.value()));
  }
  const bool same_epoch = batch.producer_epoch == entry.epoch;
  for (size_t i = 0; same_epoch && i < entry.batch_count; ++i) {
    const ProducerBatch& b = entry.batches[i];
    if (b.first_sequence == batch.base_sequence && b.last_sequence == batch.last_sequence()) {
      return Found(b);
    }
  }
  // A known producer has to go on where it is, and begins an epoch with 0. What is older than the
  // remembered batches is out of order too, not a repeat: nobody knows that it was ever appended,
  // since an unknown producer may begin with any sequence, and a client takes "duplicate" for
  // success.
  const ProducerBatch* newest = same_epoch ? entry.newest() : nullptr;
  const int32_t expected = newest != nullptr ? add_to_sequence(newest->last_sequence, 1) : 0;
  if (batch.base_sequence != expected) {
    return fault(Fault::kOutOfOrderSequence, StatusCode::kConflict,
                 producer_words(batch.producer_id, batch.producer_epoch) + " sent sequence " +
                     std::to_string(batch.base_sequence) + " where " + std::to_string(expected) +
                     " comes next");
  }
  if (entry.transaction_start && !batch.is_transactional()) {
    return fault(Fault::kInvalidTransactionState, StatusCode::kConflict,
                 producer_words(batch.producer_id, batch.producer_epoch) +
                     " has an open transaction and sent a batch that is not part of it");
  }
  return Found();
}

void ProducerTable::apply(const BatchHeader& batch, Timestamp told_time, Timestamp now) {
  ProducerEntry& entry = producers_[batch.producer_id];
  if (batch.producer_epoch != entry.epoch) {
    entry.epoch = batch.producer_epoch;
    entry.batch_count = 0;
  }
  entry.remember({batch.base_sequence, batch.last_sequence(), batch.base_offset,
                  batch.last_offset(), told_time});
  entry.last_seen = now;
  if (batch.is_transactional() && !entry.transaction_start) {
    entry.transaction_start = batch.base_offset;
    open_[batch.base_offset] = batch.producer_id;
  }
}

Status ProducerTable::check_marker(ProducerId id, ProducerEpoch epoch,
                                   int32_t coordinator_epoch) const {
  auto it = producers_.find(id);
  if (it == producers_.end()) return {};
  if (epoch < it->second.epoch) {
    return fault(Fault::kInvalidProducerEpoch, StatusCode::kConflict,
                 "the end of a transaction of " + producer_words(id, epoch) + " came after epoch " +
                     std::to_string(it->second.epoch.value()));
  }
  if (coordinator_epoch < it->second.coordinator_epoch) {
    return fault(Fault::kInvalidTransactionState, StatusCode::kConflict,
                 "the end of a transaction of " + producer_words(id, epoch) +
                     " came from a coordinator that was replaced");
  }
  return {};
}

void ProducerTable::apply_marker(ProducerId id, ProducerEpoch epoch, bool commit,
                                 int32_t coordinator_epoch, Offset marker, Timestamp now) {
  ProducerEntry& entry = producers_[id];
  if (epoch != entry.epoch) {
    entry.epoch = epoch;
    entry.batch_count = 0;
  }
  entry.coordinator_epoch = coordinator_epoch;
  entry.last_seen = now;
  if (!entry.transaction_start) return;
  const Offset start = *entry.transaction_start;
  entry.transaction_start.reset();
  open_.erase(start);
  if (commit) return;
  const Offset stable = open_.empty() ? marker + 1 : open_.begin()->first;
  aborted_.push_back({id, start, marker, stable});
}

std::optional<Offset> ProducerTable::first_open() const {
  if (open_.empty()) return std::nullopt;
  return open_.begin()->first;
}

std::vector<AbortedTransaction> ProducerTable::aborted_between(Offset from, Offset upper) const {
  std::vector<AbortedTransaction> found;
  auto it = std::lower_bound(aborted_.begin(), aborted_.end(), from,
                             [](const AbortedSpan& s, Offset o) { return s.last_offset < o; });
  for (; it != aborted_.end(); ++it) {
    if (it->first_offset < upper) found.push_back({it->producer_id, it->first_offset});
    if (it->last_stable >= upper) break;
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.first_offset < b.first_offset; });
  return found;
}

void ProducerTable::forget_aborted(const std::vector<Offset>& markers) {
  std::erase_if(aborted_, [&](const AbortedSpan& span) {
    return std::binary_search(markers.begin(), markers.end(), span.last_offset);
  });
}

std::unordered_map<ProducerId, LastOfProducer> ProducerTable::last_batches() const {
  std::unordered_map<ProducerId, LastOfProducer> last;
  last.reserve(producers_.size());
  for (const auto& [id, entry] : producers_) {
    const ProducerBatch* newest = entry.newest();
    last[id] = {newest ? std::optional(newest->last_offset) : std::nullopt, entry.epoch};
  }
  return last;
}

void ProducerTable::expire(Timestamp time, Offset log_start) {
  std::erase_if(producers_, [&](const auto& item) {
    return !item.second.transaction_start && item.second.last_seen < time;
  });
  auto keep = std::find_if(aborted_.begin(), aborted_.end(),
                           [&](const AbortedSpan& s) { return s.last_offset >= log_start; });
  aborted_.erase(aborted_.begin(), keep);
}

std::vector<ProducerView> ProducerTable::views() const {
  std::vector<ProducerView> out;
  out.reserve(producers_.size());
  for (const auto& [id, entry] : producers_) {
    const ProducerBatch* newest = entry.newest();
    out.push_back({id, entry.epoch, newest ? newest->last_sequence : -1, entry.last_seen,
                   entry.coordinator_epoch, entry.transaction_start});
  }
  return out;
}

bool ProducerTable::in_transaction(ProducerId id) const {
  auto it = producers_.find(id);
  return it != producers_.end() && it->second.transaction_start.has_value();
}

void ProducerTable::encode(std::string& out) const {
  put_i64(out, static_cast<int64_t>(producers_.size()));
  for (const auto& [id, entry] : producers_) {
    put_i64(out, id.value());
    put_i32(out, entry.epoch.value());
    put_i32(out, entry.batch_count);
    put_i64(out, entry.last_seen.value());
    put_i32(out, entry.coordinator_epoch);
    put_i64(out, entry.transaction_start ? entry.transaction_start->value() : -1);
    for (size_t i = 0; i < entry.batch_count; ++i) {
      const ProducerBatch& b = entry.batches[i];
      put_i32(out, b.first_sequence);
      put_i32(out, b.last_sequence);
      put_i64(out, b.first_offset.value());
      put_i64(out, b.last_offset.value());
      put_i64(out, b.timestamp.value());
    }
  }
  put_i64(out, static_cast<int64_t>(aborted_.size()));
  for (const AbortedSpan& s : aborted_) {
    put_i64(out, s.producer_id.value());
    put_i64(out, s.first_offset.value());
    put_i64(out, s.last_offset.value());
    put_i64(out, s.last_stable.value());
  }
}

Result<ProducerTable> ProducerTable::decode(std::string_view& in) {
  const Status broken = Status::corrupt("the checkpoint's table of producers is broken");
  ProducerTable table;
  Cursor c(in);
  if (!c.need(8)) return broken;
  const int64_t count = c.i64();
  if (count < 0 || static_cast<uint64_t>(count) > in.size() / kEntryHeadBytes) return broken;
  for (int64_t n = 0; n < count; ++n) {
    if (!c.need(kEntryHeadBytes)) return broken;
    const ProducerId id(c.i64());
    ProducerEntry entry;
    entry.epoch = ProducerEpoch(static_cast<int16_t>(c.i32()));
    const int32_t batches = c.i32();
    entry.last_seen = Timestamp(c.i64());
    entry.coordinator_epoch = c.i32();
    const int64_t start = c.i64();
    if (start >= 0) {
      entry.transaction_start = Offset(start);
      table.open_[Offset(start)] = id;
    }
    if (batches < 0 || batches > static_cast<int32_t>(ProducerEntry::kRemembered) ||
        !c.need(static_cast<size_t>(batches) * kBatchBytes)) {
      return broken;
    }
    for (int32_t i = 0; i < batches; ++i) {
      ProducerBatch b{};
      b.first_sequence = c.i32();
      b.last_sequence = c.i32();
      b.first_offset = Offset(c.i64());
      b.last_offset = Offset(c.i64());
      b.timestamp = Timestamp(c.i64());
      entry.remember(b);
    }
    table.producers_.emplace(id, entry);
  }
  if (!c.need(8)) return broken;
  const int64_t aborted = c.i64();
  if (aborted < 0 || static_cast<uint64_t>(aborted) > in.size() / kAbortedBytes) return broken;
  for (int64_t n = 0; n < aborted; ++n) {
    AbortedSpan s{ProducerId(c.i64()), Offset(c.i64()), Offset(c.i64()), Offset(c.i64())};
    table.aborted_.push_back(s);
  }
  return table;
}

}  // namespace dataflow::log
