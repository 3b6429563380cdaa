// The queries of tests/sqllogic as streams: with the rows of their views coming one after the
// other, at one go, killed and restored, at other parallelisms and cut otherwise. What stands in
// the end is what batch mode says.
#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <nlohmann/json.hpp>
#include <random>

#include "engine/four_ways.h"
#include "expr/expression.h"
#include "plan/plan.h"
#include "sql/compile.h"
#include "sql_bed.h"

namespace dataflow::jobs {
namespace {

// Only these reasons keep a query from being a stream.
constexpr const char* kNoStream[] = {
    "of a bounded job", "in batch mode",       "SET 'execution.runtime-mode' = 'batch'",
    "bounded jobs",     "takes only new rows", "event time",
    "rows that change"};

// In front of an aggregate without GROUP BY over no rows: as in Flink's streams its row is there
// from the first one on.
constexpr const char* kNoRowYet = "# as a stream: no row yet";
// Where a query around it sees that there is none yet.
constexpr const char* kOnlyInBatchMode = "# as a stream: another answer";

struct SltRecord {
  std::string sql;
  bool query = false;
  bool no_row_yet = false;
};

// What we run without an error.
std::vector<SltRecord> records_of(const std::filesystem::path& path) {
  std::vector<SltRecord> records;
  std::ifstream file(path);
  SltRecord record;
  bool ours = true, inside = false, answers = false;
  const auto end = [&] {
    if (inside && ours) records.push_back(record);
    record = {};
    ours = true;
    inside = answers = false;
  };
  for (std::string line; std::getline(file, line);) {
    if (line.find_first_not_of(" \t") == std::string::npos) {
      end();
    } else if (line == kNoRowYet) {
      record.no_row_yet = true;
    } else if (line == kOnlyInBatchMode) {
      ours = false;
    } else if (line.starts_with("#") || line == "skipif duckdb" || line == "skipif flink") {
      continue;
    } else if (line == "onlyif duckdb" || line.starts_with("statement error")) {
      ours = false;
    } else if (!inside) {
      inside = true;
      record.query = line.starts_with("query");
    } else if (line == "----") {
      answers = true;
    } else if (!answers) {
      record.sql += line + "\n";
    }
  }
  end();
  return records;
}

class SqlStreamsTest : public SqlBed, public testing::WithParamInterface<const char*> {
 protected:
  SqlStreamsTest() { ways_.set_chunk_rows(1); }

  // The view's rows become a table of the streams' catalog.
  void define(const std::string& sql) {
    ASSERT_EQ(run(sql), "CREATE VIEW") << sql;
    auto parsed = session_->parse(sql);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    const auto& view = std::get<sql::CreateView>(parsed->front().what);
    const std::string& name = view.name.last();
    const auto columns = sql::describe_query(*view.query, views_, settings_, sql);
    ASSERT_TRUE(columns.ok()) << columns.status();
    ASSERT_TRUE(views_.create(view, sql).ok());
    std::string list, time;
    for (const sql::OutputColumn& column : *columns) {
      list += (list.empty() ? "" : ", ") + ("`" + column.name + "` ") + column.type.to_string();
      if (!column.nullable) list += " NOT NULL";
      if (column.type.is_timestamp() && column.type.precision() <= 3) time = column.name;
    }
    // No row is late.
    if (!time.empty())
      list += ", WATERMARK FOR `" + time + "` AS `" + time + "` - INTERVAL '1' DAY";
    const std::string create = "CREATE TABLE " + name + " (" + list +
                               ") WITH ('connector' = 'filesystem', 'format' = 'json', 'path' = '" +
                               name + "')";
    auto table = session_->parse(create);
    ASSERT_TRUE(table.ok()) << table.status();
    const Status made = tables_.create(std::get<sql::CreateTable>(table->front().what), create);
    ASSERT_TRUE(made.ok()) << made;
    fill(name);
  }

  void fill(const std::string& name) {
    const std::string text = "SELECT * FROM " + name;
    auto parsed = session_->parse(text);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    auto prepared = session_->prepare(parsed->front(), text, {});
    ASSERT_TRUE(prepared.ok()) << prepared.status();
    auto answer = (*prepared)->execute({});
    ASSERT_TRUE(answer.ok()) << answer.status();
    std::vector<Row>& rows = rows_[name];
    while (true) {
      Result<std::vector<Row>> part = answer->rows->next(100);
      ASSERT_TRUE(part.ok()) << part.status();
      if (part->empty()) return;
      std::ranges::move(*part, std::back_inserter(rows));
    }
  }

