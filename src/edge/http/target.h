// A request's target: its path, query and which route it means.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "edge/http/server.h"

namespace dataflow::http {

// Path, query and content type; the rest is the caller's.
Request request_of(std::string_view target, std::string_view content_type);

struct RouteMatch {
  const Route* route = nullptr;
  bool path_known = false;  // by another method at least
};
// Fills the request's parameters.
RouteMatch find_route(const std::vector<Route>& routes, const std::string& method,
                      Request& request);

// What the path can be asked for, for messages.
std::string known_methods(const std::vector<Route>& routes, const std::string& path);
// Each once, for messages.
std::string known_paths(const std::vector<Route>& routes);

}  // namespace dataflow::http
