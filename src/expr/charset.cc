// ENCODE and DECODE: texts as bytes of a charset, and back. What a charset has no bytes for is `?`,
// bytes that are no text are U+FFFD, as in Java.
#include <cstdint>
#include <optional>

#include "expr/lexer.h"
#include "text_forms.h"
#include "typed_function.h"
#include "utf8.h"

namespace dataflow::expr {

namespace {

using View = std::string_view;

enum class Charset : uint8_t { kAscii, kLatin1, kUtf8, kUtf16, kUtf16Big, kUtf16Little };

constexpr uint32_t kUnknown = 0xFFFD;

std::optional<Charset> find_charset(View name) {
  struct Named {
    const char* name;
    Charset charset;
  };
  static constexpr Named kNames[] = {
      {"US-ASCII", Charset::kAscii},      {"ASCII", Charset::kAscii},
      {"ISO-8859-1", Charset::kLatin1},   {"LATIN1", Charset::kLatin1},
      {"UTF-8", Charset::kUtf8},          {"UTF8", Charset::kUtf8},
      {"UTF-16", Charset::kUtf16},        {"UTF-16BE", Charset::kUtf16Big},
      {"UTF-16LE", Charset::kUtf16Little}};
  const std::string capitals = in_capitals(name);
  for (const Named& known : kNames) {
    if (capitals == known.name) return known.charset;
  }
  return std::nullopt;
}

bool is_wide(Charset charset) { return charset >= Charset::kUtf16; }

void append_unit(std::string& out, uint32_t unit, bool little) {
  const char high = static_cast<char>(unit >> 8), low = static_cast<char>(unit);
  out.push_back(little ? low : high);
  out.push_back(little ? high : low);
}

void encode(std::string& out, View text, Charset charset) {
  const bool little = charset == Charset::kUtf16Little;
  if (charset == Charset::kUtf16 && !text.empty()) append_unit(out, 0xFEFF, false);
  while (!text.empty()) {
    const size_t bytes = first_character_bytes(text);
    const View character = text.substr(0, bytes);
    text.remove_prefix(bytes);
    const uint32_t code = valid_utf8_prefix(character) == bytes ? code_point(character) : kUnknown;
    if (charset == Charset::kUtf8) {
      append_utf8(out, code);
    } else if (is_wide(charset) && code > 0xFFFF) {
      append_unit(out, 0xD800 + ((code - 0x10000) >> 10), little);
      append_unit(out, 0xDC00 + ((code - 0x10000) & 0x3FF), little);
    } else if (is_wide(charset)) {
      append_unit(out, code, little);
    } else {
      const uint32_t most = charset == Charset::kAscii ? 0x7F : 0xFF;
      out.push_back(code <= most ? static_cast<char>(code) : '?');
    }
  }
}

void decode_narrow(std::string& out, View bytes, Charset charset) {
  for (const char c : bytes) {
    const uint32_t code = static_cast<unsigned char>(c);
    append_utf8(out, charset == Charset::kAscii && code > 0x7F ? kUnknown : code);
  }
}

void decode_wide(std::string& out, View bytes, Charset charset) {
  bool little = charset == Charset::kUtf16Little;
  const auto unit = [&](size_t at) {
    const uint32_t first = static_cast<unsigned char>(bytes[at]);
    const uint32_t second = static_cast<unsigned char>(bytes[at + 1]);
    return little ? second << 8 | first : first << 8 | second;
  };
  size_t at = 0;
  if (charset == Charset::kUtf16 && bytes.size() >= 2 && (unit(0) == 0xFEFF || unit(0) == 0xFFFE)) {
    little = unit(0) == 0xFFFE;
    at = 2;
  }
  for (; at + 1 < bytes.size(); at += 2) {
    uint32_t code = unit(at);
    const bool high = code >= 0xD800 && code < 0xDC00;
    if (high && at + 3 < bytes.size() && unit(at + 2) >= 0xDC00 && unit(at + 2) < 0xE000) {
      code = 0x10000 + ((code - 0xD800) << 10) + (unit(at + 2) - 0xDC00);
      at += 2;
    }
    append_utf8(out, code >= 0xD800 && code < 0xE000 ? kUnknown : code);
  }
  if (at < bytes.size()) append_utf8(out, kUnknown);
}

void decode(std::string& out, View bytes, Charset charset) {
  if (charset == Charset::kUtf8) return append_mended_utf8(out, bytes);
  if (is_wide(charset)) return decode_wide(out, bytes, charset);
  decode_narrow(out, bytes, charset);
}

template <void (*convert)(std::string&, View, Charset)>
Result<NodePtr> bind_charset(Nodes arguments, const CallSite& site, bool encodes) {
  const Type& own = arguments[0]->type();
  if (!encodes && own.id() != TypeId::kBytes && own.id() != TypeId::kNull) {
    return site.fail("DECODE takes bytes, not " + own.to_string());
  }
  if (encodes) DF_RETURN_IF_ERROR(take_parameter<View>(arguments, 0, site));
  DF_RETURN_IF_ERROR(take_parameter<View>(arguments, 1, site));
  const Value* name = arguments[1]->literal();
  if (name != nullptr && !name->is_null() && !find_charset(name->as_text())) {
    return site.fail("there is no charset '" + name->as_text() +
                     "'; there are US-ASCII, ISO-8859-1, UTF-8, UTF-16, UTF-16BE and UTF-16LE");
  }
  return make_row_function<Text, View, View>(
      encodes ? Type::bytes() : Type::string(), std::move(arguments),
      [](Row& row, std::string& out, View text, View charset_name) {
        const std::optional<Charset> charset = find_charset(charset_name);
        if (charset) return convert(out, text, *charset);
        row.fail([&] { return "there is no charset '" + std::string(charset_name) + "'"; });
      });
}

}  // namespace

void add_charsets(FunctionList& list) {
  list.push_back({{"ENCODE", "ENCODE(text, charset)",
                   "The text as bytes of a charset: 'US-ASCII', 'ISO-8859-1', 'UTF-8', 'UTF-16', "
                   "'UTF-16BE' or 'UTF-16LE'.",
                   "string"},
                  2,
                  2,
                  [](Nodes arguments, const CallSite& site) {
                    return bind_charset<encode>(std::move(arguments), site, true);
                  }});
  list.push_back(
      {{"DECODE", "DECODE(bytes, charset)", "The text that the bytes are in a charset.", "string"},
       2,
       2,
       [](Nodes arguments, const CallSite& site) {
         return bind_charset<decode>(std::move(arguments), site, false);
       }});
}

}  // namespace dataflow::expr
