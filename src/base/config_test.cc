#include "base/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/fault_env.h"

namespace dataflow {
namespace {

using testing::HasSubstr;
using Names = std::map<std::string, std::string>;

ConfigSchema example_schema() {
  ConfigSchema schema;
  schema.add({.name = "data.dir", .default_value = "data", .doc = "Where everything is kept."})
      .add({.name = "kafka.listen",
            .type = OptionType::kAddress,
            .default_value = "127.0.0.1:9092",
            .doc = "Address of the Kafka listener."})
      .add({.name = "log.segment.bytes",
            .type = OptionType::kBytes,
            .default_value = "1GiB",
            .doc = "Size at which a segment is closed.",
            .min = "1KiB",
            .max = "2GiB",
            .changeable = true})
      .add({.name = "log.flush.interval",
            .type = OptionType::kDuration,
            .default_value = "5s",
            .doc = "Time between | flushes."})
      .add({.name = "log.level",
            .type = OptionType::kEnum,
            .default_value = "info",
            .doc = "Least level that is written.",
            .choices = {"debug", "info", "warn"}})
      .add({.name = "auto.create",
            .type = OptionType::kBool,
            .default_value = "true",
            .doc = "Makes topics when first used."})
      .add({.name = "threads",
            .type = OptionType::kInt,
            .default_value = "2",
            .doc = "Number of threads.",
            .min = "1"})
      .add({.name = "ratio",
            .type = OptionType::kDouble,
            .default_value = "0.5",
            .doc = "A share.",
            .min = "0",
            .max = "1"})
      .allow_environment("DATAFLOW_ENDPOINT");
  return schema;
}

class ConfigTest : public testing::Test {
 protected:
  Result<Config> load(const std::string& yaml, Names environment = {}, Names flags = {}) {
    EXPECT_TRUE(env_.write_file_durably("/c.yaml", yaml).ok());
    return Config::load(schema_, {std::move(flags), std::move(environment), "/c.yaml"}, env_);
  }
  std::string problem(const std::string& yaml, Names environment = {}, Names flags = {}) {
    const Status status = load(yaml, std::move(environment), std::move(flags)).status();
    EXPECT_FALSE(status.ok());
    return status.message();
  }

  ConfigSchema schema_ = example_schema();
  FaultEnv env_;
};

TEST_F(ConfigTest, has_its_defaults) {
  Result<Config> config = Config::load(schema_, {}, env_);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->get_string("data.dir"), "data");
  EXPECT_EQ(config->get_address("kafka.listen"), (Address{"127.0.0.1", 9092}));
  EXPECT_EQ(config->get_bytes("log.segment.bytes"), 1 << 30);
  EXPECT_EQ(config->get_duration_ms("log.flush.interval"), 5000);
  EXPECT_EQ(config->get_string("log.level"), "info");
  EXPECT_TRUE(config->get_bool("auto.create"));
  EXPECT_EQ(config->get_int("threads"), 2);
  EXPECT_DOUBLE_EQ(config->get_double("ratio"), 0.5);
  EXPECT_EQ(config->origin("threads").layer, ConfigLayer::kDefault);
}

TEST_F(ConfigTest, each_layer_wins_over_the_one_below_and_is_named) {
  const std::string yaml = "data.dir: file\nlog:\n  segment: {bytes: 64MiB}\n  level: warn\n";
  Result<Config> config =
      load(yaml, {{"DATAFLOW_DATA_DIR", "env"}, {"DATAFLOW_LOG_LEVEL", "debug"}, {"PATH", "x"}},
           {{"--data-dir", "flag"}});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->get_string("data.dir"), "flag");
  EXPECT_EQ(config->origin("data.dir").place, "--data-dir");
  EXPECT_EQ(config->get_string("log.level"), "debug");
  EXPECT_EQ(config->origin("log.level").place, "DATAFLOW_LOG_LEVEL");
  EXPECT_EQ(config->get_bytes("log.segment.bytes"), 64 << 20);
  EXPECT_EQ(config->origin("log.segment.bytes").place, "/c.yaml:3");
  EXPECT_EQ(config->origin("threads").place, "default");
}

TEST_F(ConfigTest, takes_empty_files) {
  EXPECT_TRUE(load("").ok());
  EXPECT_TRUE(load("# nothing\n").ok());
  EXPECT_TRUE(load("---\n").ok());
}

