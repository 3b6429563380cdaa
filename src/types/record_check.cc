#include "record_check.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "record_parse.h"

namespace dataflow {
namespace {

inline const char* skip_field(const char* at, const char* end, int32_t shortest) {
  int32_t length;
  at = read_length(at, end, length);
  if (at == nullptr || length < shortest) return nullptr;
  return length > 0 ? at + length : at;
}

const char* skip_headers(const char* at, const char* end, int32_t count) {
  if (count < 0 || count > (end - at) / kMinHeaderBytes) return nullptr;
  for (int32_t i = 0; i < count; ++i) {
    at = skip_field(at, end, 0);
    if (at == nullptr) return nullptr;
    at = skip_field(at, end, -1);
    if (at == nullptr) return nullptr;
  }
  return at;
}

// The most that the length, attributes, timestamp and offset deltas and key length of a record take
// if each number takes at most two bytes, as nearly all do.
constexpr ptrdiff_t kShortFrontBytes = 9;

// Reads a number of one or two bytes without looking for the end; false if it is longer.
inline bool read_short(const char*& at, int32_t& value) {
  const unsigned low = static_cast<unsigned char>(at[0]);
  if (low < 0x80) {
    value = static_cast<int32_t>(low >> 1) ^ -static_cast<int32_t>(low & 1);
    ++at;
    return true;
  }
  const unsigned high = static_cast<unsigned char>(at[1]);
  const unsigned raw = (low & 0x7f) | high << 7;
  value = static_cast<int32_t>(raw >> 1) ^ -static_cast<int32_t>(raw & 1);
  at += 2;
  return high < 0x80;
}

// Whether the record at `position` is one of the common kind (short numbers, no headers) with
// nothing wrong; then moves `position` behind it. Whatever else it is, check_one tells.
inline bool pass_common(const char*& position, const char* end, int32_t expected_delta,
                        int32_t shortest_key, int64_t& timestamp_delta) {
  if (end - position < kShortFrontBytes) return false;
  const char* at = position;
  int32_t length, short_delta, offset_delta, key_length, value_length;
  if (!read_short(at, length) || length > end - at) return false;
  const char* const record_end = at + length;
  ++at;
  if (!read_short(at, short_delta) || !read_short(at, offset_delta) ||
      !read_short(at, key_length)) {
    return false;
  }
  if (offset_delta != expected_delta || key_length < shortest_key) return false;
  if (key_length > record_end - at) return false;
  if (key_length > 0) at += key_length;
  // The value's length (of two bytes at most) and a header count of one byte must be left.
  if (record_end - at < 3) return false;
  if (!read_short(at, value_length) || value_length < -1) return false;
  if (value_length > record_end - at) return false;
  if (value_length > 0) at += value_length;
  if (record_end - at != 1 || *at != 0) return false;
  timestamp_delta = short_delta;
  position = record_end;
  return true;
}

// Checks the record at `position` and moves it behind that record. The next record's place depends
// on this one's length alone, so that the processor works on several records at once.
inline RecordFault check_one(const char*& position, const char* end, int32_t expected_delta,
                             int32_t shortest_key, int64_t& timestamp_delta) {
  const char* record_end;
  const char* at = enter_record(position, end, record_end);
  if (at == nullptr) return RecordFault::kLength;
  position = record_end;
  at = read_varlong(at + 1, record_end, timestamp_delta);
  if (at == nullptr) return RecordFault::kTimestamp;
  int32_t offset_delta;
  at = read_varint(at, record_end, offset_delta);
  if (at == nullptr) return RecordFault::kOffset;
  if (offset_delta != expected_delta) return RecordFault::kOffsetGap;
  int32_t key_length;
  at = read_length(at, record_end, key_length);
  if (at == nullptr) return RecordFault::kKey;
  if (key_length < shortest_key) return RecordFault::kNullKey;
  if (key_length > 0) at += key_length;
  at = skip_field(at, record_end, -1);
  if (at == nullptr) return RecordFault::kValue;
  int32_t header_count;
  at = read_varint(at, record_end, header_count);
  if (at == nullptr) return RecordFault::kHeaders;
  if (header_count != 0) {
    at = skip_headers(at, record_end, header_count);
    if (at == nullptr) return RecordFault::kHeaders;
  }
  return at == record_end ? RecordFault::kNone : RecordFault::kLeftOver;
}

// A place in bytes that come in pieces. Behind an error of the source there is nothing more.
class PieceCursor {
 public:
  explicit PieceCursor(PieceSource& source) : source_(source) {}

  // What is here of the current piece.
  const char* at = nullptr;
  const char* end = nullptr;

