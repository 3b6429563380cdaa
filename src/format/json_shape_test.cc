// A decoder that knows the shape of payloads reads each as one that has seen none.
#include <random>

#include "decoder_test_bed.h"

namespace dataflow::format {
namespace {

constexpr std::string_view kRow =
    "ROW<name STRING, count BIGINT, small TINYINT, price DOUBLE, part FLOAT, sum DECIMAL(10, 2), "
    "yes BOOLEAN, at TIMESTAMP(3), day DATE, id BYTES, absent INT>";

// What a fresh decoder says of it.
std::string cold(const std::string& payload, const DecoderOptions& options = {}) {
  return Reader(kRow, options).one(payload);
}

std::string cold_of(std::string_view row, const std::string& payload) {
  return Reader(row).one(payload);
}

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  size_t below(size_t limit) {
    return std::uniform_int_distribution<size_t>(0, limit - 1)(engine_);
  }
  template <size_t N>
  std::string pick(const char* const (&values)[N]) {
    return values[below(N)];
  }

 private:
  std::mt19937_64 engine_;
};

constexpr const char* kTexts[] = {"\"\"",
                                  "\"x\"",
                                  "\"sixteen letters.\"",
                                  "\"a quite long text of forty-one letters.\"",
                                  "\"\\u0041b\"",
                                  "\"gr\xc3\xbc\xc3\x9f\"",
                                  "null",
                                  "\"tab\\t\"",
                                  "7",
                                  "true",
                                  "\"nul\xff\"",
                                  "\"\x01\"",
                                  "{\"a\":[1,2]}"};
constexpr const char* kNumbers[] = {"0",
                                    "-0",
                                    "0.0",
                                    "-0.0",
                                    "1",
                                    "-128",
                                    "128",
                                    "00",
                                    "1.5",
                                    "351.546875",
                                    "1e3",
                                    "-1E-2",
                                    "123456789012345678",
                                    "1234567890123456789",
                                    "12345678901234567890",
                                    "0.1",
                                    "1.",
                                    ".5",
                                    "-",
                                    "+1",
                                    "1e",
                                    "\"12\"",
                                    "null",
                                    "9007199254740993",
                                    "0.30000000000000004",
                                    "1e400",
                                    "179769313486231570000",
                                    "4.9e-324",
                                    "\"0x1\"",
                                    "tru",
                                    "nulll",
                                    "false"};
constexpr const char* kTimes[] = {"\"2026-01-01T00:00:00.016Z\"",
                                  "\"2026-01-01 00:00:00\"",
                                  "\"2026-13-01T00:00:00Z\"",
                                  "1767225600000",
                                  "null",
                                  "\"\"",
                                  "\"2026-01-01T00:00:00.016+01:00\""};

std::string event(Random& random, const char* space) {
  const std::string colon = std::string(":") + space;
  const std::string comma = std::string(",") + space;
  std::string out = "{\"name\"" + colon + random.pick(kTexts);
  out += comma + "\"other\"" + colon + random.pick(kTexts);
  out += comma + "\"count\"" + colon + random.pick(kNumbers);
  out += comma + "\"small\"" + colon + std::to_string(random.below(140));
  out += comma + "\"price\"" + colon + random.pick(kNumbers);
  out += comma + "\"unread\"" + colon + random.pick(kNumbers);
  out += comma + "\"part\"" + colon + random.pick(kNumbers);
  out += comma + "\"sum\"" + colon + random.pick(kNumbers);
  out += comma + "\"yes\"" + colon + (random.below(2) == 0 ? "true" : "false");
  out += comma + "\"at\"" + colon + random.pick(kTimes);
  out += comma + "\"day\"" + colon + "\"2026-02-" + std::to_string(10 + random.below(22)) + "\"";
  return out + comma + "\"id\"" + colon + "\"AQI=\"}";
}

constexpr const char* kPlain =
    R"({"name":"x","other":"y","count":1,"small":2,"price":1.5,"unread":3,"part":1,"sum":1,)"
    R"("yes":true,"at":"2026-01-01T00:00:00.016Z","day":"2026-02-10","id":"AQI="})";

// Cut, overwritten or doubled somewhere.
std::string spoilt(std::string payload, Random& random) {
  static constexpr char kBytes[] = "{}[]\":,\\ \n0919.-+eEtfnu\x01\x80\xc3";
  const size_t at = random.below(payload.size());
  switch (random.below(4)) {
    case 0: payload.erase(at, 1 + random.below(4)); break;
    case 1: payload.insert(at, 1, kBytes[random.below(sizeof kBytes - 1)]); break;
    case 2: payload[at] = kBytes[random.below(sizeof kBytes - 1)]; break;
    default: payload.resize(at + 1);
  }
  return payload;
}

TEST(JsonShapeTest, payloads_of_one_shape_are_read_as_each_alone) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    Reader warm(kRow);
    for (int i = 0; i < 150; ++i) {
      // Enough of one shape that it is trusted.
      ASSERT_EQ(warm.one(kPlain), cold(kPlain));
      std::string payload = event(random, "");
      if (random.below(3) == 0) payload = spoilt(payload, random);
      ASSERT_EQ(warm.one(payload), cold(payload)) << payload;
      payload = spoilt(kPlain, random);
      ASSERT_EQ(warm.one(payload), cold(payload)) << payload;
    }
  }
}

