#include "json_shape.h"

#include <algorithm>
#include <bit>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace dataflow::format {
namespace {

constexpr size_t kBlock = 16;
constexpr size_t kMaxSlots = 256;

// The first byte at or behind `at` that is a quote, a backslash, a control character or not ASCII.
// It may look up to kBlock bytes behind `end`, and gives `end` or more if there is none before.
#ifdef __SSE2__
const char* end_of_plain(const char* at, const char* end) {
  const __m128i quotes = _mm_set1_epi8('"');
  const __m128i slashes = _mm_set1_epi8('\\');
  const __m128i spaces = _mm_set1_epi8(' ');
  for (; at < end; at += kBlock) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    // As signed bytes, what is not ASCII lies below the space too.
    const __m128i found =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, quotes), _mm_cmpeq_epi8(bytes, slashes)),
                     _mm_cmplt_epi8(bytes, spaces));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(found));
    if (mask != 0) return at + std::countr_zero(mask);
  }
  return at;
}

// Looks and has room for whole blocks, on both sides.
bool same_bytes(const char* a, const char* b, size_t size) {
  for (size_t i = 0; i < size; i += kBlock) {
    const __m128i left = _mm_loadu_si128(reinterpret_cast<const __m128i*>(a + i));
    const __m128i right = _mm_loadu_si128(reinterpret_cast<const __m128i*>(b + i));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(left, right)));
    const size_t wanted = std::min(size - i, kBlock);
    if (static_cast<size_t>(std::countr_one(mask)) < wanted) return false;
  }
  return true;
}
#else
const char* end_of_plain(const char* at, const char* end) {
  while (at < end && *at != '"' && *at != '\\' && static_cast<signed char>(*at) >= ' ') ++at;
  return at;
}

bool same_bytes(const char* a, const char* b, size_t size) { return std::memcmp(a, b, size) == 0; }
#endif

bool is_row(const JsonNode& node) { return node.column->type().id() == TypeId::kRow; }
bool is_text(const JsonNode& node) { return node.column->type().id() == TypeId::kString; }

bool is_other_scalar(const JsonNode& node) {
  const Type& type = node.column->type();
  return !type.is_nested() && type.id() != TypeId::kJson && type.id() != TypeId::kString;
}

// In blocks; both sides have the room.
void copy_blocks(const char* from, size_t size, char* to) {
  for (size_t i = 0; i < size; i += kBlock) std::memcpy(to + i, from + i, kBlock);
}

std::string_view word_at(const char* at) {
  switch (*at) {
    case 't': return "true";
    case 'f': return "false";
    default: return "null";
  }
}

}  // namespace

JsonShape::Slot JsonShape::slot_of(const char* from, const char* to) {
  Slot slot;
  slot.before.assign(from, to);
  slot.size = slot.before.size();
  slot.before.resize(slot.size + kBlock);
  return slot;
}

void JsonShape::mistrusted() {
  credit_ -= kMissCost;
  if (credit_ > 0) return;
  slots_.clear();
  credit_ = 0;
  // What was learned a moment ago does not fit: the payloads do not look alike.
  pause_ = kPause;
}

void JsonShape::note(std::string_view payload, JsonTokens& tokens, std::vector<JsonNode>& nodes) {
  if (pause_ > 0) {
    --pause_;
    return;
  }
  if (!slots_.empty()) return;
  if (!learn(payload, tokens, nodes)) {
    slots_.clear();
    pause_ = kPause;
    return;
  }
  credit_ = kMaxCredit / 2;
}

bool JsonShape::learn(std::string_view payload, JsonTokens& tokens, std::vector<JsonNode>& nodes) {
  std::string reason;
  if (!tokens.scan(payload, reason) || tokens.peek() != '{') return false;
  const char* behind = payload.data();
  if (!learn_object(tokens, &nodes, nullptr, behind) || !tokens.at_end()) return false;
  last_ = slot_of(behind, payload.data() + payload.size());
  return true;
}

