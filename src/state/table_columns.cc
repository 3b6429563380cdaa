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

void TableColumn::set(RowNumber row, std::string_view value) {
  switch (kind) {
    case ValueKind::kInt64: ints[row] = static_cast<int64_t>(load_le64(value.data())); break;
    case ValueKind::kFloat64: floats[row] = std::bit_cast<double>(load_le64(value.data())); break;
    case ValueKind::kInt128: {
      const unsigned __int128 high = load_le64(value.data() + 8);
      decimals[row] = static_cast<__int128>(high << 64 | load_le64(value.data()));
      break;
    }
    case ValueKind::kBytes: bytes[row] = value; break;
  }
}

size_t TableColumn::memory_bytes() const {
  return ints.memory_bytes() + floats.memory_bytes() + decimals.memory_bytes() +
         bytes.capacity() * sizeof(std::string);
}

}  // namespace dataflow::state
