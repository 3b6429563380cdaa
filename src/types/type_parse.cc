// parse_type(): a small recursive descent over words, numbers, quoted names and signs.
#include <algorithm>
#include <array>
#include <optional>

#include "base/edit_distance.h"
#include "types/type.h"

namespace dataflow {
namespace {

// Deeper types are nobody's intention, and would use up the stack.
constexpr int kMaxDepth = 64;
constexpr size_t kMaxShown = 200;  // bytes of a type in a message
constexpr int kMaxTimePrecision = 6;
constexpr int kMaxDecimalPrecision = 38;
constexpr int kDefaultDecimalPrecision = 10;
constexpr int kDefaultTimestampPrecision = 6;
constexpr int kMostFloatBits = 53;
constexpr int kMostBitsOfSingle = 24;
constexpr int kMaxLength = 2'147'483'647;

enum class Family : uint8_t {
  kPlain,
  kSized,
  kDecimal,
  kTime,
  kTimestamp,
  kTimestampTz,
  kInterval,
  kArray,
  kMap,
  kRow,
  kUnsupported
};

struct Name {
  std::string_view text;
  Family family;
  TypeId id = TypeId::kNull;
};

constexpr std::array kNames = {
    Name{"BOOLEAN", Family::kPlain, TypeId::kBoolean},
    Name{"BOOL", Family::kPlain, TypeId::kBoolean},
    // As PostgreSQL's clients name them in casts.
    Name{"INT2", Family::kPlain, TypeId::kInt16},
    Name{"INT4", Family::kPlain, TypeId::kInt32},
    Name{"INT8", Family::kPlain, TypeId::kInt64},
    Name{"FLOAT4", Family::kPlain, TypeId::kFloat32},
    Name{"FLOAT8", Family::kPlain, TypeId::kFloat64},
    Name{"BYTEA", Family::kPlain, TypeId::kBytes},
    Name{"JSONB", Family::kPlain, TypeId::kJson},
    Name{"UUID", Family::kPlain, TypeId::kString},
    // As MySQL's name it there.
    Name{"SIGNED", Family::kPlain, TypeId::kInt64},
    Name{"NAME", Family::kPlain, TypeId::kString},
    Name{"BPCHAR", Family::kSized, TypeId::kString},
    Name{"OID", Family::kPlain, TypeId::kInt64},
    Name{"TINYINT", Family::kPlain, TypeId::kInt8},
    Name{"SMALLINT", Family::kPlain, TypeId::kInt16},
    Name{"INT", Family::kPlain, TypeId::kInt32},
    Name{"INTEGER", Family::kPlain, TypeId::kInt32},
    Name{"BIGINT", Family::kPlain, TypeId::kInt64},
    Name{"FLOAT", Family::kPlain, TypeId::kFloat32},
    Name{"REAL", Family::kPlain, TypeId::kFloat32},
    Name{"DOUBLE", Family::kPlain, TypeId::kFloat64},
    Name{"DECIMAL", Family::kDecimal},
    Name{"DEC", Family::kDecimal},
    Name{"NUMERIC", Family::kDecimal},
    Name{"STRING", Family::kPlain, TypeId::kString},
    Name{"TEXT", Family::kPlain, TypeId::kString},
    Name{"VARCHAR", Family::kSized, TypeId::kString},
    Name{"CHAR", Family::kSized, TypeId::kString},
    Name{"CHARACTER", Family::kSized, TypeId::kString},
    Name{"BYTES", Family::kPlain, TypeId::kBytes},
    Name{"BINARY", Family::kSized, TypeId::kBytes},
    Name{"VARBINARY", Family::kSized, TypeId::kBytes},
    Name{"DATE", Family::kPlain, TypeId::kDate},
    Name{"TIME", Family::kTime},
    Name{"TIMESTAMP", Family::kTimestamp},
    Name{"TIMESTAMP_LTZ", Family::kTimestampTz},
    Name{"TIMESTAMPTZ", Family::kTimestampTz},
    Name{"INTERVAL", Family::kInterval},
    Name{"ARRAY", Family::kArray},
    Name{"MAP", Family::kMap},
    Name{"ROW", Family::kRow},
    Name{"STRUCT", Family::kRow},
    Name{"JSON", Family::kPlain, TypeId::kJson},
    Name{"NULL", Family::kPlain, TypeId::kNull},
    Name{"MULTISET", Family::kUnsupported},
    Name{"RAW", Family::kUnsupported},
    Name{"TIMESTAMP_TZ", Family::kUnsupported},
};

bool is_word_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '$' || static_cast<signed char>(c) < 0;
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  }
  return out;
}

