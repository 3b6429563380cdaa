// What is refused at deploy, with the file's place: by the plan, by connectors, by the job.
#include <gtest/gtest.h>

#include "jobs/pipeline_yaml.h"

namespace dataflow::jobs {
namespace {

const Variables kNone = [](const std::string&) { return std::nullopt; };

std::string error_of(const std::string& text) {
  const Result<plan::Plan> plan = compile_pipeline("p.yaml", text, kNone);
  EXPECT_FALSE(plan.ok()) << text;
  return plan.ok() ? "" : plan.status().message();
}

const std::string kHead = R"yaml(name: p
sources:
  a:
    connector: log
    topic: t
    schema: {k: STRING, ts: TIMESTAMP(3)}
)yaml";

TEST(RefusedPipelines, a_window_without_a_watermark) {
  EXPECT_EQ(error_of(kHead + R"yaml(steps:
  s: {from: a, window: {tumbling: 30s}, aggregate: {n: COUNT(*)}}
sinks: {out: {from: s, connector: console}}
)yaml"),
            "p.yaml:8:3: window \"s\": needs event time, but source \"a\" has no watermark; add a "
            "watermark with column and delay to it (timestamps: ts)");
}

TEST(RefusedPipelines, a_cycle) {
  EXPECT_EQ(error_of(kHead + R"yaml(steps:
  u: {union: [a, f]}
  f: {from: u, filter: k = 'x'}
sinks: {out: {from: f, connector: console}}
)yaml"),
            "p.yaml:8:3: union \"u\": is in a cycle: \"u\" -> \"f\" -> \"u\"; a node cannot read "
            "what comes of it");
}

TEST(RefusedPipelines, an_unknown_column_and_an_unknown_input) {
  EXPECT_EQ(error_of(kHead + R"yaml(steps:
  s: {from: a, window: {tumbling: 30s}, group_by: [kk], aggregate: {n: COUNT(*)}}
sinks: {out: {from: s, connector: console}}
)yaml")
                .substr(0, 24),
            "p.yaml:8:3: window \"s\": ");
  EXPECT_EQ(error_of(kHead + "sinks: {out: {from: aa, connector: console}}\n"),
            "p.yaml:7:9: sink \"out\": there is no node \"aa\" to read; did you mean \"a\"?");
}

TEST(RefusedPipelines, times_of_the_job_that_are_nothing) {
  EXPECT_EQ(error_of(kHead + "sinks: {out: {from: a, connector: console}}\n" +
                     "job: {checkpoint_interval: 0}\n"),
            "p.yaml:8:28: job: `checkpoint_interval` must be longer than 0");
}

TEST(RefusedPipelines, an_option_is_refused_at_its_own_place) {
  const Status of_node = Status::invalid(
      "line 3, column 3: source `a`: there is no option `topic`; did you mean \"topics\"?");
  EXPECT_EQ(in_file("p.yaml", kHead, of_node).message(),
            "p.yaml:5:5: source `a`: there is no option `topic`; did you mean \"topics\"?");
  const Status no_option = Status::not_found("line 3, column 3: source `a`: there is no topic `t`");
  EXPECT_EQ(in_file("p.yaml", kHead, no_option).message(),
            "p.yaml:3:3: source `a`: there is no topic `t`");
  EXPECT_EQ(in_file("p.yaml", kHead, no_option).code(), StatusCode::kNotFound);
}

TEST(RefusedPipelines, dead_letters_are_refused_at_their_place) {
  const std::string text = kHead + "job:\n  dead_letters: {connector: log, topc: dead}\n";
  const Status refused =
      Status::invalid("job: dead_letters: sink `$dead_letters`: there is no option `topc`");
  EXPECT_EQ(in_file("p.yaml", text, refused).message(),
            "p.yaml:8:34: job: dead_letters: sink `$dead_letters`: there is no option `topc`");
}

TEST(RefusedPipelines, what_has_no_place_stays_as_it_is) {
  EXPECT_EQ(in_file("p.yaml", kHead, Status::unavailable("not now")).message(), "not now");
  EXPECT_TRUE(in_file("p.yaml", kHead, {}).ok());
}

}  // namespace
}  // namespace dataflow::jobs
