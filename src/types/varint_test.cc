#include "types/varint.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace dataflow {
namespace {

const char* read32(std::string_view bytes, int32_t& value) {
  return read_varint(bytes.data(), bytes.data() + bytes.size(), value);
}
const char* read64(std::string_view bytes, int64_t& value) {
  return read_varlong(bytes.data(), bytes.data() + bytes.size(), value);
}

std::vector<int64_t> interesting_values() {
  std::vector<int64_t> values = {0, -1, std::numeric_limits<int64_t>::min(),
                                 std::numeric_limits<int64_t>::max()};
  for (int bit = 0; bit < 63; ++bit) {
    const int64_t power = int64_t{1} << bit;
    for (const int64_t value : {power - 1, power, power + 1}) {
      values.push_back(value);
      values.push_back(-value);
    }
  }
  return values;
}

TEST(Varint, EncodesAsKafkaDoes) {
  const std::pair<int32_t, std::string_view> cases[] = {
      {0, std::string_view("\0", 1)},
      {-1, "\x01"},
      {1, "\x02"},
      {63, "\x7e"},
      {-64, "\x7f"},
      {64, "\x80\x01"},
      {-65, "\x81\x01"},
      {8191, "\xfe\x7f"},
      {8192, "\x80\x80\x01"},
      {std::numeric_limits<int32_t>::max(), "\xfe\xff\xff\xff\x0f"},
      {std::numeric_limits<int32_t>::min(), "\xff\xff\xff\xff\x0f"}};
  for (const auto& [value, bytes] : cases) {
    std::string out;
    append_varint(out, value);
    EXPECT_EQ(out, bytes) << value;
    EXPECT_EQ(varint_size(value), bytes.size()) << value;
  }
}

TEST(Varint, RoundTrips) {
  for (const int64_t value : interesting_values()) {
    std::string out = "x";
    append_varlong(out, value);
    EXPECT_EQ(out.size(), 1 + varlong_size(value));
    int64_t back = 0;
    EXPECT_EQ(read64(std::string_view(out).substr(1), back), out.data() + out.size()) << value;
    EXPECT_EQ(back, value);
    int32_t back32 = 0;
    const bool fits = value == static_cast<int32_t>(value);
    EXPECT_EQ(read32(std::string_view(out).substr(1), back32) != nullptr, fits) << value;
    if (fits) {
      EXPECT_EQ(back32, value);
    }
  }
}

TEST(Varint, StopsWhereTheBytesEnd) {
  for (const int64_t value : interesting_values()) {
    std::string out;
    append_varlong(out, value);
    for (size_t size = 0; size < out.size(); ++size) {
      const std::string cut(out, 0, size);
      int64_t back64 = 0;
      EXPECT_EQ(read64(cut, back64), nullptr);
      int32_t back32 = 0;
      EXPECT_EQ(read32(cut, back32), nullptr);
    }
  }
}

TEST(Varint, RefusesWhatDoesNotFit) {
  int32_t value32 = 0;
  EXPECT_EQ(read32("\xff\xff\xff\xff\x10", value32), nullptr);
  EXPECT_EQ(read32("\xff\xff\xff\xff\xff\x01", value32), nullptr);
  int64_t value64 = 0;
  EXPECT_EQ(read64("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", value64), nullptr);
  EXPECT_EQ(read64("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x01", value64), nullptr);
}

TEST(Varint, AcceptsNeedlesslyLongForms) {
  const std::string_view one("\x82\x80\x00", 3);
  int32_t value = 0;
  EXPECT_EQ(read32(one, value), one.data() + 3);
  EXPECT_EQ(value, 1);
}

}  // namespace
}  // namespace dataflow