  // Over tables in memory, validated.
  Result<plan::Plan> compiled(const std::string& sql, bool stream) {
    DF_ASSIGN_OR_RETURN(const std::vector<sql::StatementAst> parsed, session_->parse(sql));
    const auto& select = std::get<sql::SelectStatement>(parsed.front().what);
    DF_ASSIGN_OR_RETURN(sql::CompiledQuery made,
                        sql::compile(*select.query, tables_, settings_, sql, stream));
    plan::Plan plan = std::move(made.compiled.plan);
    plan.name = "q";
    for (plan::Node& node : plan.nodes) {
      if (auto* source = std::get_if<plan::SourceSpec>(&node.spec);
          source != nullptr && source->connector == "file") {
        read_from_memory(node.id, *source, rows_.at(source->options.at("path")));
      } else if (source != nullptr && source->connector == "values") {
        read_from_memory(node.id, *source, values_of(source->options.at("rows")));
      } else if (auto* sink = std::get_if<plan::SinkSpec>(&node.spec)) {
        sink->connector = "memory";
        sink->options = {{"result", "out"}};
      }
    }
    DF_RETURN_IF_ERROR(plan::validate(plan));
    return plan;
  }

  void read_from_memory(const std::string& name, plan::SourceSpec& source,
                        const std::vector<Row>& rows) {
    auto table = std::make_shared<engine::MemoryTable>(source.schema, 1);
    for (const Row& row : rows) table->add(0, row);
    table->finish();
    ways_.connectors().tables[name] = table;
    source.connector = "memory";
    source.options = {{"table", name}};
  }

  static std::vector<Row> values_of(const std::string& json) {
    std::vector<Row> rows;
    for (const auto& cells : nlohmann::json::parse(json)) {
      Row& row = rows.emplace_back();
      for (const auto& cell : cells) {
        const auto literal = expr::expression_from_json(cell.dump());
        EXPECT_TRUE(literal.ok()) << literal.status();
        if (literal.ok()) row.push_back((*literal)->value);
      }
    }
    return rows;
  }

  // What stands in the end, as often as it does.
  std::map<std::string, int> standing() {
    std::map<std::string, int> rows;
    for (const std::string& row : ways_.rows_of("out")) {
      rows[row.substr(3)] += row[1] == 'I' || row.starts_with("+U") ? 1 : -1;
    }
    std::erase_if(rows, [](const auto& row) { return row.second == 0; });
    return rows;
  }

  void expect_as_in_batch_mode(const SltRecord& record, std::mt19937_64& random) {
    const std::string& sql = record.sql;
    SCOPED_TRACE(sql);
    const Result<plan::Plan> batch = compiled(sql, false);
    ASSERT_TRUE(batch.ok()) << batch.status();
    const Result<plan::Plan> stream = compiled(sql, true);
    if (!stream.ok()) {
      const std::string& why = stream.status().message();
      EXPECT_TRUE(std::ranges::any_of(kNoStream, [&](const char* words) {
        return why.find(words) != std::string::npos;
      })) << why;
      return;
    }
    Status ran = ways_.run(*batch, engine::kWays[0], random);
    ASSERT_TRUE(ran.ok()) << ran;
    std::map<std::string, int> wanted = standing();
    if (record.no_row_yet) wanted.clear();
    for (const engine::Way& way : engine::kWays) {
      SCOPED_TRACE(way.name);
      ran = ways_.run(*stream, way, random);
      ASSERT_TRUE(ran.ok()) << ran;
      ASSERT_EQ(standing(), wanted);
    }
    ++streams_;
  }

  sql::Catalog views_, tables_;
  sql::Settings settings_;
  std::map<std::string, std::vector<Row>> rows_;
  engine::FourWays ways_{
      testing::TempDir() + "sql_streams_test_" + std::to_string(getpid()) + "_" + GetParam(), 1};
  int streams_ = 0;
};

TEST_P(SqlStreamsTest, GiveInTheEndWhatBatchModeGives) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const auto path = std::filesystem::path(DATAFLOW_SQLLOGIC) / (std::string(GetParam()) + ".slt");
  for (const SltRecord& record : records_of(path)) {
    if (record.query) {
      expect_as_in_batch_mode(record, random);
    } else if (record.sql.starts_with("CREATE VIEW")) {
      define(record.sql);
    }
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(streams_, 4);
}

INSTANTIATE_TEST_SUITE_P(Slt, SqlStreamsTest,
                         testing::Values("aggregates", "groups", "joins", "over", "ranks",
                                         "selects", "sets", "subqueries", "unnest"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace dataflow::jobs
