#include <gtest/gtest.h>

#include "jobs/pipeline_yaml.h"

namespace dataflow::jobs {
namespace {

const std::string kPrinted = R"yaml(# config/stream.yaml
app_name: "My Stream Processor"
debug: false

processing:
  parallelism: 4
  queue_size: 10000
  checkpoint_interval: 30.0

windowing:
  windows:
    - type: "tumbling"
      size_ms: 60000  # 1 minute
      allowed_lateness_ms: 5000
    - type: "sliding"
      size_ms: 300000       # Window size: 5 minutes
      slide_ms: 30000       # Slide interval: 30 seconds
      allowed_lateness_ms: 10000
    - type: "session"
      gap_ms: 30000         # Inactivity gap: 30 seconds
      allowed_lateness_ms: 15000

watermarks:
  delay_seconds: 2.0
)yaml";

Result<plan::Plan> read(const std::string& text,
                        const std::map<std::string, std::string>& variables = {}) {
  return compile_pipeline("s.yaml", text,
                          [variables](const std::string& name) -> std::optional<std::string> {
                            const auto found = variables.find(name);
                            if (found == variables.end()) return std::nullopt;
                            return found->second;
                          });
}

plan::Plan good(const std::string& text, const std::map<std::string, std::string>& variables = {}) {
  Result<plan::Plan> plan = read(text, variables);
  EXPECT_TRUE(plan.ok()) << plan.status();
  return plan.ok() ? *plan : plan::Plan();
}

const plan::WindowSpec& window(const plan::Plan& plan, const std::string& id) {
  const plan::Node* node = plan.find(id);
  static const plan::WindowSpec none{};
  EXPECT_NE(node, nullptr) << id << "\n" << plan::explain(plan);
  return node == nullptr ? none : std::get<plan::WindowSpec>(node->spec);
}

TEST(StreamConfig, the_file_as_printed_becomes_a_plan) {
  const plan::Plan plan = good(kPrinted);
  EXPECT_EQ(plan.name, "my-stream-processor");
  EXPECT_EQ(plan.job.parallelism, 4);
  EXPECT_EQ(plan.job.queue_rows, 10000);
  EXPECT_EQ(plan.job.checkpoint_interval_ms, 30000);
  const auto& source = std::get<plan::SourceSpec>(plan.find("events")->spec);
  EXPECT_EQ(source.connector, "generator");
  EXPECT_EQ(source.options.at("rate"), "1000");
  EXPECT_EQ(source.watermark->delay_ms, 2000);
  EXPECT_EQ(window(plan, "tumbling_1m").size_ms, 60000);
  EXPECT_EQ(window(plan, "tumbling_1m").allowed_lateness_ms, 5000);
  EXPECT_EQ(window(plan, "sliding_5m_30s").kind, plan::WindowKind::kHopping);
  EXPECT_EQ(window(plan, "sliding_5m_30s").slide_ms, 30000);
  EXPECT_EQ(window(plan, "session_30s").gap_ms, 30000);
  EXPECT_EQ(window(plan, "session_30s").keys, std::vector<std::string>{"key"});
  EXPECT_EQ(std::get<plan::SinkSpec>(plan.find("results")->spec).connector, "console");
}

TEST(StreamConfig, the_environment_names_topic_stream_window_and_aggregate) {
  const std::map<std::string, std::string> variables = {{"TOPIC", "input"},
                                                        {"STREAM_NAME", "averages"},
                                                        {"WINDOW_SIZE", "60000"},
                                                        {"AGGREGATION_TYPE", "avg"}};
  const plan::Plan plan = good("processing: {checkpoint_interval: 60}\n", variables);
  EXPECT_EQ(plan.name, "averages");
  EXPECT_EQ(plan.job.checkpoint_interval_ms, 60000);
  const auto& source = std::get<plan::SourceSpec>(plan.find("events")->spec);
  EXPECT_EQ(source.connector, "log");
  EXPECT_EQ(source.options.at("topic"), "input");
  const plan::WindowSpec& sliding = window(plan, "sliding_1m_6s");
  ASSERT_EQ(sliding.aggregates.size(), 1u);
  EXPECT_EQ(sliding.aggregates[0].function, "AVG");
  EXPECT_EQ(window(good(kPrinted, variables), "sliding_1m_30s").size_ms, 60000);
  EXPECT_EQ(read("windowing: {}\n", {{"WINDOW_SIZE", "long"}}).status().message(),
            "s.yaml:1:1: the variable WINDOW_SIZE is `long`; it must be a duration such as 30s, or "
            "a number of milliseconds");
}

TEST(StreamConfig, a_source_and_a_sink_of_ones_own) {
  const plan::Plan plan = good(R"yaml(app_name: mine
sources:
  orders: {connector: log, topic: orders, schema: {user: STRING, price: DOUBLE, ts: TIMESTAMP(3)},
           watermark: {column: ts}}
sinks: {out: {connector: log, topic: results}}
windowing: {key: user, value: price, windows: [{type: tumbling, size_ms: 1000}]}
watermarks: {delay_seconds: 0.5}
)yaml");
  EXPECT_EQ(std::get<plan::SourceSpec>(plan.find("orders")->spec).watermark->delay_ms, 500);
  EXPECT_EQ(window(plan, "tumbling_1s").aggregates[1].argument->to_string(), "price");
  EXPECT_EQ(plan.find("out")->inputs[0].node, "tumbling_1s");
}

TEST(StreamConfig, mistakes_are_told_with_their_place) {
  const auto error = [](const std::string& text) { return read(text).status().message(); };
  EXPECT_EQ(
      error("app_name: a\nwindowing:\n  windows:\n  - {type: tumbling, size_m: 3}\n"),
      "s.yaml:4:22: windowing: window: `size_m` is not known here; did you mean \"size_ms\"?");
  EXPECT_EQ(error("app_name: a\nwindowing:\n  windows:\n  - {type: tumblin, size_ms: 3}\n"),
            "s.yaml:4:12: windowing: window: `type` is `tumblin`, which is none of tumbling, "
            "sliding, session; did you mean \"tumbling\"?");
  EXPECT_EQ(
      error("app_name: a\nprocesing: {}\nwindowing: {windows: [{type: session, gap_ms: 1}]}\n"),
      "s.yaml:2:1: `procesing` is not known here; did you mean \"processing\"?");
}

}  // namespace
}  // namespace dataflow::jobs
