#include "cli/sql/sql_shell.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "cli/exit_codes.h"
#include "cli/home_dir.h"
#include "cli/interrupt.h"
#include "cli/sql/line_editor.h"
#include "cli/sql/sql_completer.h"
#include "expr/lexer.h"

namespace dataflow::cli {
namespace {

constexpr size_t kReadBytes = 64 << 10;
constexpr int64_t kRelationsTimeoutMs = 2000;

// Of a text that was entered: does Enter at its end send it?
bool is_whole(const std::string& text) {
  const size_t from = text.find_first_not_of(" \t\n");
  if (from == std::string::npos || text[from] == '\\' || is_shell_word(text)) return true;
  StatementSplitter splitter;
  splitter.add(text + "\n");
  while (splitter.next()) continue;
  return splitter.open() == 0;
}

// As wide as the first prompt, with what the line stands in.
std::vector<std::string> prompts_behind(const std::string& text, size_t width) {
  std::vector<std::string> prompts;
  StatementSplitter splitter;
  for (size_t from = 0; true;) {
    const size_t end = text.find('\n', from);
    if (end == std::string::npos) return prompts;
    splitter.add(std::string_view(text).substr(from, end + 1 - from));
    while (splitter.next()) continue;
    const char open = splitter.open() == 0 || splitter.open() == 'S' ? '-' : splitter.open();
    prompts.push_back(std::string(width > 3 ? width - 3 : 0, ' ') + open + "> ");
    from = end + 1;
  }
}

}  // namespace

bool is_shell_word(const std::string& text) {
  std::string word = expr::in_capitals(text);
  while (!word.empty() && (word.back() == ';' || word.back() == ' ' || word.back() == '\n')) {
    word.pop_back();
  }
  return word == "HELP" || word == "QUIT" || word == "EXIT";
}

// Reads a script part by part: what was read is run before more is read.
class SqlShell::Script {
 public:
  Script(SqlShell& shell, std::string name, bool keeps_going)
      : shell_(shell), name_(std::move(name)), keeps_going_(keeps_going) {}

  void add(std::string_view text) { splitter_.add(text); }
  // False: no more of it is wanted.
  Result<bool> run_all(bool ended) {
    while (!shell_.left_ && !shell_.session_.out().closed()) {
      const std::optional<ScriptPart> part = ended ? splitter_.rest() : splitter_.next();
      if (!part) return true;
      DF_RETURN_IF_ERROR(check_interrupt());
      const ScriptPlace place{name_, part->line, part->column};
      DF_ASSIGN_OR_RETURN(const Outcome outcome, shell_.run_part(*part, place));
      if (outcome == Outcome::kDone) continue;
      failed_ = true;
      if (outcome == Outcome::kCancelled || !keeps_going_) return false;
    }
    return false;
  }
  Status status() const {
    return failed_ ? with_exit_code(Status::invalid(""), ExitCode::kFailed) : Status();
  }

 private:
  SqlShell& shell_;
  const std::string name_;
  const bool keeps_going_;
  StatementSplitter splitter_;
  bool failed_ = false;
};

Result<Outcome> SqlShell::run_part(const ScriptPart& part, const ScriptPlace& place) {
  if (part.command) return run_command(part.text);
  if (is_shell_word(part.text) && place.name.empty()) return run_command(part.text);
  return runner_.run(part.text, place);
}

Status SqlShell::run_text(const std::string& text, bool keeps_going) {
  Script script(*this, "", keeps_going);
  script.add(text);
  DF_RETURN_IF_ERROR(script.run_all(true).status());
  return script.status();
}

Status SqlShell::run_file(const std::string& path, bool keeps_going) {
  const bool standard = path == "-";
  const int fd = standard ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return with_exit_code(
        Status::not_found("reading " + path + ": " + std::string(std::strerror(errno))),
        ExitCode::kNotFoundOrConflict);
  }
  Script script(*this, standard ? "stdin" : path, keeps_going);
  Status status;
  std::string chunk(kReadBytes, '\0');
  for (bool more = true; more && status.ok();) {
    const ssize_t got = ::read(fd, chunk.data(), chunk.size());
    if (got < 0) {
      status = errno == EINTR ? check_interrupt()
                              : Status::io_error("reading " + path + ": " + std::strerror(errno));
      continue;
    }
    script.add(std::string_view(chunk).substr(0, static_cast<size_t>(got)));
    const Result<bool> wanted = script.run_all(got == 0);
    status = wanted.status();
    more = got > 0 && wanted.ok() && *wanted;
  }
  if (!standard) ::close(fd);
  return status.ok() ? script.status() : status;
}

std::string SqlShell::prompt() const {
  const std::string& state = runner_.transaction();
  return state == "open" ? "dataflow*> " : state == "failed" ? "dataflow!> " : "dataflow> ";
}

Completion SqlShell::complete(const std::string& text, size_t cursor) {
  if (!relations_asked_) {
    Result<std::vector<SqlRelation>> now = client_.relations(kRelationsTimeoutMs);
    if (now.ok()) relations_ = std::move(*now);
    relations_asked_ = true;
  }
  return complete_sql(text, cursor, relations_);
}

// A failed statement ends what was entered with it, not the shell.
Status SqlShell::enter(const std::string& text) {
  if (is_shell_word(text)) return run_command(text).status();
  Script script(*this, "", false);
  script.add(text);
  return script.run_all(true).status();
}

Status SqlShell::interact() {
  catch_interrupts();
  History history(home_dir() + "/sql_history");
  EditorHooks hooks;
  hooks.is_whole = is_whole;
  hooks.prompts = [this](const std::string& text) { return prompts_behind(text, prompt().size()); };
  hooks.complete = [this](const std::string& text, size_t cursor) {
    return complete(text, cursor);
  };
  LineEditor editor(*terminal_, history, std::move(hooks));
  terminal_->begin();
  session_.note("DataFlow " DATAFLOW_VERSION " at " + client_.endpoint().address.to_string() +
                ". A statement ends with ;   \\? shows help, \\q leaves.");
  bool history_fails = false;
  while (!left_) {
    relations_asked_ = false;
    session_.out().flush();
    const LineEditor::Entered entered =
        editor.read(prompt(), std::exchange(to_be_edited_, std::string()));
    if (entered.end == LineEditor::End::kEndOfText) break;
    if (entered.end == LineEditor::End::kCancelled) continue;
    if (entered.text.find_first_not_of(" \t\n") == std::string::npos) continue;
    const Status kept = history.add(entered.text);
    if (!kept.ok() && !history_fails) session_.note("warning: " + kept.message());
    history_fails = history_fails || !kept.ok();
    if (entered.text[0] != '\\' && !is_shell_word(entered.text)) last_entry_ = entered.text;
    const Status status = enter(entered.text);
    session_.out().flush();
    if (interrupted()) break;
    if (!status.ok()) say(coloured_err(Colour::kRed, "error: ") + status.message());
  }
  terminal_->end();
  return check_interrupt();
}

}  // namespace dataflow::cli
