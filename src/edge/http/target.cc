#include "target.h"

#include <algorithm>

namespace dataflow::http {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// What is no valid escape stays as it is.
std::string decoded(std::string_view text, bool plus_is_blank) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low >= 0) {
      out.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    } else {
      out.push_back(plus_is_blank && text[i] == '+' ? ' ' : text[i]);
    }
  }
  return out;
}

std::string_view next_part(std::string_view& path) {
  path.remove_prefix(1);
  const size_t end = std::min(path.find('/'), path.size());
  const std::string_view part = path.substr(0, end);
  path.remove_prefix(end);
  return part;
}

bool matches(std::string_view pattern, std::string_view path,
             std::map<std::string, std::string>& parameters) {
  parameters.clear();
  while (!pattern.empty() && !path.empty()) {
    if (pattern[0] != '/' || path[0] != '/') return false;
    const std::string_view wanted = next_part(pattern);
    const std::string_view part = next_part(path);
    if (wanted.size() > 2 && wanted.front() == '{' && wanted.back() == '}') {
      if (part.empty()) return false;
      parameters[std::string(wanted.substr(1, wanted.size() - 2))] = decoded(part, false);
    } else if (wanted != part) {
      return false;
    }
  }
  return pattern.empty() && path.empty();
}

}  // namespace

std::optional<std::string> query_value(const Request& request, const std::string& name) {
  std::string_view rest = request.query;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const size_t equals = std::min(pair.find('='), pair.size());
    if (decoded(pair.substr(0, equals), true) != name) continue;
    return equals == pair.size() ? "" : decoded(pair.substr(equals + 1), true);
  }
  return std::nullopt;
}

Request request_of(std::string_view target, std::string_view content_type) {
  Request request;
  const size_t mark = std::min(target.find('?'), target.size());
  request.path = std::string(target.substr(0, mark));
  if (mark != target.size()) request.query = std::string(target.substr(mark + 1));
  for (const char c : content_type.substr(0, content_type.find(';'))) {
    if (c == ' ') continue;
    request.content_type.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  }
  return request;
}

RouteMatch find_route(const std::vector<Route>& routes, const std::string& method,
                      Request& request) {
  RouteMatch match;
  for (const Route& route : routes) {
    if (route.path != request.path) continue;
    match.path_known = true;
    if (route.method == method) return {&route, true};
  }
  for (const Route& route : routes) {
    if (route.path.find('{') == std::string::npos) continue;
    if (!matches(route.path, request.path, request.parameters)) continue;
    match.path_known = true;
    if (route.method == method) return {&route, true};
  }
  request.parameters.clear();
  return match;
}

std::string known_methods(const std::vector<Route>& routes, const std::string& path) {
  std::string all;
  std::map<std::string, std::string> ignored;
  const bool exact = std::ranges::find(routes, path, &Route::path) != routes.end();
  for (const Route& route : routes) {
    if (exact ? route.path != path : !matches(route.path, path, ignored)) continue;
    all += (all.empty() ? "" : ", ") + route.method;
  }
  return all;
}

std::string known_paths(const std::vector<Route>& routes) {
  std::vector<std::string> paths;
  for (const Route& route : routes) paths.push_back(route.path);
  std::ranges::sort(paths);
  const auto repeated = std::ranges::unique(paths);
  paths.erase(repeated.begin(), repeated.end());
  std::string all;
  for (const std::string& path : paths) all += (all.empty() ? "" : ", ") + path;
  return all;
}

}  // namespace dataflow::http