  // Whether there is a byte at `at`, after the next piece was fetched if need be.
  bool has_more() { return at != end || fetch(); }
  // Fewer if the bytes end before.
  size_t skip(size_t count) {
    size_t skipped = 0;
    while (skipped < count && has_more()) {
      const size_t step = std::min(count - skipped, static_cast<size_t>(end - at));
      at += step;
      skipped += step;
    }
    return skipped;
  }
  const Status& status() const { return status_; }

 private:
  bool fetch();

  PieceSource& source_;
  bool ended_ = false;
  Status status_;
};

bool PieceCursor::fetch() {
  if (ended_) return false;
  Result<std::string_view> piece = source_.next();
  if (!piece.ok()) status_ = piece.status();
  ended_ = !piece.ok() || piece->empty();
  if (ended_) return false;
  at = piece->data();
  end = at + piece->size();
  return true;
}

// Reads a record that does not lie in one piece, and skips what need not be looked at.
class SplitRecord {
 public:
  explicit SplitRecord(PieceCursor& cursor) : cursor_(cursor) {}

  // Moves the cursor behind the record, unless that is not known or not there.
  RecordFault check(int32_t expected_delta, int32_t shortest_key, int64_t& timestamp_delta);

 private:
  RecordFault check_contents(int32_t expected_delta, int32_t shortest_key,
                             int64_t& timestamp_delta);
  // The bytes of one number, of which there may be `most`; what is returned lives till the next.
  std::string_view take_number(size_t most);
  bool read_varint_here(int32_t& value);
  bool skip_bytes(int32_t count);
  // A key or value whose length is at least `shortest`.
  bool skip_split_field(int32_t shortest, int32_t& length);
  bool skip_split_headers();

  PieceCursor& cursor_;
  int32_t left_ = 0;  // of the record
  char number_[kMaxVarlongBytes];
};

std::string_view SplitRecord::take_number(size_t most) {
  size_t size = 0;
  while (size < most && cursor_.has_more()) {
    number_[size] = *cursor_.at++;
    if (static_cast<signed char>(number_[size++]) >= 0) break;
  }
  return {number_, size};
}

bool SplitRecord::read_varint_here(int32_t& value) {
  const auto bytes = take_number(std::min(static_cast<size_t>(left_), kMaxVarintBytes));
  left_ -= static_cast<int32_t>(bytes.size());
  return read_varint(bytes.data(), bytes.data() + bytes.size(), value) != nullptr;
}

bool SplitRecord::skip_bytes(int32_t count) {
  if (count > left_) return false;
  const auto skipped = static_cast<int32_t>(cursor_.skip(static_cast<size_t>(count)));
  left_ -= skipped;
  return skipped == count;
}

bool SplitRecord::skip_split_field(int32_t shortest, int32_t& length) {
  return read_varint_here(length) && length >= shortest && skip_bytes(std::max(length, 0));
}

bool SplitRecord::skip_split_headers() {
  int32_t count, length;
  if (!read_varint_here(count) || count < 0 || count > left_ / kMinHeaderBytes) return false;
  for (int32_t i = 0; i < count; ++i) {
    if (!skip_split_field(0, length) || !skip_split_field(-1, length)) return false;
  }
  return true;
}

RecordFault SplitRecord::check_contents(int32_t expected_delta, int32_t shortest_key,
                                        int64_t& timestamp_delta) {
  if (!skip_bytes(1)) return RecordFault::kTimestamp;  // the attributes
  const auto bytes = take_number(std::min(static_cast<size_t>(left_), kMaxVarlongBytes));
  left_ -= static_cast<int32_t>(bytes.size());
  if (read_varlong(bytes.data(), bytes.data() + bytes.size(), timestamp_delta) == nullptr) {
    return RecordFault::kTimestamp;
  }
  int32_t offset_delta, length;
  if (!read_varint_here(offset_delta)) return RecordFault::kOffset;
  if (offset_delta != expected_delta) return RecordFault::kOffsetGap;
  if (!read_varint_here(length) || length < -1 || length > left_) return RecordFault::kKey;
  if (length < shortest_key) return RecordFault::kNullKey;
  if (!skip_bytes(std::max(length, 0))) return RecordFault::kKey;
  if (!skip_split_field(-1, length)) return RecordFault::kValue;
  if (!skip_split_headers()) return RecordFault::kHeaders;
  return left_ == 0 ? RecordFault::kNone : RecordFault::kLeftOver;
}

RecordFault SplitRecord::check(int32_t expected_delta, int32_t shortest_key,
                               int64_t& timestamp_delta) {
  const auto bytes = take_number(kMaxVarintBytes);
  if (read_varint(bytes.data(), bytes.data() + bytes.size(), left_) == nullptr || left_ < 1) {
    return RecordFault::kLength;
  }
  const RecordFault fault = check_contents(expected_delta, shortest_key, timestamp_delta);
  // Whatever is wrong in a record that is not whole, its length is wrong first.
  return skip_bytes(left_) ? fault : RecordFault::kLength;
}

// The least and the greatest timestamp of the records that have one.
class TimeRange {
 public:
  explicit TimeRange(Timestamp first) : first_(first) {}

