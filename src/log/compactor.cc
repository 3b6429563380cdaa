#include "compactor.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>

#include "base/bytes.h"
#include "recompress.h"
#include "types/batch_builder.h"
#include "types/record.h"

namespace dataflow::log {
namespace {

constexpr size_t kMaxUncompressedBytes = size_t{1} << 30;
// A node of the hash table with its key, its bucket and what malloc adds.
constexpr size_t kBytesPerKey = 64;

uint64_t mix(uint64_t x) {
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccdULL;
  x ^= x >> 33;
  x *= 0xc4ceb9fe1a85ec53ULL;
  return x ^ (x >> 33);
}

bool is_tombstone(const Record& record) { return !record.value.has_value(); }

Timestamp horizon_after(Timestamp now, int64_t retention_ms) {
  constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
  return retention_ms > kNever - now.value() ? Timestamp(kNever) : now + retention_ms;
}

}  // namespace

struct RecordFate {
  std::optional<std::string_view> key;
  Offset offset;
  bool tombstone;
};

NewestOffsets::NewestOffsets(size_t memory_bytes)
    : most_(std::max<size_t>(memory_bytes / kBytesPerKey, 1024)) {}

// Two hashes of 64 bits that start differently: keys that share both are not met in practice, as
// with the MD5 that Kafka uses here.
NewestOffsets::Hash NewestOffsets::hash(std::string_view key) {
  uint64_t a = 0x9e3779b97f4a7c15ULL ^ key.size();
  uint64_t b = 0xc2b2ae3d27d4eb4fULL + key.size() * 31;
  size_t at = 0;
  for (; at + 8 <= key.size(); at += 8) {
    const uint64_t word = load_le64(key.data() + at);
    a = mix(a ^ word);
    b = mix(b + word * 0x9ddfea08eb382d69ULL);
  }
  uint64_t rest = 0;
  for (size_t i = at; i < key.size(); ++i) {
    rest = (rest << 8) | static_cast<uint8_t>(key[i]);
  }
  return {mix(a ^ rest), mix(b + rest * 0x9ddfea08eb382d69ULL + 1)};
}

bool NewestOffsets::note(std::string_view key, Offset offset) {
  auto [it, added] = newest_.try_emplace(hash(key), offset);
  if (!added) it->second = std::max(it->second, offset);
  return newest_.size() <= most_;
}

bool NewestOffsets::is_superseded(std::string_view key, Offset offset) const {
  auto it = newest_.find(hash(key));
  return it != newest_.end() && it->second > offset;
}

bool is_aborted(const BatchHeader& batch, const std::vector<AbortedSpan>& aborted) {
  if (!batch.is_transactional() || batch.is_control()) return false;
  auto it = std::lower_bound(
      aborted.begin(), aborted.end(), batch.base_offset,
      [](const AbortedSpan& span, Offset offset) { return span.last_offset < offset; });
  for (; it != aborted.end(); ++it) {
    if (it->producer_id != batch.producer_id) continue;
    // The producer's next transaction to end: the batch is part of it, or of one that was
    // committed.
    return it->first_offset <= batch.base_offset;
  }
  return false;
}

Result<bool> note_keys(std::string_view batch, const BatchHeader& header,
                       const std::vector<AbortedSpan>& aborted, NewestOffsets& newest) {
  if (header.is_control() || header.record_count == 0 || is_aborted(header, aborted)) return true;
  DF_ASSIGN_OR_RETURN(RecordReader reader, RecordReader::open(batch, kMaxUncompressedBytes));
  Record record;
  while (true) {
    DF_ASSIGN_OR_RETURN(bool more, reader.next(record));
    if (!more) return true;
    if (record.key && !newest.note(*record.key, record.offset)) return false;
  }
}

bool BatchFilter::is_gone(const BatchHeader& header, const RecordFate& fate) const {
  if (header.is_control()) return false;
  // Without a key nothing says what it would replace: such records are from before the topic was
  // compacted.
  if (!fate.key) return true;
  if (rules_->newest->is_superseded(*fate.key, fate.offset)) return true;
  return fate.tombstone && header.has_delete_horizon() && rules_->now >= header.first_timestamp;
}

bool BatchFilter::is_last_of_producer(const BatchHeader& header) const {
  if (!header.has_producer_id()) return false;
  auto it = rules_->producers->find(header.producer_id);
  if (it == rules_->producers->end()) return false;
  const LastOfProducer& last = it->second;
  if (last.offset) return !header.is_control() && header.last_offset() == *last.offset;
  // Only a transaction's end says which epoch the producer has.
  return header.is_control() && header.producer_epoch == last.epoch;
}

bool BatchFilter::has_span(Offset marker) const {
  const auto& spans = *rules_->aborted;
  auto it = std::lower_bound(
      spans.begin(), spans.end(), marker,
      [](const AbortedSpan& span, Offset offset) { return span.last_offset < offset; });
  return it != spans.end() && it->last_offset == marker;
}

Result<bool> BatchFilter::keep_whole(std::string_view batch, const BatchHeader& header,
                                     bool* nothing_left, bool* has_tombstone) {
  DF_ASSIGN_OR_RETURN(RecordReader reader, RecordReader::open(batch, kMaxUncompressedBytes));
  Record record;
  int32_t kept = 0;
  int32_t seen = 0;
  *has_tombstone = false;
  while (true) {
    DF_ASSIGN_OR_RETURN(bool more, reader.next(record));
    if (!more) break;
    ++seen;
    if (is_gone(header, {record.key, record.offset, is_tombstone(record)})) continue;
    ++kept;
    *has_tombstone = *has_tombstone || is_tombstone(record);
  }
  *nothing_left = kept == 0;
  return kept == seen;
}

Status BatchFilter::add(std::string_view batch, const BatchHeader& header) {
  if (rules_ != nullptr && header.is_control()) return add_end(batch, header);
  if (rules_ != nullptr && header.is_transactional()) trace_->note_batch(header.producer_id);
  if (header.record_count == 0) return empty(batch, header);
  if (rules_ == nullptr) return write(batch);
  return is_aborted(header, *rules_->aborted) ? empty(batch, header) : add_records(batch, header);
}

// The end of a transaction stays until nothing else of the transaction is there, and then until its
// delete horizon, which the first pass that finds it so writes into it. Before it goes, readers
// must no longer be told of the transaction: without its end they would take what the producer
// writes next for a part of it.
Status BatchFilter::add_end(std::string_view batch, const BatchHeader& header) {
  if (!trace_->end_of_nothing(header.producer_id)) return write(batch);
  const bool told = has_span(header.last_offset());
  if (told) trace_->note_empty(header.last_offset());
  if (is_last_of_producer(header)) return write(batch);
  if (!header.has_delete_horizon()) return rewrite(batch, header, true);
  const bool stays = told || rules_->now < header.first_timestamp;
  return stays ? write(batch) : drop(header);
}

Status BatchFilter::add_records(std::string_view batch, const BatchHeader& header) {
  bool nothing_left = false;
  bool has_tombstone = false;
  DF_ASSIGN_OR_RETURN(bool whole, keep_whole(batch, header, &nothing_left, &has_tombstone));
  if (nothing_left) return empty(batch, header);
  const bool set_horizon = has_tombstone && !header.has_delete_horizon();
  return whole && !set_horizon ? write(batch) : rewrite(batch, header, set_horizon);
}

Status BatchFilter::rewrite(std::string_view batch, const BatchHeader& header, bool set_horizon) {
  BatchOptions options = options_like(header);
  options.level = compression_level(header.codec(), *rules_->config);
  if (set_horizon) {
    options.delete_horizon = horizon_after(rules_->now, rules_->config->delete_retention_ms);
  }
  BatchBuilder builder(options);
  DF_ASSIGN_OR_RETURN(RecordReader reader, RecordReader::open(batch, kMaxUncompressedBytes));
  Record record;
  while (true) {
    DF_ASSIGN_OR_RETURN(bool more, reader.next(record));
    if (!more) break;
    if (is_gone(header, {record.key, record.offset, is_tombstone(record)})) continue;
    DF_RETURN_IF_ERROR(
        builder.add_at(record.offset, record.timestamp, record.key, record.value, record.headers));
  }
  DF_RETURN_IF_ERROR(builder.extend_to(header.last_offset()));
  changed_ = true;
  return write(builder.finish());
}

Status BatchFilter::empty(std::string_view batch, const BatchHeader& header) {
  const bool keeps_identity =
      rules_ != nullptr ? is_last_of_producer(header) : header.has_producer_id();
  if (!keeps_identity) return drop(header);
  if (header.record_count == 0) return write(batch);
  BatchOptions options = options_like(header);
  options.delete_horizon.reset();
  // A time without a record would be found by a search for times.
  options.append_time.reset();
  BatchBuilder builder(options);
  DF_RETURN_IF_ERROR(builder.extend_to(header.last_offset()));
  changed_ = true;
  return write(builder.finish());
}

Status BatchFilter::drop(const BatchHeader& header) {
  const bool joins = has_filler_ && filler_epoch_ == header.leader_epoch &&
                     header.last_offset() - filler_from_ < INT32_MAX;
  changed_ = changed_ || joins || header.record_count > 0 || header.has_producer_id();
  if (!joins) {
    DF_RETURN_IF_ERROR(write_filler());
    has_filler_ = true;
    filler_from_ = header.base_offset;
    filler_epoch_ = header.leader_epoch;
  }
  filler_to_ = header.last_offset();
  return {};
}

Status BatchFilter::write(std::string_view batch) {
  DF_RETURN_IF_ERROR(write_filler());
  return output_(batch);
}

Status BatchFilter::write_filler() {
  if (!has_filler_) return {};
  has_filler_ = false;
  BatchOptions options;
  options.base_offset = filler_from_;
  options.leader_epoch = filler_epoch_;
  BatchBuilder builder(options);
  DF_RETURN_IF_ERROR(builder.extend_to(filler_to_));
  return output_(builder.finish());
}

}  // namespace dataflow::log
