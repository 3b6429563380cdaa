// What containers take.
#pragma once

#include <cstddef>
#include <vector>

namespace dataflow::engine {

template <class T>
size_t memory_of(const std::vector<T>& values) {
  return values.capacity() * sizeof(T);
}

}  // namespace dataflow::engine
