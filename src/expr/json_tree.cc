#include "json_tree.h"

#include <algorithm>

#include "utf8.h"

namespace dataflow::expr {

namespace {

constexpr int kMostDepth = 500;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Four hexadecimal digits; -1 if they are none.
int code_unit(std::string_view text) {
  if (text.size() < 4) return -1;
  int unit = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = hex_value(text[static_cast<size_t>(i)]);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

}  // namespace

void append_unescaped(std::string_view raw, std::string& out) {
  for (size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '\\') {
      out.push_back(raw[i]);
      continue;
    }
    switch (raw[++i]) {
      case 'b': out.push_back('\b'); break;
      case 'f': out.push_back('\f'); break;
      case 'n': out.push_back('\n'); break;
      case 'r': out.push_back('\r'); break;
      case 't': out.push_back('\t'); break;
      case 'u': {
        auto point = static_cast<uint32_t>(code_unit(raw.substr(i + 1)));
        i += 4;
        if (point >= 0xD800 && point < 0xDC00 && raw.substr(i + 1, 2) == "\\u") {
          const int low = code_unit(raw.substr(i + 3));
          if (low >= 0xDC00 && low < 0xE000) {
            point = 0x10000 + ((point - 0xD800) << 10) + (static_cast<uint32_t>(low) - 0xDC00);
            i += 6;
          }
        }
        // Half a pair is no character.
        append_utf8(out, point >= 0xD800 && point < 0xE000 ? 0xFFFD : point);
        break;
      }
      default: out.push_back(raw[i]); break;
    }
  }
}

void append_json_number(std::string_view raw, std::string& out) {
  const size_t e = raw.find_first_of("eE");
  if (e == std::string_view::npos) {
    out.append(raw);
    return;
  }
  if (raw[0] == '-') out.push_back('-');
  std::string digits;
  int64_t scale = 0;
  bool fraction = false;
  for (const char c : raw.substr(0, e)) {
    if (c == '.') fraction = true;
    if (!is_digit(c)) continue;
    if (digits != "0") {
      digits.push_back(c);
    } else {
      digits = c;
    }
    scale += fraction ? 1 : 0;
  }
  int64_t exponent = 0;
  for (const char c : raw.substr(e + 1)) {
    if (is_digit(c)) exponent = std::min<int64_t>(exponent * 10 + (c - '0'), 1'000'000'000);
  }
  scale -= raw[e + 1] == '-' ? -exponent : exponent;
  const auto count = static_cast<int64_t>(digits.size());
  const int64_t adjusted = count - 1 - scale;
  if (scale >= 0 && adjusted >= -6) {
    if (count <= scale) digits.insert(0, static_cast<size_t>(scale - count + 1), '0');
    if (scale > 0) digits.insert(digits.size() - static_cast<size_t>(scale), ".");
    out.append(digits);
    return;
  }
  if (digits.size() > 1) digits.insert(1, ".");
  out.append(digits);
  if (adjusted != 0) out.append(adjusted > 0 ? "E+" : "E").append(std::to_string(adjusted));
}

void append_json_text(std::string_view text, std::string& out) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  out.push_back('"');
  for (const char c : text) {
    switch (c) {
      case '"': out.append("\\\""); break;
      case '\\': out.append("\\\\"); break;
      case '\b': out.append("\\b"); break;
      case '\f': out.append("\\f"); break;
      case '\n': out.append("\\n"); break;
      case '\r': out.append("\\r"); break;
      case '\t': out.append("\\t"); break;
      default:
        if (c >= 0 && c < ' ') {
          out.append("\\u00");
          out.push_back(kDigits[c >> 4]);
          out.push_back(kDigits[c & 15]);
        } else {
          out.push_back(c);
        }
    }
  }
  out.push_back('"');
}

void JsonTree::skip_space() {
  while (!rest_.empty() && std::string_view(" \t\r\n").find(rest_[0]) != std::string_view::npos) {
    rest_.remove_prefix(1);
  }
}

bool JsonTree::word(std::string_view wanted) {
  if (!rest_.starts_with(wanted)) return false;
  rest_.remove_prefix(wanted.size());
  return true;
}

bool JsonTree::number() {
  size_t i = rest_[0] == '-' ? 1 : 0;
  const auto digits = [&] {
    const size_t before = i;
    while (i < rest_.size() && is_digit(rest_[i])) ++i;
    return i - before;
  };
  const size_t first = i;
  const size_t whole = digits();
  if (whole == 0 || (whole > 1 && rest_[first] == '0')) return false;
  if (i < rest_.size() && rest_[i] == '.') {
    ++i;
    if (digits() == 0) return false;
  }
  if (i < rest_.size() && (rest_[i] == 'e' || rest_[i] == 'E')) {
    ++i;
    if (i < rest_.size() && (rest_[i] == '+' || rest_[i] == '-')) ++i;
    if (digits() == 0) return false;
  }
  rest_.remove_prefix(i);
  return true;
}

// Behind the first quote.
bool JsonTree::text_part(std::string_view& out) {
  for (size_t i = 0; i < rest_.size(); ++i) {
    const char c = rest_[i];
    if (c == '"') {
      out = rest_.substr(0, i);
      rest_.remove_prefix(i + 1);
      return true;
    }
    if (c >= 0 && c < ' ') return false;
    if (c != '\\') continue;
    if (++i >= rest_.size()) return false;
    if (rest_[i] == 'u' && code_unit(rest_.substr(i + 1)) < 0) return false;
    if (std::string_view("\"\\/bfnrtu").find(rest_[i]) == std::string_view::npos) return false;
  }
  return false;
}

bool JsonTree::container(int depth, uint32_t at, char end) {
  skip_space();
  if (word(std::string_view(&end, 1))) return true;
  uint32_t last = kNone;
  while (true) {
    std::string_view key;
    if (end == '}') {
      skip_space();
      if (!word("\"") || !text_part(key)) return false;
      skip_space();
      if (!word(":")) return false;
    }
    uint32_t child = kNone;
    if (!value(depth + 1, child)) return false;
    nodes_[child].key = key;
    (last == kNone ? nodes_[at].first : nodes_[last].next) = child;
    last = child;
    skip_space();
    if (word(",")) continue;
    return word(std::string_view(&end, 1));
  }
}

bool JsonTree::value(int depth, uint32_t& at) {
  skip_space();
  if (rest_.empty() || depth > kMostDepth) return false;
  at = static_cast<uint32_t>(nodes_.size());
  nodes_.emplace_back();
  const std::string_view begin = rest_;
  JsonKind kind = JsonKind::kNumber;
  bool read = true;
  switch (rest_[0]) {
    case '{':
    case '[': {
      const bool object = rest_[0] == '{';
      kind = object ? JsonKind::kObject : JsonKind::kArray;
      rest_.remove_prefix(1);
      read = container(depth, at, object ? '}' : ']');
      break;
    }
    case '"':
      kind = JsonKind::kText;
      rest_.remove_prefix(1);
      read = text_part(nodes_[at].raw);
      break;
    case 't':
    case 'f':
      kind = JsonKind::kBoolean;
      read = word("true") || word("false");
      break;
    case 'n':
      kind = JsonKind::kNull;
      read = word("null");
      break;
    default: read = number(); break;
  }
  nodes_[at].kind = kind;
  if (kind != JsonKind::kText) nodes_[at].raw = begin.substr(0, begin.size() - rest_.size());
  return read;
}

bool JsonTree::parse(std::string_view text) {
  rest_ = text;
  nodes_.clear();
  uint32_t root = 0;
  if (!value(0, root)) return false;
  skip_space();
  return rest_.empty();
}

uint32_t JsonTree::member(uint32_t object, std::string_view name) const {
  uint32_t found = kNone;
  std::string plain;
  for (uint32_t at = nodes_[object].first; at != kNone; at = nodes_[at].next) {
    std::string_view key = nodes_[at].key;
    if (key.find('\\') != std::string_view::npos) {
      plain.clear();
      append_unescaped(key, plain);
      key = plain;
    }
    if (key == name) found = at;
  }
  return found;
}

uint32_t JsonTree::element(uint32_t array, int64_t index) const {
  if (index < 0) {
    for (uint32_t at = nodes_[array].first; at != kNone; at = nodes_[at].next) ++index;
    if (index < 0) return kNone;
  }
  uint32_t at = nodes_[array].first;
  for (; at != kNone && index > 0; --index) at = nodes_[at].next;
  return at;
}

void JsonTree::write(uint32_t at, std::string& out) const {
  const Node& node = nodes_[at];
  if (node.kind == JsonKind::kText) {
    std::string text;
    append_unescaped(node.raw, text);
    return append_json_text(text, out);
  }
  if (node.kind == JsonKind::kNumber) return append_json_number(node.raw, out);
  if (node.kind == JsonKind::kArray) {
    out.push_back('[');
    for (uint32_t child = node.first; child != kNone; child = nodes_[child].next) {
      if (child != node.first) out.push_back(',');
      write(child, out);
    }
    return out.push_back(']');
  }
  if (node.kind != JsonKind::kObject) {
    out.append(node.raw);
    return;
  }
  std::vector<std::pair<std::string, uint32_t>> members;
  for (uint32_t child = node.first; child != kNone; child = nodes_[child].next) {
    std::string key;
    append_unescaped(nodes_[child].key, key);
    members.emplace_back(std::move(key), child);
  }
  std::sort(members.begin(), members.end());
  out.push_back('{');
  bool first = true;
  for (size_t i = 0; i < members.size(); ++i) {
    // Of equal names the last one, which stands behind the others.
    if (i + 1 < members.size() && members[i].first == members[i + 1].first) continue;
    if (!first) out.push_back(',');
    first = false;
    append_json_text(members[i].first, out);
    out.push_back(':');
    write(members[i].second, out);
  }
  out.push_back('}');
}

void JsonTree::write_scalar(uint32_t at, std::string& out) const {
  if (nodes_[at].kind == JsonKind::kText) return append_unescaped(nodes_[at].raw, out);
  write(at, out);
}

}  // namespace dataflow::expr
