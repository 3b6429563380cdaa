#include "cli/sql/sql_completer.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <filesystem>
#include <set>

#include "expr/bound.h"
#include "expr/lexer.h"
#include "expr/print.h"

namespace dataflow::cli {
namespace {

// What joins the parts of statements: offered whatever else fits.
constexpr std::string_view kClauses[] = {
    "AND",  "AS",     "BETWEEN", "BY",    "DISTINCT", "FROM",   "GROUP BY", "HAVING", "IN",
    "IS",   "JOIN",   "LIKE",    "LIMIT", "NOT",      "NULL",   "ON",       "OR",     "ORDER BY",
    "OVER", "SELECT", "SET",     "UNION", "USING",    "VALUES", "WHERE",    "WITH",
};
// Offered where no name of the catalog fits.
constexpr std::string_view kWords[] = {
    "ALL",
    "ALTER TABLE",
    "ANTI JOIN",
    "ASC",
    "ASOF JOIN",
    "BEGIN",
    "BIGINT",
    "BOOLEAN",
    "BYTES",
    "CASCADE",
    "CASE",
    "CAST(",
    "COLUMNS FROM",
    "COMMIT",
    "CREATE",
    "CROSS JOIN",
    "CUMULATE(",
    "DATE",
    "DECIMAL",
    "DELETE FROM",
    "DESC",
    "DESCRIBE",
    "DESCRIPTOR(",
    "DOUBLE",
    "DROP",
    "ELSE",
    "END",
    "EXCEPT",
    "EXECUTE STATEMENT SET BEGIN",
    "EXISTS",
    "EXPLAIN",
    "FALSE",
    "FLOAT",
    "FLUSH",
    "FOR SYSTEM_TIME AS OF",
    "FULL JOIN",
    "FUNCTION",
    "FUNCTIONS",
    "HOP(",
    "IF EXISTS",
    "IF NOT EXISTS",
    "INNER JOIN",
    "INSERT INTO",
    "INT",
    "INTERSECT",
    "INTERVAL",
    "JOBS",
    "LEFT JOIN",
    "MATCH_CONDITION",
    "MATERIALIZED VIEW",
    "NATURAL JOIN",
    "OFFSET",
    "PARTITION BY",
    "PRIMARY KEY",
    "QUALIFY",
    "RANGE",
    "RESET",
    "RIGHT JOIN",
    "ROLLBACK",
    "ROWS",
    "SEMI JOIN",
    "SESSION(",
    "SHOW",
    "SMALLINT",
    "STRING",
    "SUBSCRIBE TO",
    "TABLE",
    "TABLES",
    "THEN",
    "TIME",
    "TIMESTAMP",
    "TIMESTAMP_LTZ",
    "TINYINT",
    "TRUE",
    "TUMBLE(",
    "UNION ALL",
    "UNNEST(",
    "UPDATE",
    "VIEW",
    "VIEWS",
    "WATERMARK FOR",
    "WHEN",
    "WINDOW",
};

bool in_word(char c) {
  const auto byte = static_cast<uint8_t>(c);
  return byte >= 0x80 || std::isalnum(byte) != 0 || c == '_' || c == '$';
}

std::string folded(std::string_view text) { return expr::in_capitals(text); }

bool starts(std::string_view text, std::string_view start) {
  return folded(text.substr(0, start.size())) == folded(start);
}

// The words of the text, names in quotes without them; anything else is a word of its own. Nothing
// where the text ends in a string or a comment: there is nothing to complete there.
struct Words {
  std::vector<std::string> list;
  bool within = false;
};

Words words_of(std::string_view text) {
  Words out;
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (in_word(c)) {
      size_t end = at;
      while (end < text.size() && in_word(text[end])) ++end;
      out.list.emplace_back(text.substr(at, end - at));
      at = end;
      continue;
    }
    const bool line = text.substr(at, 2) == "--";
    const bool comment = text.substr(at, 2) == "/*";
    if (line || comment || c == '\'' || c == '"' || c == '`') {
      const std::string_view closing = line ? "\n" : comment ? "*/" : text.substr(at, 1);
      const size_t end = text.find(closing, at + (line || comment ? 2 : 1));
      out.within = end == std::string_view::npos;
      if (out.within) return out;
      if (c == '"' || c == '`') out.list.emplace_back(text.substr(at + 1, end - at - 1));
      if (c == '\'') out.list.emplace_back("'");
      at = end + closing.size();
      continue;
    }
    if (std::isspace(static_cast<uint8_t>(c)) == 0) out.list.emplace_back(1, c);
    ++at;
  }
  return out;
}

class Choices {
 public:
  explicit Choices(std::string_view prefix) : prefix_(prefix) {
    small_ = !prefix.empty() && std::islower(static_cast<uint8_t>(prefix[0])) != 0;
  }
  void add_word(std::string_view word) {
    if (!starts(word, prefix_)) return;
    std::string text(word);
    if (small_) {
      for (char& c : text) c = static_cast<char>(std::tolower(static_cast<uint8_t>(c)));
    }
    found_.insert(text);
  }
  void add_name(const std::string& name) {
    if (starts(name, prefix_)) found_.insert(sql_name(name));
  }
  bool empty() const { return found_.empty(); }
  Completion completion(size_t from) const {
    Completion out;
    out.from = from;
    out.choices.assign(found_.begin(), found_.end());
    const bool opens = out.choices.size() == 1 && out.choices[0].ends_with('(');
    if (opens) out.behind = "";
    return out;
  }

