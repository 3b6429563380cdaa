#include "jobs/test_pipeline.h"

#include <gtest/gtest.h>

namespace dataflow::jobs {
namespace {

const std::string kCounts = R"yaml(name: counts
sources:
  events:
    connector: log
    topic: events
    schema: {k: STRING, v: INT, ts: TIMESTAMP(3)}
    watermark: {column: ts, delay: 1s}
steps:
  counts: {from: events, window: {tumbling: 10s, allowed_lateness: 5s}, group_by: [k],
           aggregate: {n: COUNT(*), total: SUM(v)}}
sinks:
  out: {from: counts, connector: log, topic: out, key: [k, window_start], guarantee: exactly_once}
)yaml";

Result<std::vector<CaseReport>> run(const std::string& tests, const std::string& only = "") {
  PipelineTestOptions options;
  options.variables = [](const std::string&) { return std::nullopt; };
  options.only = only;
  return test_pipeline("p.yaml", kCounts + "tests:\n" + tests, options);
}

// Every row of every output as it is reported.
std::string words_of(const CaseReport& report) {
  std::string all = report.error;
  for (const OutputReport& output : report.outputs) {
    for (const RowReport& row : output.rows) {
      all += output.output + " " + std::string(row_verdict_name(row.verdict)) + " " + row.expected +
             " | " + row.actual + "\n";
    }
  }
  return all;
}

CaseReport one(const std::string& test) {
  Result<std::vector<CaseReport>> reports = run(test);
  EXPECT_TRUE(reports.ok()) << reports.status();
  if (!reports.ok()) return {};
  EXPECT_EQ(reports->size(), 1u);
  return reports->front();
}

TEST(PipelineTests, given_rows_become_the_expected_ones) {
  const CaseReport report = one(R"yaml(
- name: a window
  given:
    events:
    - {k: a, v: 1, ts: +1s}
    - {k: a, v: 2, ts: +2s}
    - {k: b, v: 5, ts: +11s}
  expect:
    out:
    - {k: b, n: 1, total: 5, window_start: +10s}
    - {k: a, n: 2}
    counts: {columns: all, rows: [
      {window_start: +0s, window_end: +10s, window_time: "2026-01-01 00:00:09.999", k: a, n: 2,
       total: 3},
      {window_start: +10s, window_end: +20s, window_time: "2026-01-01 00:00:19.999", k: b, n: 1,
       total: 5}]}
)yaml");
  EXPECT_TRUE(report.passed()) << words_of(report);
  EXPECT_EQ(report.line, 15);
}

TEST(PipelineTests, what_differs_is_shown_row_by_row) {
  const CaseReport report = one(R"yaml(
- name: a window
  given: {events: [{k: a, v: 1, ts: +1s}, {k: b, v: 2, ts: +2s}, {k: c, v: 3, ts: +3s}]}
  expect: {out: [{k: a, n: 1}, {k: b, n: 7}, {k: d, n: 9}]}
)yaml");
  EXPECT_FALSE(report.passed());
  ASSERT_EQ(report.outputs.size(), 1u);
  const auto& rows = report.outputs[0].rows;
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows[0].verdict, RowVerdict::kSame);
  EXPECT_EQ(rows[1].verdict, RowVerdict::kDiffers);
  EXPECT_EQ(rows[1].expected, "{k: b, n: 7}");
  EXPECT_EQ(rows[1].columns, std::vector<std::string>{"n"});
  EXPECT_EQ(rows[1].line, 17);
  EXPECT_EQ(rows[2].verdict, RowVerdict::kMissing);
  EXPECT_EQ(rows[2].expected, "{k: d, n: 9}");
  EXPECT_EQ(rows[3].verdict, RowVerdict::kUnexpected);
  EXPECT_NE(rows[3].actual.find("k: c, n: 1, total: 3}"), std::string::npos);
}

TEST(PipelineTests, the_order_counts_where_it_is_asked_for) {
  const std::string given =
      "- name: t\n  given: {events: [{k: a, v: 1, ts: +1s}, {k: a, v: 1, ts: +11s}]}\n";
  EXPECT_TRUE(
      one(given + "  expect: {out: [{window_start: +10s}, {window_start: +0s}]}\n").passed());
  EXPECT_FALSE(one(given + "  expect: {out: {order: exact, rows: [{window_start: +10s}, "
                           "{window_start: +0s}]}}\n")
                   .passed());
  EXPECT_TRUE(one(given + "  expect: {out: {order: exact, rows: [{window_start: +0s}, "
                          "{window_start: +10s}]}}\n")
                  .passed());
}

TEST(PipelineTests, rows_come_step_by_step_late_ones_change_results) {
  const CaseReport report = one(R"yaml(
- name: late
  given:
  - events: [{k: a, v: 1, ts: +1s}, {k: a, v: 1, ts: +10s}]
  - expect: {out: []}
  - events: [{k: a, v: 1, ts: +11s}]
    expect: {out: [{window_start: +0s, n: 1}]}
  - restart: true
    events: [{k: a, v: 5, ts: +9s}]
    expect:
      out: [{$op: -U, window_start: +0s, n: 1}, {$op: +U, window_start: +0s, n: 2, total: 6}]
  - events: [{k: z, v: 1, ts: +60s}, {k: a, v: 1, ts: +1s}, '{"k": 1']
    expect: {out: [{window_start: +10s, n: 2}]}
  expect:
    out: [{k: z}]
    dead_letters: [{reason: late, operator: counts}, {reason: decode, operator: events}]
)yaml");
  EXPECT_TRUE(report.passed()) << words_of(report);
}

