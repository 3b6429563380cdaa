#include "raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include "base/bytes.h"

namespace dataflow::postgres {
namespace {

class Reader {
 public:
  explicit Reader(std::string_view rest) : rest_(rest) {}
  int64_t u16() { return load_be16(take(2).data()); }
  uint32_t u32() { return load_be32(take(4).data()); }
  std::string text() {
    const std::string found(take(rest_.find('\0')));
    take(1);
    return found;
  }
  std::string_view take(size_t size) {
    const std::string_view found = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return found;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

// What is not to be read as text is shown in hexadecimal.
std::string cell(std::string_view bytes) {
  for (const char c : bytes) {
    if (static_cast<uint8_t>(c) >= 0x20) continue;
    std::string out = "0x";
    for (const char byte : bytes) {
      constexpr char kDigits[] = "0123456789abcdef";
      out += kDigits[static_cast<uint8_t>(byte) >> 4];
      out += kDigits[static_cast<uint8_t>(byte) & 15];
    }
    return out;
  }
  return std::string(bytes);
}

std::string columns_shown(Reader in) {
  std::string out;
  for (int64_t count = in.u16(); count > 0; --count) {
    out += (out.empty() ? "" : ",") + in.text();
    in.take(6);
    out += ":" + std::to_string(in.u32());
    in.take(6);
    if (in.u16() == 1) out += "b";
  }
  return out;
}

std::string row_shown(Reader in) {
  std::string out;
  const int64_t count = in.u16();
  for (int64_t i = 0; i < count; ++i) {
    if (i > 0) out += "|";
    const uint32_t size = in.u32();
    out += size == UINT32_MAX ? "NULL" : cell(in.take(size));
  }
  return out;
}

std::string fields_shown(Reader in) {
  std::string severity, state, message, hint, position;
  while (in.rest().size() > 1) {
    const char code = in.take(1)[0];
    const std::string value = in.text();
    if (code == 'S' && value != "ERROR") severity = value + " ";
    if (code == 'C') state = value;
    if (code == 'M') message = " " + value;
    if (code == 'H') hint = " hint: " + value;
    if (code == 'P') position = " @" + value;
  }
  return severity + state + message + position + hint;
}

}  // namespace

std::string be16(int value) {
  std::string out;
  append_be16(out, static_cast<uint16_t>(value));
  return out;
}
std::string be32(int64_t value) {
  std::string out;
  append_be32(out, static_cast<uint32_t>(value));
  return out;
}
std::string text(std::string_view value) { return std::string(value) + '\0'; }
std::string framed(char type, const std::string& payload) {
  return type + be32(static_cast<int64_t>(payload.size()) + 4) + payload;
}
std::string startup(uint32_t version, const std::vector<std::string>& words) {
  std::string payload = be32(version);
  for (const std::string& word : words) payload += text(word);
  payload += '\0';
  return be32(static_cast<int64_t>(payload.size()) + 4) + payload;
}
std::string query(std::string_view sql) { return framed('Q', text(sql)); }
std::string parse(std::string_view name, std::string_view sql, const std::vector<uint32_t>& oids) {
  std::string payload = text(name) + text(sql) + be16(static_cast<int>(oids.size()));
  for (const uint32_t oid : oids) payload += be32(oid);
  return framed('P', payload);
}
std::string bind(std::string_view portal, std::string_view statement,
                 const std::vector<std::optional<std::string>>& parameters,
                 const std::vector<int>& parameter_formats,
                 const std::vector<int>& result_formats) {
  std::string payload = text(portal) + text(statement);
  payload += be16(static_cast<int>(parameter_formats.size()));
  for (const int format : parameter_formats) payload += be16(format);
  payload += be16(static_cast<int>(parameters.size()));
  for (const std::optional<std::string>& parameter : parameters) {
    payload += be32(parameter ? static_cast<int64_t>(parameter->size()) : -1);
    if (parameter) payload += *parameter;
  }
  payload += be16(static_cast<int>(result_formats.size()));
  for (const int format : result_formats) payload += be16(format);
  return framed('B', payload);
}
std::string describe(char kind, std::string_view name) { return framed('D', kind + text(name)); }
std::string execute(std::string_view portal, int rows) {
  return framed('E', text(portal) + be32(rows));
}
std::string close(char kind, std::string_view name) { return framed('C', kind + text(name)); }
std::string sync() { return framed('S', ""); }

std::string shown(char type, const std::string& payload) {
  Reader in(payload);
  const std::string head(1, type);
  switch (type) {
    case 'T': return head + " " + columns_shown(in);
    case 'D': return head + " " + row_shown(in);
    case 'C': return head + " " + in.text();
    case 'E':
    case 'N': return head + " " + fields_shown(in);
    case 'Z': return head + " " + payload;
    case 'd': return head + " " + payload;
    case 'S': {
      const std::string name = in.text();
      return head + " " + name + "=" + in.text();
    }
    case 't': {
      std::string out = head;
      for (int64_t count = in.u16(); count > 0; --count) out += " " + std::to_string(in.u32());
      return out;
    }
    case 'v': {
      std::string out = head + " " + std::to_string(in.u32() & 0xFFFF);
      for (uint32_t count = in.u32(); count > 0; --count) out += " " + in.text();
      return out;
    }
    default: return head;
  }
}

RawClient::RawClient(uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    hang_up();
  }
}

RawClient::RawClient(RawClient&& other) noexcept
    : greeting(std::move(other.greeting)),
      process(other.process),
      secret(std::move(other.secret)),
      socket_(std::exchange(other.socket_, -1)) {}

RawClient::~RawClient() { hang_up(); }

void RawClient::hang_up() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

void RawClient::start(uint32_t version, const std::vector<std::string>& words) {
  send(startup(version, words));
  while (greeting.empty() || (greeting.back()[0] != 'Z' && greeting.back() != "end")) {
    greeting.push_back(next());
  }
}

void RawClient::send(const std::string& bytes) {
  size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t count = ::send(socket_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) return;
    sent += static_cast<size_t>(count);
  }
}

std::string RawClient::receive(size_t bytes) {
  std::string out(bytes, '\0');
  size_t have = 0;
  while (have < bytes) {
    const ssize_t count = ::recv(socket_, out.data() + have, bytes - have, 0);
    if (count <= 0) break;
    have += static_cast<size_t>(count);
  }
  out.resize(have);
  return out;
}

std::string RawClient::next() {
  const std::string head = receive(5);
  if (head.size() < 5) return "end";
  const std::string payload = receive(load_be32(head.data() + 1) - 4);
  if (head[0] == 'K') {
    process = load_be32(payload.data());
    secret = payload.substr(4);
  }
  return shown(head[0], payload);
}

std::string RawClient::until_ready() {
  std::string out;
  while (true) {
    const std::string message = next();
    out += message + "\n";
    if (message[0] == 'Z' || message == "end") return out;
  }
}

std::string RawClient::ask(std::string_view sql) {
  send(query(sql));
  return until_ready();
}

}  // namespace dataflow::postgres
