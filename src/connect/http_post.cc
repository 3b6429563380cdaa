#include "http_post.h"

#include <algorithm>
#include <charconv>

namespace dataflow::connect {
namespace {

constexpr size_t kKeptBody = 512;
constexpr int64_t kLongestRetryAfterS = 3600;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

template <class Number>
bool read_number(std::string_view text, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

Result<HttpUrl> parse_http_url(std::string_view text) {
  constexpr std::string_view kScheme = "http://";
  if (text.starts_with("https://")) {
    return Status::unsupported("https is not spoken yet; send to a proxy that does");
  }
  const bool plain =
      std::all_of(text.begin(), text.end(), [](char c) { return c > 32 && c < 127; });
  if (!text.starts_with(kScheme) || !plain) {
    return Status::invalid("give an address such as `http://example.org:8080/events`");
  }
  std::string_view rest = text.substr(kScheme.size());
  const size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  HttpUrl url;
  url.authority = std::string(rest.substr(0, end));
  url.target = std::string(rest.substr(end, rest.find('#', end) - end));
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  std::string_view host = url.authority;
  if (host.find('@') != std::string_view::npos) {
    return Status::invalid("names and passwords do not belong into an address; use `headers.`");
  }
  const size_t bracket = host.rfind(']');
  const size_t colon = host.rfind(':');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    if (!read_number(host.substr(colon + 1), url.port) || url.port == 0) {
      return Status::invalid("`" + std::string(host.substr(colon + 1)) + "` is no port");
    }
    host = host.substr(0, colon);
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty()) return Status::invalid("the address names no host");
  url.host = std::string(host);
  return url;
}

Result<HttpPostAnswer> parse_http_answer(std::string_view bytes) {
  const Status wrong = Status::corrupt("what answered does not speak HTTP, or broke off");
  HttpPostAnswer answer;
  std::string_view head;
  // Interim answers come before the real one.
  while (answer.status < 200) {
    const size_t head_end = bytes.find("\r\n\r\n");
    if (head_end == std::string_view::npos || !bytes.starts_with("HTTP/1.")) return wrong;
    head = bytes.substr(0, head_end);
    bytes.remove_prefix(head_end + 4);
    const size_t space = head.find(' ');
    if (space == std::string_view::npos || !read_number(head.substr(space + 1, 3), answer.status)) {
      return wrong;
    }
    if (answer.status < 100) return wrong;
  }
  while (!head.empty()) {
    const size_t line_end = std::min(head.find("\r\n"), head.size());
    const std::string_view line = head.substr(0, line_end);
    head.remove_prefix(std::min(line_end + 2, head.size()));
    const size_t colon = line.find(':');
    int64_t seconds = 0;
    if (colon == std::string_view::npos || !same_word(line.substr(0, colon), "retry-after"))
      continue;
    if (!read_number(trimmed(line.substr(colon + 1)), seconds) || seconds < 0) continue;
    answer.retry_after_ms = std::min(seconds, kLongestRetryAfterS) * 1000;
  }
  answer.body = std::string(bytes.substr(0, kKeptBody));
  return answer;
}

}  // namespace dataflow::connect
