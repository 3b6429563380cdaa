// PRINTF and ELT. PRINTF is Java's String.format of %s, %b, %c, %d, %x, %o, %f, %e, %% and %n;
// what it would refuse is NULL, as in Flink.
#include <charconv>
#include <cmath>
#include <cstdio>
#include <optional>

#include "letter_case.h"
#include "nested_function.h"
#include "text_forms.h"
#include "typed_function.h"
#include "utf8.h"

namespace dataflow::expr {

namespace {

using View = std::string_view;

// %[number$][flags][width][.precision]conversion
struct Directive {
  size_t argument = 0;  // from 1; 0: the next one
  std::string flags;
  int width = -1, precision = -1;
  char conversion = 0;

  bool has(char flag) const { return flags.find(flag) != std::string::npos; }
};

constexpr int kMostWidth = 1 << 20;

bool take_number(View& text, int& out) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), out);
  if (read.ec != std::errc() || out < 0 || out > kMostWidth) return false;
  text.remove_prefix(static_cast<size_t>(read.ptr - text.data()));
  return true;
}

bool is_digit(View text) { return !text.empty() && text[0] >= '0' && text[0] <= '9'; }

// Behind its %; takes it from the text.
std::optional<Directive> take_directive(View& text) {
  Directive made;
  if (is_digit(text) && text[0] != '0') {
    View rest = text;
    int number = 0;
    if (!take_number(rest, number)) return std::nullopt;
    if (rest.starts_with('$')) {
      made.argument = static_cast<size_t>(number);
      text = rest.substr(1);
    }
  }
  while (!text.empty() && View("-+ 0,(#").find(text[0]) != View::npos) {
    if (made.has(text[0])) return std::nullopt;
    made.flags += text[0];
    text.remove_prefix(1);
  }
  if (is_digit(text) && !take_number(text, made.width)) return std::nullopt;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (!is_digit(text) || !take_number(text, made.precision)) return std::nullopt;
  }
  if (text.empty()) return std::nullopt;
  made.conversion = text[0];
  text.remove_prefix(1);
  const bool needs_width = made.has('-') || made.has('0');
  const bool at_odds = (made.has('-') && made.has('0')) || (made.has('+') && made.has(' '));
  if ((needs_width && made.width < 0) || at_odds) return std::nullopt;
  return made;
}

void group_digits(std::string& digits) {
  const size_t whole = std::min(digits.find_first_of(".e"), digits.size());
  for (size_t at = whole; at > 3; at -= 3) digits.insert(at - 3, ",");
}

// Sign, zeros and the width of a number whose digits are made.
std::string signed_number(const Directive& directive, bool negative, std::string digits) {
  if (directive.has(',')) group_digits(digits);
  std::string front;
  if (negative) {
    front = directive.has('(') ? "(" : "-";
  } else if (directive.has('+')) {
    front = "+";
  } else if (directive.has(' ')) {
    front = " ";
  }
  const std::string behind = negative && directive.has('(') ? ")" : "";
  if (directive.has('0')) {
    const auto wanted = static_cast<size_t>(directive.width);
    const size_t have = front.size() + digits.size() + behind.size();
    if (have < wanted) digits.insert(0, wanted - have, '0');
  }
  return front + digits + behind;
}

std::optional<std::string> whole_text(const Directive& directive, int64_t value, int bits) {
  if (directive.precision >= 0) return std::nullopt;
  const char conversion = directive.conversion;
  const auto magnitude =
      value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  if (conversion == 'd') {
    if (directive.has('#')) return std::nullopt;
    return signed_number(directive, value < 0, std::to_string(magnitude));
  }
  for (const char flag : {'+', ' ', ',', '('}) {
    if (directive.has(flag)) return std::nullopt;
  }
  auto pattern = static_cast<uint64_t>(value);
  if (bits < 64) pattern &= (uint64_t{1} << bits) - 1;
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, pattern, conversion == 'o' ? 8 : 16).ptr;
  const std::string prefix = !directive.has('#') ? "" : conversion == 'o' ? "0" : "0x";
  std::string digits(text, end);
  const auto wanted = static_cast<size_t>(directive.has('0') ? directive.width : 0);
  if (prefix.size() + digits.size() < wanted) {
    digits.insert(0, wanted - prefix.size() - digits.size(), '0');
  }
  return prefix + digits;
}

