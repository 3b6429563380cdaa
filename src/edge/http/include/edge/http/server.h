// A small HTTP/1.1 listener: a table of routes, each answered by a function on the server's one
// thread, which must be quick there; a route that says that it blocks is answered on a worker, and
// one that only reads (GET) on a worker that no change holds up.
// An answer may come later, or be made while it is sent; neither holds a thread meanwhile.
// Errors are application/problem+json.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"

namespace dataflow::http {

struct Request {
  std::string method;
  std::string path;   // without the query
  std::string query;  // behind the `?`, as sent
  std::string body;
  std::string content_type;  // without parameters, in small letters; empty if there is none
  std::string accept;        // as sent; of several headers one list
  // What stands in the path for the route's `{name}`, decoded.
  std::map<std::string, std::string> parameters;
};

// The decoded value behind `name=` in the query; empty where it stands without one.
std::optional<std::string> query_value(const Request& request, const std::string& name);

// Of an answer that goes on: text/event-stream, an event each time that `next` gives one (without
// line ends), until it gives none or the client goes. `next` runs on a worker.
struct EventSource {
  std::function<std::optional<std::string>()> next;
  int64_t interval_ms = 1000;
};

// Tells once, from any thread, that there is something to look at; at once where there is already.
// What it returns is held as long as anybody wants to hear it.
using Listen = std::function<std::shared_ptr<void>(std::function<void()> wake)>;

// A body that is made while it is sent, in chunks. It is let go of when it has ended, or when its
// client is gone.
struct BodyStream {
  struct Piece {
    std::string bytes;  // none, and not the last one: there is nothing yet
    bool last = false;
    bool cut = false;  // with `last`: the body is not whole, and the client shall see that
  };
  std::function<Piece()> next;  // on a worker
  Listen listen;
  std::string idle_bytes = {};  // what is sent where there was nothing for a while
};

struct Response;
// An answer that is made on a worker, once `listen` tells or the time is over.
struct LaterAnswer {
  int64_t most_ms = 0;
  Listen listen;
  std::function<Response()> answer;
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::optional<EventSource> events = {};   // instead of the body
  std::shared_ptr<BodyStream> stream = {};  // instead of the body
  std::shared_ptr<LaterAnswer> later = {};  // instead of all of it
  std::map<std::string, std::string> headers = {};
};

// {"type":"about:blank","title":…,"status":…,"detail":…}
Response problem(int status, const std::string& title, const std::string& detail);

struct Route {
  std::string method;
  std::string path;  // exact, but that a whole part may be `{name}`; an exact path goes first
  std::function<Response(const Request&)> handle;
  bool blocks = false;
  // For what nobody can tell how long it takes: it holds up only those that wait too.
  bool waits = false;
  // It says nothing that a page of another site must not read, by whatever name it was asked.
  bool any_host = false;
};

struct ServerOptions {
  std::string name = "http";  // for messages: which listener this is
  std::string host = "127.0.0.1";
  uint16_t port = 8080;           // 0: any free one
  size_t max_connections = 1024;  // further ones are closed at once
  size_t max_body_bytes = 1 << 20;
  int timeout_seconds = 30;  // for a request to arrive, and for an idle connection
  int workers = 4;           // for routes that block, and as many for those that wait
  int readers = 2;           // for those of them that only read
  // Where it listens on a loopback address: the names, beside those of loopback, that requests may
  // be for; others are refused with 421. None: they may be for any.
  std::optional<std::vector<std::string>> allowed_hosts = {};
};

class Server {
 public:
  // kUnavailable if the port is taken, naming it.
  static Result<std::unique_ptr<Server>> start(ServerOptions options, std::vector<Route> routes);
  virtual ~Server() = default;
  virtual uint16_t port() const = 0;
  // Closes the listener and every connection, and ends the thread.
  virtual void stop() = 0;
};

}  // namespace dataflow::http
