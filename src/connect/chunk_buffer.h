// Memory of chunks, used again: fresh pages for every chunk would cost as much as reading it.
#pragma once

#include <cstddef>
#include <memory>

namespace dataflow::connect {

// At least `size` bytes with any contents; goes back to the process's free list with its last
// owner.
std::shared_ptr<char> take_chunk_buffer(size_t size);

}  // namespace dataflow::connect