TEST_F(ConfigTest, refuses_unknown_names_with_their_place_and_the_nearest_one) {
  EXPECT_THAT(problem("threads: 3\nlog:\n  segmnt:\n    bytes: 1\n"),
              HasSubstr("/c.yaml:4: unknown key \"log.segmnt.bytes\"; did you mean "
                        "\"log.segment.bytes\"?"));
  EXPECT_THAT(problem("", {{"DATAFLOW_DATADIR", "x"}}),
              HasSubstr("DATAFLOW_DATADIR; did you mean \"DATAFLOW_DATA_DIR\"?"));
  EXPECT_THAT(problem("", {{"DATAFLOW_ENDPOIN", "x"}}), HasSubstr("\"DATAFLOW_ENDPOINT\"?"));
  EXPECT_THAT(problem("", {}, {{"--data-dri", "x"}}),
              HasSubstr("--data-dri; did you mean \"--data-dir\"?"));
  EXPECT_TRUE(load("", {{"DATAFLOW_ENDPOINT", "x"}}).ok());
}

TEST_F(ConfigTest, lists_everything_that_is_wrong) {
  const std::string all =
      problem("threads: x\nfoo: 1\n", {{"DATAFLOW_RATIO", "2"}}, {{"--log-level", "wran"}});
  EXPECT_THAT(all, HasSubstr("/c.yaml:1: threads: \"x\" is not a whole number\n"));
  EXPECT_THAT(all, HasSubstr("/c.yaml:2: unknown key \"foo\"\n"));
  EXPECT_THAT(all, HasSubstr("DATAFLOW_RATIO: \"2\" is above the greatest value 1\n"));
  EXPECT_THAT(all, HasSubstr("--log-level: \"wran\" is none of debug, info, warn; did you mean "
                             "\"warn\"?"));
}

// A typo in a value that a flag overrides is an error all the same.
TEST_F(ConfigTest, checks_values_that_are_overridden) {
  EXPECT_THAT(problem("threads: 0\n", {}, {{"--threads", "4"}}),
              HasSubstr("/c.yaml:1: threads: \"0\" is below the least value 1"));
}

TEST_F(ConfigTest, checks_types_and_ranges) {
  EXPECT_THAT(problem("log.segment.bytes: 3GiB"), HasSubstr("above the greatest value 2GiB"));
  EXPECT_THAT(problem("log.segment.bytes: 1000"), HasSubstr("below the least value 1KiB"));
  EXPECT_THAT(problem("log.flush.interval: -1"), HasSubstr("below the least value 0"));
  EXPECT_THAT(problem("log.flush.interval: 5"), HasSubstr("is not a duration"));
  EXPECT_THAT(problem("kafka.listen: localhost"), HasSubstr("is not an address"));
  EXPECT_THAT(problem("auto.create: perhaps"), HasSubstr("is not true or false"));
}

TEST_F(ConfigTest, refuses_yaml_that_is_broken_or_of_another_shape) {
  EXPECT_THAT(problem("a: [1\nb: 2"), HasSubstr("/c.yaml:2: this is not valid YAML"));
  EXPECT_THAT(problem("- a\n- b\n"), HasSubstr("/c.yaml:1: expected keys with values"));
  EXPECT_THAT(problem("threads: [1, 2]"), HasSubstr("/c.yaml:1: threads needs one value"));
  EXPECT_THAT(problem("threads:\n"), HasSubstr("threads needs one value"));
  EXPECT_THAT(problem("threads: 1\nthreads: 2\n"),
              HasSubstr("/c.yaml:2: threads was already set in line 1"));
  EXPECT_THAT(problem("log.level: info\nlog: {level: warn}\n"), HasSubstr("already set in line 1"));
  EXPECT_THAT(problem("threads: 1\n---\nthreads: 2\n"), HasSubstr("only one YAML document"));
  EXPECT_THAT(problem("? [a]\n: 1\n"), HasSubstr("a key must be a name"));
}

TEST_F(ConfigTest, survives_hostile_yaml) {
  EXPECT_THAT(problem("a: &a\n  b: *a\n"), HasSubstr("nested too deeply"));
  std::string bomb = "a0: &a0 {x: 1, y: 1}\n";
  for (int i = 1; i < 14; ++i) {
    const std::string n = std::to_string(i), m = std::to_string(i - 1);
    bomb += "a" + n + ": &a" + n + " {b: *a" + m + ", c: *a" + m + ", d: *a" + m + "}\n";
  }
  EXPECT_THAT(problem(bomb), HasSubstr("too many keys"));
  EXPECT_THAT(problem(std::string(100000, '[')), HasSubstr("/c.yaml"));
  EXPECT_THAT(problem(std::string(100000, '{')), HasSubstr("/c.yaml"));
  EXPECT_THAT(problem(std::string((1 << 20) + 1, '#')), HasSubstr("at most 1048576"));
}

TEST_F(ConfigTest, names_the_file_that_is_missing) {
  const Status status = Config::load(schema_, {.yaml_path = "/none.yaml"}, env_).status();
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr("/none.yaml"));
}

