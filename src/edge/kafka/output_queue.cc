#include "output_queue.h"

#include <errno.h>

#include <algorithm>
#include <cstring>

namespace dataflow::kafka {

namespace {

constexpr size_t kMaxParts = 64;
// Below this one read and a shared write cost less than a write and a sendfile of their own.
constexpr uint32_t kSendFileFrom = 32u << 10;
constexpr size_t kSendFileMost = 1u << 20;
constexpr size_t kKeptCapacity = 512;

}  // namespace

void OutputQueue::add_bytes(std::string_view bytes) {
  if (bytes.empty()) return;
  if (empty() && items_.size() == 1 && !items_[0].slice.file) {
    items_[0].bytes.clear();
    items_[0].done = 0;
    first_ = 0;
  } else if (empty() || items_.back().slice.file) {
    items_.emplace_back();
  }
  items_.back().bytes.append(bytes);
  buffered_ += bytes.size();
}

void OutputQueue::add(std::string_view bytes, std::span<AnswerSlice> slices) {
  size_t at = 0;
  for (AnswerSlice& slice : slices) {
    add_bytes(bytes.substr(at, slice.at - at));
    at = slice.at;
    Item item;
    item.slice = std::move(slice.slice);
    if (item.slice.length > 0) items_.push_back(std::move(item));
  }
  add_bytes(bytes.substr(at));
}

bool OutputQueue::wants_send_file(const Item& item, const Transport& transport) const {
  return item.slice.file && item.left() >= kSendFileFrom && !no_send_file_ &&
         transport.can_send_files() && item.slice.file->descriptor() >= 0;
}

bool OutputQueue::read_slice(Item& item, std::span<char> into, size_t& got) {
  auto read = item.slice.file->read_at(item.slice.position + item.done, into);
  if (!read.ok()) {
    problem_ = read.status().message();
    return false;
  }
  got = *read;
  if (got == 0) problem_ = "a log file ended before the bytes that an answer had promised";
  return got > 0;
}

// One gather write of all that lies at the front: bytes as they are, small slices through
// `scratch`.
IoOutcome OutputQueue::write_batch(Transport& transport, std::span<char> scratch) {
  iovec parts[kMaxParts];
  size_t count = 0;
  bool more = false;
  for (size_t i = first_; i < items_.size(); ++i) {
    Item& item = items_[i];
    if (count == kMaxParts || wants_send_file(item, transport) ||
        (item.slice.file && scratch.empty())) {
      more = true;
      break;
    }
    if (!item.slice.file) {
      parts[count++] = {item.bytes.data() + item.done, item.left()};
      continue;
    }
    size_t wanted = std::min(item.left(), scratch.size());
    size_t got = 0;
    if (!read_slice(item, scratch.first(wanted), got)) return {IoState::kFailed, 0, 0};
    parts[count++] = {scratch.data(), got};
    scratch = scratch.subspan(got);
    if (got < item.left()) {
      more = true;
      break;
    }
  }
  return transport.write({parts, count}, more);
}

IoOutcome OutputQueue::send_slice(Transport& transport) {
  Item& item = items_[first_];
  size_t wanted = std::min(item.left(), kSendFileMost);
  IoOutcome outcome =
      transport.send_file(item.slice.file->descriptor(), item.slice.position + item.done, wanted);
  if (outcome.state == IoState::kEnd) {
    problem_ = "a log file ended before the bytes that an answer had promised";
    return {IoState::kFailed, 0, 0};
  }
  if (outcome.state == IoState::kFailed && (outcome.error == EINVAL || outcome.error == ENOSYS)) {
    no_send_file_ = true;
    return {IoState::kDone, 0, 0};
  }
  return outcome;
}

void OutputQueue::sent(size_t bytes) {
  written_ += bytes;
  while (bytes > 0) {
    Item& item = items_[first_];
    size_t step = std::min(bytes, item.left());
    item.done += step;
    bytes -= step;
    if (!item.slice.file) buffered_ -= step;
    if (item.left() > 0) return;
    item.slice.file.reset();
    ++first_;
  }
  if (!empty()) return;
  // The next answer is likely to be as small as this one: keep its little memory.
  std::string kept = std::move(items_.front().bytes);
  items_.clear();
  first_ = 0;
  if (items_.capacity() > 8) items_ = {};
  if (kept.capacity() > kKeptCapacity || kept.capacity() < 16) return;
  kept.clear();
  items_.emplace_back().bytes = std::move(kept);
  first_ = 1;
}

OutputQueue::Flush OutputQueue::flush(Transport& transport, std::span<char> scratch, size_t most) {
  uint64_t stop_at = written_ + most;
  while (!empty()) {
    if (written_ >= stop_at) return Flush::kMoreToDo;
    IoOutcome outcome = wants_send_file(items_[first_], transport)
                            ? send_slice(transport)
                            : write_batch(transport, scratch);
    if (outcome.state == IoState::kWouldBlock) return Flush::kWouldBlock;
    if (outcome.state != IoState::kDone) {
      if (problem_.empty()) problem_ = std::strerror(outcome.error);
      return Flush::kFailed;
    }
    sent(outcome.bytes);
  }
  return Flush::kAll;
}

}  // namespace dataflow::kafka
