// The simple query protocol, over a loopback socket.
#include "postgres_bed.h"

namespace dataflow::postgres {
namespace {

class PostgresQuery : public PostgresBed {};

TEST_F(PostgresQuery, RowsAreDescribedSentAndCounted) {
  Canned canned;
  canned.columns = {column("id", Type::int64()), column("name", Type::string())};
  canned.rows = {{Value::int64(1), Value::string("a")},
                 {Value::int64(2), Value::null(Type::string())}};
  sql.on("SELECT id, name FROM t", canned);
  start();
  RawClient client = connect();
  EXPECT_EQ(client.ask("SELECT id, name FROM t;"),
            "T id:20,name:25\nD 1|a\nD 2|NULL\nC SELECT 2\nZ I\n");
}

TEST_F(PostgresQuery, StatementsOfOneTextRunInTurnUntilOneFails) {
  sql.on("SELECT 1", canned_numbers(1));
  sql.on("INSERT INTO t VALUES (';')", writes("INSERT 0 1"));
  sql.on("SELECT 2", canned_numbers(2));
  start();
  RawClient client = connect();
  EXPECT_EQ(client.ask("SELECT 1; INSERT INTO t VALUES (';'); SELECT 3; SELECT 2"),
            "T n:23\nD 1\nC SELECT 1\nC INSERT 0 1\n"
            "E 42P01 there is no table or view `SELECT 3` @39 hint: Did you mean \"t\"?\nZ I\n");
  EXPECT_EQ(client.ask("SELECT 2"), "T n:23\nD 1\nD 2\nC SELECT 2\nZ I\n");
}

TEST_F(PostgresQuery, NothingRunsOfATextThatCannotBeRead) {
  sql.on("SELECT 1", canned_numbers(1));
  start();
  RawClient client = connect();
  const std::string answer = client.ask("SELECT 1;\nSELEC 'ö', 2");
  EXPECT_TRUE(answer.starts_with("E 42601 ")) << answer;
  EXPECT_NE(answer.find(" @11"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("\nZ I\n")) << answer;
}

TEST_F(PostgresQuery, AnErrorsPlaceIsCountedInCharacters) {
  start();
  RawClient client = connect();
  const std::string answer = client.ask("SHOW client_encoding; /* äöü */ SELECT 'ä',\n  'öü' FROM");
  EXPECT_TRUE(answer.starts_with("E 42601 ")) << answer;
  EXPECT_NE(answer.find(" @56"), std::string::npos) << answer;
}

TEST_F(PostgresQuery, AnEmptyTextHasAnAnswerOfItsOwn) {
  start();
  RawClient client = connect();
  EXPECT_EQ(client.ask(" ; -- nothing\n ;"), "I\nZ I\n");
}

TEST_F(PostgresQuery, TransactionsAreOpenFailedAndOver) {
  sql.on("SELECT 1", canned_numbers(1));
  start();
  RawClient client = connect();
  EXPECT_EQ(client.ask("BEGIN"), "C BEGIN\nZ T\n");
  EXPECT_EQ(client.ask("SELECT nothing FROM t"),
            "E 42P01 there is no table or view `SELECT nothing FROM t` @1 hint: Did you mean "
            "\"t\"?\nZ E\n");
  const std::string aborted =
      "E 25P02 current transaction is aborted, commands ignored until end of transaction block\n";
  EXPECT_EQ(client.ask("SELECT 1"), aborted + "Z E\n");
  EXPECT_EQ(client.ask("SHOW TimeZone"), aborted + "Z E\n");
  EXPECT_EQ(client.ask("COMMIT"), "C ROLLBACK\nZ I\n");
  EXPECT_EQ(client.ask("SELECT 1"), "T n:23\nD 1\nC SELECT 1\nZ I\n");
}

TEST_F(PostgresQuery, WarningsAreNotices) {
  Canned canned = writes("CREATE VIEW");
  canned.warnings = {"its state can only grow"};
  sql.on("CREATE VIEW v AS SELECT 1", canned);
  start();
  RawClient client = connect();
  EXPECT_EQ(client.ask("CREATE VIEW v AS SELECT 1"),
            "N WARNING 01000 its state can only grow\nC CREATE VIEW\nZ I\n");
}

TEST_F(PostgresQuery, AnErrorBehindRowsEndsTheStatement) {
  Canned canned = canned_numbers(1);
  canned.row_error = Status::no_space("the disk is full");
  sql.on("SELECT 1", canned);
  start();
  RawClient client = connect();
  EXPECT_EQ(client.ask("SELECT 1"), "T n:23\nD 1\nE 53100 the disk is full\nZ I\n");
}

TEST_F(PostgresQuery, CodesSayWhatKindOfErrorItIs) {
  const std::vector<std::pair<Status, std::string>> cases = {
      {Status::invalid("line 1, column 8: there is no column `x`\n  SELECT x\n         ^"),
       "42703 there is no column `x` @8"},
      {Status::invalid("there is a table `t` already"), "42P07 there is a table `t` already"},
      {Status::invalid("there is no function F"), "42883 there is no function F"},
      {Status::unsupported("not yet"), "0A000 not yet"},
      {Status::cancelled("it was cancelled"), "57014 it was cancelled"},
      {Status::internal("oh"), "XX000 oh"},
  };
  Canned canned;
  start();
  RawClient client = connect();
  for (const auto& [status, shown] : cases) {
    canned.prepare_error = status;
    sql.on("SELECT x", canned);
    EXPECT_EQ(client.ask("SELECT x"), "E " + shown + "\nZ I\n");
  }
}

TEST_F(PostgresQuery, SettingsOfClientsAreTakenAndTold) {
  start();
  RawClient client = connect();
  EXPECT_EQ(client.ask("SET application_name = 'me'"), "C SET\nS application_name=me\nZ I\n");
  EXPECT_EQ(client.ask("SHOW application_name"), "T application_name:25\nD me\nC SHOW\nZ I\n");
  EXPECT_EQ(client.ask("SET client_encoding TO 'LATIN1'"),
            "E 22023 invalid value for parameter \"client_encoding\": \"LATIN1\"; the server has "
            "UTF8 only\nZ I\n");
  EXPECT_EQ(client.ask("SET extra_float_digits = 3; SET SESSION CHARACTERISTICS AS TRANSACTION "
                       "ISOLATION LEVEL SERIALIZABLE"),
            "C SET\nC SET\nZ I\n");
  EXPECT_EQ(client.ask("SHOW transaction isolation level"),
            "T transaction_isolation:25\nD read committed\nC SHOW\nZ I\n");
  EXPECT_EQ(client.ask("SET applicaton_name = 'x'"),
            "E 42704 unrecognized configuration parameter \"applicaton_name\" hint: Did you mean "
            "\"application_name\"?\nZ I\n");
  EXPECT_EQ(client.ask("RESET application_name"), "C RESET\nS application_name=\nZ I\n");
}

TEST_F(PostgresQuery, SettingsOfSqlGoToTheSession) {
  start();
  RawClient client = connect();
  EXPECT_EQ(client.ask("SET 'table.exec.state.ttl' = '1 h'; SET execution.runtime-mode = batch"),
            "C SET\nC SET\nZ I\n");
  EXPECT_EQ(client.ask("SET TIME ZONE 'Europe/Berlin'"), "C SET\nS TimeZone=Europe/Berlin\nZ I\n");
  const std::vector<std::string> given = sql.settings_given();
  ASSERT_EQ(given.size(), 3u);
  EXPECT_EQ(given[0], "table.exec.state.ttl=1 h");
  EXPECT_EQ(given[1], "execution.runtime-mode=batch");
  EXPECT_EQ(given[2], "table.local-time-zone=Europe/Berlin");
}

TEST_F(PostgresQuery, SetLocalLastsForItsTransaction) {
  start();
  RawClient client = connect();
  EXPECT_EQ(client.ask("BEGIN; SET LOCAL application_name = 'x'"),
            "C BEGIN\nC SET\nS application_name=x\nZ T\n");
  EXPECT_EQ(client.ask("COMMIT"), "C COMMIT\nS application_name=\nZ I\n");
}

TEST_F(PostgresQuery, SetLocalIsTheSameSettingByAnyOfItsNames) {
  start();
  RawClient client = connect();
  client.ask("BEGIN; SET LOCAL TIME ZONE 'Europe/Berlin'; SET LOCAL timezone = 'Asia/Tokyo'");
  EXPECT_EQ(client.ask("COMMIT"), "C COMMIT\nS TimeZone=UTC\nZ I\n");
  // What is set for the session stays, whatever was local before it.
  client.ask("BEGIN; SET LOCAL application_name = 'x'; SET application_name = 'y'");
  EXPECT_EQ(client.ask("COMMIT"), "C COMMIT\nZ I\n");
}

TEST_F(PostgresQuery, CopyWritesTextCsvAndBinary) {
  Canned canned;
  canned.columns = {column("a", Type::string()), column("b", Type::int32())};
  canned.rows = {{Value::string("x,\"y\"\t\n"), Value::integer(Type::int32(), 1)},
                 {Value::null(Type::string()), Value::null(Type::int32())}};
  sql.on("SELECT * FROM t", canned);
  start();
  RawClient client = connect();
  EXPECT_EQ(client.ask("COPY t TO STDOUT"),
            "H\nd x,\"y\"\\t\\n\t1\n\nd \\N\t\\N\n\nc\nC COPY 2\nZ I\n");
  EXPECT_EQ(client.ask("COPY (SELECT * FROM t) TO STDOUT WITH (HEADER, FORMAT csv, NULL '-')"),
            "H\nd a,b\n\nd \"x,\"\"y\"\"\t\n\",1\n\nd -,-\n\nc\nC COPY 2\nZ I\n");
  for (const char* options : {"(FORMAT csv, FORCE_QUOTE (b))", "CSV FORCE QUOTE b"}) {
    EXPECT_TRUE(client.ask(std::string("COPY t TO STDOUT ") + options)
                    .starts_with("H\nd \"x,\"\"y\"\"\t\n\",\"1\"\n\nd ,\n"));
  }
  EXPECT_EQ(client.ask("COPY t TO STDOUT (FORMAT csv, QUOTE '''', FORCE_QUOTE *, NULL E'\\n')"),
            "H\nd 'x,\"y\"\t\n','1'\n\nd \n,\n\n\nc\nC COPY 2\nZ I\n");
  EXPECT_EQ(client.ask("COPY (SELECT * FROM t) TO STDOUT CSV DELIMITER ';'").substr(0, 17),
            "H\nd \"x,\"\"y\"\"\t\n\";1");
  EXPECT_TRUE(client.ask("COPY t TO STDOUT (FORMAT binary)").starts_with("H\nd PGCOPY\n\xff"));
  EXPECT_TRUE(client.ask("COPY t FROM 'file'").starts_with("E 0A000 "));
  EXPECT_TRUE(client.ask("COPY (SELECT * FROM gone) TO STDOUT").starts_with("E 42P01 there"));
}

TEST_F(PostgresQuery, CursorsAreFetchedFromWithinTheirTransaction) {
  sql.on("SELECT n FROM t", canned_numbers(5));
  start();
  RawClient client = connect();
  EXPECT_EQ(client.ask("DECLARE c CURSOR FOR SELECT n FROM t"),
            "E 25P01 DECLARE CURSOR can only be used in transaction blocks\nZ I\n");
  EXPECT_EQ(client.ask("BEGIN; DECLARE c NO SCROLL CURSOR FOR SELECT n FROM t"),
            "C BEGIN\nC DECLARE CURSOR\nZ T\n");
  EXPECT_EQ(client.ask("FETCH 2 FROM c"), "T n:23\nD 1\nD 2\nC FETCH 2\nZ T\n");
  EXPECT_EQ(client.ask("MOVE c"), "C MOVE 1\nZ T\n");
  EXPECT_EQ(client.ask("FETCH ALL IN c"), "T n:23\nD 4\nD 5\nC FETCH 2\nZ T\n");
  EXPECT_EQ(client.ask("FETCH c"), "T n:23\nC FETCH 0\nZ T\n");
  EXPECT_EQ(client.ask("CLOSE c"), "C CLOSE CURSOR\nZ T\n");
  EXPECT_EQ(client.ask("FETCH c"), "E 34000 cursor \"c\" does not exist\nZ E\n");
  EXPECT_EQ(client.ask("ROLLBACK"), "C ROLLBACK\nZ I\n");
  EXPECT_EQ(client.ask("DECLARE h CURSOR WITH HOLD FOR SELECT n FROM t; FETCH FORWARD 1 FROM h"),
            "C DECLARE CURSOR\nT n:23\nD 1\nC FETCH 1\nZ I\n");
  EXPECT_EQ(client.ask("FETCH NEXT FROM h"), "T n:23\nD 2\nC FETCH 1\nZ I\n");
}

TEST_F(PostgresQuery, ASubscriptionIsACursorThatGivesWhatIsThere) {
  Canned canned = canned_numbers(3);
  canned.blocks = true;
  sql.on("SUBSCRIBE TO t", canned);
  start();
  RawClient client = connect();
  EXPECT_EQ(client.ask("BEGIN; DECLARE c CURSOR FOR SUBSCRIBE TO t; FETCH 10 FROM c"),
            "C BEGIN\nC DECLARE CURSOR\nT n:23\nD 1\nD 2\nD 3\nC FETCH 3\nZ T\n");
}

class AskedCatalog final : public CatalogQueries {
 public:
  bool answers(std::string_view statement) const override {
    return statement.find("version()") != std::string_view::npos;
  }
  Result<Answer> ask(std::string_view, const std::vector<std::optional<std::string>>& parameters,
                     const CatalogSession&) override {
    Answer answer{{column("version", Type::string())}, {}, {19}};
    answer.rows.push_back(
        {Value::string(parameters.empty() ? "15" : parameters[0].value_or("none"))});
    return answer;
  }
};

TEST_F(PostgresQuery, TheCatalogueIsAskedFirst) {
  start({}, std::make_unique<AskedCatalog>());
  RawClient client = connect();
  EXPECT_EQ(client.ask("SELECT version()"), "T version:19\nD 15\nC SELECT 1\nZ I\n");
  client.send(parse("", "SELECT version(), $1") + describe('S', "") + bind("", "", {"x"}) +
              execute("") + sync());
  EXPECT_EQ(client.until_ready(), "1\nt 25\nT version:19\n2\nD x\nC SELECT 1\nZ I\n");
}

}  // namespace
}  // namespace dataflow::postgres
