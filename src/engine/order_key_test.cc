#include "order_key.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace dataflow::engine {
namespace {

using Random = std::mt19937_64;

// Values of one type as they stand in an order, each a place of its own but those that are equal.
using Places = std::vector<std::vector<Value>>;

std::vector<Value> each_alone(const Type& type, std::vector<int64_t> values) {
  std::vector<Value> made;
  for (const int64_t value : values) made.push_back(Value::integer(type, value));
  return made;
}

Places places_of(const std::vector<Value>& values) {
  Places places;
  for (const Value& value : values) places.push_back({value});
  return places;
}

std::vector<std::pair<Type, Places>> places_by_type() {
  std::vector<std::pair<Type, Places>> all;
  const auto integers = [&](const Type& type, std::vector<int64_t> values) {
    all.emplace_back(type, places_of(each_alone(type, std::move(values))));
  };
  integers(Type::int8(), {-128, -1, 0, 1, 127});
  integers(Type::int16(), {-32768, -256, -1, 0, 255, 256, 32767});
  integers(Type::int32(), {INT32_MIN, -65536, -1, 0, 1, 65536, INT32_MAX});
  integers(Type::int64(), {INT64_MIN, -(int64_t{1} << 40), -1, 0, 1, 256, INT64_MAX});
  integers(Type::date(), {-400, 0, 19000});
  integers(Type::time(0), {0, 1000, 86'399'000});
  integers(Type::time(6), {0, 1, 86'399'999'999});
  integers(Type::timestamp(3), {-1, 0, 1'700'000'000'000});
  integers(Type::timestamp_tz(6), {-1'000'000, 0, 1});
  integers(Type::months(), {-12, 0, 12});
  integers(Type::millis(), {-5, 0, 5});
  all.emplace_back(Type::boolean(), places_of({Value::boolean(false), Value::boolean(true)}));
  std::vector<Value> decimals;
  const __int128 great = static_cast<__int128>(1'000'000'000'000'000'000) * 1'000'000'000'000;
  for (const __int128 value :
       {-great, __int128{-256}, __int128{-1}, __int128{0}, __int128{1}, __int128{1} << 64, great}) {
    decimals.push_back(Value::decimal(Type::decimal(38, 2), value));
  }
  all.emplace_back(Type::decimal(38, 2), places_of(decimals));
  const double infinite = std::numeric_limits<double>::infinity();
  all.emplace_back(Type::float64(),
                   Places{{Value::float64(-infinite)},
                          {Value::float64(-1e300)},
                          {Value::float64(-1)},
                          {Value::float64(-5e-324)},
                          {Value::float64(0.0), Value::float64(-0.0)},
                          {Value::float64(5e-324)},
                          {Value::float64(2.5)},
                          {Value::float64(infinite)},
                          {Value::float64(std::nan("1")), Value::float64(-std::nan("2"))}});
  const auto float32 = [](float value) { return Value::floating(Type::float32(), value); };
  all.emplace_back(Type::float32(), Places{{float32(-2.5F)},
                                           {float32(0.0F), float32(-0.0F)},
                                           {float32(1e-40F)},
                                           {float32(2.5F)},
                                           {float32(std::nanf("")), float32(-std::nanf("1"))}});
  for (const Type& type : {Type::string(), Type::bytes()}) {
    std::vector<Value> texts;
    for (const std::string_view text :
         {std::string_view(), std::string_view("\0", 1), std::string_view("\0\0", 2),
          std::string_view("\0a", 2), std::string_view("\0\xff", 2), std::string_view("\1"),
          std::string_view("a"), std::string_view("a\0", 2), std::string_view("a\0b", 3),
          std::string_view("a\1"), std::string_view("aa"), std::string_view("b"),
          std::string_view("\xc3\xa4"), std::string_view("\xff\xff")}) {
      // A string is UTF-8.
      if (type == Type::string() && text.find('\xff') != std::string_view::npos) continue;
      texts.push_back(Value::text(type, std::string(text)));
    }
    all.emplace_back(type, places_of(texts));
  }
  return all;
}

// One of a column's values and its place, or NULL.
struct Picked {
  Value value;
  int place;
};

Picked pick(const Type& type, const Places& places, const OrderKeyColumn& by, Random& random) {
  const size_t at = random() % (places.size() + 1);
  if (at == places.size()) return {Value::null(type), by.nulls_first ? INT_MIN : INT_MAX};
  const int place = static_cast<int>(at);
  return {places[at][random() % places[at].size()], by.descending ? -place : place};
}

TEST(OrderKeysTest, BytesStandAsValuesDo) {
  for (const auto& [type, places] : places_by_type()) {
    for (int how = 0; how < 4; ++how) {
      SCOPED_TRACE(type.to_string() + ", way " + std::to_string(how));
      const OrderKeyColumn by{0, how % 2 == 1, how / 2 == 1};
      std::vector<std::vector<Value>> rows;
      std::vector<int> expected;
      for (size_t place = 0; place < places.size(); ++place) {
        for (const Value& value : places[place]) {
          rows.push_back({value});
          expected.push_back(static_cast<int>(by.descending ? places.size() - place : place));
        }
      }
      rows.push_back({Value::null(type)});
      expected.push_back(by.nulls_first ? INT_MIN : INT_MAX);
      const Result<Batch> batch =
          batch_of(std::make_shared<Schema>(std::vector<Field>{{"a", type}}), rows);
      ASSERT_TRUE(batch.ok()) << batch.status();
      OrderKeys keys({by});
      keys.read(*batch);
      ASSERT_EQ(keys.keys().size(), rows.size());
      for (size_t a = 0; a < rows.size(); ++a) {
        for (size_t b = 0; b < rows.size(); ++b) {
          const std::string_view one = keys.keys()[a];
          const std::string_view two = keys.keys()[b];
          EXPECT_EQ(one <=> two, expected[a] <=> expected[b]) << a << " and " << b;
          if (order_key_head(one) < order_key_head(two)) {
            EXPECT_LT(one, two);
          }
          EXPECT_EQ(two.starts_with(one), expected[a] == expected[b]);
        }
      }
    }
  }
}

TEST(OrderKeysTest, SeveralColumnsStandAsTheirFirstThatDiffers) {
  const auto all = places_by_type();
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  for (int round = 0; round < 30; ++round) {
    std::vector<Field> fields;
    std::vector<OrderKeyColumn> order;
    std::vector<const Places*> places;
    for (size_t i = 0; i < 3; ++i) {
      const auto& [type, of_type] = all[random() % all.size()];
      fields.push_back({"c" + std::to_string(i), type});
      places.push_back(&of_type);
      order.push_back({i, random() % 2 == 0, random() % 2 == 0});
    }
    std::ranges::shuffle(order, random);
    std::vector<std::vector<Value>> rows(60);
    std::vector<std::vector<int>> expected(60, std::vector<int>(3));
    for (size_t row = 0; row < rows.size(); ++row) {
      rows[row].resize(3);
      for (size_t i = 0; i < 3; ++i) {
        const size_t column = order[i].column;
        const Picked picked = pick(fields[column].type, *places[column], order[i], random);
        rows[row][column] = picked.value;
        expected[row][i] = picked.place;
      }
    }
    const Result<Batch> whole = batch_of(std::make_shared<Schema>(fields), rows);
    ASSERT_TRUE(whole.ok()) << whole.status();
    OrderKeys keys(order);
    keys.read(*whole);
    // A part of the columns stands as it stands in the whole.
    OrderKeys of_part(order);
    of_part.read(slice(*whole, 13, 20));
    ASSERT_EQ(of_part.keys().size(), 20U);
    for (size_t a = 0; a < 20; ++a) EXPECT_EQ(of_part.keys()[a], keys.keys()[13 + a]);
    for (size_t a = 0; a < rows.size(); ++a) {
      for (size_t b = 0; b < rows.size(); ++b) {
        ASSERT_EQ(keys.keys()[a] <=> keys.keys()[b], expected[a] <=> expected[b]) << a << ' ' << b;
      }
    }
  }
}

TEST(OrderKeysTest, WithoutColumnsAllRowsStandAtOnePlace) {
  const Result<Batch> batch =
      batch_of(std::make_shared<Schema>(std::vector<Field>{{"a", Type::int64()}}),
               {{Value::int64(1)}, {Value::int64(2)}});
  ASSERT_TRUE(batch.ok());
  OrderKeys keys({});
  keys.read(*batch);
  ASSERT_EQ(keys.keys().size(), 2U);
  EXPECT_EQ(keys.keys()[0], keys.keys()[1]);
  EXPECT_EQ(order_key_head(keys.keys()[0]), 0U);
}

TEST(OrderKeysTest, ColumnsAreFoundByName) {
  const Schema schema({{"a", Type::int64()}, {"b", Type::string()}});
  const auto found = order_key_columns({{"b", true, true}, {"a", false, false}}, schema);
  ASSERT_TRUE(found.ok());
  ASSERT_EQ(found->size(), 2U);
  EXPECT_EQ((*found)[0].column, 1U);
  EXPECT_TRUE((*found)[0].descending && (*found)[0].nulls_first);
  EXPECT_FALSE((*found)[1].descending || (*found)[1].nulls_first);
  EXPECT_FALSE(order_key_columns({{"c"}}, schema).ok());
}

}  // namespace
}  // namespace dataflow::engine