 private:
  std::string_view prefix_;
  bool small_ = false;
  std::set<std::string> found_;
};

// The relation that the word names in the statement, or stands for: `orders AS o`, `orders o`.
const SqlRelation* relation_of(const std::string& word, const std::vector<std::string>& words,
                               const std::vector<SqlRelation>& relations) {
  const auto named = [&](const std::string& name) -> const SqlRelation* {
    for (const SqlRelation& relation : relations) {
      if (folded(relation.name) == folded(name)) return &relation;
    }
    return nullptr;
  };
  if (const SqlRelation* found = named(word)) return found;
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    const SqlRelation* relation = named(words[i]);
    if (relation == nullptr) continue;
    const size_t alias = folded(words[i + 1]) == "AS" ? i + 2 : i + 1;
    if (alias < words.size() && folded(words[alias]) == folded(word)) return relation;
  }
  return nullptr;
}

bool wants_relation(const std::vector<std::string>& before) {
  if (before.empty()) return false;
  const std::string last = folded(before.back());
  if (last == "FROM" && before.size() >= 2 && before[before.size() - 2] == "(") return false;
  for (const char* word : {"FROM", "JOIN", "INTO", "UPDATE", "DESCRIBE", "TO"}) {
    if (last == word) return true;
  }
  if (before.size() < 2 || (last != "TABLE" && last != "VIEW")) return false;
  const std::string verb = folded(before[before.size() - 2]);
  return verb == "DROP" || verb == "ALTER" || verb == "CREATE" || verb == "(" ||
         verb == "MATERIALIZED" || verb == "=";
}

