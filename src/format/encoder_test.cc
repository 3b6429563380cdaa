#include "format/encoder.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>

#include "format/decoder.h"

namespace dataflow::format {
namespace {

SchemaPtr schema_of(std::vector<Field> fields) {
  return std::make_shared<const Schema>(std::move(fields));
}

std::vector<std::string> encoded(const std::string& format, const Batch& batch,
                                 const EncoderOptions& options, std::vector<RowFault>& faults) {
  auto encoder = make_encoder(format, batch.schema, options);
  EXPECT_TRUE(encoder.ok()) << encoder.status();
  EncodedRows rows;
  EXPECT_TRUE((*encoder)->encode(batch, rows, faults).ok());
  std::vector<std::string> out;
  for (size_t i = 0; i < rows.size(); ++i) out.emplace_back(rows[i]);
  return out;
}

using Rows = std::vector<std::string>;

TEST(JsonEncoderTest, writes_objects_in_the_schemas_order) {
  const Type tags = Type::map(Type::int32(), Type::array(Type::bytes()));
  const SchemaPtr schema = schema_of({{"a\"", Type::string()},
                                      {"n", Type::decimal(5, 2)},
                                      {"t", tags},
                                      {"at", Type::timestamp_tz(3)},
                                      {"f", Type::float32()},
                                      {"j", Type::json()}});
  const Batch batch =
      batch_of(
          schema,
          {{Value::string("x\n\"\x01é"), Value::decimal(Type::decimal(5, 2), 150),
            Value::list(tags, {Value::integer(Type::int32(), 1),
                               Value::list(Type::array(Type::bytes()),
                                           {Value::text(Type::bytes(), "ab"), Value()})}),
            Value::integer(Type::timestamp_tz(3), 1'769'860'800'120),
            Value::floating(Type::float32(), 0.1), Value::text(Type::json(), "[1]")},
           {Value(), Value(), Value(), Value(), Value(), Value()},
           {Value(), Value(), Value(), Value(), Value::floating(Type::float32(), NAN), Value()}})
          .value();
  std::vector<RowFault> faults;
  EXPECT_EQ(encoded("json", batch, {}, faults),
            (Rows{R"({"a\"":"x\n\"\u0001é","n":1.50,"t":{"1":["YWI=",null]},)"
                  R"("at":"2026-01-31 12:00:00.12Z","f":0.1,"j":[1]})",
                  R"({"a\"":null,"n":null,"t":null,"at":null,"f":null,"j":null})", ""}));
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_EQ(faults[0].row, 2);
  EXPECT_EQ(faults[0].field, "f");
  EXPECT_EQ(faults[0].reason, "NaN has no form in JSON");
  EncoderOptions options;
  options.json_skip_nulls = true;
  options.timestamp_format = "ISO-8601";
  faults.clear();
  EXPECT_EQ(encoded("json", slice(batch, 1, 1), options, faults), (Rows{"{}"}));
}

TEST(JsonEncoderTest, bytes_that_are_no_text_become_replacement_characters) {
  const SchemaPtr schema = schema_of({{"a", Type::string()}});
  std::vector<RowFault> faults;
  const auto written = [&](const std::string& text) {
    return encoded("json", batch_of(schema, {{Value::string(text)}}).value(), {}, faults)[0];
  };
  EXPECT_EQ(written("h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"),
            "{\"a\":\"h\xc3\xa9 \xe2\x82\xac \\uD83D\\uDE00\"}");
  EXPECT_EQ(written("a\xff\"\xc3"), "{\"a\":\"a\xef\xbf\xbd\\\"\xef\xbf\xbd\"}");
  EXPECT_EQ(written("\x80z"), "{\"a\":\"\xef\xbf\xbdz\"}");
  EXPECT_TRUE(faults.empty());
}

TEST(CsvEncoderTest, quotes_only_what_needs_it) {
  const SchemaPtr schema = schema_of({{"a", Type::string()}, {"b", Type::int32()}});
  const Batch batch =
      batch_of(schema, {{Value::string("p,\"q\""), Value::integer(Type::int32(), 1)},
                        {Value::string(""), Value()},
                        {Value(), Value::integer(Type::int32(), -2)}})
          .value();
  std::vector<RowFault> faults;
  EXPECT_EQ(encoded("csv", batch, {}, faults), (Rows{"\"p,\"\"q\"\"\",1", "\"\",", ",-2"}));
  EXPECT_TRUE(faults.empty());
}

TEST(EncoderTest, options_are_checked_and_shared_with_the_decoder) {
  EXPECT_TRUE(encoder_options("csv", {{"header", "true"}, {"delimiter", ";"}}).ok());
  EXPECT_EQ(encoder_options("json", {{"skip_null", "true"}}).status().message(),
            "the format json has no option \"skip_null\"; did you mean \"skip_nulls\"?");
  EncoderOptions options;
  options.timestamp_format = "iso";
  EXPECT_FALSE(make_encoder("json", schema_of({}), options).ok());
}

// Values of any type.
class RandomValues {
 public:
  explicit RandomValues(uint64_t seed) : random_(seed) {}

  size_t below(size_t n) { return random_() % n; }