std::optional<std::string> double_as(const Directive& directive, double value) {
  if (directive.has('#')) return std::nullopt;
  if (directive.conversion == 'e' && directive.has(',')) return std::nullopt;
  const bool negative = std::signbit(value);
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) {
    Directive plain = directive;
    std::erase(plain.flags, '0');
    std::erase(plain.flags, ',');
    return signed_number(plain, negative, "Infinity");
  }
  const int precision = std::min(directive.precision < 0 ? 6 : directive.precision, 1000);
  std::string digits(1400, '\0');
  const int size =
      std::snprintf(digits.data(), digits.size(), directive.conversion == 'e' ? "%.*e" : "%.*f",
                    precision, std::fabs(value));
  digits.resize(static_cast<size_t>(size));
  return signed_number(directive, negative, std::move(digits));
}

// What the arguments are, by type.
enum class Kind : uint8_t { kText, kBoolean, kWhole, kDouble };

Kind kind_of(const Type& type) {
  if (type.id() == TypeId::kBoolean) return Kind::kBoolean;
  if (type.is_integer()) return Kind::kWhole;
  return type.is_float() ? Kind::kDouble : Kind::kText;
}

int bits_of(const Type& type) {
  return type.id() == TypeId::kInt8    ? 8
         : type.id() == TypeId::kInt16 ? 16
         : type.id() == TypeId::kInt32 ? 32
                                       : 64;
}

class Printf {
 public:
  using Out = TextWriter;
  // The format, each argument as text, and each as it is.
  Printf(const Nodes& nodes, const std::vector<Input>& inputs, Out&)
      : nodes_(nodes), inputs_(inputs), count_((nodes.size() - 1) / 2), format_(inputs[0]) {
    for (size_t i = 0; i < count_; ++i) texts_.emplace_back(inputs[1 + i]);
  }

  void row(Row& row, int64_t i, Out& out) {
    View rest = format_[i];
    size_t next = 0;
    while (!rest.empty()) {
      const size_t plain = std::min(rest.find('%'), rest.size());
      out.bytes().append(rest.substr(0, plain));
      rest.remove_prefix(plain);
      if (rest.empty()) return;
      rest.remove_prefix(1);
      const std::optional<Directive> directive = take_directive(rest);
      if (!directive) return row.set_null();
      if (directive->width > 0 && !row.has_room(out.bytes(), static_cast<size_t>(directive->width)))
        return;
      std::optional<std::string> text = text_of(*directive, next, i);
      if (!text) return row.set_null();
      pad(*directive, *text);
      out.bytes() += *text;
    }
  }

 private:
  bool is_null(size_t input, int64_t row) const {
    return nodes_[input]->type().id() == TypeId::kNull ||
           inputs_[input].column->IsNull(inputs_[input].constant ? 0 : row);
  }

  static void pad(const Directive& directive, std::string& text) {
    const size_t have = utf8_length(text);
    const auto wanted = static_cast<size_t>(std::max(directive.width, 0));
    if (have < wanted) text.insert(directive.has('-') ? text.size() : 0, wanted - have, ' ');
  }

  // None: Java refuses it.
  std::optional<std::string> text_of(const Directive& directive, size_t& next, int64_t row) {
    if (directive.conversion == 'n')
      return directive.width < 0 ? std::optional("\n") : std::nullopt;
    if (directive.conversion == '%') return "%";
    const size_t at = directive.argument > 0 ? directive.argument - 1 : next++;
    if (at >= count_) return std::nullopt;
    Directive small = directive;
    const bool capitals = View("SBCXE").find(directive.conversion) != View::npos;
    if (capitals) small.conversion = static_cast<char>(directive.conversion + 32);
    std::optional<std::string> text = small_text(small, at, row);
    if (!text || !capitals) return text;
    std::string upper;
    append_upper(upper, *text);
    return upper;
  }

  std::optional<std::string> small_text(const Directive& directive, size_t at, int64_t row) {
    const size_t input = 1 + count_ + at;
    const Kind kind = kind_of(nodes_[input]->type());
    const bool null = is_null(input, row);
    switch (directive.conversion) {
      case 's':
      case 'b': return any_text(directive, at, row, kind, null);
      case 'c':
        if (null) return "null";
        if (kind != Kind::kWhole || directive.precision >= 0) return std::nullopt;
        return character(whole(input, row));
      case 'd':
      case 'x':
      case 'o':
        if (null) return "null";
        if (kind != Kind::kWhole) return std::nullopt;
        return whole_text(directive, whole(input, row), bits_of(nodes_[input]->type()));
      case 'e':
      case 'f':
        if (null) return "null";
        if (kind != Kind::kDouble) return std::nullopt;
        return double_as(directive, number(input, row));
      default: return std::nullopt;
    }
  }

