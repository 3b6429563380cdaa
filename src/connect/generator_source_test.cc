// The source "generator": the same rows for the same seed, whoever makes them.
#include "generator_source.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "connect_test_bed.h"

namespace dataflow::connect {
namespace {

class Generator : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(bed_.open().ok()); }

  Result<std::unique_ptr<engine::Source>> make(plan::Options options, std::vector<Field> fields) {
    plan::SourceSpec spec;
    spec.connector = "generator";
    spec.schema = std::make_shared<const Schema>(std::move(fields));
    spec.options = std::move(options);
    return bed_.connectors().make_source(spec, {"job", "g", false});
  }
  // The rows of a split from where it stands, as text; `position` goes on.
  static std::vector<std::vector<Value>> read(engine::Source& source, engine::Split& split,
                                              int chunks = 1 << 30) {
    std::vector<std::vector<Value>> rows;
    auto reader = source.open(split).value();
    auto decoder = source.make_decoder().value();
    for (int i = 0; i < chunks; ++i) {
      engine::Chunk chunk;
      if (reader->poll(chunk).value() != engine::Polled::kMore) break;
      engine::DecodedRows decoded;
      std::vector<engine::SourceFault> faults;
      EXPECT_TRUE(decoder->decode(split, chunk, decoded, faults).ok());
      for (int64_t row = 0; row < decoded.batch.rows; ++row) {
        rows.push_back(row_of(decoded.batch, row));
      }
    }
    split.position = reader->position();
    return rows;
  }
  static std::string text(const std::vector<std::vector<Value>>& rows) {
    std::string out;
    for (const auto& row : rows) {
      for (const Value& value : row) out += value.to_string() + " ";
      out += "\n";
    }
    return out;
  }

  ConnectBed bed_;
};

std::vector<Field> all_types() {
  return {{"b", Type::boolean(), true},     {"i1", Type::int8(), true},
          {"i2", Type::int16(), true},      {"i4", Type::int32(), true},
          {"i8", Type::int64(), true},      {"f4", Type::float32(), true},
          {"f8", Type::float64(), true},    {"d", Type::decimal(10, 2), true},
          {"s", Type::string(), true},      {"y", Type::bytes(), true},
          {"day", Type::date(), true},      {"t3", Type::timestamp_tz(3), true},
          {"t6", Type::timestamp(6), false}};
}

TEST_F(Generator, TheSameSeedMakesTheSameRowsAlsoAfterARestore) {
  const plan::Options options = {
      {"rows", "20000"}, {"seed", "7"}, {"splits", "3"}, {"fields.s.null_share", "0.1"}};
  auto source = make(options, all_types()).value();
  EXPECT_TRUE(source->bounded());
  size_t total = 0;
  const auto splits = source->splits().value();
  for (engine::Split split : splits) {
    engine::Split whole = split;
    const auto rows = read(*source, whole);
    total += rows.size();
    // Chunk by chunk, each time by a source that is new.
    std::string pieces;
    for (size_t at = 0; at < rows.size();) {
      auto other = make(options, all_types()).value();
      const auto some = read(*other, split, 1);
      ASSERT_FALSE(some.empty());
      at += some.size();
      pieces += text(some);
    }
    EXPECT_EQ(pieces, text(rows));
  }
  EXPECT_EQ(total, 20000u);
  auto other = make({{"rows", "20000"}, {"seed", "8"}, {"splits", "3"}}, all_types()).value();
  engine::Split first = source->splits().value()[0];
  engine::Split second = other->splits().value()[0];
  EXPECT_NE(text(read(*source, first)), text(read(*other, second)));
}

TEST_F(Generator, ASequenceRunsOverAllSplits) {
  auto source = make({{"rows", "10"},
                      {"splits", "4"},
                      {"fields.n.kind", "sequence"},
                      {"fields.n.start", "100"},
                      {"fields.n.step", "2"},
                      {"fields.s.kind", "sequence"},
                      {"fields.s.prefix", "user_"}},
                     {{"n", Type::int64(), true}, {"s", Type::string(), true}})
                    .value();
  std::map<int64_t, std::string> found;
  const auto splits = source->splits().value();
  for (engine::Split split : splits) {
    for (const auto& row : read(*source, split)) found[row[0].as_int()] = row[1].as_text();
  }
  ASSERT_EQ(found.size(), 10u);
  for (int64_t i = 0; i < 10; ++i) EXPECT_EQ(found[100 + 2 * i], "user_" + std::to_string(i));
}

