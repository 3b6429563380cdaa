#include "jobs/pipeline_yaml.h"

#include <gtest/gtest.h>

namespace dataflow::jobs {
namespace {

Result<plan::Plan> read(const std::string& text,
                        std::map<std::string, std::string> variables = {}) {
  return read_pipeline("p.yaml", text,
                       [variables](const std::string& name) -> std::optional<std::string> {
                         const auto found = variables.find(name);
                         if (found == variables.end()) return std::nullopt;
                         return found->second;
                       });
}

plan::Plan good(const std::string& text, std::map<std::string, std::string> variables = {}) {
  Result<plan::Plan> plan = read(text, std::move(variables));
  EXPECT_TRUE(plan.ok()) << plan.status();
  return plan.ok() ? *plan : plan::Plan();
}

template <class Spec>
const Spec& spec_of(const plan::Plan& plan, const std::string& id) {
  for (const plan::Node& node : plan.nodes) {
    if (node.id == id) return std::get<Spec>(node.spec);
  }
  ADD_FAILURE() << "no node " << id;
  static const Spec none{};
  return none;
}

const std::string kHead = R"yaml(name: p
sources:
  a: {connector: log, topic: t, schema: {k: STRING, x: INT, ts: TIMESTAMP(3)}}
)yaml";
const std::string kTail = R"yaml(
sinks:
  out: {from: s, connector: console}
)yaml";

std::string with_step(const std::string& step) { return kHead + "steps:\n  s: " + step + kTail; }

std::string error_of(const std::string& text) {
  Result<plan::Plan> plan = read(text);
  EXPECT_FALSE(plan.ok()) << text;
  return plan.ok() ? "" : plan.status().message();
}

TEST(PipelineYaml, a_whole_pipeline_becomes_a_plan) {
  const plan::Plan plan = good(R"yaml(name: meeting-counts
sources:
  events: {connector: log, topic: user_events, format: json, start: earliest,
           schema: {meeting_id: STRING, user_id: STRING NOT NULL, ts: TIMESTAMP_LTZ(3)},
           metadata: {at: offset},
           watermark: {column: ts, delay: 5s, idle_timeout: 250}}
steps:
  joined: {from: events, filter: "event_type = 'join'"}
  picked: {from: joined, select: {meeting_id: meeting_id, cost: "price * quantity", ts: }}
  counts: {from: picked, window: {tumbling: 30s, time: ts, allowed_lateness: 10s},
           group_by: [meeting_id], aggregate: {n: "COUNT(*)", total: "SUM(cost)"}}
sinks:
  out: {from: counts, connector: log, topic: counts_30s, format: json, key: [meeting_id],
        guarantee: exactly_once}
job: {parallelism: 2, checkpoint_interval: 50ms, on_error: fail,
      dead_letters: {connector: log, topic: dead}, restart: {max_attempts: 3, backoff: 1s}}
)yaml");
  EXPECT_EQ(plan.name, "meeting-counts");
  ASSERT_EQ(plan.nodes.size(), 5u);
  const auto& source = spec_of<plan::SourceSpec>(plan, "events");
  EXPECT_EQ(source.connector, "log");
  EXPECT_EQ(source.options, (plan::Options{{"topic", "user_events"}, {"start", "earliest"}}));
  EXPECT_EQ(source.schema->to_string(),
            "(meeting_id STRING, user_id STRING NOT NULL, ts TIMESTAMP_LTZ(3), at BIGINT)");
  ASSERT_EQ(source.metadata.size(), 1u);
  EXPECT_EQ(source.watermark->delay_ms, 5000);
  EXPECT_EQ(source.watermark->idle_timeout_ms, 250);
  EXPECT_EQ(spec_of<plan::FilterSpec>(plan, "joined").condition->to_string(),
            "event_type = 'join'");
  const auto& picked = spec_of<plan::ProjectSpec>(plan, "picked");
  ASSERT_EQ(picked.columns.size(), 3u);
  EXPECT_EQ(picked.columns[1].name, "cost");
  EXPECT_EQ(picked.columns[1].expression->to_string(), "price * quantity");
  EXPECT_EQ(picked.columns[2].expression->to_string(), "ts");
  const auto& counts = spec_of<plan::WindowSpec>(plan, "counts");
  EXPECT_EQ(counts.kind, plan::WindowKind::kTumbling);
  EXPECT_EQ(counts.size_ms, 30000);
  EXPECT_EQ(counts.time_column, "ts");
  EXPECT_EQ(counts.allowed_lateness_ms, 10000);
  EXPECT_EQ(counts.keys, std::vector<std::string>{"meeting_id"});
  ASSERT_EQ(counts.aggregates.size(), 2u);
  EXPECT_EQ(counts.aggregates[0].function, "COUNT");
  EXPECT_EQ(counts.aggregates[0].argument, nullptr);
  EXPECT_EQ(counts.aggregates[1].name, "total");
  const auto& sink = spec_of<plan::SinkSpec>(plan, "out");
  EXPECT_EQ(sink.key_columns, std::vector<std::string>{"meeting_id"});
  EXPECT_EQ(sink.guarantee, plan::Guarantee::kExactlyOnce);
  EXPECT_EQ(plan.job.parallelism, 2);
  EXPECT_EQ(plan.job.checkpoint_interval_ms, 50);
  EXPECT_EQ(plan.job.on_error, plan::ErrorPolicy::kFail);
  EXPECT_EQ(plan.job.dead_letters->options.at("topic"), "dead");
  EXPECT_EQ(plan.job.restart.max_attempts, 3);
  EXPECT_EQ(plan.nodes[1].place.line, 8);
  EXPECT_EQ(plan.nodes[1].place.column, 3);
}

