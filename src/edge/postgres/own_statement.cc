#include "own_statement.h"

#include <charconv>

#include "client_settings.h"
#include "read_copy.h"
#include "read_index.h"
#include "sql_state.h"

namespace dataflow::postgres {
namespace {

using Read = Result<std::optional<OwnStatement>>;

bool is_name(const Word& word) {
  return word.kind == WordKind::kWord || word.kind == WordKind::kQuoted;
}

OwnStatement of(OwnKind kind, std::string tag) {
  OwnStatement out;
  out.kind = kind;
  out.tag = std::move(tag);
  return out;
}

Result<std::string> read_name(WordScanner& words, const char* what) {
  const Word name = words.take();
  if (!is_name(name)) return unexpected(name, what);
  return name.value();
}

Status expect_end(const WordScanner& words) {
  if (words.at_end()) return {};
  return unexpected(words.peek(), "the end of the statement");
}

// A value, or several behind each other with commas; none: DEFAULT.
Result<std::optional<std::string>> read_setting_value(WordScanner& words) {
  if (words.take_word("DEFAULT")) {
    DF_RETURN_IF_ERROR(expect_end(words));
    return std::optional<std::string>();
  }
  std::string value;
  do {
    std::string one = words.take_symbol('-') ? "-" : "";
    const Word word = words.take();
    if (word.kind == WordKind::kEnd || word.kind == WordKind::kSymbol) {
      return unexpected(word, "a value");
    }
    one += word.value();
    // A number's unit and a zone's hours belong to it.
    if (word.kind == WordKind::kNumber && words.peek().kind == WordKind::kWord &&
        words.peek().from == word.to) {
      one += words.take().text;
    }
    value += (value.empty() ? "" : ", ") + one;
  } while (words.take_symbol(','));
  DF_RETURN_IF_ERROR(expect_end(words));
  return std::optional(value);
}

// Of what SET TRANSACTION and SESSION CHARACTERISTICS say whether it may write is of account here.
OwnStatement read_access(WordScanner& words, OwnStatement out) {
  while (!words.at_end()) {
    if (words.take_words("READ", "ONLY")) {
      out.read_only = true;
    } else if (words.take_words("READ", "WRITE")) {
      out.read_only = false;
    } else {
      words.take();
    }
  }
  out.kind = out.read_only ? OwnKind::kAccess : OwnKind::kNothing;
  return out;
}

// The words that PostgreSQL has for a setting are names of it.
Read read_special_set(WordScanner& words, OwnStatement out) {
  if (words.take_word("TRANSACTION")) {
    return std::optional(read_access(words, out));
  }
  if (words.take_words("TIME", "ZONE")) {
    out.name = "TimeZone";
    if (words.take_word("LOCAL")) return std::optional(out);
  } else if (words.take_word("NAMES")) {
    out.name = "client_encoding";
  } else if (words.take_word("SCHEMA")) {
    out.name = "search_path";
  } else if (words.take_word("ROLE")) {
    out.name = "role";
  } else {
    return std::optional<OwnStatement>();
  }
  DF_ASSIGN_OR_RETURN(out.value, read_setting_value(words));
  return std::optional(out);
}

// SET 'key' = … and names with points are settings of SQL.
Read read_set(WordScanner& words) {
  OwnStatement out = of(OwnKind::kSet, "SET");
  if (words.take_words("SESSION", "CHARACTERISTICS")) {
    out.name = "default_transaction_read_only";
    return std::optional(read_access(words, out));
  }
  if (words.take_words("SESSION", "AUTHORIZATION")) {
    out.name = "session_authorization";
    DF_ASSIGN_OR_RETURN(out.value, read_setting_value(words));
    return std::optional(out);
  }
  // Nothing is checked later than at once.
  if (words.take_word("CONSTRAINTS"))
    return std::optional(of(OwnKind::kNothing, "SET CONSTRAINTS"));
  if (words.take_word("LOCAL")) {
    out.local = true;
  } else {
    words.take_word("SESSION");
  }
  DF_ASSIGN_OR_RETURN(std::optional<OwnStatement> special, read_special_set(words, out));
  if (special) return special;
  const Word name = words.peek();
  if (name.kind != WordKind::kWord) return std::optional<OwnStatement>();
  words.take();
  if (words.peek().is_symbol('.') || words.peek().is_symbol('-')) {
    return std::optional<OwnStatement>();
  }
  if (!words.take_symbol('=') && !words.take_word("TO")) {
    return unexpected(words.peek(), "`=` or TO");
  }
  out.name = name.value();
  DF_ASSIGN_OR_RETURN(out.value, read_setting_value(words));
  return std::optional(out);
}

Read read_reset(WordScanner& words) {
  OwnStatement out = of(OwnKind::kReset, "RESET");
  const Word name = words.take();
  if (name.kind != WordKind::kWord) return std::optional<OwnStatement>();
  if (!name.is("ALL")) out.name = name.value();
  if (name.is("SESSION") && words.take_word("AUTHORIZATION")) out.name = "session_authorization";
  if (!words.at_end()) return std::optional<OwnStatement>();
  return std::optional(out);
}

Read read_show(WordScanner& words) {
  OwnStatement out = of(OwnKind::kShow, "SHOW");
  if (words.take_words("TRANSACTION", "ISOLATION")) {
    words.take_word("LEVEL");
    out.name = "transaction_isolation";
  } else if (words.take_words("TIME", "ZONE")) {
    out.name = "TimeZone";
  } else if (words.take_words("SESSION", "AUTHORIZATION")) {
    out.name = "session_authorization";
  } else if (!words.take_word("ALL")) {
    const Word name = words.take();
    if (!is_name(name) || !ClientSettings::knows(name.value()))
      return std::optional<OwnStatement>();
    out.name = name.value();
  }
  if (!words.at_end()) return std::optional<OwnStatement>();
  return std::optional(out);
}

Read read_declare(WordScanner& words) {
  OwnStatement out = of(OwnKind::kDeclare, "DECLARE CURSOR");
  DF_ASSIGN_OR_RETURN(out.name, read_name(words, "the cursor's name"));
  while (!words.take_word("CURSOR")) {
    if (words.take_word("BINARY")) {
      out.binary = true;
    } else if (words.take_word("SCROLL")) {
      return sql_error(SqlState::kUnsupported,
                       "a cursor goes forward only; declare it with NO SCROLL");
    } else if (!words.take_word("INSENSITIVE") && !words.take_word("ASENSITIVE") &&
               !words.take_words("NO", "SCROLL")) {
      return unexpected(words.peek(), "CURSOR");
    }
  }
  if (words.take_words("WITH", "HOLD")) {
    out.hold = true;
  } else {
    words.take_words("WITHOUT", "HOLD");
  }
  if (!words.take_word("FOR")) return unexpected(words.peek(), "FOR");
  if (words.at_end()) return unexpected(words.peek(), "a query");
  out.inner = Span{words.peek().from, words.peek().from + words.rest().size()};
  return std::optional(out);
}

Status read_count(WordScanner& words, OwnStatement& out) {
  if (words.take_word("ALL")) {
    out.all = true;
    return {};
  }
  if (words.peek().is_symbol('-')) {
    return sql_error(SqlState::kNotInState, "a cursor goes forward only");
  }
  if (words.peek().kind != WordKind::kNumber) return {};
  const std::string_view digits = words.take().text;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), out.count);
  if (error == std::errc() && end == digits.data() + digits.size()) return {};
  return sql_error(SqlState::kSyntax, "a count of rows is a whole number");
}