TEST_F(ConfigTest, prints_values_with_their_origin) {
  Result<Config> config = load("log.segment.bytes: 1024\n", {}, {{"--auto-create", "off"}});
  ASSERT_TRUE(config.ok());
  EXPECT_THAT(config->to_table(), HasSubstr("NAME                VALUE           ORIGIN\n"));
  EXPECT_THAT(config->to_table(), HasSubstr("log.segment.bytes   1KiB            /c.yaml:1\n"));
  EXPECT_THAT(config->to_table(), HasSubstr("auto.create         false           --auto-create\n"));
  const std::string json = config->to_json();
  EXPECT_THAT(json,
              HasSubstr("\"name\": \"log.segment.bytes\",\n    \"value\": 1024,\n    \"text\": "
                        "\"1KiB\",\n    \"origin\": \"file\",\n    \"place\": \"/c.yaml:1\""));
  EXPECT_THAT(json, HasSubstr("\"value\": false"));
}

TEST_F(ConfigTest, json_stays_valid_whatever_a_value_holds) {
  Result<Config> config = load("", {{"DATAFLOW_DATA_DIR", "a\xff\"b"}});
  ASSERT_TRUE(config.ok());
  EXPECT_THAT(config->to_json(), HasSubstr("\"a\xef\xbf\xbd\\\"b\""));
}

TEST_F(ConfigTest, generates_the_reference) {
  const std::string page = config_reference(schema_);
  EXPECT_THAT(page, HasSubstr("\n## log\n"));
  EXPECT_THAT(page,
              HasSubstr("| `log.segment.bytes` | size | `1GiB` | `1KiB` to `2GiB` | "
                        "`--log-segment-bytes` | `DATAFLOW_LOG_SEGMENT_BYTES` | yes | Size at "
                        "which a segment is closed. |\n"));
  EXPECT_THAT(page, HasSubstr("Time between \\| flushes."));
  EXPECT_THAT(page, HasSubstr("| from `1` |"));
}

TEST_F(ConfigTest, reads_flags_from_arguments) {
  const std::vector<std::string> good = {"--data-dir", "x", "--threads=3", "--auto-create"};
  Result<Names> flags = parse_flags(schema_, good);
  ASSERT_TRUE(flags.ok()) << flags.status();
  EXPECT_EQ(*flags, (Names{{"--data-dir", "x"}, {"--threads", "3"}, {"--auto-create", "true"}}));
  const auto refused = [&](std::vector<std::string> arguments) {
    return parse_flags(schema_, arguments).status().message();
  };
  EXPECT_THAT(refused({"--thread", "3"}), HasSubstr("did you mean \"--threads\"?"));
  EXPECT_THAT(refused({"--threads"}), HasSubstr("--threads needs a value"));
  EXPECT_THAT(refused({"--threads=1", "--threads=2"}), HasSubstr("given twice"));
  EXPECT_THAT(refused({"word"}), HasSubstr("unexpected argument"));
}

TEST_F(ConfigTest, takes_its_part_of_the_environment) {
  const char* const block[] = {"PATH=/bin", "DATAFLOW_A=1=2", "DATAFLOW_B", "DATAFLOW_C=", nullptr};
  EXPECT_EQ(dataflow_environment(block), (Names{{"DATAFLOW_A", "1=2"}, {"DATAFLOW_C", ""}}));
}

TEST_F(ConfigTest, finds_faulty_declarations) {
  const auto problem_of = [](Option option) {
    ConfigSchema schema = example_schema();
    schema.add(std::move(option));
    return schema.check().message();
  };
  EXPECT_TRUE(schema_.check().ok()) << schema_.check();
  EXPECT_THAT(problem_of({.name = "Bad", .doc = "x"}), HasSubstr("lower case"));
  EXPECT_THAT(problem_of({.name = "data.dir", .doc = "x"}), HasSubstr("taken"));
  EXPECT_THAT(problem_of({.name = "data_dir", .doc = "x"}), HasSubstr("taken"));
  EXPECT_THAT(problem_of({.name = "log", .doc = "x"}), HasSubstr("also begins log.segment.bytes"));
  EXPECT_THAT(problem_of({.name = "x"}), HasSubstr("documentation"));
  EXPECT_THAT(problem_of({.name = "x", .type = OptionType::kInt, .default_value = "a", .doc = "x"}),
              HasSubstr("default"));
  EXPECT_THAT(
      problem_of(
          {.name = "x", .type = OptionType::kInt, .default_value = "1", .doc = "x", .min = "y"}),
      HasSubstr("limit y"));
}

using ConfigDeathTest = ConfigTest;

TEST_F(ConfigDeathTest, asking_for_what_was_not_declared_ends_the_process) {
  Result<Config> config = load("");
  ASSERT_TRUE(config.ok());
  EXPECT_DEATH((void)config->get_int("nothing"), "option nothing was asked for but not declared");
  EXPECT_DEATH((void)config->get_int("data.dir"), "option data.dir was asked for as another type");
}

}  // namespace
}  // namespace dataflow
