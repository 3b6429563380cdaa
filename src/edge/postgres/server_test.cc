// Connections: how they begin, are cancelled, go wrong and end.
#include <algorithm>
#include <atomic>
#include <system_error>
#include <thread>

#include "postgres_bed.h"

namespace dataflow::postgres {
namespace {

class PostgresServing : public PostgresBed {
 protected:
  void forever(const std::string& text) {
    Canned canned = canned_numbers(1);
    canned.blocks = true;
    sql.on(text, canned);
  }
};

bool holds(const std::vector<std::string>& lines, const std::string& line) {
  return std::find(lines.begin(), lines.end(), line) != lines.end();
}

TEST_F(PostgresServing, AClientIsGreeted) {
  start();
  RawClient client(server->port());
  client.start(3 << 16, {"user", "u", "application_name", "a", "options", "-c DateStyle=ISO"});
  EXPECT_EQ(client.greeting.front(), "R");
  EXPECT_TRUE(holds(client.greeting, "S application_name=a"));
  EXPECT_TRUE(holds(client.greeting, "S client_encoding=UTF8"));
  EXPECT_TRUE(holds(client.greeting, "S DateStyle=ISO, MDY"));
  EXPECT_TRUE(holds(client.greeting, "S session_authorization=u"));
  EXPECT_TRUE(holds(client.greeting, "S server_version=15.0 (DataFlow " DATAFLOW_VERSION ")"));
  EXPECT_EQ(client.greeting.back(), "Z I");
  EXPECT_NE(client.process, 0u);
  EXPECT_EQ(client.secret.size(), 4u);
}

TEST_F(PostgresServing, VersionsAreNegotiated) {
  start();
  RawClient newest(server->port());
  newest.start((3 << 16) | 2);
  EXPECT_EQ(newest.greeting.front(), "R");
  EXPECT_EQ(newest.secret.size(), 32u);
  RawClient newer(server->port());
  newer.start((3 << 16) | 9999, {"user", "u", "_pq_.x", "1"});
  EXPECT_EQ(newer.greeting.front(), "v 2 _pq_.x");
  RawClient older(server->port());
  older.start(2 << 16);
  EXPECT_EQ(older.greeting.front(),
            "E FATAL 0A000 unsupported frontend protocol 2.0: server supports 3.0 to 3.2");
}

TEST_F(PostgresServing, EncryptionIsDeclinedAndTheClientGoesOn) {
  start();
  RawClient client(server->port());
  client.send(be32(8) + be32(80'877'104));
  EXPECT_EQ(client.receive(1), "N");
  client.send(be32(8) + be32(80'877'103));
  EXPECT_EQ(client.receive(1), "N");
  client.start();
  EXPECT_EQ(client.greeting.back(), "Z I");
}

TEST_F(PostgresServing, AnotherConnectionCancelsByTheKey) {
  forever("SELECT n FROM t");
  start();
  RawClient client = connect();
  client.send(query("SELECT n FROM t"));
  sql.wait_until_blocked(1);
  const std::string request = be32(16) + be32(80'877'102) + be32(client.process);
  RawClient wrong(server->port());
  wrong.send(request + std::string(4, '\0'));
  EXPECT_EQ(wrong.next(), "end");
  RawClient right(server->port());
  right.send(request + client.secret);
  EXPECT_EQ(right.next(), "end");
  EXPECT_EQ(client.until_ready(),
            "T n:23\nD 1\nE 57014 canceling statement due to user request\nZ I\n");
  EXPECT_EQ(client.ask("SHOW server_encoding"), "T server_encoding:25\nD UTF8\nC SHOW\nZ I\n");
}

TEST_F(PostgresServing, StopEndsWhatRuns) {
  forever("SELECT n FROM t");
  forever("SUBSCRIBE TO t");
  start();
  RawClient idle = connect();
  RawClient silent(server->port());
  RawClient first = connect();
  RawClient second = connect();
  first.send(query("SELECT n FROM t"));
  second.send(query("SUBSCRIBE TO t"));
  sql.wait_until_blocked(2);
  server->stop();
  EXPECT_EQ(idle.next(), "end");
  EXPECT_EQ(silent.next(), "end");
}

TEST_F(PostgresServing, WhatAClientAskedForEndsWhenItHangsUp) {
  forever("SELECT n FROM t");
  start();
  {
    RawClient client = connect();
    client.send(query("BEGIN; DECLARE c CURSOR FOR SELECT n FROM t; MOVE ALL FROM c"));
    sql.wait_until_blocked(1);
  }
  sql.wait_until_blocked(0);
}

TEST_F(PostgresServing, AClientWithoutAThreadIsTurnedAway) {
  PostgresOptions options;
  std::atomic<bool> none = true;
  options.make_thread = [&](std::function<void()> run) {
    if (none) throw std::system_error(EAGAIN, std::generic_category());
    return std::thread(std::move(run));
  };
  start(options);
  RawClient refused(server->port());
  EXPECT_EQ(refused.next(), "E FATAL 53300 sorry, too many clients already");
  EXPECT_EQ(refused.next(), "end");
  none = false;
  RawClient client = connect();
  EXPECT_EQ(client.greeting.back(), "Z I");
}

TEST_F(PostgresServing, WhoDoesNotBeginASessionIsHungUpOn) {
  PostgresOptions options;
  options.login_timeout_ms = 1;
  start(options);
  RawClient silent(server->port());
  EXPECT_EQ(silent.next(), "end");
}

TEST_F(PostgresServing, ASubscriptionEndsWhenItsClientHangsUp) {
  forever("SUBSCRIBE TO t");
  start();
  {
    RawClient client = connect();
    client.send(query("SUBSCRIBE TO t"));
    EXPECT_EQ(client.next(), "T n:23");
    EXPECT_EQ(client.next(), "D 1");
    sql.wait_until_blocked(1);
  }
  sql.wait_until_blocked(0);
}

TEST_F(PostgresServing, TooManyClientsAreRefused) {
  PostgresOptions options;
  options.max_connections = 1;
  start(options);
  {
    RawClient first = connect();
    RawClient second(server->port());
    second.start();
    EXPECT_EQ(second.greeting.front(), "E FATAL 53300 sorry, too many clients already");
    first.send(framed('X', ""));
    EXPECT_EQ(first.next(), "end");
  }
  RawClient third = connect();
  EXPECT_EQ(third.greeting.back(), "Z I");
}

TEST_F(PostgresServing, WhatIsNotOfTheProtocolEndsTheConnection) {
  PostgresOptions options;
  options.max_message_bytes = 1000;
  start(options);
  const std::vector<std::string> cases = {
      framed('?', ""),               // no such message
      'Q' + be32(3),                 // shorter than its length
      'Q' + be32(1001),              // too large
      framed('Q', "no end"),         // a text without its NUL
      framed('Q', text("a") + "b"),  // and with something behind it
      framed('B', text("") + text("") + be16(1)),
      framed('B', text("") + text("") + be16(1) + be16(7) + be16(0) + be16(0)),
      framed('B', text("") + text("") + be16(0) + be16(1) + be32(-2) + be16(0)),
      framed('P', text("") + text("") + be16(-1)),
      framed('D', "X" + text("")),
      framed('E', text("")),
      framed('S', "x"),
      framed('p', text("secret")),
  };
  for (const std::string& bytes : cases) {
    RawClient client = connect();
    client.send(bytes);
    const std::string answer = client.until_ready();
    EXPECT_TRUE(answer.starts_with("E FATAL 08P01 ")) << answer;
    EXPECT_TRUE(answer.ends_with("\nend\n")) << answer;
  }
}

TEST_F(PostgresServing, BadStartupPacketsAreRefused) {
  start();
  const std::vector<std::string> cases = {
      be32(4),
      be32(10'001),
      be32(9) + be32(3 << 16) + "x",
      startup(3 << 16, {"user"}),
      be32(12) + be32(80'877'102) + be32(1),
  };
  for (const std::string& bytes : cases) {
    RawClient client(server->port());
    client.send(bytes);
    EXPECT_TRUE(client.next().starts_with("E FATAL 08P01 ")) << bytes;
    EXPECT_EQ(client.next(), "end");
  }
  RawClient nameless(server->port());
  nameless.send(startup(3 << 16, {"database", "d"}));
  EXPECT_EQ(nameless.next(), "E FATAL 28000 no user name specified in startup packet");
}

TEST_F(PostgresServing, APortThatIsTakenIsNamed) {
  start();
  PostgresOptions options;
  options.port = server->port();
  const auto second = PostgresServer::start(options, sql, posix_env());
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.status().message().find("127.0.0.1:" + std::to_string(options.port)),
            std::string::npos);
}

}  // namespace
}  // namespace dataflow::postgres
