#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>

#include "held_sessions.h"
#include "sql_bed.h"

namespace dataflow::http {
namespace {

class SqlOverHttpTest : public SqlBed {};

TEST_F(SqlOverHttpTest, AStatementIsRunAndItsRowsAreReadInPages) {
  sql.on("SELECT n FROM t", canned_numbers(5));
  open();
  const std::string at = start(session(), "SELECT n FROM t");
  const json done = ask_json("GET", at + "?wait=1000");
  EXPECT_EQ(done["state"], "finished");
  EXPECT_EQ(done["tag"], "SELECT");
  EXPECT_EQ(done["columns"], json::parse(R"([{"name":"n","type":"INT","nullable":true}])"));
  EXPECT_EQ(done["next"], at + "/result/0");
  const json first = ask_json("GET", at + "/result/0?max_rows=3");
  EXPECT_EQ(first["rows"], json::parse("[[1],[2],[3]]"));
  EXPECT_EQ(first["next"], at + "/result/1");
  EXPECT_EQ(first["columns"], done["columns"]);
  EXPECT_FALSE(first.contains("changes"));
  // Asked again, an answer that got lost is the same one.
  EXPECT_EQ(ask_json("GET", at + "/result/0?max_rows=1"), first);
  const json second = ask_json("GET", at + "/result/1?max_rows=3");
  EXPECT_EQ(second["rows"], json::parse("[[4],[5]]"));
  EXPECT_FALSE(second.contains("next"));
  EXPECT_EQ(ask_json("GET", at + "/result/1"), second);
  EXPECT_EQ(ask_json("GET", at + "/result/0", "", 410)["code"], "out of range");
  EXPECT_EQ(ask_json("GET", at + "/result/2", "", 404)["detail"],
            "there is no page 2: the last one is 1");
  EXPECT_FALSE(ask_json("GET", at).contains("next"));
}

TEST_F(SqlOverHttpTest, AResultThatIsEmptyHasOnePage) {
  sql.on("SELECT n FROM t", canned_numbers(0));
  open();
  const std::string at = start(session(), "SELECT n FROM t");
  ask_json("GET", at + "?wait=1000");
  const json page = ask_json("GET", at + "/result/0");
  EXPECT_EQ(page["rows"], json::array());
  EXPECT_FALSE(page.contains("next"));
  const Response csv = ask("GET", at + "/result/0", "", "text/csv");
  EXPECT_EQ(csv.body, "n\r\n");
}

TEST_F(SqlOverHttpTest, WhatIsWrongIsToldWithItsPlace) {
  open();
  const std::string in = session();
  const auto refused = [&](const std::string& body) {
    return ask_json("POST", in + "/statements", body, 400);
  };
  const json parsed = refused(R"({"statement":"SELECT 1,\n  FROM t"})");
  EXPECT_EQ(parsed["code"], "invalid");
  EXPECT_EQ(parsed["line"], 2);
  EXPECT_EQ(parsed["column"], 3);
  EXPECT_NE(parsed["message"].get<std::string>().find("\n    ^"), std::string::npos)
      << parsed["message"];
  EXPECT_EQ(refused(R"({"statement":"SELECT n FROM nope"})")["line"], 1);
  EXPECT_EQ(refused(R"({"statement":"BEGIN; COMMIT"})")["detail"],
            "the text has 2 statements; send one at a time");
  EXPECT_EQ(refused(R"({"statement":""})")["detail"],
            "the text has 0 statements; send one at a time");
  EXPECT_EQ(refused(R"({"statement":1})")["detail"], "`statement` must be a text");
  EXPECT_EQ(refused(R"({"statment":"BEGIN"})")["detail"],
            "there is no `statment` here; known: statement, parameters, settings");
  EXPECT_EQ(refused("{]")["detail"], "the body must be an object in JSON");
  EXPECT_EQ(
      refused("{\"parameters\":" + std::string(40, '[') + std::string(40, ']') + "}")["detail"],
      "the body's JSON is nested deeper than 32");
  EXPECT_EQ(refused("SELECT '\xff'")["detail"], "the statement is not UTF-8");
  EXPECT_EQ(refused(std::string(R"({"statement":"SELECT \u0000 1"})"))["code"], "invalid");
  EXPECT_EQ(ask_json("POST", in + "/statements?wait=x", "BEGIN", 400)["detail"],
            "`wait` must be a whole number from 0 to 30000");
  EXPECT_EQ(ask_json("GET", in)["statements"], json::array());
}

TEST_F(SqlOverHttpTest, AnErrorWhileItRunsIsTheStatementsOwn) {
  Canned fails = canned_numbers(0);
  fails.execute_error = Status::invalid("division by zero");
  sql.on("SELECT 1 / 0", fails);
  open();
  const std::string at = start(session(), "SELECT 1 / 0");
  const json failed = ask_json("GET", at + "?wait=1000");
  EXPECT_EQ(failed["state"], "failed");
  EXPECT_EQ(failed["error"]["message"], "division by zero");
  EXPECT_EQ(ask_json("GET", at + "/result/0", "", 400)["detail"], "division by zero");
}

TEST_F(SqlOverHttpTest, ParametersAreReadAsTheirTypes) {
  Canned echo;
  echo.parameters = {Type::int64(), Type::decimal(10, 2), Type::date(), Type::string(),
                     Type::boolean()};
  echo.columns.emplace();
  for (const Type& type : echo.parameters) echo.columns->push_back(column("p", type));
  echo.echoes = true;
  sql.on("SELECT $1, $2, $3, $4, $5", echo);
  open();
  const std::string in = session();
  const auto given = [&](const std::string& parameters, int status) {
    return ask_json("POST", in + "/statements?wait=1000",
                    R"({"statement":"SELECT $1, $2, $3, $4, $5","parameters":)" + parameters + "}",
                    status);
  };
  const json made = given(R"([7, "1.5", "2026-01-31", "it's \u00fc", null])", 201);
  EXPECT_EQ(ask_json("GET", made["next"])["rows"],
            json::parse(R"([[7, 1.50, "2026-01-31", "it's ü", null]])"));
  EXPECT_EQ(given("[1]", 400)["detail"], "the statement takes 5 parameters, 1 are given");
  EXPECT_EQ(given(R"(["x", 1, null, null, null])", 400)["detail"],
            "parameter $1: \"x\" was found, BIGINT is expected");
}

TEST_F(SqlOverHttpTest, ASessionDoesOneThingAtATime) {
  Canned slow = canned_numbers(0);
  slow.blocks = true;
  slow.columns.reset();
  sql.on("INSERT INTO t SELECT * FROM u", slow);
  sql.on("SELECT n FROM t", canned_numbers(1));
  open();
  const std::string in = session();
  const std::string at = start(in, "INSERT INTO t SELECT * FROM u");
  sql.wait_until_blocked(1);
  EXPECT_EQ(ask_json("GET", at)["state"], "running");
  EXPECT_EQ(ask_json("POST", in + "/statements", "SELECT n FROM t", 409)["code"], "conflict");
  start(session(), "SELECT n FROM t");  // another one is free
  ask_json("POST", at + "/cancel");
  const json over = ask_json("GET", at + "?wait=1000");
  EXPECT_EQ(over["state"], "cancelled");
  EXPECT_EQ(over["error"]["code"], "cancelled");
  EXPECT_EQ(ask_json("GET", at + "/result/0", "", 409)["code"], "cancelled");
  start(in, "SELECT n FROM t");
}

TEST_F(SqlOverHttpTest, AFollowingStatementGivesItsChangesAsTheyCome) {
  sql.on("SUBSCRIBE TO t", followed(3));
  open();
  const std::string at = start(session(), "SUBSCRIBE TO t");
  const json page = ask_json("GET", at + "/result/0?wait=1000");
  EXPECT_EQ(page["rows"], json::parse("[[1],[2],[3]]"));
  EXPECT_EQ(page["changes"], json::parse(R"(["+I","+I","+I"])"));
  EXPECT_EQ(page["columns"].size(), 1);
  EXPECT_EQ(page["state"], "running");
  // There is nothing yet, and the same page is asked for again.
  const json none = ask_json("GET", at + "/result/1");
  EXPECT_EQ(none["rows"], json::array());
  EXPECT_EQ(none["next"], at + "/result/1");
  EXPECT_EQ(ask("GET", at + "/result/1", "", "text/csv").status, 202);
  sql.wait_until_blocked(1);
  ask_json("POST", at + "/cancel");
  const json over = ask_json("GET", at + "?wait=1000");
  EXPECT_EQ(over["state"], "cancelled");
  EXPECT_TRUE(over["following"]);
  const json last = ask_json("GET", at + "/result/1");
  EXPECT_EQ(last["rows"], json::array());
  EXPECT_FALSE(last.contains("next"));
}

TEST_F(SqlOverHttpTest, RowsThatNobodyReadsWait) {
  sql.on("SUBSCRIBE TO t", followed(20'000));
  open();
  const std::string at = start(session(), "SUBSCRIBE TO t");
  size_t rows = 0;
  for (std::string next = at + "/result/0"; rows < 20'000;) {
    const json page = ask_json("GET", next + "?wait=1000&max_rows=100000");
    EXPECT_LE(page["rows"].size(), 4096 + 256);
    rows += page["rows"].size();
    next = page["next"];
  }
  EXPECT_EQ(rows, 20'000);
}

TEST_F(SqlOverHttpTest, ResultsThatNobodyReadsAreCounted) {
  sql.on("SELECT n FROM t", canned_numbers(1));
  open({.max_results = 2});
  const std::string in = session();
  const std::string first = start(in, "SELECT n FROM t");
  ask_json("GET", first + "?wait=1000");
  const std::string second = start(in, "SELECT n FROM t");
  ask_json("GET", second + "?wait=1000");
  EXPECT_EQ(ask_json("POST", in + "/statements", "SELECT n FROM t", 409)["detail"],
            "the session holds 2 results that nobody has read to their end; read or DELETE them");
  ask_json("GET", first + "/result/0");
  start(in, "SELECT n FROM t");
  ask_json("GET", first, "", 404);
  ask_json("DELETE", second);
  ask_json("GET", second, "", 404);
}

TEST_F(SqlOverHttpTest, SessionsAndStatementsThatRunAreLimited) {
  sql.on("SUBSCRIBE TO t", followed(0));
  open({.max_sessions = 2, .max_running = 1});
  const std::string one = session();
  const std::string other = session();
  EXPECT_EQ(ask_json("POST", "/api/v1/sql/sessions", "", 503)["code"], "unavailable");
  const std::string at = start(one, "SUBSCRIBE TO t");
  const json refused = ask_json("POST", other + "/statements", "SUBSCRIBE TO t", 503);
  EXPECT_EQ(refused["detail"],
            "1 statements run over HTTP, which is the limit; wait for the end of one, or cancel "
            "one");
  EXPECT_EQ(ask_json("GET", other)["statements"], json::array());
  ask_json("DELETE", one);
  ask_json("GET", one, "", 404);
  session();
}

TEST_F(SqlOverHttpTest, ASessionThatNobodyAsksEnds) {
  sql.on("SUBSCRIBE TO t", followed(0));
  open({.idle_ms = 600'000});
  const std::string idle = session();
  const std::string used = session();
  start(idle, "SUBSCRIBE TO t");
  sql.wait_until_blocked(1);
  env.advance_ms(400'000);
  ask_json("GET", used);
  env.advance_ms(300'000);
  timers.run_due();
  sql.wait_until_blocked(0);
  EXPECT_NE(ask_json("GET", idle, "", 404)["detail"].get<std::string>().find("nothing for 10m"),
            std::string::npos);
  ask_json("GET", used);
}

TEST_F(SqlOverHttpTest, TheIdsOfSessionsAreNotToBeGuessed) {
  open();
  EXPECT_NE(session(), session());
  ask_json("GET", "/api/v1/sql/sessions/1", "", 404);
  ask_json("DELETE", "/api/v1/sql/sessions/%00", "", 404);
}

TEST_F(SqlOverHttpTest, ATransactionIsSeenAndFailsWithWhatIsWrongInIt) {
  open();
  const std::string in = session();
  const auto state = [&] { return ask_json("GET", in)["transaction"]; };
  EXPECT_EQ(state(), "none");
  ask_json("GET", start(in, "BEGIN") + "?wait=1000");
  EXPECT_EQ(state(), "open");
  ask_json("POST", in + "/statements", "SELECT n FROM nope", 400);
  EXPECT_EQ(state(), "failed");
  ask_json("GET", start(in, "ROLLBACK") + "?wait=1000");
  EXPECT_EQ(state(), "none");
}

TEST_F(SqlOverHttpTest, CsvHasItsHeaderOnceAndQuotesWhereTheyAreNeeded) {
  Canned canned;
  canned.columns = {column("a, b", Type::string()), column("l", Type::array(Type::int32()))};
  canned.rows = {{Value::string("x\"y,\nz"),
                  Value::list(Type::array(Type::int32()), {Value::integer(Type::int32(), 1)})},
                 {Value::string(""), Value::null(Type::array(Type::int32()))},
                 {Value::null(Type::string()), Value::list(Type::array(Type::int32()), {})}};
  sql.on("SELECT * FROM t", canned);
  open();
  const std::string at = start(session(), "SELECT * FROM t");
  ask_json("GET", at + "?wait=1000");
  const Response first = ask("GET", at + "/result/0?max_rows=2", "", "text/csv");
  EXPECT_EQ(first.content_type, "text/csv");
  EXPECT_EQ(first.body, "\"a, b\",l\r\n\"x\"\"y,\nz\",[1]\r\n\"\",\r\n");
  EXPECT_EQ(first.headers.at("Link"), "<" + at + "/result/1>; rel=\"next\"");
  const Response last = ask("GET", at + "/result/1", "", "text/csv");
  EXPECT_EQ(last.body, ",[]\r\n");
  EXPECT_TRUE(last.headers.empty());
}

TEST_F(SqlOverHttpTest, JsonHasAFormForEveryValue) {
  const Type row = Type::row({{"a", Type::int32()}, {"b", Type::string()}});
  const Type map = Type::map(Type::string(), Type::float64());
  Canned canned;
  canned.columns = {column("d", Type::float64()),
                    column("m", Type::decimal(10, 2)),
                    column("y", Type::bytes()),
                    column("at", Type::timestamp(3)),
                    column("z", Type::timestamp_tz(3)),
                    column("j", Type::json()),
                    column("r", row),
                    column("k", map),
                    column("n", Type::null()),
                    column("i", Type::millis())};
  canned.rows = {{Value::float64(0.0 / 0.0), Value::decimal(Type::decimal(10, 2), 150),
                  Value::text(Type::bytes(), std::string("\0\xff", 2)),
                  Value::integer(Type::timestamp(3), 1), Value::integer(Type::timestamp_tz(3), 1),
                  Value::text(Type::json(), "{\"x\": [1]}"),
                  Value::list(row, {Value::integer(Type::int32(), 1), Value::string("\x01")}),
                  Value::list(map, {Value::string("k"), Value::float64(1e10)}), Value(),
                  Value::integer(Type::millis(), 90'000)}};
  sql.on("SELECT * FROM t", canned);
  open();
  const std::string at = start(session(), "SELECT * FROM t");
  ask_json("GET", at + "?wait=1000");
  const Response page = ask("GET", at + "/result/0");
  EXPECT_NE(page.body.find("1.50,"), std::string::npos) << page.body;
  EXPECT_EQ(json::parse(page.body)["rows"],
            json::parse(R"([["NaN", 1.50, "AP8=", "1970-01-01 00:00:00.001",
              "1970-01-01 00:00:00.001Z", {"x": [1]}, {"a": 1, "b": "\u0001"}, {"k": 1.0E10}, null,
              90000]])"));
  EXPECT_EQ(ask("GET", at + "/result/0", "", "text/csv").status, 200);
}

std::shared_ptr<arrow::Table> table_of(const std::string& bytes) {
  auto reader = arrow::ipc::RecordBatchStreamReader::Open(
      std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(bytes)));
  EXPECT_TRUE(reader.ok()) << reader.status().ToString();
  if (!reader.ok()) return nullptr;
  auto table = (*reader)->ToTable();
  EXPECT_TRUE(table.ok()) << table.status().ToString();
  return table.ok() ? *table : nullptr;
}

TEST_F(SqlOverHttpTest, APageIsAnArrowStream) {
  sql.on("SELECT n FROM t", canned_numbers(5));
  open();
  const char* const kArrow = "application/vnd.apache.arrow.stream";
  const std::string at = start(session(), "SELECT n FROM t");
  ask_json("GET", at + "?wait=1000");
  const auto page = table_of(ask("GET", at + "/result/0?max_rows=3", "", kArrow).body);
  ASSERT_NE(page, nullptr);
  EXPECT_EQ(page->num_rows(), 3);
  EXPECT_EQ(page->schema()->ToString(), "n: int32");
  const Response whole = ask("POST", "/api/v1/sql", "SELECT n FROM t", kArrow);
  const auto all = table_of(read(whole.stream));
  ASSERT_NE(all, nullptr);
  EXPECT_EQ(all->num_rows(), 5);
}

TEST_F(SqlOverHttpTest, AllRowsAtOnceAreAStream) {
  sql.on("SELECT n FROM t", canned_numbers(2500));
  Canned writes;
  writes.tag = "INSERT 0 1";
  sql.on("INSERT INTO t VALUES (1)", writes);
  open();
  const Response rows = ask("POST", "/api/v1/sql", "SELECT n FROM t");
  const json whole = json::parse(read(rows.stream));
  EXPECT_EQ(whole["rows"].size(), 2500);
  EXPECT_EQ(whole["state"], "finished");
  EXPECT_EQ(whole["tag"], "SELECT");
  const Response csv = ask("POST", "/api/v1/sql", "SELECT n FROM t", "text/csv");
  EXPECT_TRUE(read(csv.stream).starts_with("n\r\n1\r\n2\r\n"));
  EXPECT_EQ(ask_json("POST", "/api/v1/sql", "INSERT INTO t VALUES (1)")["tag"], "INSERT 0 1");
  EXPECT_EQ(ask_json("POST", "/api/v1/sql", "SELECT n FROM", 400)["line"], 1);
  EXPECT_EQ(ask("POST", "/api/v1/sql", "SELECT n FROM t", "image/png").status, 406);
}

TEST_F(SqlOverHttpTest, AClientThatGoesAwayEndsWhatItReads) {
  sql.on("SUBSCRIBE TO t", followed(2));
  open();
  {
    const Response rows = ask("POST", "/api/v1/sql", "SUBSCRIBE TO t", "text/event-stream");
    const std::string events = read(rows.stream, 1);
    EXPECT_TRUE(events.starts_with("event: columns\ndata: {\"columns\":[{\"name\":\"n\""))
        << events;
    sql.wait_until_blocked(1);
  }
  sql.wait_until_blocked(0);
  const std::string in = session();
  const std::string at = start(in, "SUBSCRIBE TO t");
  {
    const Response rows = ask("GET", at + "/result/0", "", "text/event-stream");
    std::string events;
    while (events.find("data: {\"rows\":[[1],[2]],\"changes\":[\"+I\",\"+I\"]}\n\n") ==
           std::string::npos) {
      events += read(rows.stream, 1);
    }
    sql.wait_until_blocked(1);
  }
  sql.wait_until_blocked(0);
}

TEST_F(SqlOverHttpTest, EventsEndWithTheirStatement) {
  sql.on("SELECT n FROM t", canned_numbers(1));
  open();
  const std::string at = start(session(), "SELECT n FROM t");
  ask_json("GET", at + "?wait=1000");
  const Response rows = ask("GET", at + "/result/0", "", "text/event-stream");
  EXPECT_EQ(
      read(rows.stream),
      "event: columns\ndata: {\"columns\":[{\"name\":\"n\",\"type\":\"INT\",\"nullable\":true}]}"
      "\n\nevent: row\ndata: {\"row\":[1]}\n\nevent: end\ndata: "
      "{\"state\":\"finished\",\"tag\":\"SELECT\"}\n\n");
}

TEST_F(SqlOverHttpTest, WhatRunsAtTheStopIsCancelled) {
  sql.on("SUBSCRIBE TO t", followed(0));
  open();
  const std::string in = session();
  start(in, "SUBSCRIBE TO t");
  const Response held = ask("POST", "/api/v1/sql", "SUBSCRIBE TO t", "text/event-stream");
  http_->stop();
  EXPECT_EQ(sql.sessions(), 0);
  ask_json("GET", in, "", 503);
  ask_json("POST", "/api/v1/sql", "SUBSCRIBE TO t", 503);
}

// Its first rows are there, the others are long in coming.
Canned slow_numbers(int64_t count) {
  Canned canned = canned_numbers(count);
  canned.blocks = true;
  return canned;
}

TEST_F(SqlOverHttpTest, WhoReadsRowsThatDoNotComeHoldsUpNobody) {
  sql.on("SELECT n FROM t", slow_numbers(2));
  open({.max_results = 1});
  const std::string in = session();
  const std::string at = start(in, "SELECT n FROM t");
  EXPECT_EQ(ask_json("GET", at + "?wait=1000")["state"], "finished");
  const json first = ask_json("GET", at + "/result/0");
  EXPECT_EQ(first["rows"], json::parse("[[1],[2]]"));
  EXPECT_EQ(first["next"], at + "/result/1");
  const json second = ask_json("GET", at + "/result/1");
  EXPECT_EQ(second["rows"], json::array());
  EXPECT_EQ(second["next"], at + "/result/1");
  EXPECT_EQ(ask_json("GET", at)["next"], at + "/result/1");
  EXPECT_EQ(ask_json("POST", in + "/statements", "SELECT n FROM t", 409)["code"], "conflict");
  EXPECT_EQ(ask_json("POST", at + "/cancel")["state"], "cancelled");
  EXPECT_EQ(ask_json("GET", at + "/result/1", "", 409)["code"], "cancelled");
  // What was cancelled is read to its end, and makes room.
  ask_json("POST", in + "/statements", "SELECT n FROM t", 201);
}

TEST_F(SqlOverHttpTest, AStreamOfRowsEndsWithItsSession) {
  sql.on("SELECT n FROM t", slow_numbers(1));
  open();
  const std::string in = session();
  const std::string at = start(in, "SELECT n FROM t");
  ask_json("GET", at + "?wait=1000");
  const Response rows = ask("GET", at + "/result/0", "", "text/event-stream");
  EXPECT_NE(read(rows.stream, 1).find("{\"row\":[1]}"), std::string::npos);
  ask_json("DELETE", in);
  EXPECT_NE(read(rows.stream).find("event: error"), std::string::npos);
}

// Who came in between would run where nobody finds it.
TEST_F(SqlOverHttpTest, ASessionThatHasEndedTakesNoStatement) {
  sql.on("SELECT n FROM t", canned_numbers(1));
  HeldSession held("id", sql.open_session(), 2);
  jobs::SqlSession& session = **held.use()->take();
  const auto statement = [&] {
    const std::string text = "SELECT n FROM t";
    auto prepared = session.prepare((*session.parse(text))[0], text, {});
    return std::make_shared<HeldStatement>(held.next_id(), held.use(), env, std::move(*prepared),
                                           false);
  };
  EXPECT_TRUE(held.add(statement()).ok());
  EXPECT_EQ(held.end().size(), 1u);
  EXPECT_EQ(held.add(statement()).code(), StatusCode::kNotFound);
}

TEST_F(SqlOverHttpTest, AStopLetsGoOfRowsWhoseSessionIsGone) {
  sql.on("SELECT n FROM t", slow_numbers(1));
  open();
  const std::string in = session();
  const std::string at = start(in, "SELECT n FROM t");
  ask_json("GET", at + "?wait=1000");
  const Response rows = ask("GET", at + "/result/0", "", "text/event-stream");
  read(rows.stream, 1);
  http_->stop();
  EXPECT_EQ(sql.sessions(), 0u);
  EXPECT_NE(read(rows.stream).find("event: error"), std::string::npos);
}

TEST_F(SqlOverHttpTest, WhatAStatementHasDoneIsToldWhileItRuns) {
  Canned fills;
  fills.tag = "INSERT 0 7";
  fills.blocks = true;
  fills.progress = {9, 7};
  sql.on("INSERT INTO t SELECT n FROM u", fills);
  open();
  const std::string at = start(session(), "INSERT INTO t SELECT n FROM u");
  sql.wait_until_blocked(1);
  EXPECT_EQ(ask_json("GET", at)["progress"], json::parse(R"({"rows_read":9,"rows_written":7})"));
  ask_json("POST", at + "/cancel");
  const json over = ask_json("GET", at + "?wait=1000");
  EXPECT_EQ(over["state"], "cancelled");
  EXPECT_EQ(over["progress"]["rows_read"], 9);
}

TEST_F(SqlOverHttpTest, APageHasNoMoreRowsThanAreAllowed) {
  sql.on("SELECT n FROM t", canned_numbers(3));
  open({.max_page_rows = 2});
  const std::string at = start(session(), "SELECT n FROM t");
  ask_json("GET", at + "?wait=1000");
  EXPECT_EQ(ask_json("GET", at + "/result/0?max_rows=3", "", 400)["detail"],
            "`max_rows` must be a whole number from 1 to 2");
  EXPECT_EQ(ask_json("GET", at + "/result/0")["rows"], json::parse("[[1],[2]]"));
  EXPECT_EQ(ask_json("GET", at + "/result/1")["rows"], json::parse("[[3]]"));
}

TEST_F(SqlOverHttpTest, TheFormatIsTheOneThatIsWantedMost) {
  sql.on("SELECT n FROM t", canned_numbers(1));
  open();
  const auto type_for = [&](const std::string& accept) {
    return ask("POST", "/api/v1/sql", "SELECT n FROM t", accept).content_type;
  };
  EXPECT_EQ(type_for("text/csv;q=0.5, application/json"), "application/json");
  EXPECT_EQ(type_for("application/json;q=0.5, text/csv"), "text/csv");
  EXPECT_EQ(type_for("text/html,*/*;q=0.1"), "application/json");
  EXPECT_EQ(ask("POST", "/api/v1/sql", "SELECT n FROM t", "text/csv;q=0").status, 406);
}

TEST_F(SqlOverHttpTest, RelationsAreListed) {
  jobs::RelationFacts view;
  view.name = "v";
  view.kind = jobs::RelationFacts::Kind::kMaterializedView;
  view.columns = {column("k", Type::int64(), false)};
  view.primary_key = {"k"};
  sql.facts = {view};
  open();
  EXPECT_EQ(ask_json("GET", "/api/v1/sql/relations"),
            json::parse(R"([{"name":"v","kind":"materialized view","columns":[{"name":"k",
              "type":"BIGINT","nullable":false}],"primary_key":["k"],"comment":""}])"));
}

}  // namespace
}  // namespace dataflow::http