  std::optional<std::string> any_text(const Directive& directive, size_t at, int64_t row, Kind kind,
                                      bool null) const {
    for (const char flag : {'+', ' ', '0', ',', '(', '#'}) {
      if (directive.has(flag)) return std::nullopt;
    }
    std::string text = null ? "null" : std::string(texts_[at][row]);
    if (!null && kind == Kind::kBoolean) text = text == "TRUE" ? "true" : "false";
    if (directive.conversion == 'b' && (null || kind != Kind::kBoolean))
      text = null ? "false" : "true";
    if (directive.precision < 0) return text;
    return std::string(utf8_substring(text, 0, static_cast<size_t>(directive.precision)));
  }

  static std::optional<std::string> character(int64_t code) {
    if (code < 0 || code > 0x10FFFF) return std::nullopt;
    std::string text;
    append_utf8(text, static_cast<uint32_t>(code));
    return text;
  }

  int64_t whole(size_t input, int64_t row) const {
    return with_storage(nodes_[input]->type(), [&](auto sample) -> int64_t {
      using T = decltype(sample);
      if constexpr (std::is_integral_v<T>)
        return static_cast<int64_t>(Values<T>(inputs_[input])[row]);
      return 0;
    });
  }
  double number(size_t input, int64_t row) const {
    if (nodes_[input]->type().id() == TypeId::kFloat64) return Values<double>(inputs_[input])[row];
    return static_cast<double>(Values<float>(inputs_[input])[row]);
  }

  const Nodes& nodes_;
  const std::vector<Input>& inputs_;
  const size_t count_;
  const Values<View> format_;
  std::vector<Values<View>> texts_;
};

Result<NodePtr> bind_printf(Nodes arguments, const CallSite& site) {
  DF_RETURN_IF_ERROR(take_parameter<View>(arguments, 0, site));
  Nodes made = {arguments[0]};
  for (size_t i = 1; i < arguments.size(); ++i) {
    DF_ASSIGN_OR_RETURN(NodePtr text, bind_cast(arguments[i], Type::string(), site, false));
    made.push_back(std::move(text));
  }
  made.insert(made.end(), arguments.begin() + 1, arguments.end());
  return make_nested_function<Printf>(Type::string(), std::move(made), 1, true);
}

struct Elt {
  using Out = TextWriter;
  Elt(const Nodes&, const std::vector<Input>& inputs, Out&) : inputs_(inputs), index_(inputs[0]) {
    for (size_t i = 1; i < inputs.size(); ++i) texts_.emplace_back(inputs[i]);
  }
  void row(Row& row, int64_t i, Out& out) const {
    const int64_t at = index_[i];
    if (at < 1 || at > std::ssize(texts_)) return row.set_null();
    const Input& input = inputs_[static_cast<size_t>(at)];
    if (input.column->IsNull(input.constant ? 0 : i)) return row.set_null();
    out.bytes() += texts_[static_cast<size_t>(at - 1)][i];
  }

 private:
  const std::vector<Input>& inputs_;
  const Values<int64_t> index_;
  std::vector<Values<View>> texts_;
};

Result<NodePtr> bind_elt(Nodes arguments, const CallSite& site) {
  DF_RETURN_IF_ERROR(take_parameter<int64_t>(arguments, 0, site));
  const bool bytes = arguments[1]->type().id() == TypeId::kBytes;
  for (size_t i = 1; i < arguments.size(); ++i) {
    if (bytes && arguments[i]->type().id() == TypeId::kBytes) continue;
    DF_RETURN_IF_ERROR(take_parameter<View>(arguments, i, site));
  }
  return make_nested_function<Elt>(bytes ? Type::bytes() : Type::string(), std::move(arguments), 1,
                                   true);
}

}  // namespace

void add_printf(FunctionList& list) {
  list.push_back({{"PRINTF", "PRINTF(format, any, …)",
                   "The arguments by a format of Java's: %s, %b, %c, %d, %x, %o, %f and %e with "
                   "flags, width and precision; NULL where they do not go together.",
                   "string"},
                  1,
                  kAnyNumber,
                  bind_printf});
  list.push_back({{"ELT", "ELT(index, text, …)",
                   "The text with that index, counted from 1, or NULL.", "string"},
                  2,
                  kAnyNumber,
                  bind_elt});
}

}  // namespace dataflow::expr
