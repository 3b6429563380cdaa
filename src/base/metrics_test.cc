#include "base/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <thread>

namespace dataflow {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(MetricsTest, renders_the_text_format) {
  Metrics metrics;
  metrics.counter("b_total", "Bytes in.", {{"topic", "orders"}, {"partition", "0"}})->add(5);
  metrics.counter("b_total", "Bytes in.", {{"topic", "clicks"}})->add(7);
  metrics.gauge("a_size", "Size.")->set(-3);
  auto histogram = metrics.histogram("c_seconds", "Time.", {0.001, 0.5, 10}, {{"api", "fetch"}});
  for (double value : {0.0005, 0.001, 0.2, 99.0}) histogram->observe(value);
  EXPECT_EQ(metrics.render(),
            "# HELP a_size Size.\n"
            "# TYPE a_size gauge\n"
            "a_size -3\n"
            "# HELP b_total Bytes in.\n"
            "# TYPE b_total counter\n"
            "b_total{topic=\"clicks\"} 7\n"
            "b_total{topic=\"orders\",partition=\"0\"} 5\n"
            "# HELP c_seconds Time.\n"
            "# TYPE c_seconds histogram\n"
            "c_seconds_bucket{api=\"fetch\",le=\"0.001\"} 2\n"
            "c_seconds_bucket{api=\"fetch\",le=\"0.5\"} 3\n"
            "c_seconds_bucket{api=\"fetch\",le=\"10\"} 3\n"
            "c_seconds_bucket{api=\"fetch\",le=\"+Inf\"} 4\n"
            "c_seconds_sum{api=\"fetch\"} 99.2015\n"
            "c_seconds_count{api=\"fetch\"} 4\n");
}

TEST(MetricsTest, escapes_help_and_labels) {
  Metrics metrics;
  metrics.counter("x_total", "a\\b\nc\"d", {{"topic", "a\\b\nc\"d"}});
  EXPECT_EQ(metrics.render(),
            "# HELP x_total a\\\\b\\nc\"d\n"
            "# TYPE x_total counter\n"
            "x_total{topic=\"a\\\\b\\nc\\\"d\"} 0\n");
}

TEST(MetricsTest, bounds_without_labels_and_odd_values) {
  Metrics metrics;
  auto histogram = metrics.histogram("h", "H.", {0.00005});
  histogram->observe(-1);
  EXPECT_THAT(metrics.render(), HasSubstr("h_bucket{le=\"0.00005\"} 1\nh_bucket{le=\"+Inf\"} 1\n"));
  histogram->observe(std::nan(""));
  EXPECT_THAT(metrics.render(), HasSubstr("h_bucket{le=\"0.00005\"} 1\nh_bucket{le=\"+Inf\"} 2\n"));
  EXPECT_THAT(metrics.render(), HasSubstr("h_sum NaN\n"));
}

TEST(MetricsTest, the_same_name_and_labels_are_the_same_metric) {
  Metrics metrics;
  auto first = metrics.counter("x_total", "X.", {{"a", "1"}});
  EXPECT_EQ(metrics.counter("x_total", "other words", {{"a", "1"}}), first);
  EXPECT_NE(metrics.counter("x_total", "X.", {{"a", "2"}}), first);
}

TEST(MetricsTest, forgets_series) {
  Metrics metrics;
  auto held = metrics.counter("x_total", "X.", {{"topic", "a"}});
  metrics.counter("x_total", "X.", {{"topic", "b"}});
  metrics.gauge("y", "Y.", {{"partition", "0"}, {"topic", "b"}});
  metrics.remove("x_total", {{"topic", "a"}});
  metrics.remove("none", {});
  held->add(1);
  EXPECT_THAT(metrics.render(), Not(HasSubstr("topic=\"a\"")));
  metrics.remove_labelled("topic", "b");
  EXPECT_EQ(metrics.render(), "");
  EXPECT_NE(metrics.counter("x_total", "X.", {{"topic", "a"}}), held);
}

TEST(MetricsTest, asks_callbacks_at_each_scrape_until_they_are_taken_back) {
  Metrics metrics;
  double lag = 1.5;
  MetricCallback callback =
      metrics.callback("lag", "Lag.", MetricType::kGauge, [&](SampleSink& sink) {
        sink.add({{"group", "g\"1"}}, lag);
        sink.add({{"group", "g2"}}, 1e6);
      });
  EXPECT_EQ(metrics.render(),
            "# HELP lag Lag.\n# TYPE lag gauge\nlag{group=\"g\\\"1\"} 1.5\nlag{group=\"g2\"} "
            "1000000\n");
  lag = INFINITY;
  EXPECT_THAT(metrics.render(), HasSubstr("} +Inf\n"));
  MetricCallback moved = std::move(callback);
  EXPECT_THAT(metrics.render(), HasSubstr("g2"));
  moved = MetricCallback();
  EXPECT_EQ(metrics.render(), "");
}

TEST(MetricsTest, a_callback_may_use_the_registry) {
  Metrics metrics;
  MetricCallback callback = metrics.callback("a", "A.", MetricType::kGauge, [&](SampleSink& sink) {
    sink.add({}, static_cast<double>(metrics.counter("b_total", "B.")->value()));
  });
  EXPECT_THAT(metrics.render(), HasSubstr("a 0\n"));
}

TEST(MetricsTest, counts_every_observation_of_every_thread) {
  Metrics metrics;
  constexpr int kEach = 5000;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      auto counter = metrics.counter("x_total", "X.");
      auto own = metrics.counter("x_total", "X.", {{"thread", std::to_string(t)}});
      auto histogram = metrics.histogram("h", "H.", latency_bounds());
      MetricCallback callback = metrics.callback("cb", "C.", MetricType::kGauge,
                                                 [t](SampleSink& sink) { sink.add({}, t); });
      for (int i = 0; i < kEach; ++i) {
        counter->add();
        own->add();
        histogram->observe(0.25);
        if (i % 1000 == 0) (void)metrics.render();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::string text = metrics.render();
  EXPECT_THAT(text, HasSubstr("x_total 20000\n"));
  EXPECT_THAT(text, HasSubstr("h_bucket{le=\"0.1\"} 0\nh_bucket{le=\"0.25\"} 20000\n"));
  EXPECT_THAT(text, HasSubstr("h_sum 5000\nh_count 20000\n"));
  EXPECT_THAT(text, Not(HasSubstr("cb")));
}

TEST(MetricsDeathTest, bugs_end_the_process) {
  Metrics metrics;
  metrics.counter("x_total", "X.");
  EXPECT_DEATH((void)metrics.gauge("x_total", "X."), "x_total is already registered with another");
  EXPECT_DEATH((void)metrics.counter("x-total", "X."), "x-total is a malformed name");
  EXPECT_DEATH((void)metrics.counter("y", "Y.", {{"a-b", "1"}}), "y has a malformed label name");
  EXPECT_DEATH((void)metrics.histogram("h", "H.", {2, 1}), "ascending");
  metrics.histogram("h", "H.", {1, 2});
  EXPECT_DEATH((void)metrics.histogram("h", "H.", {1, 3}), "h is already registered with other");
}

}  // namespace
}  // namespace dataflow