bool JsonShape::learn_object(JsonTokens& tokens, std::vector<JsonNode>* nodes, JsonNode* row,
                             const char*& behind) {
  std::vector<bool> seen(nodes == nullptr ? 0 : nodes->size(), false);
  tokens.skip_sign();
  do {
    if (tokens.peek() != '"' || slots_.size() == kMaxSlots) return false;
    const std::string_view key = tokens.take();
    const std::string_view name = key.substr(1, key.size() - 2);
    if (name.find('\\') != std::string_view::npos || !tokens.take_sign(':')) return false;
    JsonNode* node = nullptr;
    for (size_t i = 0; i < seen.size(); ++i) {
      if ((*nodes)[i].name != name) continue;
      if (seen[i]) return false;
      seen[i] = true;
      node = &(*nodes)[i];
    }
    const char first = tokens.peek();
    if (first == '[' || first == '\0') return false;
    if (first == '{') {
      if (node != nullptr && !is_row(*node)) return false;
      if (!learn_object(tokens, node == nullptr ? nullptr : &node->children, node, behind)) {
        return false;
      }
      continue;
    }
    if (node != nullptr && !is_text(*node) && !is_other_scalar(*node) && !is_row(*node)) {
      return false;
    }
    slots_.push_back(slot_of(behind, tokens.position()));
    slots_.back().node = node;
    const std::string_view value = tokens.take();
    behind = value.data() + value.size();
  } while (tokens.take_sign(','));
  if (!tokens.take_sign('}')) return false;
  Ended ended{row, {}};
  for (size_t i = 0; i < seen.size(); ++i) {
    if (!seen[i]) ended.missing.push_back(&(*nodes)[i]);
  }
  if (row != nullptr || !ended.missing.empty()) slots_.back().ended.push_back(std::move(ended));
  return true;
}

const char* JsonShape::read_value(const char* at, const char* end, JsonNode* into,
                                  JsonScalars& scalars) {
  // A row that is no object is NULL.
  if (into != nullptr && is_row(*into) && *at != 'n') return nullptr;
  if (*at == '"') {
    const char* const inside = at + 1;
    const char* const behind = end_of_plain(inside, end);
    if (behind >= end || *behind != '"') return nullptr;
    const auto size = static_cast<size_t>(behind - inside);
    if (into == nullptr) return behind + 1;
    if (is_text(*into)) {
      char* const out = into->column->text_room(static_cast<int64_t>(size + kBlock));
      if (out == nullptr) return nullptr;
      copy_blocks(inside, size, out);
      into->column->append_written(static_cast<int64_t>(size));
      return behind + 1;
    }
    return scalars.read_plain(*into, {inside, size}) ? behind + 1 : nullptr;
  }
  if (*at == 't' || *at == 'f' || *at == 'n') {
    const std::string_view word = word_at(at);
    if (static_cast<size_t>(end - at) < word.size()) return nullptr;
    if (std::memcmp(at, word.data(), word.size()) != 0) return nullptr;
    if (into != nullptr && !scalars.read_word(*into, word)) return nullptr;
    return at + word.size();
  }
  JsonNumber number;
  if (!read_json_number(at, end, number)) return nullptr;
  if (into != nullptr) {
    const std::string_view text(at, static_cast<size_t>(number.end - at));
    if (!scalars.read_number(*into, text, number)) return nullptr;
  }
  return number.end;
}

bool JsonShape::read_slots(std::string_view payload, JsonScalars& scalars) {
  const char* at = payload.data();
  const char* const end = at + payload.size();
  for (const Slot& slot : slots_) {
    if (static_cast<size_t>(end - at) <= slot.size) return false;
    if (!same_bytes(at, slot.before.data(), slot.size)) return false;
    at = read_value(at + slot.size, end, slot.node, scalars);
    if (at == nullptr) return false;
    for (const Ended& ended : slot.ended) {
      for (JsonNode* const missing : ended.missing) missing->column->append_null();
      if (ended.row != nullptr) ended.row->column->end_nested();
    }
  }
  if (static_cast<size_t>(end - at) != last_.size) return false;
  return same_bytes(at, last_.before.data(), last_.size);
}

}  // namespace dataflow::format
