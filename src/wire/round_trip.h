// Random messages: the generated code fills them, this checks that they survive the way to the wire
// and back. Used by the round-trip test only.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "wire/reader.h"
#include "wire/writer.h"

namespace dataflow::wire {

class RandomValues {
 public:
  explicit RandomValues(uint64_t seed) : engine_(seed) {}

  uint64_t below(uint64_t limit) { return engine_() % limit; }
  bool chance(uint64_t one_in) { return below(one_in) == 0; }
  size_t count() { return chance(16) ? below(40) : below(4); }

  void fill_bool(bool& out) { out = chance(2); }
  void fill_int8(int8_t& out) { fill_integer(out); }
  void fill_int16(int16_t& out) { fill_integer(out); }
  void fill_uint16(uint16_t& out) { fill_integer(out); }
  void fill_int32(int32_t& out) { fill_integer(out); }
  void fill_int64(int64_t& out) { fill_integer(out); }
  void fill_float64(double& out) { out = static_cast<double>(static_cast<int64_t>(engine_())) / 3; }
  void fill_error(ErrorCode& out) {
    out = static_cast<ErrorCode>(static_cast<int>(below(140)) - 1);
  }
  void fill_uuid(Uuid& out) {
    std::array<uint8_t, Uuid::kSize> bytes;
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(engine_());
    out = Uuid(bytes);
  }
  void fill_string(std::string& out) { fill_bytes(out); }
  void fill_bytes(std::string& out) {
    // 127 and 128 are where a compact length grows to two bytes.
    size_t size = chance(16) ? 120 + below(20) : below(12);
    out.clear();
    for (; size > 0; --size) out.push_back(static_cast<char>(engine_()));
  }
  // Valid for as long as this object is.
  RecordsField records() {
    fill_bytes(record_bytes_.emplace_back());
    return RecordsField::of(record_bytes_.back());
  }

 private:
  template <class Integer>
  void fill_integer(Integer& out) {
    switch (below(4)) {
      case 0: out = 0; break;
      case 1: out = std::numeric_limits<Integer>::min(); break;
      case 2: out = std::numeric_limits<Integer>::max(); break;
      default: out = static_cast<Integer>(engine_());
    }
  }

  std::mt19937_64 engine_;
  std::deque<std::string> record_bytes_;
};

struct RoundTripCase {
  std::string_view name;
  int16_t min_version;
  int16_t max_version;
  // Makes one random message and checks it; the failure is gtest's.
  void (*check)(RandomValues& random, int16_t version);
};

template <class Message>
std::string encoded(const Message& message, int16_t version) {
  Writer out;
  message.encode(out, version);
  EXPECT_TRUE(out.status().ok()) << out.status();
  return std::string(out.view());
}

// Whatever is decoded without an error must be written and read as the same again.
template <class Message>
void check_damaged(RandomValues& random, std::string bytes, int16_t version) {
  if (bytes.empty()) return;
  for (size_t flips = 1 + random.below(3); flips > 0; --flips) {
    bytes[random.below(bytes.size())] ^= static_cast<char>(1 << random.below(8));
  }
  Reader in(bytes);
  auto decoded = Message::decode(in, version);
  if (!decoded.ok()) return;
  std::string again = encoded(*decoded, version);
  Reader in_again(again);
  auto decoded_again = Message::decode(in_again, version);
  ASSERT_TRUE(decoded_again.ok()) << decoded_again.status();
  EXPECT_EQ(encoded(*decoded_again, version), again);
}

template <class Message>
void check_message(RandomValues& random, const Message& message, int16_t version) {
  std::string bytes = encoded(message, version);
  Reader in(bytes);
  auto decoded = Message::decode(in, version);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_TRUE(in.expect_end().ok()) << in.expect_end();
  EXPECT_TRUE(*decoded == message);
  EXPECT_EQ(encoded(*decoded, version), bytes);

  // All of a short message's prefixes, about a hundred of a long one's.
  size_t most = 1 + bytes.size() / 64;
  for (size_t size = 0; size < bytes.size(); size += 1 + random.below(most)) {
    Reader cut(std::string_view(bytes).substr(0, size));
    auto result = Message::decode(cut, version);
    ASSERT_FALSE(result.ok()) << "decoded from " << size << " of " << bytes.size() << " bytes";
    ASSERT_EQ(result.status().code(), StatusCode::kCorrupt);
  }
  check_damaged<Message>(random, bytes, version);
}

// `fill` is a stateless lambda of the generated code: fill(message, random, version).
template <class Message, class Fill>
RoundTripCase round_trip_case(Fill) {
  return {Message::kName, Message::kMinVersion, Message::kMaxVersion,
          [](RandomValues& random, int16_t version) {
            Message message;
            Fill()(message, random, version);
            check_message(random, message, version);
          }};
}

// Every message of the schema, the headers too. Generated.
std::vector<RoundTripCase> round_trip_cases();

}  // namespace dataflow::wire