// FETCH [NEXT | [FORWARD] [n | ALL]] [FROM | IN] cursor
Read read_fetch(WordScanner& words, OwnKind kind, const char* tag) {
  OwnStatement out = of(kind, tag);
  for (const char* other : {"PRIOR", "FIRST", "LAST", "ABSOLUTE", "RELATIVE", "BACKWARD"}) {
    if (words.peek().is(other)) {
      return sql_error(SqlState::kNotInState, "a cursor goes forward only");
    }
  }
  if (!words.take_word("NEXT")) {
    words.take_word("FORWARD");
    DF_RETURN_IF_ERROR(read_count(words, out));
  }
  if (!words.take_word("FROM")) words.take_word("IN");
  DF_ASSIGN_OR_RETURN(out.name, read_name(words, "the cursor's name"));
  DF_RETURN_IF_ERROR(expect_end(words));
  return std::optional(out);
}

// CLOSE and DEALLOCATE: a name, or ALL.
Read read_closing(WordScanner& words, OwnKind kind, const std::string& tag) {
  OwnStatement out = of(kind, tag);
  if (words.take_word("ALL")) {
    out.tag += kind == OwnKind::kClose ? " CURSOR ALL" : " ALL";
  } else {
    DF_ASSIGN_OR_RETURN(out.name, read_name(words, "a name or ALL"));
    if (kind == OwnKind::kClose) out.tag += " CURSOR";
  }
  DF_RETURN_IF_ERROR(expect_end(words));
  return std::optional(out);
}