TEST(PipelineTests, dead_letters_that_nobody_expects_fail_it) {
  const CaseReport report = one(R"yaml(
- name: t
  given: {events: ['{"k": "a", "v": "many", "ts": 0}']}
  expect: {out: []}
)yaml");
  EXPECT_FALSE(report.passed());
  ASSERT_EQ(report.outputs.size(), 2u);
  EXPECT_EQ(report.outputs[1].output, "dead_letters");
}

TEST(PipelineTests, dead_letters_behind_an_expected_one_fail_it) {
  const std::string given = R"yaml(
- name: t
  given:
  - events: ['{"k": "a", "v": "many", "ts": 0}']
  - expect: {dead_letters: [{reason: decode}]}
)yaml";
  EXPECT_TRUE(one(given).passed());
  const CaseReport report = one(given + R"yaml(
  - events: ['{"k": "b", "v": "many", "ts": 0}']
)yaml");
  EXPECT_FALSE(report.passed());
}

TEST(PipelineTests, the_clock_moves_when_told) {
  const std::string guard = R"yaml(
- name: t
  now: 2026-05-05 12:00:00
  given:
  - events: [{k: a, v: 1, ts: +25h}]
  - advance: 2h
  - events: [{k: b, v: 1, ts: +25h}]
  expect: {out: [{k: b}], dead_letters: [{reason: time}]}
)yaml";
  const CaseReport report = one(guard);
  EXPECT_TRUE(report.passed()) << words_of(report);
}

TEST(PipelineTests, open_windows_stay_open_where_the_sources_do_not_end) {
  const CaseReport report = one(R"yaml(
- name: t
  given: {events: [{k: a, v: 1, ts: +1s}]}
  finish: false
  expect: {out: []}
)yaml");
  EXPECT_TRUE(report.passed()) << words_of(report);
}

TEST(PipelineTests, are_chosen_by_name) {
  const std::string two = R"yaml(
- {name: first, given: {events: []}, expect: {out: []}}
- {name: second, given: {events: []}, expect: {out: []}}
)yaml";
  EXPECT_EQ(run(two)->size(), 2u);
  EXPECT_EQ(run(two, "sec")->front().name, "second");
  EXPECT_EQ(run(two, "third").status().code(), StatusCode::kNotFound);
}

TEST(PipelineTests, what_the_engine_lacks_is_told_with_its_place) {
  PipelineTestOptions options;
  options.variables = [](const std::string&) { return std::nullopt; };
  const Result<std::vector<CaseReport>> reports = test_pipeline("p.yaml", R"yaml(name: p
sources: {a: {connector: log, topic: t, schema: {k: STRING}}}
steps:
  s: {from: a, deduplicate: {keys: [k]}}
sinks: {out: {from: s, connector: log, topic: o}}
tests: [{name: t, given: {a: [{k: x}, {k: x}]}, expect: {out: [{k: x}]}}]
)yaml",
                                                                options);
  ASSERT_TRUE(reports.ok()) << reports.status();
  // Until the engine has it.
  if (reports->front().passed()) return;
  EXPECT_EQ(reports->front().error.substr(0, 12), "p.yaml:4:16:");
}

TEST(PipelineTests, the_small_form_has_tests_too) {
  PipelineTestOptions options;
  options.variables = [](const std::string&) { return std::nullopt; };
  const Result<std::vector<CaseReport>> reports = test_pipeline("s.yaml", R"yaml(app_name: small
windowing: {windows: [{type: tumbling, size_ms: 60000}, {type: tumbling, size_ms: 30000}]}
watermarks: {delay_seconds: 2.0}
tests:
- name: a minute and half a minute
  given: {events: [{key: a, value: 1, timestamp: +1s}, {key: a, value: 3, timestamp: +31s}]}
  expect:
    results:
    - {key: a, count: 2, sum: 4, avg: 2, min: 1, max: 3}
    - {key: a, count: 1, sum: 1}
    - {key: a, count: 1, sum: 3}
    tumbling_1m: [{window_start: +0s, window_end: +60s}]
)yaml",
                                                                options);
  ASSERT_TRUE(reports.ok()) << reports.status();
  EXPECT_TRUE(reports->front().passed()) << words_of(reports->front());
}

std::string refusal(const std::string& test) {
  const Result<std::vector<CaseReport>> reports = run(test);
  EXPECT_FALSE(reports.ok());
  return reports.ok() ? "" : reports.status().message();
}

TEST(PipelineTests, mistakes_are_told_with_their_place) {
  EXPECT_EQ(refusal("- {name: t, given: {evnts: []}}\n"),
            "p.yaml:14:21: test \"t\": there is no source `evnts`; did you mean \"events\"?");
  EXPECT_EQ(refusal("- {name: t, given: {events: [{vv: 1}]}}\n"),
            "p.yaml:14:31: test \"t\": events: there is no column `vv`; did you mean \"v\"?");
  EXPECT_EQ(refusal("- {name: t, given: {events: []}, expect: {ou: []}}\n"),
            "p.yaml:14:43: test \"t\": expect: there is no output `ou`; did you mean \"out\"?");
  EXPECT_EQ(refusal("- {name: t, given: {events: []}, expect: {out: [{n: many}]}}\n").substr(0, 27),
            "p.yaml:14:49: test \"t\": out");
  EXPECT_EQ(refusal("- {name: t, gven: {}}\n"),
            "p.yaml:14:13: test: `gven` is not known here; "
            "did you mean \"given\"?");
}

}  // namespace
}  // namespace dataflow::jobs
