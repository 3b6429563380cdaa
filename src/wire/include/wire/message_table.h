// Every request and response by name, for what treats them all alike: the fuzzer, and tests.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/status.h"
#include "wire/api_key.h"

namespace dataflow::wire {

class Reader;
class Writer;

struct MessageEntry {
  std::string_view name;
  ApiKey key;
  bool is_request;
  int16_t min_version;
  int16_t max_version;
  // Decodes one message and writes it again.
  Status (*reencode)(Reader& in, Writer& out, int16_t version);
};

std::span<const MessageEntry> message_table();

}  // namespace dataflow::wire