Completion complete_command(const std::string& text, size_t cursor,
                            const std::vector<SqlRelation>& relations) {
  const std::string line = text.substr(0, cursor);
  const size_t blank = line.find_first_of(" \t");
  Completion out;
  if (blank == std::string::npos) {
    for (const ClientCommand& command : client_commands()) {
      if (command.name.starts_with(line)) out.choices.push_back(command.name);
    }
    return out;
  }
  out.from = line.find_first_not_of(" \t", blank);
  if (out.from == std::string::npos) out.from = line.size();
  const std::string name = line.substr(0, blank);
  const std::string begun = line.substr(out.from);
  if (name == "\\d") {
    for (const SqlRelation& relation : relations) {
      if (starts(relation.name, begun)) out.choices.push_back(relation.name);
    }
  } else if (name == "\\format") {
    for (const char* format : {"table", "csv", "json", "markdown", "yaml"}) {
      if (std::string_view(format).starts_with(begun)) out.choices.emplace_back(format);
    }
  } else if (name == "\\i") {
    const size_t slash = begun.rfind('/');
    const std::string folder = slash == std::string::npos ? "" : begun.substr(0, slash + 1);
    std::error_code error;
    std::filesystem::directory_iterator files(folder.empty() ? "." : folder, error);
    for (; !error && files != std::filesystem::directory_iterator(); files.increment(error)) {
      const bool is_folder = files->is_directory(error);
      const std::string path = folder + files->path().filename().string() + (is_folder ? "/" : "");
      if (path.starts_with(begun)) out.choices.push_back(path);
    }
    if (out.choices.size() == 1 && out.choices[0].ends_with('/')) out.behind = "";
    std::sort(out.choices.begin(), out.choices.end());
  }
  return out;
}

}  // namespace

const std::vector<ClientCommand>& client_commands() {
  static const auto* kCommands = new std::vector<ClientCommand>{
      {"\\?", "", "this list"},
      {"\\q", "", "leave (so does Ctrl-D)"},
      {"\\d", "[NAME]", "tables and views; of one its columns"},
      {"\\dt", "", "tables"},
      {"\\dv", "", "views, materialized ones too"},
      {"\\df", "[START]", "functions, those whose names begin with START"},
      {"\\e", "", "the last statement in $VISUAL or $EDITOR, to be entered anew"},
      {"\\i", "FILE", "run the statements of a file"},
      {"\\format", "[NAME]", "table, csv, json, markdown or yaml"},
      {"\\x", "", "rows of tables with a line for each value, and back"},
      {"\\timing", "", "how long each statement took, and no more"},
      {"\\pager", "", "long results page by page, and at once again"},
  };
  return *kCommands;
}

std::string sql_name(const std::string& name) { return expr::name_to_sql(name); }

Completion complete_sql(const std::string& text, size_t cursor,
                        const std::vector<SqlRelation>& relations) {
  if (text.starts_with('\\')) return complete_command(text, cursor, relations);
  const Words before = words_of(std::string_view(text).substr(0, cursor));
  if (before.within) return {};
  size_t from = cursor;
  while (from > 0 && in_word(text[from - 1])) --from;
  const std::string_view prefix = std::string_view(text).substr(from, cursor - from);
  std::vector<std::string> in_front = before.list;
  if (!prefix.empty()) in_front.pop_back();
  const std::vector<std::string> all = words_of(text).list;

  Choices choices(prefix);
  if (in_front.size() >= 2 && in_front.back() == ".") {
    const SqlRelation* of = relation_of(in_front[in_front.size() - 2], all, relations);
    if (of == nullptr) return {};
    for (const SqlColumn& column : of->columns) choices.add_name(column.name);
    return choices.completion(from);
  }
  if (wants_relation(in_front)) {
    for (const SqlRelation& relation : relations) choices.add_name(relation.name);
    Completion found = choices.completion(from);
    if (!found.choices.empty()) return found;
  }
  // Where nothing is begun yet only what the statement speaks of: all words would be no help.
  const bool begun = !prefix.empty();
  for (const SqlRelation& relation : relations) {
    if (begun) choices.add_name(relation.name);
    const bool named = std::any_of(all.begin(), all.end(), [&](const std::string& word) {
      return folded(word) == folded(relation.name);
    });
    if (!named) continue;
    for (const SqlColumn& column : relation.columns) choices.add_name(column.name);
  }
  if (begun) {
    if (choices.empty()) {
      for (const std::string_view word : kWords) choices.add_word(word);
    }
    for (const std::string_view word : kClauses) choices.add_word(word);
    for (const expr::FunctionInfo& info : expr::functions()) {
      // Operators, and what has a syntax of its own, are not written so.
      if (info.signature.starts_with(info.name + "(")) choices.add_word(info.name + "(");
    }
  }
  return choices.completion(from);
}

}  // namespace dataflow::cli
