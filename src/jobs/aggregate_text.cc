#include <cctype>

#include "pipeline_reader.h"

namespace dataflow::jobs {
namespace {

std::string upper_of(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

size_t skip_blanks(std::string_view text, size_t at) {
  while (at < text.size() && is_blank(text[at])) ++at;
  return at;
}

// The word that stands at `at` in any case; npos, or the place behind it.
size_t behind_word(std::string_view text, size_t at, std::string_view capitals) {
  if (upper_of(text.substr(at, capitals.size())) != capitals) return std::string_view::npos;
  const size_t end = at + capitals.size();
  const bool goes_on =
      end < text.size() &&
      (std::isalnum(static_cast<unsigned char>(text[end])) != 0 || text[end] == '_');
  return goes_on ? std::string_view::npos : end;
}

// The `)` that closes what was opened before `from`, quotes left alone.
size_t closing(std::string_view text, size_t from) {
  int depth = 1;
  char quote = 0;
  for (size_t i = from; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '\'' || c == '"' || c == '`') {
      quote = c;
    } else if (c == '(') {
      ++depth;
    } else if (c == ')' && --depth == 0) {
      return i;
    }
  }
  return std::string_view::npos;
}

class AggregateText {
 public:
  AggregateText(const YamlText& yaml, std::string text, expr::Place start, std::string what)
      : yaml_(yaml), text_(std::move(text)), start_(start), what_(std::move(what)) {}

  Result<plan::Aggregate> read();

 private:
  expr::Place place_of(size_t at) const;
  Status error(size_t at, const std::string& words) const {
    return yaml_.error(place_of(at), what_ + ": " + words);
  }
  Result<expr::ExpressionPtr> parse(size_t from, size_t to) const;
  Status read_filter(size_t at, plan::Aggregate& aggregate) const;

  const YamlText& yaml_;
  const std::string text_;
  const expr::Place start_;
  const std::string what_;
};

expr::Place AggregateText::place_of(size_t at) const {
  expr::Place place = start_;
  for (size_t i = 0; i < at && i < text_.size(); ++i) {
    if (text_[i] == '\n') {
      place = {place.line + 1, 1};
    } else {
      ++place.column;
    }
  }
  return place;
}

Result<expr::ExpressionPtr> AggregateText::parse(size_t from, size_t to) const {
  Result<expr::ExpressionPtr> tree =
      expr::parse_expression(text_.substr(from, to - from), place_of(from));
  if (!tree.ok()) return with_file(yaml_.file(), tree.status(), what_);
  return tree;
}

Status AggregateText::read_filter(size_t at, plan::Aggregate& aggregate) const {
  at = skip_blanks(text_, at);
  if (at == text_.size()) return {};
  const size_t filter = behind_word(text_, at, "FILTER");
  if (filter == std::string::npos) {
    return error(at,
                 "behind the aggregate only FILTER (WHERE …) may stand; compute with its "
                 "result in a `select` step behind this one");
  }
  const size_t open = skip_blanks(text_, filter);
  const size_t close =
      open < text_.size() && text_[open] == '(' ? closing(text_, open + 1) : std::string::npos;
  const size_t where = close == std::string::npos
                           ? std::string::npos
                           : behind_word(text_, skip_blanks(text_, open + 1), "WHERE");
  if (where == std::string::npos || skip_blanks(text_, close + 1) != text_.size()) {
    return error(at, "a filter is written as FILTER (WHERE condition)");
  }
  DF_ASSIGN_OR_RETURN(aggregate.filter, parse(where, close));
  return {};
}

Result<plan::Aggregate> AggregateText::read() {
  plan::Aggregate aggregate;
  const size_t name = skip_blanks(text_, 0);
  size_t end = name;
  while (end < text_.size() &&
         (std::isalnum(static_cast<unsigned char>(text_[end])) != 0 || text_[end] == '_')) {
    ++end;
  }
  const size_t open = skip_blanks(text_, end);
  if (end == name || open == text_.size() || text_[open] != '(') {
    return error(name, "`" + text_ + "` is not an aggregate such as COUNT(*) or SUM(price)");
  }
  const size_t close = closing(text_, open + 1);
  if (close == std::string::npos) return error(open, "the `(` is not closed");
  aggregate.function = upper_of(std::string_view(text_).substr(name, end - name));
  size_t at = skip_blanks(text_, open + 1);
  const size_t distinct = behind_word(text_, at, "DISTINCT");
  if (distinct != std::string::npos) {
    aggregate.distinct = true;
    at = skip_blanks(text_, distinct);
  }
  const bool star = text_[at] == '*' && skip_blanks(text_, at + 1) == close;
  if (star && (aggregate.function != "COUNT" || aggregate.distinct)) {
    return error(at, "only COUNT takes *, and without DISTINCT");
  }
  if (!star) {
    if (at == close) return error(at, aggregate.function + " needs an argument");
    DF_ASSIGN_OR_RETURN(aggregate.argument, parse(at, close));
  }
  DF_RETURN_IF_ERROR(read_filter(close + 1, aggregate));
  return aggregate;
}

}  // namespace

Result<plan::Aggregate> read_aggregate(const YamlText& yaml, const YAML::Node& node,
                                       const std::string& what) {
  DF_ASSIGN_OR_RETURN(std::string text, yaml.scalar(node, what));
  return AggregateText(yaml, std::move(text), yaml.text_place(node), what).read();
}

}  // namespace dataflow::jobs
