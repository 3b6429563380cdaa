// CREATE and DROP over crashes at each change of the disk: what the next start finds is whole.
#include <gmock/gmock.h>

#include <set>

#include "sql_bed.h"

namespace dataflow::jobs {
namespace {

class SqlKillTest : public SqlBed {
 protected:
  // Crashes at the nth change of the disk within the statement; false if it was done before.
  bool crashes_at(uint64_t nth, const std::string& statement) {
    env_.set_crash_after(env_.mutations() + nth);
    const std::string said = run(statement);
    const bool crashed = env_.crashed();
    if (!crashed) {
      EXPECT_FALSE(said.starts_with("error")) << said;
    }
    close(false);
    env_.crash();
    open();
    return crashed;
  }

  // Whatever is in the catalog is there, and nothing else is.
  void expect_whole() {
    std::set<std::string> topics;
    for (const log::TopicInfo& topic : log_->topics()) topics.insert(topic.name);
    std::set<std::string> pipelines;
    for (const PipelineView& pipeline : pipelines_->list()) pipelines.insert(pipeline.name);
    std::set<std::string> relations;
    std::set<std::string> views;
    for (const RelationFacts& relation : service_->relations()) {
      relations.insert(relation.name);
      if (relation.kind != RelationFacts::Kind::kMaterializedView) continue;
      views.insert("view-" + relation.name);
      EXPECT_EQ(run("FLUSH " + relation.name), "FLUSH");
      EXPECT_EQ(run("SELECT COUNT(*) FROM " + relation.name), "2") << relation.name;
    }
    EXPECT_EQ(topics, relations);
    EXPECT_EQ(pipelines, views);
  }

  void expect_whole_however_killed(const std::string& before, const std::string& statement) {
    bool crashed = true;
    for (uint64_t nth = 1; crashed; nth += 1 + nth / 6) {
      SCOPED_TRACE(statement + ", change " + std::to_string(nth));
      run("CREATE TABLE base (k BIGINT, v BIGINT, PRIMARY KEY (k) NOT ENFORCED)");
      run("INSERT INTO base VALUES (1, 10), (2, 20)");
      if (!before.empty()) {
        ASSERT_FALSE(run(before).starts_with("error")) << run(before);
      }
      crashed = crashes_at(nth, statement);
      expect_whole();
      ASSERT_EQ(run("DROP TABLE IF EXISTS base CASCADE; DROP TABLE IF EXISTS t CASCADE"),
                "DROP TABLE");
      expect_whole();
      if (HasFailure()) return;
    }
  }
};

TEST_F(SqlKillTest, CreateTable) {
  expect_whole_however_killed("", "CREATE TABLE t (k BIGINT, PRIMARY KEY (k) NOT ENFORCED)");
}

TEST_F(SqlKillTest, CreateMaterializedView) {
  expect_whole_however_killed("", "CREATE MATERIALIZED VIEW m AS SELECT k, v + 1 AS w FROM base");
}

TEST_F(SqlKillTest, ReplaceMaterializedView) {
  expect_whole_however_killed("CREATE MATERIALIZED VIEW m AS SELECT k, v + 1 AS w FROM base",
                              "CREATE OR REPLACE MATERIALIZED VIEW m AS SELECT v, k FROM base");
}

TEST_F(SqlKillTest, DropWithAllThatReads) {
  expect_whole_however_killed(
      "CREATE MATERIALIZED VIEW m AS SELECT k, v + 1 AS w FROM base;"
      "CREATE MATERIALIZED VIEW over AS SELECT k, w * 2 AS x FROM m",
      "DROP TABLE base CASCADE");
}

}  // namespace
}  // namespace dataflow::jobs
