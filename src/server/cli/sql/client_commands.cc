// What the shell does by itself: \d and its like.
#include <algorithm>

#include "cli/exit_codes.h"
#include "cli/sql/edit_outside.h"
#include "cli/sql/sql_completer.h"
#include "cli/sql/sql_shell.h"
#include "cli/sql/text_width.h"
#include "expr/bound.h"
#include "expr/lexer.h"

namespace dataflow::cli {
namespace {

constexpr size_t kDeepestFile = 16;
constexpr int64_t kTimeoutMs = 30'000;

std::string trimmed(const std::string& text) {
  const size_t from = text.find_first_not_of(" \t\r\n");
  if (from == std::string::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t\r\n") + 1 - from);
}

// Without its quotes, and a `;` that habit has put behind it.
std::string argument_of(std::string text) {
  text = trimmed(text);
  while (text.ends_with(';')) text = trimmed(text.substr(0, text.size() - 1));
  const bool quoted = text.size() >= 2 && text.front() == text.back() &&
                      (text.front() == '\'' || text.front() == '"' || text.front() == '`');
  return quoted ? text.substr(1, text.size() - 2) : text;
}

std::string on_or_off(bool on) { return on ? "on" : "off"; }

constexpr const char* kWordsOfHelp = R"(A statement ends with `;` and may have many lines:

  SHOW TABLES;                          what there is
  CREATE TABLE t (id BIGINT, name STRING, PRIMARY KEY (id) NOT ENFORCED);
  INSERT INTO t VALUES (1, 'a');
  SELECT * FROM t;
  CREATE MATERIALIZED VIEW v AS SELECT name, COUNT(*) AS n FROM t GROUP BY name;
  SUBSCRIBE TO v;                       its rows as they change, until q or Ctrl-C

The shell's own commands, each on a line of its own:

)";
constexpr const char* kWordsOfKeys = R"(
Keys: Tab completes; up and down go through what was entered before, Ctrl-R
searches in it; Alt-Enter begins a line; Ctrl-A and Ctrl-E go to a line's ends;
Ctrl-W, Ctrl-U and Ctrl-K delete the word, the line before and the line behind,
Ctrl-Y puts that back; Ctrl-C leaves what is being written and cancels what
runs; Ctrl-D leaves the shell.
)";

}  // namespace

Outcome SqlShell::refuse(const std::string& words) {
  session_.out().flush();
  say(coloured_err(Colour::kRed, "error: ") + words);
  return Outcome::kFailed;
}

void SqlShell::print_help() {
  std::string text = kWordsOfHelp;
  for (const ClientCommand& command : client_commands()) {
    const std::string name = "  " + command.name + " " + command.argument;
    text += name + std::string(name.size() < 22 ? 22 - name.size() : 1, ' ') + command.words + "\n";
  }
  session_.out().write(text + kWordsOfKeys);
}

Outcome SqlShell::set_format(const std::string& name) {
  if (!name.empty()) {
    const Result<SqlFormat> format = parse_sql_format(name);
    if (!format.ok()) return refuse(format.status().message());
    look_.format = *format;
  }
  session_.note("The format is " + std::string(name_of(look_.format)) + ".");
  return Outcome::kDone;
}

Result<Outcome> SqlShell::list_relations(std::string_view kind) {
  Result<std::vector<SqlRelation>> relations = client_.relations(kTimeoutMs);
  DF_RETURN_IF_ERROR(relations.status());
  std::vector<std::vector<Document>> rows;
  for (const SqlRelation& relation : *relations) {
    if (kind.empty() || relation.kind.ends_with(kind)) {
      rows.push_back({relation.name, relation.kind,
                      relation.comment.empty() ? Document("") : Document(relation.comment)});
    }
  }
  if (rows.empty() && look_.format == SqlFormat::kTable) {
    session_.note("There are no " + (kind.empty() ? "tables and views" : std::string(kind) + "s") +
                  " yet.");
    return Outcome::kDone;
  }
  runner_.show({{"name", "STRING"}, {"kind", "STRING"}, {"comment", "STRING"}}, rows);
  return Outcome::kDone;
}

