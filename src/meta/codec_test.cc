#include "meta/codec.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <tuple>

namespace dataflow::meta {
namespace {

std::string sample_row() {
  const std::vector<std::string> names{"a", "", std::string("x\0y", 3)};
  return RowWriter(2)
      .u8(200)
      .boolean(true)
      .i16(-2)
      .i32(std::numeric_limits<int32_t>::min())
      .i64(1234567890123)
      .string("text")
      .fixed("0123456789abcdef")
      .vector(names, [](RowWriter& row, const std::string& name) { row.string(name); })
      .bytes();
}

Status read_sample(std::string_view bytes) {
  DF_ASSIGN_OR_RETURN(RowReader row, RowReader::open(bytes, 2, "sample row"));
  EXPECT_EQ(row.version(), 2);
  DF_ASSIGN_OR_RETURN(const uint8_t small, row.u8());
  EXPECT_EQ(small, 200);
  DF_ASSIGN_OR_RETURN(const bool flag, row.boolean());
  EXPECT_TRUE(flag);
  DF_ASSIGN_OR_RETURN(const int16_t i16, row.i16());
  EXPECT_EQ(i16, -2);
  DF_ASSIGN_OR_RETURN(const int32_t i32, row.i32());
  EXPECT_EQ(i32, std::numeric_limits<int32_t>::min());
  DF_ASSIGN_OR_RETURN(const int64_t i64, row.i64());
  EXPECT_EQ(i64, 1234567890123);
  DF_ASSIGN_OR_RETURN(const std::string text, row.string());
  EXPECT_EQ(text, "text");
  DF_ASSIGN_OR_RETURN(const std::string id, row.fixed(16));
  EXPECT_EQ(id, "0123456789abcdef");
  DF_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                      row.vector<std::string>([](RowReader& r) { return r.string(); }));
  EXPECT_EQ(names, (std::vector<std::string>{"a", "", std::string("x\0y", 3)}));
  return row.finish();
}

TEST(RowCodec, ReadsWhatWasWritten) { EXPECT_TRUE(read_sample(sample_row()).ok()); }

TEST(RowCodec, EveryTruncationIsCorrupt) {
  const std::string row = sample_row();
  for (size_t size = 0; size < row.size(); ++size) {
    EXPECT_EQ(read_sample(std::string_view(row).substr(0, size)).code(), StatusCode::kCorrupt)
        << size;
  }
}

TEST(RowCodec, LeftOverBytesAreCorrupt) {
  EXPECT_EQ(read_sample(sample_row() + "x").code(), StatusCode::kCorrupt);
}

TEST(RowCodec, NewerVersionIsRefusedByName) {
  const std::string bytes = RowWriter(3).u8(1).bytes();
  const Status status = RowReader::open(bytes, 2, "topic row").status();
  EXPECT_EQ(status.code(), StatusCode::kUnsupported);
  EXPECT_NE(status.message().find("topic row: written by a newer DataFlow: row version 3"),
            std::string::npos)
      << status;
}

TEST(RowCodec, ImpossibleLengthsTakeNoMemory) {
  for (const int32_t length : {-1, 1, std::numeric_limits<int32_t>::max()}) {
    const std::string bytes = RowWriter(1).i32(length).bytes();
    Result<RowReader> row = RowReader::open(bytes, 1, "row");
    ASSERT_TRUE(row.ok());
    EXPECT_EQ(RowReader(*row).string().status().code(), StatusCode::kCorrupt);
    EXPECT_EQ(row->vector<uint8_t>([](RowReader& r) { return r.u8(); }).status().code(),
              StatusCode::kCorrupt);
  }
}

TEST(RowCodec, ByteThatIsNoBooleanIsCorrupt) {
  const std::string bytes = RowWriter(1).u8(2).bytes();
  Result<RowReader> row = RowReader::open(bytes, 1, "row");
  ASSERT_TRUE(row.ok());
  EXPECT_EQ(row->boolean().status().code(), StatusCode::kCorrupt);
}

using Fields = std::tuple<std::string, int64_t, int16_t, std::string, int32_t>;

std::string key_of(const Fields& fields) {
  return KeyWriter()
      .string(std::get<0>(fields))
      .i64(std::get<1>(fields))
      .i16(std::get<2>(fields))
      .string(std::get<3>(fields))
      .i32(std::get<4>(fields))
      .bytes();
}

template <class Int>
Int random_int(std::mt19937_64& random) {
  switch (random() % 4) {
    case 0: return static_cast<Int>(random());
    case 1: return std::numeric_limits<Int>::min();
    case 2: return std::numeric_limits<Int>::max();
    default: return static_cast<Int>(static_cast<int>(random() % 5) - 2);
  }
}

std::string random_text(std::mt19937_64& random) {
  static constexpr char kLetters[] = {'\0', '\x01', 'a', '\x7f', '\xfe', '\xff'};
  std::string text;
  for (size_t left = random() % 4; left > 0; --left) text += kLetters[random() % sizeof kLetters];
  return text;
}

TEST(KeyCodec, KeysSortAsTheirFieldsAndReadBack) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  std::vector<Fields> rows;
  for (int i = 0; i < 400; ++i) {
    rows.emplace_back(random_text(random), random_int<int64_t>(random), random_int<int16_t>(random),
                      random_text(random), random_int<int32_t>(random));
  }
  std::sort(rows.begin(), rows.end());
  for (size_t i = 0; i < rows.size(); ++i) {
    const std::string key = key_of(rows[i]);
    if (i > 0 && rows[i - 1] < rows[i]) {
      EXPECT_LT(key_of(rows[i - 1]), key);
    }
    KeyReader reader(key);
    EXPECT_EQ(*reader.string(), std::get<0>(rows[i]));
    EXPECT_EQ(*reader.i64(), std::get<1>(rows[i]));
    EXPECT_EQ(*reader.i16(), std::get<2>(rows[i]));
    EXPECT_EQ(*reader.string(), std::get<3>(rows[i]));
    EXPECT_EQ(*reader.i32(), std::get<4>(rows[i]));
    EXPECT_TRUE(reader.finish().ok());
  }
}

TEST(KeyCodec, APrefixHoldsExactlyTheKeysThatBeginWithItsFields) {
  const std::string prefix = KeyWriter().string("a").bytes();
  EXPECT_TRUE(KeyWriter().string("a").i32(-1).bytes().starts_with(prefix));
  EXPECT_FALSE(KeyWriter().string("ab").i32(-1).bytes().starts_with(prefix));
  EXPECT_FALSE(KeyWriter().string(std::string("a\0", 2)).bytes().starts_with(prefix));
  const std::string part = KeyWriter().string_prefix("a").bytes();
  EXPECT_TRUE(KeyWriter().string("ab").bytes().starts_with(part));
}

TEST(KeyCodec, BrokenKeysAreCorrupt) {
  const std::string key = KeyWriter().string("ab").i64(7).bytes();
  for (size_t size = 0; size < key.size(); ++size) {
    KeyReader reader(std::string_view(key).substr(0, size));
    const Result<std::string> text = reader.string();
    const Status status = text.ok() ? reader.i64().status() : text.status();
    EXPECT_EQ(status.code(), StatusCode::kCorrupt) << size;
  }
  EXPECT_EQ(KeyReader(std::string_view("\0\x02", 2)).string().status().code(),
            StatusCode::kCorrupt);
  EXPECT_EQ(KeyReader("x").finish().code(), StatusCode::kCorrupt);
}

}  // namespace
}  // namespace dataflow::meta
