// PlainArray: a growing array of plain values (zero bytes are a value of them).
//
// It grows by realloc, which moves the pages of a large block instead of copying it: there is never
// a second copy, and what lies behind its size takes no memory before it is used. A million rows
// cost what a million rows need, where a vector has room for two.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>

namespace dataflow::state {

template <class T>
class PlainArray {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  PlainArray() = default;
  ~PlainArray() { std::free(data_); }
  PlainArray(PlainArray&& other) noexcept { swap(other); }
  PlainArray& operator=(PlainArray&& other) noexcept {
    swap(other);
    return *this;
  }

  T* data() { return data_; }
  const T* data() const { return data_; }
  size_t size() const { return size_; }
  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }

  // What is new is zero.
  void resize(size_t size) {
    if (size > capacity_) reserve(std::max(size, grown()));
    if (size > size_) std::memset(static_cast<void*>(data_ + size_), 0, (size - size_) * sizeof(T));
    size_ = size;
  }
  void reserve(size_t capacity) {
    if (capacity <= capacity_) return;
    void* moved = std::realloc(static_cast<void*>(data_), capacity * sizeof(T));
    if (moved == nullptr) throw std::bad_alloc();
    data_ = static_cast<T*>(moved);
    capacity_ = capacity;
  }
  void append(const T* values, size_t count) {
    const size_t at = size_;
    if (at + count > capacity_) reserve(std::max(at + count, grown()));
    std::memcpy(static_cast<void*>(data_ + at), values, count * sizeof(T));
    size_ = at + count;
  }

  size_t memory_bytes() const {
    const size_t all = capacity_ * sizeof(T);
    return all < kWholePages ? all : (size_ * sizeof(T) + kPage - 1) / kPage * kPage;
  }

 private:
  static constexpr size_t kFirst = 64;
  static constexpr size_t kPage = 4096;
  static constexpr size_t kWholePages = 128 << 10;  // smaller ones may lie among others
  static constexpr size_t kLarge = 16 << 20;        // bytes; from here on it grows by a quarter

  size_t grown() const {
    if (capacity_ == 0) return kFirst;
    return capacity_ + (capacity_ * sizeof(T) < kLarge ? capacity_ : capacity_ / 4);
  }
  void swap(PlainArray& other) {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

  T* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace dataflow::state
