// JsonShape: payloads of one source look alike. What stood between the values of an earlier one is
// compared with the next, and where it is the same, values are read in one pass without looking for
// tokens first. A payload that differs in anything (other keys, other spaces, an escape, a byte
// that is not ASCII, an object as a value) is left to the decoder, which reads it the long way.
//
// It never accepts what the long way refuses, nor reads it as anything else.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "json_scalars.h"
#include "json_tokens.h"

namespace dataflow::format {

class JsonShape {
 public:
  // Reads a row into the nodes' columns. False if it must be read the long way: what the columns
  // have of it is for the caller to take back.
  bool read(std::string_view payload, std::vector<JsonNode>& nodes, JsonScalars& scalars) {
    if (slots_.empty() || pause_ > 0) return false;
    const bool same = read_slots(payload, nodes, scalars);
    same ? trusted() : mistrusted();
    return same;
  }

  // A payload that was read the long way, into these nodes.
  void note(std::string_view payload, JsonTokens& tokens, const std::vector<JsonNode>& nodes);

 private:
  // A value, and the bytes before it: from the value before, or from the payload's start.
  struct Slot {
    std::string before;  // with kBlock bytes of room behind it
    size_t size;         // of `before` without that
    int node;            // kUnknownKey: it is only checked
  };

  bool read_slots(std::string_view payload, std::vector<JsonNode>& nodes, JsonScalars& scalars);
  const char* read_value(const char* at, const char* end, int node, std::vector<JsonNode>& nodes,
                         JsonScalars& scalars);
  bool learn(std::string_view payload, JsonTokens& tokens, const std::vector<JsonNode>& nodes);
  void trusted() {
    if (credit_ < kMaxCredit) ++credit_;
  }
  void mistrusted();

  static constexpr int kMaxCredit = 64;
  static constexpr int kMissCost = 4;
  static constexpr int kPause = 256;  // payloads

  std::vector<Slot> slots_;
  Slot last_{};                  // what stands behind the last value
  std::vector<size_t> missing_;  // nodes without a key: NULL
  int credit_ = 0;
  int pause_ = 0;  // for so many payloads it is not tried
};

}  // namespace dataflow::format