TEST(PipelineYaml, windows_of_every_kind) {
  const auto window = [](const std::string& text) {
    return spec_of<plan::WindowSpec>(
        good(with_step("{from: a, window: {" + text + "}, aggregate: {n: COUNT(*)}}")), "s");
  };
  EXPECT_EQ(window("hopping: {size: 60s, slide: 15s}").slide_ms, 15000);
  EXPECT_EQ(window("session: {gap: 30s}").gap_ms, 30000);
  EXPECT_EQ(window("session: 30000").gap_ms, 30000);
  EXPECT_EQ(window("cumulative: {size: 1h, step: 5m}").slide_ms, 300000);
  EXPECT_EQ(window("count: 100").count, 100);
  EXPECT_EQ(window("count: {size: 100, slide: 10}").count_slide, 10);
  EXPECT_EQ(window("tumbling: {size: 1d}, offset: 8h").offset_ms, 8 * 3600 * 1000);
  EXPECT_EQ(window("tumbling: 1s, time: processing").time, plan::TimeKind::kProcessing);
}

TEST(PipelineYaml, aggregates_take_star_distinct_and_filter) {
  const plan::Plan plan = good(with_step(
      "{from: a, window: {tumbling: 1s}, aggregate: {n: 'count( * )', d: 'COUNT(DISTINCT x)', "
      "f: \"SUM(x + (1)) FILTER (WHERE k <> ')')\"}}"));
  const auto& aggregates = spec_of<plan::WindowSpec>(plan, "s").aggregates;
  ASSERT_EQ(aggregates.size(), 3u);
  EXPECT_EQ(aggregates[0].function, "COUNT");
  EXPECT_FALSE(aggregates[0].argument);
  EXPECT_TRUE(aggregates[1].distinct);
  EXPECT_EQ(aggregates[1].argument->to_string(), "x");
  EXPECT_EQ(aggregates[2].argument->to_string(), "x + 1");
  EXPECT_EQ(aggregates[2].filter->to_string(), "k <> ')'");
}