  Type scalar() {
    const std::vector<Type> types = {
        Type::boolean(),     Type::int8(),          Type::int16(),         Type::int32(),
        Type::int64(),       Type::float32(),       Type::float64(),       Type::decimal(38, 10),
        Type::decimal(4, 4), Type::string(),        Type::bytes(),         Type::date(),
        Type::time(3),       Type::time(6),         Type::timestamp(3),    Type::timestamp(6),
        Type::months(),      Type::timestamp_tz(3), Type::timestamp_tz(6), Type::millis()};
    return types[below(types.size())];
  }
  Type any(int depth) {
    if (depth == 0) return scalar();
    switch (below(6)) {
      case 0: return Type::array(any(depth - 1));
      case 1: return Type::map(Type::string(), any(depth - 1));
      case 2: return Type::row({{"x", any(depth - 1)}, {"yé", any(depth - 1)}});
      case 3: return Type::json();
      default: return scalar();
    }
  }
  Value value(const Type& type) {
    if (below(5) == 0) return Value::null(type);
    Value::List list;
    switch (type.id()) {
      case TypeId::kArray:
        for (size_t i = below(4); i > 0; --i) list.push_back(value(type.element()));
        return Value::list(type, list);
      case TypeId::kMap:
        for (size_t i = below(4); i > 0; --i) {
          list.push_back(Value::string(text() + std::to_string(i)));
          list.push_back(value(type.fields()[1].type));
        }
        return Value::list(type, list);
      case TypeId::kRow:
        for (const Field& field : type.fields()) list.push_back(value(field.type));
        return Value::list(type, list);
      default: return scalar_value(type);
    }
  }

 private:
  Value scalar_value(const Type& type) {
    const auto bits = static_cast<int64_t>(random_() >> below(64));
    switch (type.id()) {
      case TypeId::kBoolean: return Value::boolean(below(2) == 0);
      case TypeId::kInt8: return Value::integer(type, static_cast<int8_t>(bits));
      case TypeId::kInt16: return Value::integer(type, static_cast<int16_t>(bits));
      case TypeId::kInt32:
      case TypeId::kDate:
      case TypeId::kMonths: return Value::integer(type, static_cast<int32_t>(bits));
      case TypeId::kTime:
        return Value::integer(type, (bits & INT64_MAX) % (86'400'000 * type.units_per_milli()));
      // A timestamp is written by its date, which is not everywhere inside of 64 bits at their
      // ends.
      case TypeId::kTimestamp:
      case TypeId::kTimestampTz: return Value::integer(type, bits / 2);
      case TypeId::kFloat32:
      case TypeId::kFloat64:
        return Value::floating(type,
                               std::ldexp(static_cast<double>(bits), -static_cast<int>(below(90))));
      case TypeId::kDecimal: {
        Value::Int128 limit = 1;
        for (int i = 0; i < type.precision(); ++i) limit *= 10;
        return Value::decimal(type, (static_cast<Value::Int128>(bits) << below(60)) % limit);
      }
      case TypeId::kString:
      case TypeId::kBytes: return Value::text(type, text());
      case TypeId::kJson:
        return Value::text(type, below(2) == 0 ? R"({"a": [1, "\u0041"]})" : "[true,-1.5e3]");
      default: return Value::integer(type, bits);
    }
  }
  std::string text() {
    static const std::vector<std::string> parts = {
        "a", "\\", "\"", "\n", "é", "😀", ",", "plain text", std::string(1, '\0'), "\x1f"};
    std::string out;
    for (size_t i = below(6); i > 0; --i) out += parts[below(parts.size())];
    return out;
  }

  std::mt19937_64 random_;
};

void expect_round_trip(const std::string& format, uint64_t seed) {
  SCOPED_TRACE(format + ", seed " + std::to_string(seed));
  RandomValues random(seed);
  for (int round = 0; round < 100; ++round) {
    std::vector<Field> fields;
    const size_t width = 1 + random.below(8);
    for (size_t i = 0; i < width; ++i) {
      fields.push_back(
          {"f" + std::to_string(i), format == "json" ? random.any(2) : random.scalar()});
    }
    const SchemaPtr schema = schema_of(fields);
    std::vector<std::vector<Value>> rows(20 + random.below(20));
    for (auto& row : rows) {
      for (const Field& field : fields) row.push_back(random.value(field.type));
    }
    const auto made = batch_of(schema, rows);
    ASSERT_TRUE(made.ok()) << made.status();
    const Batch batch = slice(*made, 3, made->rows - 5);
    EncoderOptions options;
    options.json_skip_nulls = random.below(2) == 0;
    options.timestamp_format = random.below(2) == 0 ? "SQL" : "ISO-8601";
    std::vector<RowFault> faults;
    const Rows payloads = encoded(format, batch, options, faults);
    ASSERT_TRUE(faults.empty());
    auto decoder = make_decoder(format, schema, {});
    for (const std::string& payload : payloads) {
      RowFault fault{};
      const std::string padded = payload + std::string(kPayloadPadding, '"');
      ASSERT_TRUE((*decoder)->add(std::string_view(padded).substr(0, payload.size()), fault))
          << payload << " " << fault.field << ": " << fault.reason;
    }
    const Batch back{schema, (*decoder)->rows(), (*decoder)->take().value(), nullptr, nullptr};
    ASSERT_EQ(back.rows, batch.rows);
    for (int64_t row = 0; row < batch.rows; ++row) {
      const Type whole = Type::row(fields);
      const Value found = Value::list(whole, row_of(back, row));
      const Value wanted = Value::list(whole, row_of(batch, row));
      ASSERT_TRUE(found == wanted) << found.to_string() << "\n"
                                   << wanted.to_string() << "\n"
                                   << payloads[static_cast<size_t>(row)] << whole.to_string();
    }
  }
}

TEST(EncoderTest, what_is_written_as_json_is_read_back) {
  expect_round_trip("json", std::random_device{}());
}
TEST(EncoderTest, what_is_written_as_csv_is_read_back) {
  expect_round_trip("csv", std::random_device{}());
}

}  // namespace
}  // namespace dataflow::format
