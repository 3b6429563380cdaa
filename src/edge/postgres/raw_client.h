// A client that sends bytes as it is told, and shows messages that come back as lines.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dataflow::postgres {

// The parts of messages.
std::string be16(int value);
std::string be32(int64_t value);
std::string text(std::string_view value);  // with its NUL
std::string framed(char type, const std::string& payload);
std::string startup(uint32_t version, const std::vector<std::string>& words);

std::string query(std::string_view sql);
std::string parse(std::string_view name, std::string_view sql,
                  const std::vector<uint32_t>& oids = {});
// Parameters as they stand; none: NULL. Formats: 0 text, 1 binary.
std::string bind(std::string_view portal, std::string_view statement,
                 const std::vector<std::optional<std::string>>& parameters = {},
                 const std::vector<int>& parameter_formats = {},
                 const std::vector<int>& result_formats = {});
std::string describe(char kind, std::string_view name);
std::string execute(std::string_view portal, int rows = 0);
std::string close(char kind, std::string_view name);
std::string sync();

// One of the server's messages, for a test to compare: "T a:23,b:25", "D 1|x|NULL", "C SELECT 1",
// "E 42601 what @3 hint", "Z I", "S name=value", "1".
std::string shown(char type, const std::string& payload);

class RawClient {
 public:
  explicit RawClient(uint16_t port);
  RawClient(RawClient&& other) noexcept;
  ~RawClient();

  // To where queries are taken; what the server has said of itself is kept.
  void start(uint32_t version = 3 << 16, const std::vector<std::string>& words = {"user", "u"});
  void send(const std::string& bytes);
  std::string receive(size_t bytes);  // fewer at the end
  // The next message; "end" behind the last.
  std::string next();
  // All messages up to ReadyForQuery or the end, each a line.
  std::string until_ready();
  std::string ask(std::string_view sql);
  void hang_up();

  std::vector<std::string> greeting;
  uint32_t process = 0;
  std::string secret;

 private:
  int socket_;
};

}  // namespace dataflow::postgres