TEST_F(Generator, ValuesStayWithinTheirRules) {
  auto source = make({{"rows", "8000"},
                      {"splits", "1"},
                      {"fields.i.min", "-3"},
                      {"fields.i.max", "3"},
                      {"fields.f.min", "10"},
                      {"fields.f.max", "11"},
                      {"fields.s.length", "5"},
                      {"fields.c.kind", "choice"},
                      {"fields.c.values", "red,green,blue"},
                      {"fields.z.kind", "choice"},
                      {"fields.z.count", "100"},
                      {"fields.z.skew", "1.2"}},
                     {{"i", Type::int32(), true},
                      {"f", Type::float64(), true},
                      {"s", Type::string(), true},
                      {"c", Type::string(), true},
                      {"z", Type::int64(), true}})
                    .value();
  engine::Split split = source->splits().value()[0];
  std::map<int64_t, int> ints, skewed;
  std::map<std::string, int> colours;
  for (const auto& row : read(*source, split)) {
    ++ints[row[0].as_int()];
    EXPECT_GE(row[1].as_double(), 10);
    EXPECT_LT(row[1].as_double(), 11);
    EXPECT_EQ(row[2].as_text().size(), 5u);
    ++colours[row[3].as_text()];
    ++skewed[row[4].as_int()];
  }
  EXPECT_EQ(ints.size(), 7u);
  EXPECT_EQ(ints.begin()->first, -3);
  EXPECT_EQ(colours.size(), 3u);
  EXPECT_GT(colours["red"], 2000);
  EXPECT_LT(skewed.rbegin()->first, 100);
  EXPECT_GT(skewed[0], 10 * skewed[20]);
}

TEST_F(Generator, EventTimeIsDisorderedAndSometimesLate) {
  auto source = make({{"rows", "10000"},
                      {"splits", "1"},
                      {"fields.ts.start", "1000000"},
                      {"fields.ts.spacing_ms", "10"},
                      {"fields.ts.disorder", "100ms"},
                      {"fields.ts.late_share", "0.01"},
                      {"fields.ts.late_by", "1h"}},
                     {{"ts", Type::timestamp_tz(3), false}})
                    .value();
  engine::Split split = source->splits().value()[0];
  int late = 0, back = 0;
  int64_t i = 0, last = 0;
  for (const auto& row : read(*source, split)) {
    int64_t ms = row[0].as_int();
    const int64_t usual = 1'000'000 + 10 * i++;
    if (ms < usual - 101) {
      ++late;
      ms += 3'600'000;
    }
    EXPECT_LE(ms, usual);
    EXPECT_GE(ms, usual - 101);
    if (ms < last) ++back;
    last = ms;
  }
  EXPECT_GT(late, 50);
  EXPECT_LT(late, 200);
  EXPECT_GT(back, 1000);
}

TEST_F(Generator, ARateLetsRowsThroughAsTimePasses) {
  auto source = make({{"rate", "1000"}, {"splits", "2"}}, {{"n", Type::int64(), true}}).value();
  EXPECT_FALSE(source->bounded());
  auto reader = source->open(source->splits().value()[0]).value();
  engine::Chunk chunk;
  EXPECT_EQ(reader->poll(chunk).value(), engine::Polled::kMore);
  EXPECT_EQ(reader->poll(chunk).value(), engine::Polled::kIdle);
  int woken = 0;
  reader->wake_when_ready([&] { ++woken; });
  bed_.env().advance_ms(1000);
  bed_.timers().run_due();
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(reader->poll(chunk).value(), engine::Polled::kMore);
  EXPECT_TRUE(reader->position().starts_with("501;began=")) << reader->position();
  EXPECT_EQ(reader->poll(chunk).value(), engine::Polled::kIdle);
}

TEST_F(Generator, RefusesWhatItCannotMake) {
  const auto refusal = [&](plan::Options options, Type type = Type::int8()) {
    auto made = make(std::move(options), {{"n", type, false}});
    return made.ok() ? std::string("ok") : made.status().message();
  };
  EXPECT_NE(refusal({{"fields.n.max", "200"}}).find("cannot hold"), std::string::npos);
  EXPECT_NE(refusal({{"fields.n.kind", "sequense"}}).find("sequence"), std::string::npos);
  EXPECT_NE(refusal({{"fields.n.null_share", "0.5"}}).find("NOT NULL"), std::string::npos);
  EXPECT_NE(refusal({{"fields.m.max", "2"}}).find("fields.n.max"), std::string::npos);
  EXPECT_NE(refusal({{"rate", "fast"}}).find("rows a second"), std::string::npos);
  EXPECT_NE(refusal({}, Type::array(Type::int8())).find("no values"), std::string::npos);
  EXPECT_NE(refusal({{"fields.n.min", "0.2"}, {"fields.n.max", "0.8"}}).find("nothing lies"),
            std::string::npos);
}

}  // namespace
}  // namespace dataflow::connect
