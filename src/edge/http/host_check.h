// Which server a request was meant for. A page of another site can have its name lead to a
// loopback address (DNS rebinding), and its browser then takes what stands there for that site.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dataflow::http {

// Of the header Host: a name of loopback, an address in digits, where the server listens, or one of
// `names` (`*`: any). None at all is no browser's.
bool host_is_ours(std::string_view host, const std::string& listens_on,
                  const std::vector<std::string>& names);

}  // namespace dataflow::http
