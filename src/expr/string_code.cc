// Functions of how texts are coded: characters and their numbers, base64, hexadecimal, URLs; and
// digests of them.
#include <openssl/evp.h>

#include "base/base64.h"
#include "typed_function.h"
#include "utf8.h"

namespace dataflow::expr {

namespace {

using View = std::string_view;

constexpr char kCapitalDigits[] = "0123456789ABCDEF";
constexpr char kSmallDigits[] = "0123456789abcdef";

void add(FunctionList& list, const char* name, const char* signature, const char* help,
         size_t least, size_t most, Binder bind) {
  list.push_back({{name, signature, help, "string"}, least, most, std::move(bind)});
}

void put_hex(std::string& out, View bytes, const char* digits) {
  for (const char c : bytes) {
    out.push_back(digits[static_cast<unsigned char>(c) >> 4]);
    out.push_back(digits[static_cast<unsigned char>(c) & 15]);
  }
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void put_number(std::string& out, uint64_t value, int bits) {
  int shift = 64 - bits;
  while (shift > 0 && value >> shift == 0) shift -= bits;
  // 64 is no multiple of some widths, but of 1 and 4 it is.
  for (; shift >= 0; shift -= bits) {
    out.push_back(kCapitalDigits[value >> shift & ((uint64_t{1} << bits) - 1)]);
  }
}

Result<NodePtr> bind_hex(Nodes arguments, const CallSite& site) {
  const Type& type = arguments[0]->type();
  if (type.is_integer()) {
    return typed<Text, int64_t>(Type::string(), [](Row&, std::string& out, int64_t value) {
      put_number(out, static_cast<uint64_t>(value), 4);
    })(std::move(arguments), site);
  }
  const auto hex = [](Row&, std::string& out, View text) { put_hex(out, text, kCapitalDigits); };
  if (type.id() == TypeId::kBytes) {
    return make_row_function<Text, View>(Type::string(), std::move(arguments), hex);
  }
  return typed<Text, View>(Type::string(), hex)(std::move(arguments), site);
}

// An odd number of digits has a 0 before it, and in Flink in place of the first one, too.
void unhex(Row& row, std::string& out, View text) {
  int high = text.size() % 2 == 0 ? -1 : 0;
  for (const char c : text) {
    const int digit = hex_value(c);
    if (digit < 0) return row.set_null();
    if (high >= 0) out.push_back(static_cast<char>(high << 4 | digit));
    high = high >= 0 ? -1 : digit;
  }
  if (text.size() % 2 != 0) out[out.size() - (text.size() + 1) / 2] = '\0';
}

void from_base64(Row& row, std::string& out, View text) {
  thread_local std::string bytes;
  bytes.resize(text.size() / 4 * 3 + 3);
  const char* end = decode_base64(text, bytes.data());
  if (end == nullptr) return row.fail([] { return "FROM_BASE64 of a text that is not base64"; });
  append_mended_utf8(out, View(bytes).substr(0, static_cast<size_t>(end - bytes.data())));
}

void to_base64(std::string& out, View text) {
  const size_t before = out.size();
  out.resize(before + base64_size(text.size()));
  encode_base64(text, out.data() + before);
}

// As forms of HTML are sent.
void url_encode(std::string& out, View text) {
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '-' || c == '*' || c == '_';
    if (plain || c == ' ') {
      out.push_back(c == ' ' ? '+' : c);
    } else {
      out.push_back('%');
      put_hex(out, View(&c, 1), kCapitalDigits);
    }
  }
}

void url_decode(Row& row, std::string& out, View text) {
  thread_local std::string bytes;
  bytes.clear();
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      bytes.push_back(text[i] == '+' ? ' ' : text[i]);
      continue;
    }
    const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) return row.set_null();
    bytes.push_back(static_cast<char>(high << 4 | low));
    i += 2;
  }
  append_mended_utf8(out, bytes);
}

