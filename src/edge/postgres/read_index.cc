#include "read_index.h"

#include "read_copy.h"

namespace dataflow::postgres {
namespace {

bool is_name(const Word& word) {
  return word.kind == WordKind::kWord || word.kind == WordKind::kQuoted;
}

// As written, with its points.
Result<std::string> read_path(WordScanner& words, const char* what) {
  std::string path;
  do {
    const Word part = words.take();
    if (!is_name(part)) return unexpected(part, what);
    path += (path.empty() ? "" : ".") + std::string(part.text);
  } while (words.take_symbol('.'));
  return path;
}

// (a, b DESC NULLS LAST, LOWER(c)): those that are columns' names. Whether the others can be
// computed is nobody's concern.
Result<std::string> read_columns(WordScanner& words) {
  if (!words.take_symbol('(')) return unexpected(words.peek(), "`(`");
  std::string columns;
  int open = 1;
  bool begins = true;
  while (open > 0) {
    const Word word = words.take();
    if (word.kind == WordKind::kEnd) return unexpected(word, "`)`");
    const bool calls = words.peek().is_symbol('(');
    if (begins && is_name(word) && !calls) {
      columns += (columns.empty() ? "" : ", ") + std::string(word.text);
    } else if (begins && !is_name(word) && !word.is_symbol('(')) {
      return unexpected(word, "the name of a column");
    }
    begins = open == 1 && word.is_symbol(',');
    if (word.is_symbol('(')) ++open;
    if (word.is_symbol(')')) --open;
  }
  return columns.empty() ? "*" : columns;
}

}  // namespace

// [UNIQUE] INDEX [CONCURRENTLY] [[IF NOT EXISTS] name] ON [ONLY] table [USING method] (…) …
Result<std::optional<OwnStatement>> read_create_index(WordScanner& words) {
  const bool unique = words.take_word("UNIQUE");
  if (!words.take_word("INDEX")) return std::optional<OwnStatement>();
  words.take_word("CONCURRENTLY");
  if (words.take_words("IF", "NOT") && !words.take_word("EXISTS")) {
    return unexpected(words.peek(), "EXISTS");
  }
  if (!words.take_word("ON")) {
    DF_RETURN_IF_ERROR(read_path(words, "the index's name").status());
    if (!words.take_word("ON")) return unexpected(words.peek(), "ON");
  }
  words.take_word("ONLY");
  OwnStatement out;
  out.kind = OwnKind::kIndex;
  out.tag = "CREATE INDEX";
  DF_ASSIGN_OR_RETURN(const std::string table, read_path(words, "the table's name"));
  if (words.take_word("USING")) words.take();
  DF_ASSIGN_OR_RETURN(const std::string columns, read_columns(words));
  out.table = "SELECT " + columns + " FROM " + table;
  out.warning = "no index is made: rows are looked up by the primary key, and read whole otherwise";
  if (unique) out.warning += "; that they are unique is not checked";
  return std::optional(std::move(out));
}

// INDEX [CONCURRENTLY] [IF EXISTS] name, … [CASCADE | RESTRICT]
Result<std::optional<OwnStatement>> read_drop_index(WordScanner& words) {
  if (!words.take_word("INDEX")) return std::optional<OwnStatement>();
  words.take_word("CONCURRENTLY");
  words.take_words("IF", "EXISTS");
  do {
    DF_RETURN_IF_ERROR(read_path(words, "the index's name").status());
  } while (words.take_symbol(','));
  if (!words.take_word("CASCADE")) words.take_word("RESTRICT");
  if (!words.at_end()) return unexpected(words.peek(), "the end of the statement");
  OwnStatement out;
  out.kind = OwnKind::kIndex;
  out.tag = "DROP INDEX";
  out.warning = "there are no indexes, and none is dropped";
  return std::optional(std::move(out));
}

}  // namespace dataflow::postgres