class TypeParser {
 public:
  explicit TypeParser(std::string_view text) : text_(text) {}

  Result<Type> parse() {
    DF_ASSIGN_OR_RETURN(Type type, parse_one(0));
    if (at() < text_.size()) return fault("the type ends before it");
    return type;
  }

 private:
  // The next sign that is no space.
  size_t at() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) {
      ++at_;
    }
    return at_;
  }

  std::string_view peek_word() {
    size_t end = at();
    while (end < text_.size() && is_word_char(text_[end])) ++end;
    return text_.substr(at_, end - at_);
  }

  bool take_word(std::string_view word) {
    if (upper(peek_word()) != word) return false;
    at_ += word.size();
    return true;
  }

  bool take_sign(char sign) {
    if (at() >= text_.size() || text_[at_] != sign) return false;
    ++at_;
    return true;
  }

  // What stands here, for messages.
  std::string here() {
    if (at() >= text_.size()) return "the end";
    const std::string_view word = peek_word();
    return "\"" + std::string(word.empty() ? text_.substr(at_, 1) : word) + "\"";
  }

  Status fault(const std::string& expected) {
    const std::string found = here();
    // Of a long one its beginning is enough.
    size_t shown = std::min(text_.size(), kMaxShown);
    while (shown < text_.size() && (static_cast<unsigned char>(text_[shown]) & 0xC0) == 0x80)
      --shown;
    const std::string text =
        std::string(text_.substr(0, shown)) + (shown < text_.size() ? "…" : "");
    return Status::invalid("type \"" + text + "\", column " + std::to_string(at_ + 1) + ": found " +
                           found + "; " + expected);
  }

  Status expect_word(std::string_view word) {
    return take_word(word) ? Status() : fault(std::string(word) + " is expected");
  }

  Status expect_sign(char sign) {
    return take_sign(sign) ? Status() : fault(std::string("\"") + sign + "\" is expected");
  }

  Result<int> number(int min, int max, std::string_view what) {
    const std::string expected = std::string(what) + " from " + std::to_string(min) + " to " +
                                 std::to_string(max) + " is expected";
    const std::string_view word = peek_word();
    int64_t value = 0;
    for (const char c : word) {
      if (c < '0' || c > '9' || value > max) return fault(expected);
      value = value * 10 + (c - '0');
    }
    if (word.empty() || value < min || value > max) return fault(expected);
    at_ += word.size();
    return static_cast<int>(value);
  }

  Result<Type> parse_one(int depth) {
    if (depth > kMaxDepth) return fault("types are nested too deeply");
    DF_ASSIGN_OR_RETURN(Type type, parse_named(depth));
    // "INT ARRAY", as the standard writes it.
    while (true) {
      const size_t before = at_;
      DF_ASSIGN_OR_RETURN(const bool nullable, nullability());
      if (!take_word("ARRAY")) {
        at_ = before;
        return type;
      }
      if (++depth > kMaxDepth) return fault("types are nested too deeply");
      type = Type::array(std::move(type), nullable);
    }
  }

  Result<bool> nullability() {
    if (take_word("NULL")) return true;
    if (!take_word("NOT")) return true;
    DF_RETURN_IF_ERROR(expect_word("NULL"));
    return false;
  }

  Result<Type> parse_named(int depth) {
    const std::string word = upper(peek_word());
    if (word.empty()) return fault("the name of a type is expected");
    for (const Name& name : kNames) {
      if (name.text != word) continue;
      if (name.family == Family::kUnsupported) return fault("this type is not supported");
      at_ += word.size();
      return parse_rest(name, depth);
    }
    std::vector<std::string> names;
    for (const Name& name : kNames) {
      if (name.family != Family::kUnsupported) names.emplace_back(name.text);
    }
    return fault("no type has this name" + suggestion(word, names));
  }

  Result<Type> parse_rest(const Name& name, int depth) {
    switch (name.family) {
      case Family::kSized: return parse_sized(name);
      case Family::kDecimal: return parse_decimal_type();
      case Family::kTime: return parse_time_type();
      case Family::kTimestamp: return parse_timestamp_type();
      case Family::kTimestampTz: {
        DF_ASSIGN_OR_RETURN(const int precision, time_precision(kDefaultTimestampPrecision));
        return Type::timestamp_tz(precision);
      }
      case Family::kInterval: return parse_interval();
      case Family::kArray: return parse_array(depth);
      case Family::kMap: return parse_map(depth);
      case Family::kRow: return parse_row(depth);
      case Family::kPlain:
      case Family::kUnsupported: break;
    }
    if (name.text == "DOUBLE") take_word("PRECISION");
    if (name.text == "FLOAT" && take_sign('(')) {  // the standard counts its bits
      DF_ASSIGN_OR_RETURN(const int bits, number(1, kMostFloatBits, "a number of bits"));
      DF_RETURN_IF_ERROR(expect_sign(')'));
      if (bits > kMostBitsOfSingle) return Type(TypeId::kFloat64);
    }
    return Type(name.id);
  }

  Result<Type> parse_sized(const Name& name) {
    if (name.text == "CHAR" || name.text == "CHARACTER" || name.text == "BINARY") {
      take_word("VARYING");
    }
    if (take_sign('(')) {
      DF_RETURN_IF_ERROR(number(1, kMaxLength, "a length").status());
      DF_RETURN_IF_ERROR(expect_sign(')'));
    }
    return Type(name.id);
  }

  Result<Type> parse_decimal_type() {
    int precision = kDefaultDecimalPrecision;
    int scale = 0;
    if (take_sign('(')) {
      DF_ASSIGN_OR_RETURN(precision, number(1, kMaxDecimalPrecision, "a precision"));
      if (take_sign(',')) {
        DF_ASSIGN_OR_RETURN(scale, number(0, precision, "a scale"));
      }
      DF_RETURN_IF_ERROR(expect_sign(')'));
    }
    return Type::decimal(precision, scale);
  }

  Result<int> time_precision(int otherwise) {
    if (!take_sign('(')) return otherwise;
    DF_ASSIGN_OR_RETURN(const int precision, number(0, kMaxTimePrecision, "a precision"));
    DF_RETURN_IF_ERROR(expect_sign(')'));
    return precision;
  }

  Result<Type> parse_time_type() {
    DF_ASSIGN_OR_RETURN(const int precision, time_precision(0));
    if (take_word("WITHOUT")) {
      DF_RETURN_IF_ERROR(expect_word("TIME"));
      DF_RETURN_IF_ERROR(expect_word("ZONE"));
    }
    return Type::time(precision);
  }

  Result<Type> parse_timestamp_type() {
    DF_ASSIGN_OR_RETURN(const int precision, time_precision(kDefaultTimestampPrecision));
    const bool with = take_word("WITH");
    if (!with && !take_word("WITHOUT")) return Type::timestamp(precision);
    // Without LOCAL it is PostgreSQL's, which is the same one.
    if (with) take_word("LOCAL");
    DF_RETURN_IF_ERROR(expect_word("TIME"));
    DF_RETURN_IF_ERROR(expect_word("ZONE"));
    return with ? Type::timestamp_tz(precision) : Type::timestamp(precision);
  }

  // The unit's place in the list; lists of both kinds in order.
  Result<int> interval_unit() {
    static constexpr std::array kUnits = {"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"};
    for (size_t i = 0; i < kUnits.size(); ++i) {
      if (!take_word(kUnits[i])) continue;
      if (take_sign('(')) {
        DF_RETURN_IF_ERROR(number(0, 9, "a precision").status());
        DF_RETURN_IF_ERROR(expect_sign(')'));
      }
      return static_cast<int>(i);
    }
    return fault("YEAR, MONTH, DAY, HOUR, MINUTE or SECOND is expected");
  }

  Result<Type> parse_interval() {
    constexpr int kFirstOfTime = 2;
    DF_ASSIGN_OR_RETURN(const int first, interval_unit());
    const bool months = first < kFirstOfTime;
    if (take_word("TO")) {
      const size_t before = at();
      DF_ASSIGN_OR_RETURN(const int last, interval_unit());
      if (last <= first || (last < kFirstOfTime) != months) {
        at_ = before;
        return fault(months ? "only MONTH can stand behind YEAR TO"
                            : "a smaller unit of time is expected");
      }
    }
    return months ? Type::months() : Type::millis();
  }

  Result<Type> parse_array(int depth) {
    DF_RETURN_IF_ERROR(expect_sign('<'));
    DF_ASSIGN_OR_RETURN(Type element, parse_one(depth + 1));
    DF_ASSIGN_OR_RETURN(const bool nullable, nullability());
    DF_RETURN_IF_ERROR(expect_sign('>'));
    return Type::array(std::move(element), nullable);
  }

  Result<Type> parse_map(int depth) {
    DF_RETURN_IF_ERROR(expect_sign('<'));
    DF_ASSIGN_OR_RETURN(Type key, parse_one(depth + 1));
    DF_RETURN_IF_ERROR(nullability().status());
    DF_RETURN_IF_ERROR(expect_sign(','));
    DF_ASSIGN_OR_RETURN(Type value, parse_one(depth + 1));
    DF_ASSIGN_OR_RETURN(const bool nullable, nullability());
    DF_RETURN_IF_ERROR(expect_sign('>'));
    return Type::map(std::move(key), std::move(value), nullable);
  }

  Result<std::string> field_name() {
    if (at() < text_.size() && (text_[at_] == '`' || text_[at_] == '"')) return quoted_name();
    const std::string_view word = peek_word();
    if (word.empty()) return fault("the name of a field is expected");
    at_ += word.size();
    return std::string(word);
  }

  Result<std::string> quoted_name() {
    const char quote = text_[at_];
    std::string name;
    for (size_t i = at_ + 1; i < text_.size(); ++i) {
      if (text_[i] == quote) {
        if (i + 1 == text_.size() || text_[i + 1] != quote) {
          at_ = i + 1;
          return name;
        }
        ++i;
      }
      name += text_[i];
    }
    return fault("the quote is not closed");
  }

  // What Flink lets a field say of itself: a INT 'how many'.
  Status skip_comment() {
    if (at() >= text_.size() || text_[at_] != '\'') return {};
    for (size_t i = at_ + 1; i < text_.size(); ++i) {
      if (text_[i] != '\'') continue;
      if (i + 1 == text_.size() || text_[i + 1] != '\'') {
        at_ = i + 1;
        return {};
      }
      ++i;
    }
    return fault("the quote is not closed");
  }

  Result<Type> parse_row(int depth) {
    char close = '>';
    if (take_sign('(')) {
      close = ')';
    } else {
      DF_RETURN_IF_ERROR(expect_sign('<'));
    }
    std::vector<Field> fields;
    if (take_sign(close)) return Type::row(std::move(fields));
    while (true) {
      const size_t before = at();
      DF_ASSIGN_OR_RETURN(std::string name, field_name());
      for (const Field& field : fields) {
        if (field.name != name) continue;
        at_ = before;
        return fault("there is a field of this name already");
      }
      take_sign(':');
      DF_ASSIGN_OR_RETURN(Type type, parse_one(depth + 1));
      DF_ASSIGN_OR_RETURN(const bool nullable, nullability());
      DF_RETURN_IF_ERROR(skip_comment());
      fields.push_back({std::move(name), std::move(type), nullable});
      if (take_sign(',')) continue;
      DF_RETURN_IF_ERROR(expect_sign(close));
      return Type::row(std::move(fields));
    }
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

Result<Type> parse_type(std::string_view text) { return TypeParser(text).parse(); }

}  // namespace dataflow
