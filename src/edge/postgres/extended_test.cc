// The extended query protocol, over a loopback socket.
#include "postgres_bed.h"

namespace dataflow::postgres {
namespace {

class PostgresExtended : public PostgresBed {};

Canned echo(std::vector<Type> types) {
  Canned canned;
  canned.columns.emplace();
  for (const Type& type : types) canned.columns->push_back(column("c", type));
  canned.parameters = std::move(types);
  canned.echoes = true;
  return canned;
}

TEST_F(PostgresExtended, AStatementIsPreparedOnceAndExecutedOften) {
  sql.on("SELECT $1", echo({Type::int32()}));
  start();
  RawClient client = connect();
  client.send(parse("s", "SELECT $1") + describe('S', "s") + sync());
  EXPECT_EQ(client.until_ready(), "1\nt 23\nT c:23\nZ I\n");
  for (const char* value : {"1", "-7"}) {
    client.send(bind("", "s", {value}) + describe('P', "") + execute("") + sync());
    EXPECT_EQ(client.until_ready(), "2\nT c:23\nD " + std::string(value) + "\nC SELECT 1\nZ I\n");
  }
  client.send(bind("", "s", {std::nullopt}) + execute("") + close('S', "s") + sync());
  EXPECT_EQ(client.until_ready(), "2\nD NULL\nC SELECT 1\n3\nZ I\n");
  client.send(bind("", "s", {"1"}) + sync());
  EXPECT_EQ(client.until_ready(), "E 26000 prepared statement \"s\" does not exist\nZ I\n");
}

TEST_F(PostgresExtended, ParametersAndResultsAreTextOrBinary) {
  sql.on("SELECT $1, $2", echo({Type::int32(), Type::string()}));
  start();
  RawClient client = connect();
  client.send(parse("", "SELECT $1, $2", {23, 0}) +
              bind("", "", {std::string("\0\0\0\x05", 4), "x"}, {1, 0}, {1, 0}) +
              describe('P', "") + execute("") + sync());
  EXPECT_EQ(client.until_ready(), "1\n2\nT c:23b,c:25\nD 0x00000005|x\nC SELECT 1\nZ I\n");
  const std::vector<std::optional<Type>> given = sql.types_given();
  ASSERT_EQ(given.size(), 2u);
  EXPECT_EQ(given[0], Type::int32());
  EXPECT_EQ(given[1], std::nullopt);
  client.send(bind("", "", {std::string("\0\0\0\x05", 4), "x"}, {1}) + sync());
  EXPECT_EQ(client.until_ready(), "2\nZ I\n");
  client.send(bind("", "", {std::string("\0\0\x05", 3), "x"}, {1}) + sync());
  EXPECT_EQ(client.until_ready(),
            "E 22P03 incorrect binary data format in a parameter of the type with OID 23\nZ I\n");
}

TEST_F(PostgresExtended, AnExecuteWithALimitIsSuspended) {
  sql.on("SELECT n", canned_numbers(5));
  start();
  RawClient client = connect();
  client.send(query("BEGIN") + parse("", "SELECT n") + bind("p", "") + execute("p", 2) +
              execute("p", 2) + sync());
  EXPECT_EQ(client.until_ready(), "C BEGIN\nZ T\n");
  EXPECT_EQ(client.until_ready(), "1\n2\nD 1\nD 2\ns\nD 3\nD 4\ns\nZ T\n");
  client.send(execute("p", 2) + execute("p", 2) + close('P', "p") + execute("p") + sync());
  EXPECT_EQ(client.until_ready(),
            "D 5\nC SELECT 1\nC SELECT 0\n3\nE 34000 cursor \"p\" does not exist\nZ E\n");
}

TEST_F(PostgresExtended, APortalEndsWithItsTransaction) {
  sql.on("SELECT n", canned_numbers(2));
  start();
  RawClient client = connect();
  client.send(parse("s", "SELECT n") + bind("p", "s") + execute("p", 1) + sync() + execute("p") +
              sync());
  EXPECT_EQ(client.until_ready(), "1\n2\nD 1\ns\nZ I\n");
  EXPECT_EQ(client.until_ready(), "E 34000 cursor \"p\" does not exist\nZ I\n");
}

TEST_F(PostgresExtended, BehindAnErrorAllIsPassedOverUpToSync) {
  sql.on("SELECT n", canned_numbers(1));
  start();
  RawClient client = connect();
  client.send(parse("", "SELEC n") + bind("", "") + execute("") + query("SELECT n") + sync() +
              parse("", "SELECT n") + bind("", "") + execute("") + sync());
  const std::string answer = client.until_ready();
  EXPECT_TRUE(answer.starts_with("E 42601 ")) << answer;
  EXPECT_TRUE(answer.ends_with("\nZ I\n")) << answer;
  EXPECT_EQ(client.until_ready(), "1\n2\nD 1\nC SELECT 1\nZ I\n");
}

TEST_F(PostgresExtended, WhatGivesNoRowsSaysSo) {
  sql.on("INSERT INTO t VALUES (1)", writes("INSERT 0 1"));
  start();
  RawClient client = connect();
  client.send(parse("", "INSERT INTO t VALUES (1)") + describe('S', "") + bind("", "") +
              describe('P', "") + execute("") + execute("") + sync());
  EXPECT_EQ(client.until_ready(),
            "1\nt\nn\n2\nn\nC INSERT 0 1\nE 55000 the portal has run already\nZ I\n");
  client.send(parse("", "") + bind("", "") + describe('P', "") + execute("") + sync());
  EXPECT_EQ(client.until_ready(), "1\n2\nn\nI\nZ I\n");
}

TEST_F(PostgresExtended, NamesAreThereOnceAndOneStatementAtATime) {
  sql.on("SELECT n", canned_numbers(1));
  start();
  RawClient client = connect();
  client.send(parse("s", "SELECT n") + parse("s", "SELECT n") + sync());
  EXPECT_EQ(client.until_ready(), "1\nE 42P05 prepared statement \"s\" already exists\nZ I\n");
  client.send(parse("", "SELECT n; SELECT n") + sync());
  EXPECT_EQ(client.until_ready(),
            "E 42601 cannot insert multiple commands into a prepared statement\nZ I\n");
  client.send(query("DEALLOCATE s") + query("DEALLOCATE s"));
  EXPECT_EQ(client.until_ready(), "C DEALLOCATE\nZ I\n");
  EXPECT_EQ(client.until_ready(), "E 26000 prepared statement \"s\" does not exist\nZ I\n");
  EXPECT_EQ(client.ask("DISCARD ALL"), "C DISCARD ALL\nZ I\n");
}

TEST_F(PostgresExtended, AWrongNumberOfParametersIsRefused) {
  sql.on("SELECT $1", echo({Type::int32()}));
  start();
  RawClient client = connect();
  client.send(parse("", "SELECT $1") + bind("", "") + sync());
  EXPECT_EQ(client.until_ready(),
            "1\nE 08P01 bind message supplies 0 parameters, but the statement requires 1\nZ I\n");
  client.send(parse("", "SELECT $1") + bind("", "", {"x"}) + sync());
  EXPECT_EQ(client.until_ready(), "1\nE 22P02 invalid input syntax for type INT: \"x\"\nZ I\n");
  EXPECT_EQ(client.ask("SELECT $1"), "E 42P02 there is no parameter $1\nZ I\n");
}

TEST_F(PostgresExtended, ACastSaysWhatAParameterIs) {
  const char* statement = "SELECT $1::uuid, CAST($2 AS double precision), $3::int[], $4 AS text";
  sql.on(statement,
         echo({Type::string(), Type::float64(), Type::array(Type::int32()), Type::string()}));
  start();
  RawClient client = connect();
  client.send(parse("", statement) + describe('S', "") + sync());
  const std::string said = client.until_ready();
  EXPECT_TRUE(said.starts_with("1\nt 2950 701 1007 25\n")) << said;
  // What the client says itself counts.
  client.send(parse("", statement, {25}) + describe('S', "") + sync());
  EXPECT_TRUE(client.until_ready().starts_with("1\nt 25 701 1007 25\n"));
}

TEST_F(PostgresExtended, ACursorIsAPortalToDescribe) {
  sql.on("SELECT $1", echo({Type::int32()}));
  start();
  RawClient client = connect();
  client.send(query("BEGIN") + parse("", "DECLARE \"C\" CURSOR FOR SELECT $1") + describe('S', "") +
              bind("", "", {"4"}) + execute("") + describe('P', "C") + sync() +
              parse("", "FETCH FORWARD 2 FROM \"C\"") + bind("", "", {}, {}, {1}) +
              describe('P', "") + execute("") + sync());
  EXPECT_EQ(client.until_ready(), "C BEGIN\nZ T\n");
  EXPECT_EQ(client.until_ready(), "1\nt 23\nn\n2\nC DECLARE CURSOR\nT c:23\nZ T\n");
  EXPECT_EQ(client.until_ready(), "1\n2\nT c:23b\nD 0x00000004\nC FETCH 1\nZ T\n");
}

TEST_F(PostgresExtended, WhatStandsInFrontOfSyncIsOneTransaction) {
  sql.on("INSERT INTO t VALUES (1)", writes("INSERT 0 1"));
  sql.on("SELECT n", canned_numbers(1));
  start();
  RawClient client = connect();
  const std::string insert = parse("", "INSERT INTO t VALUES (1)") + bind("", "") + execute("");
  client.send(insert + insert + sync());
  EXPECT_EQ(client.until_ready(), "1\n2\nC INSERT 0 1\n1\n2\nC INSERT 0 1\nZ I\n");
  EXPECT_EQ(sql.batches_committed(), 1u);
  // Behind an error nothing is done, and nothing is left of what stands in front of it.
  client.send(insert + parse("", "NOPE") + insert + sync());
  EXPECT_TRUE(client.until_ready().starts_with("1\n2\nC INSERT 0 1\nE 42601 "));
  EXPECT_EQ(sql.batches_committed(), 1u);
  // One alone is a transaction as it is.
  client.send(insert + sync());
  EXPECT_EQ(client.until_ready(), "1\n2\nC INSERT 0 1\nZ I\n");
  EXPECT_EQ(sql.batches_committed(), 1u);
  // A Query behind it ends it, too.
  client.send(insert + query("SELECT n"));
  EXPECT_EQ(client.until_ready(), "1\n2\nC INSERT 0 1\nT n:23\nD 1\nC SELECT 1\nZ I\n");
  EXPECT_EQ(sql.batches_committed(), 2u);
  // Nothing of it is done for who goes away in between.
  client.send(insert + framed('H', ""));
  EXPECT_EQ(client.next(), "1");
  EXPECT_EQ(client.next(), "2");
  EXPECT_EQ(client.next(), "C INSERT 0 1");
  client.hang_up();
  server.reset();
  EXPECT_EQ(sql.batches_committed(), 2u);
}

TEST_F(PostgresExtended, ABatchThatCannotBeCommittedIsAnError) {
  sql.on("INSERT INTO t VALUES (1)", writes("INSERT 0 1"));
  start();
  RawClient client = connect();
  const std::string insert = parse("", "INSERT INTO t VALUES (1)") + bind("", "") + execute("");
  sql.commit_error = Status::conflict("could not serialize: somebody has written");
  client.send(insert + insert + sync());
  EXPECT_EQ(client.until_ready(),
            "1\n2\nC INSERT 0 1\n1\n2\nC INSERT 0 1\n"
            "E 40001 could not serialize: somebody has written\nZ I\n");
  // Of a Query the error stands in the place of the last tag.
  sql.commit_error = Status::conflict("could not serialize: somebody has written");
  EXPECT_EQ(client.ask("INSERT INTO t VALUES (1); INSERT INTO t VALUES (1)"),
            "C INSERT 0 1\nE 40001 could not serialize: somebody has written\nZ I\n");
  EXPECT_EQ(client.ask("INSERT INTO t VALUES (1); INSERT INTO t VALUES (1)"),
            "C INSERT 0 1\nC INSERT 0 1\nZ I\n");
}

}  // namespace
}  // namespace dataflow::postgres
