#include "output_queue.h"

#include <gtest/gtest.h>

#include <cstring>

namespace dataflow::kafka {
namespace {

// Takes so many bytes at a call, and none at every third.
class StutteringTransport final : public Transport {
 public:
  explicit StutteringTransport(size_t at_once, bool sends_files = false)
      : at_once_(at_once), sends_files_(sends_files) {}

  IoOutcome read(std::span<char>) override { return {IoState::kEnd, 0, 0}; }
  IoOutcome write(std::span<const iovec> parts, bool) override {
    if (++calls_ % 3 == 0) return {IoState::kWouldBlock, 0, 0};
    size_t taken = 0;
    for (const iovec& part : parts) {
      size_t step = std::min(part.iov_len, at_once_ - taken);
      sent.append(static_cast<const char*>(part.iov_base), step);
      taken += step;
    }
    return {IoState::kDone, taken, 0};
  }
  bool can_send_files() const override { return sends_files_; }
  IoOutcome send_file(int, uint64_t, size_t) override { return {IoState::kFailed, 0, EINVAL}; }
  void wait_readable(std::shared_ptr<TransportEvents>) override {}
  void wait_writable(std::shared_ptr<TransportEvents>) override {}
  void close() override {}

  std::string sent;

 private:
  const size_t at_once_;
  const bool sends_files_;
  int calls_ = 0;
};

class StringFile final : public File {
 public:
  explicit StringFile(std::string bytes, int descriptor = -1)
      : bytes_(std::move(bytes)), descriptor_(descriptor) {}
  Result<size_t> read_at(uint64_t position, std::span<char> out) override {
    if (position >= bytes_.size()) return size_t{0};
    size_t size = std::min<size_t>(out.size(), bytes_.size() - position);
    std::memcpy(out.data(), bytes_.data() + position, size);
    return size;
  }
  Status write_at(uint64_t, std::string_view) override { return {}; }
  Status write_parts_at(uint64_t, std::span<const std::string_view>) override { return {}; }
  Status sync() override { return {}; }
  Status truncate(uint64_t) override { return {}; }
  Result<uint64_t> size() override { return uint64_t{bytes_.size()}; }
  int descriptor() const override { return descriptor_; }

 private:
  std::string bytes_;
  int descriptor_;
};

std::string letters(size_t size) {
  std::string text(size, ' ');
  for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i % 26);
  return text;
}

void drain(OutputQueue& queue, Transport& transport) {
  std::string scratch(1000, ' ');
  while (true) {
    auto outcome = queue.flush(transport, scratch, 300);
    ASSERT_NE(outcome, OutputQueue::Flush::kFailed) << queue.problem();
    if (outcome == OutputQueue::Flush::kAll) return;
  }
}

TEST(OutputQueue, BytesAndSlicesLeaveInOrderHoweverTheSocketStutters) {
  auto file = std::make_shared<StringFile>(letters(100'000));
  for (size_t at_once : {1u, 7u, 500u, 100'000u}) {
    StutteringTransport transport(at_once);
    OutputQueue queue;
    queue.add("first;", {});
    std::vector<AnswerSlice> slices;
    slices.push_back({3, {file, 10, 5000}});
    slices.push_back({3, {file, 0, 20}});
    slices.push_back({6, {file, 50, 1}});
    queue.add("abcdef", slices);
    queue.add(";last", {});
    drain(queue, transport);
    std::string all = letters(100'000);
    EXPECT_EQ(transport.sent, "first;abc" + all.substr(10, 5000) + all.substr(0, 20) + "def" +
                                  all.substr(50, 1) + ";last");
    EXPECT_TRUE(queue.empty());
    EXPECT_EQ(queue.buffered_bytes(), 0u);
    queue.add("again", {});
    transport.sent.clear();
    drain(queue, transport);
    EXPECT_EQ(transport.sent, "again");
  }
}

TEST(OutputQueue, CopiesWhereTheKernelWillNotSendTheFile) {
  auto file = std::make_shared<StringFile>(letters(100'000), 5);
  StutteringTransport transport(10'000, true);
  OutputQueue queue;
  std::vector<AnswerSlice> slices;
  slices.push_back({0, {file, 0, 100'000}});
  queue.add("", slices);
  drain(queue, transport);
  EXPECT_EQ(transport.sent, letters(100'000));
}

TEST(OutputQueue, FileThatIsTooShortFailsWithWords) {
  auto file = std::make_shared<StringFile>(letters(10));
  StutteringTransport transport(100);
  OutputQueue queue;
  std::vector<AnswerSlice> slices;
  slices.push_back({0, {file, 0, 20}});
  queue.add("", slices);
  std::string scratch(100, ' ');
  auto outcome = OutputQueue::Flush::kAll;
  for (int i = 0; i < 5 && outcome != OutputQueue::Flush::kFailed; ++i) {
    outcome = queue.flush(transport, scratch, 1000);
  }
  EXPECT_EQ(outcome, OutputQueue::Flush::kFailed);
  EXPECT_FALSE(queue.problem().empty());
}

}  // namespace
}  // namespace dataflow::kafka