Result<Outcome> SqlShell::describe(const std::string& name) {
  if (name.empty()) return list_relations("");
  Result<std::vector<SqlRelation>> relations = client_.relations(kTimeoutMs);
  DF_RETURN_IF_ERROR(relations.status());
  const SqlRelation* found = nullptr;
  for (const SqlRelation& relation : *relations) {
    const bool same = expr::in_capitals(relation.name) == expr::in_capitals(name);
    if (relation.name == name || (same && found == nullptr)) found = &relation;
  }
  if (found == nullptr) {
    return refuse("there is no table or view `" + name + "`; \\d lists those that there are");
  }
  std::vector<std::vector<Document>> rows;
  for (const SqlColumn& column : found->columns) {
    const auto& key = found->primary_key;
    const bool in_key = std::find(key.begin(), key.end(), column.name) != key.end();
    rows.push_back(
        {column.name, column.type, column.nullable ? "" : "not null", in_key ? "primary key" : ""});
  }
  if (look_.format == SqlFormat::kTable) {
    std::string title = on_one_line(found->name) + ", a " + found->kind;
    if (!found->comment.empty()) title += ": " + on_one_line(found->comment);
    session_.out().write(title + "\n");
  }
  runner_.show(
      {{"column", "STRING"}, {"type", "STRING"}, {"nullable", "STRING"}, {"key", "STRING"}}, rows);
  return Outcome::kDone;
}

Result<Outcome> SqlShell::list_functions(const std::string& start) {
  std::vector<std::vector<Document>> rows;
  for (const expr::FunctionInfo& info : expr::functions()) {
    const bool named = std::isalpha(static_cast<unsigned char>(info.name[0])) != 0;
    if (!named || !info.name.starts_with(expr::in_capitals(start))) continue;
    rows.push_back({info.signature, info.group, info.help});
  }
  if (rows.empty()) return refuse("no function's name begins with " + start);
  const auto name_of_row = [](const std::vector<Document>& row) { return *row[0].text(); };
  std::sort(rows.begin(), rows.end(),
            [&](const auto& a, const auto& b) { return name_of_row(a) < name_of_row(b); });
  runner_.show({{"function", "STRING"}, {"group", "STRING"}, {"what it gives", "STRING"}}, rows);
  return Outcome::kDone;
}

// What comes out of it is shown, and sent once its user presses Enter.
Outcome SqlShell::edit_last() {
  if (terminal_ == nullptr) return refuse("\\e is for a person at a terminal");
  const bool was_raw = terminal_->raw();
  terminal_->end();
  Result<std::string> text = edit_outside(last_entry_);
  if (was_raw) terminal_->begin();
  if (!text.ok()) return refuse("\\e: " + text.status().message());
  to_be_edited_ = std::move(*text);
  return Outcome::kDone;
}

Result<Outcome> SqlShell::run_command(const std::string& line) {
  const std::string text = trimmed(line);
  const size_t blank = text.find_first_of(" \t");
  const std::string name = text.substr(0, blank);
  const std::string argument =
      argument_of(blank == std::string::npos ? std::string() : text.substr(blank));
  const std::string word = expr::in_capitals(argument_of(text));
  if (name == "\\q" || word == "QUIT" || word == "EXIT") {
    left_ = true;
    return Outcome::kDone;
  }
  if (name == "\\?" || name == "\\h" || word == "HELP") {
    print_help();
    return Outcome::kDone;
  }
  if (name == "\\d") return describe(argument);
  if (name == "\\dt") return list_relations("table");
  if (name == "\\dv") return list_relations("view");
  if (name == "\\df") return list_functions(argument);
  if (name == "\\format") return set_format(argument);
  const auto toggle = [&](bool& on, const std::string& what) -> Outcome {
    if (!argument.empty() && argument != "on" && argument != "off") {
      return refuse(name + " " + argument + ": it is on or off");
    }
    on = argument.empty() ? !on : argument == "on";
    session_.note(what + " is " + on_or_off(on) + ".");
    return Outcome::kDone;
  };
  if (name == "\\x") return toggle(look_.expanded, "A line for each value");
  if (name == "\\timing") return toggle(look_.timing, "Timing");
  if (name == "\\pager") return toggle(look_.pager, "The pager");
  if (name == "\\e") return edit_last();
  if (name == "\\i") {
    if (argument.empty()) return refuse("\\i: name a file");
    if (depth_ >= kDeepestFile) return refuse("\\i: files run each other too deeply");
    ++depth_;
    const Status status = run_file(argument, false);
    --depth_;
    if (status.ok()) return Outcome::kDone;
    if (!status.message().empty() && exit_code_of(status) == ExitCode::kNotFoundOrConflict) {
      return refuse(status.message());
    }
    return status.message().empty() ? Result<Outcome>(Outcome::kFailed) : status;
  }
  return refuse("there is no command " + name + "; \\? lists those that there are");
}

}  // namespace dataflow::cli
