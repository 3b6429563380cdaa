#include "sql_bed.h"

#include <future>
#include <mutex>

#include "target.h"

namespace dataflow::http {

void SqlBed::wait_for(const Listen& listen) {
  const auto told = std::make_shared<std::promise<void>>();
  const auto once = std::make_shared<std::once_flag>();
  const std::shared_ptr<void> held =
      listen([told, once] { std::call_once(*once, [&] { told->set_value(); }); });
  told->get_future().wait();
}

Response SqlBed::ask(const std::string& method, const std::string& target, const std::string& body,
                     const std::string& accept) {
  const bool json_body = !body.empty() && (body[0] == '{' || body[0] == '[');
  Request request = request_of(target, json_body ? "application/json" : "text/plain");
  request.method = method;
  request.body = body;
  request.accept = accept;
  const RouteMatch match = find_route(routes_, method == "HEAD" ? "GET" : method, request);
  if (match.route == nullptr) return problem(404, "no route", target);
  Response response = match.route->handle(request);
  while (response.later != nullptr) {
    wait_for(response.later->listen);
    response = response.later->answer();
  }
  return response;
}

nlohmann::json SqlBed::ask_json(const std::string& method, const std::string& target,
                                const std::string& body, int status) {
  const Response response = ask(method, target, body);
  EXPECT_EQ(response.status, status) << response.body;
  return json::parse(response.body, nullptr, false);
}

std::string SqlBed::read(const std::shared_ptr<BodyStream>& stream, size_t pieces) {
  std::string all;
  while (pieces > 0) {
    const BodyStream::Piece piece = stream->next();
    all += piece.bytes;
    if (piece.cut) return all + "CUT";
    if (piece.last) return all;
    if (piece.bytes.empty()) {
      wait_for(stream->listen);
    } else {
      --pieces;
    }
  }
  return all;
}

}  // namespace dataflow::http
