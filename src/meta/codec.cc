#include "meta/codec.h"

#include "base/bytes.h"

namespace dataflow::meta {

namespace {

constexpr char kEscape = '\0';
constexpr char kEscapedZero = '\xff';
constexpr char kTerminator = '\x01';

template <class Unsigned>
constexpr Unsigned kSignBit = static_cast<Unsigned>(Unsigned{1} << (sizeof(Unsigned) * 8 - 1));

}  // namespace

RowWriter& RowWriter::u8(uint8_t value) {
  bytes_.push_back(static_cast<char>(value));
  return *this;
}

RowWriter& RowWriter::boolean(bool value) { return u8(value ? 1 : 0); }

RowWriter& RowWriter::i16(int16_t value) {
  append_le16(bytes_, static_cast<uint16_t>(value));
  return *this;
}

RowWriter& RowWriter::i32(int32_t value) {
  append_le32(bytes_, static_cast<uint32_t>(value));
  return *this;
}

RowWriter& RowWriter::i64(int64_t value) {
  append_le64(bytes_, static_cast<uint64_t>(value));
  return *this;
}

RowWriter& RowWriter::string(std::string_view value) {
  i32(static_cast<int32_t>(value.size()));
  bytes_.append(value);
  return *this;
}

RowWriter& RowWriter::fixed(std::string_view bytes) {
  bytes_.append(bytes);
  return *this;
}

Result<RowReader> RowReader::open(std::string_view row, uint8_t newest, std::string_view what) {
  RowReader reader(row, what);
  DF_ASSIGN_OR_RETURN(reader.version_, reader.u8());
  if (reader.version_ > newest) {
    return Status::unsupported("reading a " + reader.what_ +
                               ": written by a newer DataFlow: row version " +
                               std::to_string(reader.version_) + ", this build reads up to " +
                               std::to_string(newest) + "; use a newer build");
  }
  return reader;
}

Status RowReader::corrupt(std::string_view problem) const {
  return Status::corrupt("reading a " + what_ + " of " + std::to_string(row_.size()) +
                         " bytes: at byte " + std::to_string(position_) + ": " +
                         std::string(problem));
}

Result<std::string_view> RowReader::take(size_t size, std::string_view field) {
  if (size > row_.size() - position_) {
    return corrupt(std::string(field) + " of " + std::to_string(size) + " bytes does not fit");
  }
  const std::string_view bytes = row_.substr(position_, size);
  position_ += size;
  return bytes;
}

Result<uint8_t> RowReader::u8() {
  DF_ASSIGN_OR_RETURN(const std::string_view bytes, take(1, "integer"));
  return static_cast<uint8_t>(bytes[0]);
}

Result<bool> RowReader::boolean() {
  DF_ASSIGN_OR_RETURN(const std::string_view bytes, take(1, "boolean"));
  if (bytes[0] != 0 && bytes[0] != 1) return corrupt("the byte before is no boolean");
  return bytes[0] == 1;
}

Result<int16_t> RowReader::i16() {
  DF_ASSIGN_OR_RETURN(const std::string_view bytes, take(2, "integer"));
  return static_cast<int16_t>(load_le16(bytes.data()));
}

Result<int32_t> RowReader::i32() {
  DF_ASSIGN_OR_RETURN(const std::string_view bytes, take(4, "integer"));
  return static_cast<int32_t>(load_le32(bytes.data()));
}

Result<int64_t> RowReader::i64() {
  DF_ASSIGN_OR_RETURN(const std::string_view bytes, take(8, "integer"));
  return static_cast<int64_t>(load_le64(bytes.data()));
}

Result<std::string> RowReader::string() {
  DF_ASSIGN_OR_RETURN(const int32_t size, i32());
  if (size < 0) return corrupt("a negative string length");
  return fixed(static_cast<size_t>(size));
}

Result<std::string> RowReader::fixed(size_t size) {
  DF_ASSIGN_OR_RETURN(const std::string_view bytes, take(size, "string"));
  return std::string(bytes);
}

Result<size_t> RowReader::element_count() {
  DF_ASSIGN_OR_RETURN(const int32_t count, i32());
  if (count < 0 || static_cast<size_t>(count) > row_.size() - position_) {
    return corrupt(std::to_string(count) + " elements do not fit");
  }
  return static_cast<size_t>(count);
}

Status RowReader::finish() const {
  if (at_end()) return {};
  return corrupt(std::to_string(row_.size() - position_) + " bytes are left over");
}

KeyWriter& KeyWriter::u8(uint8_t value) {
  bytes_.push_back(static_cast<char>(value));
  return *this;
}

KeyWriter& KeyWriter::i16(int16_t value) {
  append_be16(bytes_, static_cast<uint16_t>(static_cast<uint16_t>(value) ^ kSignBit<uint16_t>));
  return *this;
}

KeyWriter& KeyWriter::i32(int32_t value) {
  append_be32(bytes_, static_cast<uint32_t>(value) ^ kSignBit<uint32_t>);
  return *this;
}

KeyWriter& KeyWriter::i64(int64_t value) {
  append_be64(bytes_, static_cast<uint64_t>(value) ^ kSignBit<uint64_t>);
  return *this;
}

KeyWriter& KeyWriter::string(std::string_view value) {
  string_prefix(value);
  bytes_.push_back(kEscape);
  bytes_.push_back(kTerminator);
  return *this;
}

KeyWriter& KeyWriter::string_prefix(std::string_view value) {
  for (const char byte : value) {
    bytes_.push_back(byte);
    if (byte == kEscape) bytes_.push_back(kEscapedZero);
  }
  return *this;
}

KeyWriter& KeyWriter::fixed(std::string_view bytes) {
  bytes_.append(bytes);
  return *this;
}

Status KeyReader::corrupt(std::string_view problem) const {
  return Status::corrupt("reading a key of " + std::to_string(key_.size()) + " bytes: at byte " +
                         std::to_string(position_) + ": " + std::string(problem));
}

Result<std::string_view> KeyReader::take(size_t size) {
  if (size > key_.size() - position_) {
    return corrupt("a field of " + std::to_string(size) + " bytes does not fit");
  }
  const std::string_view bytes = key_.substr(position_, size);
  position_ += size;
  return bytes;
}

Result<uint8_t> KeyReader::u8() {
  DF_ASSIGN_OR_RETURN(const std::string_view bytes, take(1));
  return static_cast<uint8_t>(bytes[0]);
}

Result<int16_t> KeyReader::i16() {
  DF_ASSIGN_OR_RETURN(const std::string_view bytes, take(2));
  return static_cast<int16_t>(load_be16(bytes.data()) ^ kSignBit<uint16_t>);
}

Result<int32_t> KeyReader::i32() {
  DF_ASSIGN_OR_RETURN(const std::string_view bytes, take(4));
  return static_cast<int32_t>(load_be32(bytes.data()) ^ kSignBit<uint32_t>);
}

Result<int64_t> KeyReader::i64() {
  DF_ASSIGN_OR_RETURN(const std::string_view bytes, take(8));
  return static_cast<int64_t>(load_be64(bytes.data()) ^ kSignBit<uint64_t>);
}

Result<std::string> KeyReader::string() {
  std::string value;
  while (position_ + 1 < key_.size()) {
    const char byte = key_[position_++];
    if (byte != kEscape) {
      value.push_back(byte);
      continue;
    }
    const char next = key_[position_++];
    if (next == kTerminator) return value;
    if (next != kEscapedZero) return corrupt("a zero byte that is not escaped");
    value.push_back(byte);
  }
  return corrupt("a string without its end");
}

Result<std::string> KeyReader::fixed(size_t size) {
  DF_ASSIGN_OR_RETURN(const std::string_view bytes, take(size));
  return std::string(bytes);
}

Status KeyReader::finish() const {
  if (position_ == key_.size()) return {};
  return corrupt(std::to_string(key_.size() - position_) + " bytes are left over");
}

}  // namespace dataflow::meta
