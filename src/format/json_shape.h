// JsonShape: payloads of one source look alike. What stood between the values of an earlier one is
// compared with the next, and where it is the same, values are read in one pass without looking for
// tokens first; what stands in objects of rows, too. A payload that differs in anything (other
// keys, other spaces, an escape, a byte that is not ASCII, an array) is left to the decoder, which
// reads it the long way.
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
  bool read(std::string_view payload, JsonScalars& scalars) {
    if (slots_.empty() || pause_ > 0) return false;
    const bool same = read_slots(payload, scalars);
    same ? trusted() : mistrusted();
    return same;
  }

  // A payload that was read the long way, into these nodes, which stay where they are.
  void note(std::string_view payload, JsonTokens& tokens, std::vector<JsonNode>& nodes);

 private:
  // An object that ends: a row, or nothing but the columns that it does not name.
  struct Ended {
    JsonNode* row = nullptr;
    std::vector<JsonNode*> missing;  // NULL
  };
  // A value, and the bytes before it: from the value before, or from the payload's start.
  struct Slot {
    std::string before;        // with kBlock bytes of room behind it
    size_t size = 0;           // of `before` without that
    JsonNode* node = nullptr;  // null: it is only checked
    std::vector<Ended> ended;  // of those that it is the last value of, the innermost first
  };

  static Slot slot_of(const char* from, const char* to);
  bool read_slots(std::string_view payload, JsonScalars& scalars);
  const char* read_value(const char* at, const char* end, JsonNode* into, JsonScalars& scalars);
  bool learn(std::string_view payload, JsonTokens& tokens, std::vector<JsonNode>& nodes);
  // `nodes`: null where nobody reads the object. `behind` is the end of the value before.
  bool learn_object(JsonTokens& tokens, std::vector<JsonNode>* nodes, JsonNode* row,
                    const char*& behind);
  void trusted() {
    if (credit_ < kMaxCredit) ++credit_;
  }
  void mistrusted();

  static constexpr int kMaxCredit = 64;
  static constexpr int kMissCost = 4;
  static constexpr int kPause = 256;  // payloads

  std::vector<Slot> slots_;
  Slot last_{};  // what stands behind the last value
  int credit_ = 0;
  int pause_ = 0;  // for so many payloads it is not tried
};

}  // namespace dataflow::format
