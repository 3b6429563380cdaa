#include "cli/sql/key_reader.h"

#include <cstdint>
#include <map>
#include <utility>

#include "cli/sql/text_width.h"

namespace dataflow::cli {
namespace {

// The rest of a key's bytes comes at once; an Escape key alone is followed by nothing.
constexpr int kRestMillis = 50;
constexpr size_t kMostPasted = 64 << 20;
constexpr std::string_view kPasteEnd = "\x1b[201~";

constexpr char control(char letter) { return static_cast<char>(letter - '@'); }

KeyKind kind_of_control(char c) {
  switch (c) {
    case control('A'): return KeyKind::kHome;
    case control('B'): return KeyKind::kLeft;
    case control('C'): return KeyKind::kCancel;
    case control('D'): return KeyKind::kEndOfText;
    case control('E'): return KeyKind::kEnd;
    case control('F'): return KeyKind::kRight;
    case control('G'): return KeyKind::kGiveUp;
    case control('H'):
    case '\x7f': return KeyKind::kBackspace;
    case control('I'): return KeyKind::kTab;
    case control('J'):
    case control('M'): return KeyKind::kEnter;
    case control('K'): return KeyKind::kDeleteToEnd;
    case control('L'): return KeyKind::kClear;
    case control('N'): return KeyKind::kDown;
    case control('P'): return KeyKind::kUp;
    case control('R'): return KeyKind::kSearch;
    case control('U'): return KeyKind::kDeleteToStart;
    case control('W'): return KeyKind::kDeleteWordBefore;
    case control('Y'): return KeyKind::kYank;
    case control('Z'): return KeyKind::kSuspend;
    default: return KeyKind::kNone;
  }
}

// What stands behind ESC [ or ESC O.
KeyKind kind_of_sequence(const std::string& sequence) {
  static const auto* kKinds = new std::map<std::string, KeyKind>{
      {"A", KeyKind::kUp},
      {"B", KeyKind::kDown},
      {"C", KeyKind::kRight},
      {"D", KeyKind::kLeft},
      {"H", KeyKind::kHome},
      {"F", KeyKind::kEnd},
      {"1~", KeyKind::kHome},
      {"7~", KeyKind::kHome},
      {"4~", KeyKind::kEnd},
      {"8~", KeyKind::kEnd},
      {"3~", KeyKind::kDelete},
      {"1;5C", KeyKind::kWordRight},
      {"1;5D", KeyKind::kWordLeft},
      {"1;3C", KeyKind::kWordRight},
      {"1;3D", KeyKind::kWordLeft},
      {"5C", KeyKind::kWordRight},
      {"5D", KeyKind::kWordLeft},
      {"3;5~", KeyKind::kDeleteWordBehind},
      {"3;3~", KeyKind::kDeleteWordBehind},
  };
  const auto found = kKinds->find(sequence);
  return found == kKinds->end() ? KeyKind::kNone : found->second;
}

}  // namespace

std::optional<char> KeyReader::byte(int wait_ms) {
  if (back_) return std::exchange(back_, std::nullopt);
  char c = 0;
  const RawTerminal::Read read = terminal_.read(c, wait_ms);
  if (read == RawTerminal::Read::kEnd) gone_ = true;
  if (read != RawTerminal::Read::kByte) return std::nullopt;
  return c;
}

Key KeyReader::next() {
  const std::optional<char> first = byte(-1);
  if (!first) return {gone_ ? KeyKind::kGone : KeyKind::kNone, ""};
  if (*first == '\x1b') return escape();
  const auto value = static_cast<uint8_t>(*first);
  if (value < 0x20 || value == 0x7F) return {kind_of_control(*first), ""};
  return text(*first);
}

Key KeyReader::text(char first) {
  Key key{KeyKind::kText, std::string(1, first)};
  const auto value = static_cast<uint8_t>(first);
  const size_t size = value >= 0xF0 ? 4 : value >= 0xE0 ? 3 : value >= 0xC0 ? 2 : 1;
  while (key.text.size() < size) {
    const std::optional<char> more = byte(kRestMillis);
    const bool goes_on = more && (static_cast<uint8_t>(*more) & 0xC0) == 0x80;
    if (!goes_on) {
      back_ = more;
      break;
    }
    key.text += *more;
  }
  // Bytes that are no UTF-8 are nobody's key.
  const CodePoint point = code_point_at(key.text, 0);
  const bool bad = point.value == 0xFFFD && key.text != "\xEF\xBF\xBD";
  if (bad || point.size != key.text.size()) return {};
  return key;
}

Key KeyReader::escape() {
  const std::optional<char> next = byte(kRestMillis);
  if (!next) return {KeyKind::kGiveUp, ""};
  switch (*next) {
    case '[':
    case 'O': return sequence();
    case 'b': return {KeyKind::kWordLeft, ""};
    case 'f': return {KeyKind::kWordRight, ""};
    case 'd': return {KeyKind::kDeleteWordBehind, ""};
    case '\x7f':
    case '\b': return {KeyKind::kDeleteWordBefore, ""};
    case '\r':
    case '\n': return {KeyKind::kNewLine, "\n"};
    case '\x1b': return {KeyKind::kGiveUp, ""};
    default: return {};
  }
}

Key KeyReader::sequence() {
  constexpr size_t kLongest = 16;
  std::string sequence;
  while (sequence.size() < kLongest) {
    const std::optional<char> next = byte(kRestMillis);
    if (!next) return {};
    sequence += *next;
    if (*next >= '@' && *next <= '~') break;
  }
  if (sequence == "200~") return pasted();
  return {kind_of_sequence(sequence), ""};
}

Key KeyReader::pasted() {
  std::string raw;
  while (raw.size() < kMostPasted && !raw.ends_with(kPasteEnd)) {
    const std::optional<char> next = byte(-1);
    if (!next) {
      if (gone_) return {KeyKind::kGone, ""};
      continue;
    }
    raw += *next;
  }
  if (raw.ends_with(kPasteEnd)) raw.resize(raw.size() - kPasteEnd.size());
  Key key{KeyKind::kText, ""};
  for (size_t i = 0; i < raw.size(); ++i) {
    const auto value = static_cast<uint8_t>(raw[i]);
    if (raw[i] == '\r') {
      if (i + 1 < raw.size() && raw[i + 1] == '\n') continue;
      key.text += '\n';
    } else if (value >= 0x20 || raw[i] == '\n' || raw[i] == '\t') {
      key.text += raw[i];
    }
  }
  // Whoever copies lines copies the last one's end, too: Enter is still theirs to press.
  while (key.text.ends_with('\n')) key.text.pop_back();
  return key;
}

}  // namespace dataflow::cli
