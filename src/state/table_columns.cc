#include "table_columns.h"

#include "base/bytes.h"

namespace dataflow::state {

void TableColumn::grow(size_t rows) {
  switch (kind) {
    case ValueKind::kInt64: ints.resize(rows); break;
    case ValueKind::kFloat64: floats.resize(rows); break;
    case ValueKind::kInt128: decimals.resize(rows); break;
    case ValueKind::kBytes: bytes.resize(rows); break;
  }
}

void TableColumn::clear(RowNumber row) {
  switch (kind) {
    case ValueKind::kInt64: ints[row] = 0; break;
    case ValueKind::kFloat64: floats[row] = 0; break;
    case ValueKind::kInt128: decimals[row] = 0; break;
    case ValueKind::kBytes: bytes[row] = std::string(); break;  // gives its memory back
  }
}

void TableColumn::set_fixed(std::span<const RowNumber> to, const char* values,
                            const uint32_t* numbers) {
  switch (kind) {
    case ValueKind::kInt64:
      for (size_t i = 0; i < to.size(); ++i) {
        ints[to[i]] = static_cast<int64_t>(load_le64(values + 8 * size_t{numbers[i]}));
      }
      break;
    case ValueKind::kFloat64:
      for (size_t i = 0; i < to.size(); ++i) {
        floats[to[i]] = std::bit_cast<double>(load_le64(values + 8 * size_t{numbers[i]}));
      }
      break;
    case ValueKind::kInt128:
      for (size_t i = 0; i < to.size(); ++i) {
        const char* value = values + 16 * size_t{numbers[i]};
        const unsigned __int128 high = load_le64(value + 8);
        decimals[to[i]] = static_cast<__int128>(high << 64 | load_le64(value));
      }
      break;
    case ValueKind::kBytes: break;
  }
}

size_t TableColumn::memory_bytes() const {
  return ints.memory_bytes() + floats.memory_bytes() + decimals.memory_bytes() +
         bytes.capacity() * sizeof(std::string);
}

}  // namespace dataflow::state