TEST(JsonShapeTest, shapes_may_change_at_any_time) {
  Random random(7);
  Reader warm(kRow);
  constexpr const char* kSpaces[] = {"", " ", "\n\t"};
  for (int i = 0; i < 4000; ++i) {
    const std::string payload = event(random, kSpaces[i / 700 % 3]);
    ASSERT_EQ(warm.one(payload), cold(payload)) << payload;
  }
}

constexpr std::string_view kNested =
    "ROW<kind INT, who ROW<id BIGINT, name STRING, at TIMESTAMP(3), gone INT>, "
    "what ROW<id BIGINT, of ROW<x INT, y STRING>, no STRING>, n INT>";

std::string object(Random& random, const std::string& comma) {
  std::string out = "{\"id\":" + random.pick(kNumbers) + comma + "\"name\":" + random.pick(kTexts);
  return out + comma + "\"at\":" + random.pick(kTimes) + "}";
}

std::string nested(Random& random, const std::string& comma) {
  const bool who = random.below(8) > 0;
  std::string out = "{\"kind\":1" + comma + "\"who\":";
  out += who ? object(random, comma) : "null";
  out += comma + "\"other\":{\"a\":" + random.pick(kNumbers) + ",\"b\":{\"c\":null}}" + comma;
  out += "\"what\":";
  switch (random.below(10)) {
    case 0: out += "null"; break;
    case 1: out += "[1]"; break;
    case 2: out += "{}"; break;
    case 3: out += "7"; break;
    case 4: out += R"({"id":1,"id":2})"; break;
    case 5: out += R"({"id":1,"of":null})"; break;
    default: out += "{\"id\":5,\"of\":{\"x\":" + random.pick(kNumbers) + ",\"y\":\"t\"}}"; break;
  }
  return out + comma + "\"n\":" + std::to_string(random.below(50)) + "}";
}

TEST(JsonShapeTest, objects_of_rows_are_part_of_the_shape) {
  constexpr const char* kUsual = R"({"kind":2,"who":null,"other":{"a":1,"b":{"c":null}},)"
                                 R"("what":{"id":5,"of":{"x":1,"y":"t"}},"n":3})";
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    Reader warm(kNested);
    const std::string comma = seed % 3 == 0 ? ", " : ",";
    for (int i = 0; i < 200; ++i) {
      ASSERT_EQ(warm.one(kUsual), cold_of(kNested, kUsual));
      std::string payload = nested(random, comma);
      if (random.below(4) == 0) payload = spoilt(payload, random);
      ASSERT_EQ(warm.one(payload), cold_of(kNested, payload)) << payload;
      payload = spoilt(kUsual, random);
      ASSERT_EQ(warm.one(payload), cold_of(kNested, payload)) << payload;
    }
  }
}

// Several rows a batch: what is taken back of one that does not fit stays out of all columns.
TEST(JsonShapeTest, rows_of_a_batch_keep_their_objects) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    Reader warm(kNested);
    std::vector<std::string> expected;
    for (int i = 0; i < 300; ++i) {
      std::string payload = nested(random, ",");
      if (random.below(6) == 0) payload = spoilt(payload, random);
      const std::string fault = warm.add(payload);
      const std::string alone = cold_of(kNested, payload);
      if (fault.empty()) {
        expected.push_back(alone);
      } else {
        ASSERT_EQ(fault, alone) << payload;
      }
    }
    ASSERT_EQ(warm.rows(), expected);
  }
}

TEST(JsonShapeTest, what_must_be_there_is_asked_for) {
  DecoderOptions strict;
  strict.fail_on_missing_field = true;
  Reader warm("ROW<a INT, b INT>", strict);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(warm.one(R"({"a":1,"b":2})"), "a=1, b=2");
  EXPECT_EQ(warm.one(R"({"a":1})"), "b: the field is missing");
  Reader tight("ROW<a INT NOT NULL>");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(tight.one(R"({"a":1})"), "a=1");
  EXPECT_EQ(tight.one(R"({"a":null})"), "a: null was found, the field is NOT NULL");
}

TEST(JsonShapeTest, the_last_of_equal_keys_counts_behind_a_shape_too) {
  Reader warm("ROW<a INT, b INT>");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(warm.one(R"({"a":1,"b":2})"), "a=1, b=2");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(warm.one(R"({"a":1,"b":2,"a":3})"), "a=3, b=2");
  for (int i = 0; i < 900; ++i) ASSERT_EQ(warm.one(R"({"a":1,"a":4})"), "a=4, b=NULL");
}

}  // namespace
}  // namespace dataflow::format
