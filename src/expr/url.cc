// PARSE_URL: the parts of an URL as Java's URL class has them.
#include "typed_function.h"

namespace dataflow::expr {

namespace {

using View = std::string_view;

struct Url {
  View protocol;
  View authority;
  View user;  // of the authority, with its password
  View host;
  View path;
  View query;
  View reference;
  bool has_authority = false;
  bool has_user = false;
  bool has_query = false;
  bool has_reference = false;
};

bool is_protocol(View text) {
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool other = (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
    if (!letter && (!other || c == text[0])) return false;
  }
  return !text.empty();
}

std::optional<Url> parse_url(View text) {
  while (!text.empty() && text.front() <= ' ' && text.front() >= 0) text.remove_prefix(1);
  while (!text.empty() && text.back() <= ' ' && text.back() >= 0) text.remove_suffix(1);
  Url url;
  const size_t colon = text.find(':');
  if (colon == View::npos || !is_protocol(text.substr(0, colon))) return std::nullopt;
  url.protocol = text.substr(0, colon);
  text.remove_prefix(colon + 1);
  if (const size_t at = text.find('#'); at != View::npos) {
    url.reference = text.substr(at + 1);
    url.has_reference = true;
    text = text.substr(0, at);
  }
  if (const size_t at = text.find('?'); at != View::npos) {
    url.query = text.substr(at + 1);
    url.has_query = true;
    text = text.substr(0, at);
  }
  if (text.starts_with("//")) {
    text.remove_prefix(2);
    url.authority = text.substr(0, text.find('/'));
    text.remove_prefix(url.authority.size());
    url.has_authority = !url.authority.empty();
    url.host = url.authority;
    if (const size_t at = url.host.find('@'); at != View::npos) {
      url.user = url.host.substr(0, at);
      url.has_user = true;
      url.host.remove_prefix(at + 1);
    }
    const size_t end = url.host.starts_with("[") ? url.host.find(']') : View::npos;
    url.host =
        end != View::npos ? url.host.substr(0, end + 1) : url.host.substr(0, url.host.find(':'));
  }
  url.path = text;
  return url;
}

void part_of(Row& row, std::string& out, View text, View part) {
  const std::optional<Url> url = parse_url(text);
  const auto give = [&](View value, bool there) {
    if (there) {
      out.append(value);
    } else {
      row.set_null();
    }
  };
  if (!url) return row.set_null();
  if (part == "HOST") return give(url->host, true);
  if (part == "PATH") return give(url->path, true);
  if (part == "QUERY") return give(url->query, url->has_query);
  if (part == "REF") return give(url->reference, url->has_reference);
  if (part == "PROTOCOL") return give(url->protocol, true);
  if (part == "AUTHORITY") return give(url->authority, url->has_authority);
  if (part == "USERINFO") return give(url->user, url->has_user);
  if (part != "FILE") return row.set_null();
  out.append(url->path);
  if (url->has_query) out.append("?").append(url->query);
}

void value_of_key(Row& row, std::string& out, View text, View part, View key) {
  const std::optional<Url> url = part == "QUERY" ? parse_url(text) : std::nullopt;
  if (!url || !url->has_query) return row.set_null();
  for (View rest = url->query;;) {
    const View pair = rest.substr(0, rest.find('&'));
    if (pair.size() > key.size() && pair.starts_with(key) && pair[key.size()] == '=') {
      out.append(pair.substr(key.size() + 1));
      return;
    }
    if (pair.size() == rest.size()) return row.set_null();
    rest.remove_prefix(pair.size() + 1);
  }
}

}  // namespace

void add_url(FunctionList& list) {
  list.push_back(
      {{"PARSE_URL", "PARSE_URL(url, part [, key])",
        "The URL's HOST, PATH, QUERY, REF, PROTOCOL, FILE, AUTHORITY or USERINFO, or the value of "
        "a key in its QUERY; NULL if it has none.",
        "string"},
       2,
       3,
       [](Nodes arguments, const CallSite& site) -> Result<NodePtr> {
         if (arguments.size() == 2) {
           return typed<Text, View, View>(Type::string(), part_of, true)(std::move(arguments),
                                                                         site);
         }
         return typed<Text, View, View, View>(Type::string(), value_of_key, true)(
             std::move(arguments), site);
       }});
}

}  // namespace dataflow::expr
