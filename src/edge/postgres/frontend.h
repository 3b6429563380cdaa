// What clients send: the contents of messages. Views are into the payload. Every reader gives
// kCorrupt for a payload that is shorter, longer or otherwise not as the protocol has it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

namespace dataflow::postgres {

inline constexpr uint32_t kProtocol30 = 3 << 16;
inline constexpr uint32_t kProtocol32 = (3 << 16) | 2;

enum class StartupKind : uint8_t { kStart, kCancel, kTls, kGssEncryption };
struct StartupPacket {
  StartupKind kind = StartupKind::kStart;
  uint32_t version = 0;  // of kStart: the major version in the upper half
  std::vector<std::pair<std::string_view, std::string_view>> parameters;
  uint32_t process = 0;  // of kCancel
  std::string_view key;
};
Result<StartupPacket> read_startup(std::string_view packet);

// One string and no more: Query, CopyFail, a password.
Result<std::string_view> read_text(std::string_view payload);

struct ParseMessage {
  std::string_view name;
  std::string_view query;
  std::vector<uint32_t> oids;  // 0: to be found out
};
Result<ParseMessage> read_parse(std::string_view payload);

enum class WireFormat : uint8_t { kText = 0, kBinary = 1 };
struct BindMessage {
  std::string_view portal;
  std::string_view statement;
  // None: all text; one: for all; else one each.
  std::vector<WireFormat> parameter_formats;
  std::vector<std::optional<std::string_view>> parameters;
  std::vector<WireFormat> result_formats;
};
Result<BindMessage> read_bind(std::string_view payload);

// Describe and Close.
struct NamedMessage {
  bool portal = false;  // else a statement
  std::string_view name;
};
Result<NamedMessage> read_named(std::string_view payload);

struct ExecuteMessage {
  std::string_view portal;
  uint32_t max_rows = 0;  // 0: all
};
Result<ExecuteMessage> read_execute(std::string_view payload);

// Sync, Flush, Terminate, CopyDone.
Status read_empty(std::string_view payload);

}  // namespace dataflow::postgres