Read read_discard(WordScanner& words) {
  const Word what = words.take();
  for (const char* known : {"PLANS", "SEQUENCES", "TEMP", "TEMPORARY"}) {
    if (what.is(known)) {
      return std::optional(of(OwnKind::kNothing, std::string("DISCARD ") + known));
    }
  }
  if (!what.is("ALL")) return unexpected(what, "ALL, PLANS, SEQUENCES or TEMP");
  return std::optional(of(OwnKind::kDiscard, "DISCARD ALL"));
}

// The texts between commas up to the parenthesis that closes; the one that opens is taken.
Result<std::vector<std::string>> read_list(WordScanner& words, std::string_view text) {
  std::vector<std::string> list;
  size_t from = words.peek().from;
  for (int depth = 1; !words.at_end();) {
    const Word word = words.take();
    if (word.is_symbol('(') || word.is_symbol('[')) ++depth;
    if (word.is_symbol(')') || word.is_symbol(']')) --depth;
    if (depth > 1 || (depth == 1 && !word.is_symbol(','))) continue;
    list.emplace_back(text.substr(from, word.from - from));
    from = words.peek().from;
    if (depth == 0) return list;
  }
  return unexpected(words.peek(), "`)`");
}

Read read_prepare(WordScanner& words, std::string_view text) {
  OwnStatement out = of(OwnKind::kPrepare, "PREPARE");
  DF_ASSIGN_OR_RETURN(out.name, read_name(words, "a name"));
  if (words.take_symbol('(')) {
    DF_ASSIGN_OR_RETURN(out.list, read_list(words, text));
  }
  if (!words.take_word("AS")) return unexpected(words.peek(), "AS");
  out.inner = Span{words.peek().from, text.size()};
  return std::optional(std::move(out));
}

Read read_execute(WordScanner& words, std::string_view text) {
  // EXECUTE STATEMENT SET and EXECUTE INSERT are SQL's.
  if (words.peek().is("STATEMENT") || words.peek().is("INSERT")) {
    return std::optional<OwnStatement>();
  }
  OwnStatement out = of(OwnKind::kExecute, "EXECUTE");
  DF_ASSIGN_OR_RETURN(out.name, read_name(words, "the name of a prepared statement"));
  if (words.take_symbol('(')) {
    DF_ASSIGN_OR_RETURN(out.list, read_list(words, text));
  }
  DF_RETURN_IF_ERROR(expect_end(words));
  return std::optional(std::move(out));
}

}  // namespace

Read read_own_statement(std::string_view text) {
  WordScanner words(text);
  const Word first = words.take();
  if (first.kind != WordKind::kWord) return std::optional<OwnStatement>();
  if (first.is("SET")) return read_set(words);
  if (first.is("RESET")) return read_reset(words);
  if (first.is("SHOW")) return read_show(words);
  if (first.is("COPY")) {
    DF_ASSIGN_OR_RETURN(OwnStatement copy, read_copy(words));
    return std::optional(std::move(copy));
  }
  if (first.is("DECLARE")) return read_declare(words);
  if (first.is("FETCH")) return read_fetch(words, OwnKind::kFetch, "FETCH");
  if (first.is("MOVE")) return read_fetch(words, OwnKind::kMove, "MOVE");
  if (first.is("CLOSE")) return read_closing(words, OwnKind::kClose, "CLOSE");
  if (first.is("PREPARE")) return read_prepare(words, text);
  if (first.is("EXECUTE")) return read_execute(words, text);
  if (first.is("DEALLOCATE")) {
    words.take_word("PREPARE");
    return read_closing(words, OwnKind::kDeallocate, "DEALLOCATE");
  }
  if (first.is("DISCARD")) return read_discard(words);
  if (first.is("CREATE")) return read_create_index(words);
  if (first.is("DROP")) return read_drop_index(words);
  if (first.is("LISTEN") || first.is("NOTIFY")) {
    return sql_error(SqlState::kUnsupported,
                     "there are no notifications; SUBSCRIBE TO a table, a view or a query follows "
                     "it");
  }
  if (first.is("UNLISTEN")) return std::optional(of(OwnKind::kNothing, "UNLISTEN"));
  return std::optional<OwnStatement>();
}

}  // namespace dataflow::postgres
