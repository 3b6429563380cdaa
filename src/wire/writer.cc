#include "wire/writer.h"

#include <utility>

namespace dataflow::wire {

namespace {

constexpr size_t kSmallestBuffer = 256;

size_t varuint_size(uint64_t value) {
  size_t size = 1;
  while (value >= 0x80) {
    value >>= 7;
    ++size;
  }
  return size;
}

}  // namespace

Writer& Writer::operator=(Writer&& other) noexcept {
  data_ = std::move(other.data_);
  size_ = std::exchange(other.size_, 0);
  capacity_ = std::exchange(other.capacity_, 0);
  external_size_ = std::exchange(other.external_size_, 0);
  external_marks_ = std::exchange(other.external_marks_, {});
  status_ = std::exchange(other.status_, Status());
  return *this;
}

void Writer::clear() {
  size_ = 0;
  external_size_ = 0;
  external_marks_.clear();
  status_ = Status();
}

void Writer::fail(std::string problem) {
  if (status_.ok()) status_ = Status::invalid(std::move(problem));
}

void Writer::fail_long_string(size_t size) {
  fail("encoding: a string of " + std::to_string(size) +
       " bytes does not fit this version, which allows " + std::to_string(kMaxShortString) +
       "; shorten it or use a flexible version");
  write_int16(0);
}

void Writer::fail_length(uint64_t length) {
  fail("encoding: a length of " + std::to_string(length) +
       " does not fit the protocol, which allows " + std::to_string(kMaxLength) +
       "; send less at once");
}

void Writer::reallocate(size_t capacity) {
  capacity = std::max(capacity, kSmallestBuffer);
  std::unique_ptr<char[]> larger(new char[capacity]);
  if (size_ > 0) std::memcpy(larger.get(), data_.get(), size_);
  data_ = std::move(larger);
  capacity_ = capacity;
}

void Writer::mark_external(uint64_t size) {
  external_marks_.push_back({size_, size});
  external_size_ += size;
}

Writer::FrameStart Writer::begin_frame() {
  FrameStart start{size_, external_size_};
  write_int32(0);
  return start;
}

void Writer::end_frame(FrameStart start) {
  uint64_t length =
      size_ - start.position - sizeof(int32_t) + external_size_ - start.external_before;
  if (length > kMaxLength) fail_length(length);
  store_be32(data_.get() + start.position, static_cast<uint32_t>(length));
}

void Writer::end_tag(size_t start) {
  size_t length = size_ - start;
  size_t extra = varuint_size(length) - 1;
  if (extra > 0) {
    grow(extra);
    std::memmove(data_.get() + start + extra, data_.get() + start, length);
  }
  size_t end = size_;
  size_ = start - 1;
  write_varuint(length);
  size_ = end;
}

}  // namespace dataflow::wire