  void add(int64_t delta) {
    const int64_t time = add_wrapping(first_, delta).value();
    max_ = std::max(max_, time);
    min_ = time == kNoTimestamp.value() ? min_ : std::min(min_, time);
  }
  RecordTimes times() const {
    RecordTimes times;
    if (min_ <= max_) times = {Timestamp(min_), Timestamp(max_)};
    return times;
  }

 private:
  const Timestamp first_;
  int64_t min_ = std::numeric_limits<int64_t>::max();
  int64_t max_ = std::numeric_limits<int64_t>::min();
};

// Checks the records up to the first that is not as it should be, whose number goes into `index`.
RecordFault walk(PieceCursor& cursor, int32_t count, int32_t shortest_key, TimeRange& range,
                 int32_t& index) {
  cursor.has_more();
  const char* at = cursor.at;  // in registers
  const char* end = cursor.end;
  RecordFault fault = RecordFault::kNone;
  int32_t i = 0;
  for (; i < count; ++i) {
    int64_t delta;
    if (!pass_common(at, end, i, shortest_key, delta)) [[unlikely]] {
      fault = check_one(at, end, i, shortest_key, delta);
      if (fault == RecordFault::kLength) {
        cursor.at = at;
        fault = SplitRecord(cursor).check(i, shortest_key, delta);
        at = cursor.at;
        end = cursor.end;
      }
      if (fault != RecordFault::kNone) break;
    }
    range.add(delta);
  }
  cursor.at = at;
  index = i;
  return fault;
}

// Java reads an LZ4 frame of independent blocks and nothing else: no linked blocks, no legacy or
// skippable frame. What the LZ4 library reads beyond that would be lost to those consumers.
bool lz4_is_common(std::string_view stored) {
  constexpr std::string_view kMagic("\x04\x22\x4d\x18", 4);
  constexpr unsigned kIndependentBlocks = 0x20;
  return stored.starts_with(kMagic) && stored.size() > kMagic.size() &&
         (static_cast<unsigned char>(stored[kMagic.size()]) & kIndependentBlocks) != 0;
}

// The records of a batch that is not compressed.
class OnePiece final : public PieceSource {
 public:
  explicit OnePiece(std::string_view bytes) : bytes_(bytes) {}
  Result<std::string_view> next() override { return std::exchange(bytes_, {}); }

 private:
  std::string_view bytes_;
};

}  // namespace

Result<RecordTimes> check_record_pieces(const BatchHeader& header, PieceSource& pieces,
                                        bool require_keys) {
  PieceCursor cursor(pieces);
  TimeRange range(header.first_timestamp);
  int32_t index = 0;
  const RecordFault fault = walk(cursor, header.record_count, require_keys ? 0 : -1, range, index);
  const size_t left = cursor.skip(std::numeric_limits<size_t>::max());
  if (!cursor.status().ok()) return cursor.status().with_context(reading(header) + "its records");
  if (fault != RecordFault::kNone) return Status::invalid(describe(header, index, fault));
  if (left > 0) return Status::invalid(bytes_left_over(header, left));
  return range.times();
}

Result<RecordTimes> check_records(std::string_view whole_batch, size_t max_uncompressed_bytes,
                                  bool require_keys) {
  DF_ASSIGN_OR_RETURN(const BatchHeader header, parse_whole(whole_batch));
  if (header.record_count < 1 || header.last_offset_delta != header.record_count - 1) {
    return Status::invalid(reading(header) + std::to_string(header.record_count) +
                           " records with a last offset delta of " +
                           std::to_string(header.last_offset_delta) +
                           "; a producer's batch has at least one record and no gaps");
  }
  const std::string_view stored = whole_batch.substr(kBatchHeaderBytes);
  if (header.codec() == Codec::kNone) {
    if (stored.size() > max_uncompressed_bytes) {
      return over_the_limit(header, stored.size(), max_uncompressed_bytes);
    }
    OnePiece piece(stored);
    return check_record_pieces(header, piece, require_keys);
  }
  if (header.codec() == Codec::kLz4 && !lz4_is_common(stored)) {
    return Status::corrupt(reading(header) +
                           "its records are not one LZ4 frame of independent blocks");
  }
  DecodedPieces pieces(header.codec(), stored, max_uncompressed_bytes);
  return check_record_pieces(header, pieces, require_keys);
}

}  // namespace dataflow
