#include "edge/http/server.h"

#include <gtest/gtest.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <latch>
#include <thread>

namespace dataflow::http {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

std::vector<Route> routes() {
  return {{"GET", "/hello",
           [](const Request& r) {
             return Response{200, "text/plain", "hello " + r.query};
           }},
          {"GET", "/ticks",
           [](const Request&) {
             auto left = std::make_shared<int>(3);
             Response answer;
             answer.events = EventSource{[left]() -> std::optional<std::string> {
                                           if ((*left)-- == 0) return std::nullopt;
                                           return "tick";
                                         },
                                         1};
             return answer;
           }},
          {"GET", "/forever",
           [](const Request&) {
             Response answer;
             answer.events = EventSource{[] { return std::optional<std::string>("on"); }, 1};
             return answer;
           }},
          {"GET", "/later",
           [](const Request& r) {
             Response answer;
             answer.later = std::make_shared<LaterAnswer>();
             answer.later->most_ms = r.query == "told" ? 3'600'000 : 1;
             answer.later->listen = [query = r.query](std::function<void()> wake) {
               if (query == "told") wake();
               return std::make_shared<int>();
             };
             answer.later->answer = [query = r.query] {
               return Response{200, "text/plain", "late " + query};
             };
             return answer;
           }},
          {"GET", "/pieces",
           [](const Request& r) {
             auto left = std::make_shared<int>(3);
             Response answer;
             answer.content_type = "text/plain";
             answer.stream = std::make_shared<BodyStream>();
             answer.stream->next = [left, cut = r.query == "cut"] {
               // Every other time there is nothing.
               if (*left == 0) return BodyStream::Piece{"end", true, cut};
               return BodyStream::Piece{(*left)-- == 2 ? "" : "piece ", false, false};
             };
             answer.stream->listen = [](std::function<void()> wake) {
               wake();
               return std::make_shared<int>();
             };
             return answer;
           }},
          {"GET", "/accept",
           [](const Request& r) {
             return Response{200, "text/plain", r.accept};
           }},
          {"GET", "/open",
           [](const Request&) {
             return Response{200, "text/plain", "open"};
           },
           false, false, true},
          {"POST", "/echo", [](const Request& r) {
             return Response{201, "text/plain", r.body};
           }}};
}

std::unique_ptr<Server> start() {
  ServerOptions options;
  options.port = 0;
  auto server = Server::start(options, routes());
  EXPECT_TRUE(server.ok()) << server.status();
  return std::move(*server);
}

// Sends the bytes and reads until the server closes.
std::string talk(uint16_t port, const std::string& bytes) {
  asio::io_context io;
  tcp::socket socket(io);
  socket.connect({asio::ip::make_address("127.0.0.1"), port});
  asio::write(socket, asio::buffer(bytes));
  std::string answer;
  boost::system::error_code error;
  asio::read(socket, asio::dynamic_buffer(answer), error);
  return answer;
}

TEST(HttpServer, answers_a_route_with_its_query) {
  auto server = start();
  const std::string got =
      talk(server->port(), "GET /hello?you HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_NE(got.find("HTTP/1.1 200"), std::string::npos) << got;
  EXPECT_NE(got.find("hello you"), std::string::npos) << got;
}

TEST(HttpServer, refuses_what_is_meant_for_another_server) {
  ServerOptions options;
  options.port = 0;
  options.allowed_hosts = {"data.example"};
  auto started = Server::start(options, routes());
  ASSERT_TRUE(started.ok()) << started.status();
  const uint16_t port = (*started)->port();
  const auto asked = [&](const std::string& path, const std::string& host) {
    return talk(port,
                "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
  };
  const std::string refused = asked("/hello", "evil.example:" + std::to_string(port));
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 421")) << refused;
  EXPECT_NE(refused.find("evil.example"), std::string::npos) << refused;
  EXPECT_NE(refused.find("http.allowed_hosts"), std::string::npos) << refused;
  EXPECT_TRUE(asked("/nothing", "evil.example").starts_with("HTTP/1.1 421"));
  EXPECT_TRUE(asked("/open", "evil.example").starts_with("HTTP/1.1 200"));
  EXPECT_TRUE(asked("/hello", "localhost").starts_with("HTTP/1.1 200"));
  EXPECT_TRUE(asked("/hello", "data.example:99").starts_with("HTTP/1.1 200"));
  EXPECT_TRUE(talk(port, "GET /hello HTTP/1.0\r\n\r\n").starts_with("HTTP/1.0 200"));
}

TEST(HttpServer, takes_headers_that_stand_there_twice_as_one_list) {
  auto server = start();
  const std::string got = talk(server->port(),
                               "GET /accept HTTP/1.1\r\nHost: x\r\nAccept: text/csv;q=0.1\r\n"
                               "Accept: application/json\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(got.ends_with("\r\n\r\ntext/csv;q=0.1, application/json")) << got;
}

TEST(HttpServer, keeps_the_connection_for_a_second_request) {
  auto server = start();
  const std::string got = talk(server->port(),
                               "GET /hello?a HTTP/1.1\r\nHost: x\r\n\r\n"
                               "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
                               "Connection: close\r\n\r\nxyz");
  EXPECT_NE(got.find("hello a"), std::string::npos) << got;
  EXPECT_NE(got.find("HTTP/1.1 201"), std::string::npos) << got;
  EXPECT_TRUE(got.ends_with("xyz")) << got;
}

TEST(HttpServer, events_come_until_their_source_ends) {
  auto server = start();
  const std::string old = talk(server->port(), "GET /ticks HTTP/1.0\r\nHost: x\r\n\r\n");
  EXPECT_NE(old.find("Content-Type: text/event-stream"), std::string::npos) << old;
  EXPECT_TRUE(old.ends_with("\r\n\r\ndata: tick\n\ndata: tick\n\ndata: tick\n\n")) << old;
  const std::string chunked = talk(server->port(), "GET /ticks HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(chunked.ends_with("c\r\ndata: tick\n\n\r\n0\r\n\r\n")) << chunked;
}

TEST(HttpServer, events_end_with_their_client_and_with_the_server) {
  auto server = start();
  for (int i = 0; i < 3; ++i) {
    asio::io_context io;
    tcp::socket socket(io);
    socket.connect({asio::ip::make_address("127.0.0.1"), server->port()});
    asio::write(socket, asio::buffer(std::string("GET /forever HTTP/1.1\r\nHost: x\r\n\r\n")));
    std::string head(32, ' ');
    asio::read(socket, asio::buffer(head));
    if (i == 2) server->stop();
  }
}

TEST(HttpServer, an_answer_may_come_later) {
  auto server = start();
  const std::string got = talk(server->port(),
                               "GET /later?told HTTP/1.1\r\nHost: x\r\n\r\n"
                               "GET /later?not HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_NE(got.find("late told"), std::string::npos) << got;
  EXPECT_TRUE(got.ends_with("late not")) << got;
}

TEST(HttpServer, a_body_is_made_while_it_is_sent) {
  auto server = start();
  const std::string got = talk(server->port(),
                               "GET /pieces HTTP/1.1\r\nHost: x\r\n\r\n"
                               "GET /hello?a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_NE(got.find("6\r\npiece \r\n6\r\npiece \r\n3\r\nend\r\n0\r\n\r\nHTTP/1.1 200"),
            std::string::npos)
      << got;
  EXPECT_TRUE(got.ends_with("hello a")) << got;
  const std::string cut = talk(server->port(), "GET /pieces?cut HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(cut.ends_with("3\r\nend\r\n")) << cut;
  const std::string old = talk(server->port(), "GET /pieces HTTP/1.0\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(old.ends_with("\r\n\r\npiece piece end")) << old;
}

TEST(HttpServer, a_page_of_another_site_changes_nothing) {
  auto server = start();
  const auto post = [&](const std::string& origin) {
    return talk(server->port(), "POST /echo HTTP/1.1\r\nHost: x:1\r\nOrigin: " + origin +
                                    "\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  };
  EXPECT_NE(post("http://evil").find("HTTP/1.1 403"), std::string::npos);
  EXPECT_NE(post("null").find("HTTP/1.1 403"), std::string::npos);
  EXPECT_NE(post("http://x:1").find("HTTP/1.1 201"), std::string::npos);
}

TEST(HttpServer, what_waits_holds_up_neither_reads_nor_changes) {
  std::latch waiting(2);
  std::latch done(1);
  const auto wait = [&](const Request&) {
    waiting.count_down();
    done.wait();
    return Response{200, "text/plain", "waited"};
  };
  const auto quick = [](const Request& r) { return Response{200, "text/plain", r.method}; };
  ServerOptions options;
  options.port = 0;
  options.workers = 1;
  options.readers = 1;
  auto server = Server::start(options, {{"POST", "/wait", wait, true, true},
                                        {"POST", "/slow", wait, true},
                                        {"GET", "/x", quick, true}});
  ASSERT_TRUE(server.ok()) << server.status();
  const auto post = [&](const std::string& path) {
    return talk((*server)->port(), "POST " + path + " HTTP/1.1\r\nConnection: close\r\n\r\n");
  };
  std::thread waits([&] { EXPECT_NE(post("/wait").find("waited"), std::string::npos); });
  std::thread slow([&] { EXPECT_NE(post("/slow").find("waited"), std::string::npos); });
  waiting.wait();  // each has a worker of its own
  EXPECT_NE(talk((*server)->port(), "GET /x HTTP/1.1\r\nConnection: close\r\n\r\n").find("GET"),
            std::string::npos);
  done.count_down();
  waits.join();
  slow.join();
}

TEST(HttpServer, names_what_is_known_when_a_path_is_not) {
  auto server = start();
  const std::string got =
      talk(server->port(), "GET /nope HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_NE(got.find("404"), std::string::npos);
  EXPECT_NE(got.find("application/problem+json"), std::string::npos);
  EXPECT_NE(got.find("/hello"), std::string::npos);
}

TEST(HttpServer, refuses_a_method_that_the_path_does_not_have) {
  auto server = start();
  const std::string got =
      talk(server->port(), "DELETE /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_NE(got.find("405"), std::string::npos) << got;
  EXPECT_NE(got.find("possible: GET"), std::string::npos) << got;
}

TEST(HttpServer, refuses_a_body_over_the_limit) {
  auto server = start();
  const std::string got =
      talk(server->port(), "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n");
  EXPECT_NE(got.find("413"), std::string::npos) << got;
}

TEST(HttpServer, survives_garbage) {
  auto server = start();
  const std::string got =
      talk(server->port(), std::string("\x16\x03\x01 this is not HTTP\r\n\r\n", 24));
  EXPECT_NE(got.find("400"), std::string::npos) << got;
  EXPECT_NE(talk(server->port(), "GET /hello?b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                .find("hello b"),
            std::string::npos);
}

TEST(HttpServer, names_a_busy_port) {
  auto server = start();
  ServerOptions options;
  options.port = server->port();
  auto second = Server::start(options, routes());
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().code(), StatusCode::kUnavailable);
  EXPECT_NE(second.status().message().find(std::to_string(server->port())), std::string::npos);
}

}  // namespace
}  // namespace dataflow::http