TEST(PipelineYaml, joins_union_split_and_deduplicate) {
  const plan::Plan plan = good(R"yaml(name: p
sources:
  a: {connector: log, topic: t,
      schema: [{k: STRING}, {name: ts, type: TIMESTAMP(3), not_null: true}]}
steps:
  parts: {from: a, split: {big: x > 10, small: x < 3}}
  u: {union: [parts.big, parts.small]}
  d: {from: u, deduplicate: {keys: k, time: ts, keep: last, ttl: 1h}}
  w: {window_join: {left: d, right: parts.default, kind: left, on: [k], size: 10s}}
  i: {interval_join: {left: w, right: a, on: {k: k2}, between: [-5s, 10s], where: x > y}}
sinks:
  out: {from: i, connector: console}
)yaml");
  EXPECT_EQ(spec_of<plan::SplitSpec>(plan, "parts").branches[1].name, "small");
  EXPECT_EQ(plan.nodes[2].inputs[1].output, "small");
  EXPECT_TRUE(spec_of<plan::DeduplicateSpec>(plan, "d").keep_last);
  EXPECT_EQ(spec_of<plan::DeduplicateSpec>(plan, "d").ttl_ms, 3600000);
  EXPECT_EQ(spec_of<plan::WindowJoinSpec>(plan, "w").kind, plan::JoinKind::kLeft);
  EXPECT_EQ(plan.nodes[4].inputs[1].output, "default");
  const auto& interval = spec_of<plan::IntervalJoinSpec>(plan, "i");
  EXPECT_EQ(interval.lower_ms, -5000);
  EXPECT_EQ(interval.right_keys, std::vector<std::string>{"k2"});
  EXPECT_EQ(interval.condition->to_string(), "x > y");
  EXPECT_FALSE((*spec_of<plan::SourceSpec>(plan, "a").schema)[1].nullable);
}

TEST(PipelineYaml, without_an_exactly_once_sink_checkpoints_come_each_second) {
  const std::string text = R"yaml(name: p
sources: {a: {connector: log, topic: t, schema: {k: STRING}}}
sinks: {out: {from: a, connector: console, guarantee: at_least_once}}
)yaml";
  EXPECT_EQ(good(text).job.checkpoint_interval_ms, 1000);
  EXPECT_EQ(good(text + "job: {checkpoint_interval: 20}\n").job.checkpoint_interval_ms, 20);
}

TEST(PipelineYaml, variables_are_filled_in_with_their_defaults) {
  const std::string text = R"yaml(name: ${NAME:-p}
sources: {a: {connector: log, topic: ${TOPIC:-a{1},[b]}, note: $${KEPT}, schema: {k: STRING}}}
sinks: {out: {from: a, connector: console, path: "${A:-${B:-c}}/x"}}
)yaml";
  const plan::Plan plan = good(text);
  EXPECT_EQ(plan.name, "p");
  EXPECT_EQ(spec_of<plan::SourceSpec>(plan, "a").options.at("note"), "${KEPT}");
  EXPECT_EQ(spec_of<plan::SinkSpec>(plan, "out").options.at("path"), "c/x");
  EXPECT_EQ(spec_of<plan::SinkSpec>(good(text, {{"A", "z"}}), "out").options.at("path"), "z/x");
  EXPECT_EQ(good(text, {{"NAME", "q"}}).name, "q");
}

TEST(PipelineYaml, a_variable_that_is_not_set_is_refused_with_its_place) {
  EXPECT_EQ(error_of("name: ${NAME}\n"),
            "p.yaml:1:7: the variable NAME is not set; set it, or write ${NAME:-default}");
}

struct Refusal {
  const char* what;
  std::string text;
  std::string words;
};

class RefusedPipeline : public testing::TestWithParam<Refusal> {};

TEST_P(RefusedPipeline, names_place_and_reason) {
  EXPECT_EQ(error_of(GetParam().text), GetParam().words);
}

