#include "host_check.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>

namespace dataflow::http {
namespace {

// Without its port, the brackets of an address, and the point at a name's end; in small letters.
std::string name_of(std::string_view host) {
  if (host.starts_with('[')) {
    host = host.substr(1, std::min(host.find(']'), host.size()) - 1);
  } else if (host.find(':') == host.rfind(':')) {
    host = host.substr(0, host.find(':'));
  }
  if (host.ends_with('.')) host.remove_suffix(1);
  std::string name(host);
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return name;
}

}  // namespace

bool host_is_ours(std::string_view host, const std::string& listens_on,
                  const std::vector<std::string>& names) {
  if (host.empty()) return true;
  const std::string name = name_of(host);
  if (name == "localhost" || name.ends_with(".localhost") || name == name_of(listens_on)) {
    return true;
  }
  boost::system::error_code error;
  (void)boost::asio::ip::make_address(name, error);
  if (!error) return true;
  return std::ranges::any_of(
      names, [&](const std::string& one) { return one == "*" || name_of(one) == name; });
}

}  // namespace dataflow::http
