#include "read_copy.h"

#include <optional>
#include <string_view>

#include "sql_state.h"

namespace dataflow::postgres {
namespace {

// What is behind a backslash in E'…'.
char escaped(char c) {
  constexpr std::string_view kNames = "bfnrt";
  constexpr std::string_view kLetters = "\b\f\n\r\t";
  const size_t at = kNames.find(c);
  return at == std::string_view::npos ? c : kLetters[at];
}

// 'text' or E'te\xt'; none: it is something else.
std::optional<std::string> take_text(WordScanner& words) {
  const Word word = words.take();
  if (word.kind == WordKind::kString) return word.value();
  const Word behind = words.peek();
  if (!word.is("E") || behind.kind != WordKind::kString || behind.from != word.to) {
    return std::nullopt;
  }
  const std::string raw = words.take().value();
  std::string text;
  for (size_t i = 0; i < raw.size(); ++i) {
    const bool escape = raw[i] == '\\' && i + 1 < raw.size();
    text += escape ? escaped(raw[++i]) : raw[i];
  }
  return text;
}

Result<char> single(WordScanner& words, const char* what) {
  const std::optional<std::string> value = take_text(words);
  if (!value || value->size() != 1) {
    return sql_error(SqlState::kInvalidParameter,
                     std::string("COPY ") + what + " must be a single one-byte character");
  }
  return (*value)[0];
}

// true, on, 1, or no word at all.
Result<bool> read_flag(WordScanner& words) {
  if (words.peek().is_symbol(',') || words.peek().is_symbol(')')) return true;
  const std::string value = words.take().value();
  if (value == "true" || value == "on" || value == "1") return true;
  if (value == "false" || value == "off" || value == "0") return false;
  return sql_error(SqlState::kSyntax, "HEADER and FREEZE require a Boolean value");
}

// What a format is with unless it is said.
void begin_format(CopyFormat format, CopyOptions& out) {
  out.format = format;
  if (format != CopyFormat::kCsv) return;
  out.delimiter = ',';
  out.null.clear();
}

Status read_format(const Word& word, CopyOptions& out) {
  const std::string name = word.value();
  if (name == "text") {
    begin_format(CopyFormat::kText, out);
  } else if (name == "csv") {
    begin_format(CopyFormat::kCsv, out);
  } else if (name == "binary") {
    begin_format(CopyFormat::kBinary, out);
  } else {
    return sql_error(SqlState::kInvalidParameter, "COPY format \"" + name + "\" not recognized");
  }
  return {};
}

// * or (a, b), or, as it was once, a, b.
Status read_quoted(WordScanner& words, CopyOptions& out) {
  if (words.take_symbol('*')) {
    out.quotes_all = true;
    return {};
  }
  const bool list = words.take_symbol('(');
  do {
    const Word column = words.take();
    if (column.kind != WordKind::kWord && column.kind != WordKind::kQuoted) {
      return unexpected(column, "* or names of columns");
    }
    out.quoted.push_back(column.value());
  } while (words.take_symbol(','));
  return !list || words.take_symbol(')') ? Status() : unexpected(words.peek(), "`)`");
}

Status read_option(const Word& name, WordScanner& words, CopyOptions& out) {
  words.take_word("AS");
  if (name.is("DELIMITER") || name.is("DELIMITERS")) {
    DF_ASSIGN_OR_RETURN(out.delimiter, single(words, "delimiter"));
  } else if (name.is("QUOTE")) {
    DF_ASSIGN_OR_RETURN(out.quote, single(words, "quote"));
  } else if (name.is("ESCAPE")) {
    DF_ASSIGN_OR_RETURN(out.escape, single(words, "escape"));
  } else if (name.is("NULL")) {
    const Word given = words.peek();
    const std::optional<std::string> text = take_text(words);
    if (!text) return unexpected(given, "a text");
    out.null = *text;
  } else if (name.is("FORCE_QUOTE") || (name.is("FORCE") && words.take_word("QUOTE"))) {
    DF_RETURN_IF_ERROR(read_quoted(words, out));
  } else if (name.is("FREEZE")) {
    // Of how PostgreSQL stores rows.
    DF_RETURN_IF_ERROR(read_flag(words).status());
  } else if (name.is("ENCODING")) {
    const std::string encoding = words.take().value();
    if (encoding != "UTF8" && encoding != "utf8" && encoding != "utf-8") {
      return sql_error(SqlState::kUnsupported,
                       "COPY encoding \"" + encoding + "\": there is UTF8 only");
    }
  } else {
    return sql_error(SqlState::kSyntax, "option \"" + name.value() + "\" of COPY not recognized");
  }
  return {};
}

// (FORMAT csv, HEADER, …). The format is read first, because the others' defaults hang on it.
Status read_listed(WordScanner& words, CopyOptions& out) {
  for (const bool formats : {true, false}) {
    WordScanner ahead = words;
    do {
      const Word name = ahead.take();
      if (name.is("FORMAT")) {
        const Word format = ahead.take();
        if (formats) DF_RETURN_IF_ERROR(read_format(format, out));
      } else if (name.is("HEADER")) {
        DF_ASSIGN_OR_RETURN(out.header, read_flag(ahead));
      } else {
        CopyOptions passed;
        DF_RETURN_IF_ERROR(read_option(name, ahead, formats ? passed : out));
      }
    } while (ahead.take_symbol(','));
    if (!ahead.take_symbol(')')) return unexpected(ahead.peek(), "`,` or `)`");
    if (!formats) words = ahead;
  }
  return {};
}

// CSV HEADER DELIMITER ';', as before PostgreSQL 9.
Status read_old(WordScanner& words, CopyOptions& out) {
  while (!words.at_end()) {
    if (words.take_word("CSV")) {
      begin_format(CopyFormat::kCsv, out);
    } else if (words.take_word("BINARY")) {
      begin_format(CopyFormat::kBinary, out);
    } else if (words.take_word("HEADER")) {
      out.header = true;
    } else {
      const Word name = words.take();
      DF_RETURN_IF_ERROR(read_option(name, words, out));
    }
  }
  return {};
}

Status read_options(WordScanner& words, CopyOptions& out) {
  words.take_word("WITH");
  DF_RETURN_IF_ERROR(words.take_symbol('(') ? read_listed(words, out) : read_old(words, out));
  if (!words.at_end()) return unexpected(words.peek(), "the end of COPY");
  if (out.escape == 0) out.escape = out.quote;
  if (out.format != CopyFormat::kCsv && out.quote != '"') {
    return sql_error(SqlState::kUnsupported, "COPY quote is available only in CSV mode");
  }
  if (out.format != CopyFormat::kCsv && (out.quotes_all || !out.quoted.empty())) {
    return sql_error(SqlState::kUnsupported, "COPY force quote is available only in CSV mode");
  }
  return {};
}

// What stands in parentheses, the first of which is taken; up to the one that closes it.
Result<Span> read_inner(WordScanner& words) {
  Span inner{words.peek().from, words.peek().from};
  for (int depth = 1; !words.at_end();) {
    const Word word = words.take();
    if (word.is_symbol('(')) ++depth;
    if (word.is_symbol(')') && --depth == 0) return inner;
    inner.to = word.to;
  }
  return unexpected(words.peek(), "`)`");
}

// name.name (a, b) becomes a query, and what INSERT INTO is followed by.
Status read_table(WordScanner& words, OwnStatement& out) {
  std::string& table = out.target;
  do {
    const Word name = words.take();
    if (name.kind != WordKind::kWord && name.kind != WordKind::kQuoted) {
      return unexpected(name, "a table or a query in parentheses");
    }
    table += (table.empty() ? "" : ".") + std::string(name.text);
    out.name = name.value();
  } while (words.take_symbol('.'));
  std::string columns = "*";
  if (words.take_symbol('(')) {
    columns.clear();
    do {
      out.list.emplace_back(words.take().text);
      columns += (columns.empty() ? "" : ", ") + out.list.back();
    } while (words.take_symbol(','));
    if (!words.take_symbol(')')) return unexpected(words.peek(), "`)`");
  }
  out.table = "SELECT " + columns + " FROM " + table;
  if (columns != "*") table += " (" + columns + ")";
  return {};
}

}  // namespace

Status unexpected(const Word& found, const std::string& wanted) {
  const std::string at = found.kind == WordKind::kEnd
                             ? "at end of input"
                             : "at or near \"" + std::string(found.text) + "\"";
  return sql_error(SqlState::kSyntax, "syntax error " + at + ": expected " + wanted);
}

Result<OwnStatement> read_copy(WordScanner& words) {
  OwnStatement out;
  out.kind = OwnKind::kCopyOut;
  out.tag = "COPY";
  if (words.take_symbol('(')) {
    DF_ASSIGN_OR_RETURN(out.inner, read_inner(words));
  } else {
    DF_RETURN_IF_ERROR(read_table(words, out));
  }
  const bool in = words.peek().is("FROM") && !out.target.empty();
  if (!in && !words.peek().is("TO")) {
    return unexpected(words.peek(), out.target.empty() ? "TO STDOUT" : "FROM STDIN or TO STDOUT");
  }
  words.take();
  if (in) out.kind = OwnKind::kCopyIn;
  if (!words.take_word(in ? "STDIN" : "STDOUT")) {
    return sql_error(SqlState::kUnsupported,
                     in ? "COPY reads from STDIN only; psql's \\copy sends a file of the client, "
                          "and a table WITH ('connector' = 'filesystem') reads one of the server"
                        : "COPY writes to STDOUT only");
  }
  DF_RETURN_IF_ERROR(read_options(words, out.copy));
  return out;
}

}  // namespace dataflow::postgres
