// The sink "metrics": the last value of each label set.
#include "metrics_sink.h"

#include <gtest/gtest.h>

#include "types/value.h"

namespace dataflow::connect {
namespace {

SchemaPtr schema() {
  return std::make_shared<const Schema>(
      std::vector<Field>{{"window_end", Type::timestamp(3), false},
                         {"user-name", Type::string(), true},
                         {"n", Type::int64(), true},
                         {"avg", Type::float64(), true}});
}

Batch rows(const std::vector<std::pair<std::string, int64_t>>& values) {
  std::vector<std::vector<Value>> rows;
  for (const auto& [user, n] : values) {
    rows.push_back({Value::integer(Type::timestamp(3), 0), Value::string(user), Value::int64(n),
                    Value::null(Type::float64())});
  }
  return batch_of(schema(), rows).value();
}

Result<std::unique_ptr<engine::Sink>> make(Metrics* metrics, plan::Options options = {}) {
  plan::SinkSpec spec;
  spec.connector = "metrics";
  spec.options = std::move(options);
  return make_metrics_sink(metrics, spec, schema(), {"counts", "my-out"});
}

TEST(MetricsSink, ShowsTheLastValueOfEachLabelSet) {
  Metrics metrics;
  auto sink = make(&metrics).value();
  auto writer = sink->make_writer(0, {}).value();
  auto other = sink->make_writer(1, {}).value();
  std::vector<RowFault> faults;
  ASSERT_TRUE(writer->write(rows({{"a", 1}, {"b", 2}}), faults).ok());
  ASSERT_TRUE(other->write(rows({{"a", 3}}), faults).ok());
  const std::string text = metrics.render();
  EXPECT_NE(text.find(R"(dataflow_result_my_out_n{pipeline="counts",user_name="a"} 3)"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find(R"(dataflow_result_my_out_n{pipeline="counts",user_name="b"} 2)"),
            std::string::npos)
      << text;
  EXPECT_EQ(text.find("out_avg{"), std::string::npos) << text;
  sink.reset();
  EXPECT_EQ(metrics.render().find("dataflow_result_my_out_n{"), std::string::npos);
}

TEST(MetricsSink, HasNoMoreSeriesThanAllowed) {
  Metrics metrics;
  auto sink = make(&metrics, {{"max_series", "1"}, {"name", "x"}}).value();
  auto writer = sink->make_writer(0, {}).value();
  std::vector<RowFault> faults;
  ASSERT_TRUE(writer->write(rows({{"a", 1}, {"b", 2}, {"a", 4}}), faults).ok());
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_EQ(faults[0].row, 1);
  EXPECT_NE(metrics.render().find(R"(dataflow_result_x_n{pipeline="counts",user_name="a"} 4)"),
            std::string::npos);
}

TEST(MetricsSink, RefusesWhatItCannotDo) {
  Metrics metrics;
  EXPECT_FALSE(make(nullptr).ok());
  EXPECT_FALSE(make(&metrics, {{"nam", "x"}}).ok());
  EXPECT_EQ(make(&metrics).value()->guarantee(), plan::Guarantee::kAtLeastOnce);
}

}  // namespace
}  // namespace dataflow::connect