struct Digest {
  const char* name;
  const EVP_MD* (*kind)();
  const char* help;
};
constexpr Digest kDigests[] = {{"MD5", EVP_md5, "Its MD5 digest in hexadecimal."},
                               {"SHA1", EVP_sha1, "Its SHA-1 digest in hexadecimal."},
                               {"SHA224", EVP_sha224, "Its SHA-224 digest in hexadecimal."},
                               {"SHA256", EVP_sha256, "Its SHA-256 digest in hexadecimal."},
                               {"SHA384", EVP_sha384, "Its SHA-384 digest in hexadecimal."},
                               {"SHA512", EVP_sha512, "Its SHA-512 digest in hexadecimal."}};

void put_digest(Row& row, std::string& out, View text, const EVP_MD* kind) {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), bytes, &size, kind, nullptr) != 1) {
    return row.fail([] { return "the digest is not there in this machine's OpenSSL"; });
  }
  put_hex(out, {reinterpret_cast<const char*>(bytes), size}, kSmallDigits);
}

void sha2(Row& row, std::string& out, View text, int64_t bits) {
  const EVP_MD* kind = bits == 224   ? EVP_sha224()
                       : bits == 256 ? EVP_sha256()
                       : bits == 384 ? EVP_sha384()
                       : bits == 512 ? EVP_sha512()
                                     : nullptr;
  if (kind == nullptr) {
    return row.fail([&] { return "there is no SHA-2 of " + std::to_string(bits) + " bits"; });
  }
  put_digest(row, out, text, kind);
}

template <class F>
Binder to_text(F f) {
  return typed<Text, View>(Type::string(),
                           [f](Row&, std::string& out, View text) { f(out, text); });
}

}  // namespace

void add_string_codes(FunctionList& list) {
  add(list, "ASCII", "ASCII(text)", "The number of its first byte, -128 to 127; 0 of none.", 1, 1,
      typed<int32_t, View>(Type::int32(), [](Row&, View text) {
        return text.empty() ? 0 : static_cast<int32_t>(static_cast<signed char>(text[0]));
      }));
  add(list, "CHR", "CHR(number)", "The character of that number, which counts modulo 256.", 1, 1,
      typed<Text, int64_t>(Type::string(), [](Row&, std::string& out, int64_t number) {
        if (number >= 0) append_utf8(out, static_cast<uint32_t>(number & 0xFF));
      }));
  add(list, "BIN", "BIN(integer)", "The integer in binary digits.", 1, 1,
      typed<Text, int64_t>(Type::string(), [](Row&, std::string& out, int64_t value) {
        put_number(out, static_cast<uint64_t>(value), 1);
      }));
  add(list, "HEX", "HEX(integer), HEX(text)", "The integer, or the text's bytes, in hexadecimal.",
      1, 1, bind_hex);
  add(list, "UNHEX", "UNHEX(text)", "The bytes that the hexadecimal digits name; NULL of others.",
      1, 1, typed<Text, View>(Type::bytes(), unhex, true));
  add(list, "TO_BASE64", "TO_BASE64(text)", "The text in base64.", 1, 1, to_text(to_base64));
  add(list, "FROM_BASE64", "FROM_BASE64(text)", "The text that stands there in base64.", 1, 1,
      typed<Text, View>(Type::string(), from_base64));
  add(list, "URL_ENCODE", "URL_ENCODE(text)", "As it stands in an URL's query.", 1, 1,
      to_text(url_encode));
  add(list, "URL_DECODE", "URL_DECODE(text)",
      "The text that stands so in an URL's query; NULL if it is none.", 1, 1,
      typed<Text, View>(Type::string(), url_decode, true));
  for (const Digest& digest : kDigests) {
    list.push_back({{digest.name, std::string(digest.name) + "(text)", digest.help, "hash"},
                    1,
                    1,
                    typed<Text, View>(Type::string(),
                                      [kind = digest.kind](Row& row, std::string& out, View text) {
                                        put_digest(row, out, text, kind());
                                      })});
  }
  list.push_back(
      {{"SHA2", "SHA2(text, bits)", "Its SHA-2 digest of 224, 256, 384 or 512 bits.", "hash"},
       2,
       2,
       typed<Text, View, int64_t>(Type::string(), sha2)});
}

}  // namespace dataflow::expr
