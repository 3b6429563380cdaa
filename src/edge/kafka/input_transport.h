// A transport without a network, for tests and fuzzing. Test-only; not part of the room.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "transport.h"

namespace dataflow::kafka {

// Hands out the input in pieces whose size the input's first byte decides, and swallows the
// answers.
class InputTransport final : public Transport {
 public:
  enum class Then { kEnd, kBlock };
  InputTransport(std::string_view input, size_t piece, Then then)
      : input_(input), piece_(piece), then_(then) {}

  IoOutcome read(std::span<char> into) override {
    if (input_.empty()) {
      return {then_ == Then::kEnd ? IoState::kEnd : IoState::kWouldBlock, 0, 0};
    }
    size_t size = std::min({into.size(), input_.size(), piece_});
    std::memcpy(into.data(), input_.data(), size);
    input_.remove_prefix(size);
    return {IoState::kDone, size, 0};
  }
  IoOutcome write(std::span<const iovec> parts, bool) override {
    if (full_) return {IoState::kWouldBlock, 0, 0};
    size_t size = 0;
    for (const iovec& part : parts) size += part.iov_len;
    answered_ += size;
    return {IoState::kDone, size, 0};
  }
  bool can_send_files() const override { return false; }
  IoOutcome send_file(int, uint64_t, size_t) override { return {IoState::kFailed, 0, 0}; }
  void wait_readable(std::shared_ptr<TransportEvents> events) override {
    readable_ = std::move(events);
  }
  void wait_writable(std::shared_ptr<TransportEvents> events) override {
    writable_ = std::move(events);
  }
  void close() override {
    input_ = {};
    readable_.reset();
    writable_.reset();
  }

  // Whether there was anybody to tell.
  bool step() {
    std::shared_ptr<TransportEvents> events;
    if (!full_) events = std::exchange(writable_, nullptr);
    if (events) {
      events->on_writable();
      return true;
    }
    if (!input_.empty()) events = std::exchange(readable_, nullptr);
    if (events) events->on_readable();
    return events != nullptr;
  }
  size_t answered_bytes() const { return answered_; }
  void feed(std::string_view more) { input_ = more; }
  // As if the client read nothing any more.
  void fill_up() { full_ = true; }

 private:
  std::string_view input_;
  const size_t piece_;
  const Then then_;
  size_t answered_ = 0;
  bool full_ = false;
  std::shared_ptr<TransportEvents> readable_;
  std::shared_ptr<TransportEvents> writable_;
};

}  // namespace dataflow::kafka