INSTANTIATE_TEST_SUITE_P(
    PipelineYaml, RefusedPipeline,
    testing::Values(
        Refusal{"nothing", "",
                "p.yaml:1:1: there is no pipeline; expected name, sources and sinks"},
        Refusal{"a_list", "- a\n",
                "p.yaml:1:1: a pipeline is a mapping with name, sources, steps and sinks"},
        Refusal{"no_yaml", "name: [a\n",
                "p.yaml:2:1: this is not valid YAML: end of sequence flow "
                "not found"},
        Refusal{"no_name", "sources: {}\n", "p.yaml:1:1: `name` is missing"},
        Refusal{"a_bad_name", "name: a/b\n",
                "p.yaml:1:7: the name `a/b` may have letters, digits, `_` and `-` only, 128 at "
                "most"},
        Refusal{"an_unknown_section", kHead + "stpes: {}\n" + kTail,
                "p.yaml:4:1: `stpes` is not known here; did you mean \"steps\"?"},
        Refusal{"a_key_twice", "name: a\nname: b\n", "p.yaml:2:1: `name` stands twice"},
        Refusal{"a_mistyped_key_of_a_source",
                "name: p\nsources:\n  a: {connector: log, fromat: json, schema: {k: STRING}}\n",
                "p.yaml:3:23: source \"a\": `fromat` is not known here; did you mean "
                "\"format\"?"},
        Refusal{"an_unknown_type", "name: p\nsources:\n  a: {connector: log, schema: {k: STRNG}}\n",
                "p.yaml:3:35: source \"a\": schema: column `k`: type \"STRNG\", column 1: found "
                "\"STRNG\"; no type has this name; did you mean \"STRING\"?"},
        Refusal{"an_unknown_verb", with_step("{from: a, fliter: x > 1}"),
                "p.yaml:5:16: step \"s\": `fliter` is not known here; did you mean \"filter\"?"},
        Refusal{"no_verb", with_step("{from: a}"),
                "p.yaml:5:6: step \"s\": does not say what it does; give it one of filter, select, "
                "window, union, split, deduplicate, window_join, interval_join, operator"},
        Refusal{"two_verbs", with_step("{from: a, filter: x > 1, select: [x]}"),
                "p.yaml:5:6: step \"s\": does `filter` and `select`; make them two steps, one "
                "reading from the other"},
        Refusal{"no_from", with_step("{filter: x > 1}"),
                "p.yaml:5:6: step \"s\": `from` is missing"},
        Refusal{"a_bad_expression", with_step("{from: a, filter: 'x >'}"),
                "p.yaml:5:28: step \"s\": `filter`: expected an expression, found the end\n  x >\n "
                "    ^"},
        Refusal{"a_bad_duration",
                with_step("{from: a, window: {tumbling: 30 bananas}, aggregate: {n: COUNT(*)}}"),
                "p.yaml:5:35: step \"s\": window: `tumbling`: `30 bananas` is not a duration such "
                "as 30s, 500ms or a number of milliseconds"},
        Refusal{"a_mistyped_window", with_step("{from: a, window: {tumblng: 30s}}"),
                "p.yaml:5:25: step \"s\": window: `tumblng` is not known here; did you mean "
                "\"tumbling\"?"},
        Refusal{"no_aggregate", with_step("{from: a, window: {tumbling: 30s}}"),
                "p.yaml:5:6: step \"s\": `aggregate` is missing, such as {n: COUNT(*)}"},
        Refusal{"a_bare_column_as_aggregate",
                with_step("{from: a, window: {tumbling: 30s}, aggregate: {n: x}}"),
                "p.yaml:5:56: step \"s\": aggregate: `n`: `x` is not an aggregate such as COUNT(*) "
                "or SUM(price)"},
        Refusal{"arithmetic_behind_an_aggregate",
                with_step("{from: a, window: {tumbling: 30s}, aggregate: {n: SUM(x) + 1}}"),
                "p.yaml:5:63: step \"s\": aggregate: `n`: behind the aggregate only FILTER (WHERE "
                "…) may stand; compute with its result in a `select` step behind this one"},
        Refusal{"a_bad_guarantee",
                kHead + "sinks:\n  o: {from: a, connector: log, guarantee: exactly-once}\n",
                "p.yaml:5:43: sink \"o\": `guarantee` is `exactly-once`, which is none of "
                "at_least_once, exactly_once; did you mean \"exactly_once\"?"},
        Refusal{"an_unnamed_column", with_step("{from: a, select: [x + 1]}"),
                "p.yaml:5:25: step \"s\": select: `x + 1` needs a name; write {name: x + 1}"},
        Refusal{"a_bad_job",
                kHead + "sinks: {o: {from: a, connector: log}}\njob: {paralelism: 2}\n",
                "p.yaml:5:7: job: `paralelism` is not known here; did you mean \"parallelism\"?"}),
    [](const auto& info) { return std::string(info.param.what); });

}  // namespace
}  // namespace dataflow::jobs
