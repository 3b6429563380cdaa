// The bytes of rows (a table's values) and of keys that sort as their fields do.
//
// Row: u8 version, then the fields: integers little-endian, bool u8 (0 or 1), string i32 length and
// bytes, vector i32 count and elements. A room that adds a field raises the version and reads the
// older ones still.
//
// Key: integers big-endian with the sign bit flipped; string with each 0x00 written as 0x00 0xFF,
// ended by 0x00 0x01; fixed bytes as they are. Keys compare byte by byte as their fields compare
// one after the other, and the key of the first fields is a prefix of exactly those keys that begin
// with these fields.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace dataflow::meta {

class RowWriter {
 public:
  explicit RowWriter(uint8_t version) { bytes_.push_back(static_cast<char>(version)); }

  RowWriter& u8(uint8_t value);
  RowWriter& boolean(bool value);
  RowWriter& i16(int16_t value);
  RowWriter& i32(int32_t value);
  RowWriter& i64(int64_t value);
  RowWriter& string(std::string_view value);  // below 2 GiB
  RowWriter& fixed(std::string_view bytes);   // of a length that the reader knows
  // `write(RowWriter&, const T&)` writes one element.
  template <class T, class Write>
  RowWriter& vector(const std::vector<T>& values, Write write) {
    i32(static_cast<int32_t>(values.size()));
    for (const T& value : values) write(*this, value);
    return *this;
  }

  const std::string& bytes() const& { return bytes_; }
  std::string bytes() && { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Reads what RowWriter wrote, in the same order. Every call checks what is left before it takes
// memory; kCorrupt says which row, at which byte. The row's bytes must outlive the reader.
class RowReader {
 public:
  // kUnsupported if the row's version is above `newest`. `what` names the row in messages ("topic
  // row").
  static Result<RowReader> open(std::string_view row, uint8_t newest, std::string_view what);

  uint8_t version() const { return version_; }
  Result<uint8_t> u8();
  Result<bool> boolean();
  Result<int16_t> i16();
  Result<int32_t> i32();
  Result<int64_t> i64();
  Result<std::string> string();
  Result<std::string> fixed(size_t size);
  // `read(RowReader&) -> Result<T>` reads one element, which takes at least one byte.
  template <class T, class Read>
  Result<std::vector<T>> vector(Read read) {
    DF_ASSIGN_OR_RETURN(size_t count, element_count());
    std::vector<T> values;
    for (size_t i = 0; i < count; ++i) {
      DF_ASSIGN_OR_RETURN(T value, read(*this));
      values.push_back(std::move(value));
    }
    return values;
  }
  bool at_end() const { return position_ == row_.size(); }
  // kCorrupt if bytes are left over.
  Status finish() const;

 private:
  RowReader(std::string_view row, std::string_view what) : row_(row), what_(what) {}
  Result<std::string_view> take(size_t size, std::string_view field);
  Result<size_t> element_count();
  Status corrupt(std::string_view problem) const;

  std::string_view row_;
  std::string what_;
  size_t position_ = 0;
  uint8_t version_ = 0;
};

class KeyWriter {
 public:
  KeyWriter& u8(uint8_t value);
  KeyWriter& i16(int16_t value);
  KeyWriter& i32(int32_t value);
  KeyWriter& i64(int64_t value);
  KeyWriter& string(std::string_view value);
  KeyWriter& fixed(std::string_view bytes);
  // The beginning of a string field, as the last part of a scan's prefix.
  KeyWriter& string_prefix(std::string_view value);

  const std::string& bytes() const& { return bytes_; }
  std::string bytes() && { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// The key's bytes must outlive the reader.
class KeyReader {
 public:
  explicit KeyReader(std::string_view key) : key_(key) {}

  Result<uint8_t> u8();
  Result<int16_t> i16();
  Result<int32_t> i32();
  Result<int64_t> i64();
  Result<std::string> string();
  Result<std::string> fixed(size_t size);
  Status finish() const;

 private:
  Result<std::string_view> take(size_t size);
  Status corrupt(std::string_view problem) const;

  std::string_view key_;
  size_t position_ = 0;
};

}  // namespace dataflow::meta
