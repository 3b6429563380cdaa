#include "cli/sql/statement_runner.h"

#include <algorithm>

#include "base/env.h"
#include "cli/exit_codes.h"
#include "cli/interrupt.h"
#include "cli/sql/live_view.h"
#include "cli/sql/text_width.h"
#include "expr/lexer.h"

namespace dataflow::cli {
namespace {

constexpr int64_t kRowsAPage = 1000;
// Most statements are done by then: they take one request.
constexpr int64_t kShortWaitMs = 200;
constexpr int64_t kWaitMs = 500;
constexpr int64_t kDrawMs = 100;
// Once it was told to end.
constexpr int kWaitsForEnd = 40;

int64_t now_ms() { return posix_env().monotonic_nanos() / 1'000'000; }

std::string first_word(const std::string& text) {
  return expr::in_capitals(text.substr(0, text.find_first_of(" \t\r\n;'`\"")));
}

std::string hex_of(char byte) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const auto value = static_cast<uint8_t>(byte);
  return {'0', 'x', kDigits[value >> 4], kDigits[value & 15]};
}

SqlError not_utf8(std::string_view text, size_t bad) {
  const std::string_view before = text.substr(0, bad);
  SqlError error;
  error.line = 1 + static_cast<size_t>(std::ranges::count(before, '\n'));
  error.column = 1;
  const size_t line = before.rfind('\n');
  for (size_t at = line == std::string_view::npos ? 0 : line + 1; at < bad; ++error.column) {
    at += code_point_at(text, at).size;
  }
  error.message = "line " + std::to_string(error.line) + ", column " +
                  std::to_string(error.column) + ": the byte " + hex_of(text[bad]) +
                  " is no UTF-8, which a statement has to be";
  return error;
}

// The place in the script instead of that in the statement, in the manner of compilers.
std::string in_script(const SqlError& error, const ScriptPlace& place) {
  if (place.name.empty()) return error.message;
  const std::string said =
      "line " + std::to_string(error.line) + ", column " + std::to_string(error.column) + ": ";
  if (error.line == 0 || !error.message.starts_with(said)) {
    return place.name + ":" + std::to_string(place.line) + ": " + error.message;
  }
  const size_t line = place.line + error.line - 1;
  const size_t column = error.column + (error.line == 1 ? place.column - 1 : 0);
  return place.name + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " +
         error.message.substr(said.size());
}

}  // namespace

struct StatementRunner::Running {
  SqlStatement statement;
  ScriptPlace place;
  int64_t began_ms = 0;
  int64_t asked_ms = 0;  // for its progress
  ProgressLine progress;
};

void StatementRunner::warn_of_open_transaction() {
  if (transaction_ == "none") return;
  session_.note(coloured_err(Colour::kYellow, "warning: ") +
                "a transaction was left without COMMIT or ROLLBACK: nothing of it was kept");
}

Status StatementRunner::open(SqlClient::Settings settings) {
  settings_ = std::move(settings);
  return client_.open(settings_);
}

// The server lets go of sessions that are not used, and of all when it ends.
Status StatementRunner::open_again() {
  const bool lost = transaction_ != "none";
  transaction_ = "none";
  DF_RETURN_IF_ERROR(client_.open(settings_));
  for (const std::string& text : set_since_) DF_RETURN_IF_ERROR(client_.start(text, 1000).status());
  session_.note(lost
                    ? "The server has closed the session, and with it the transaction, of which "
                      "nothing was kept; a new session has begun."
                    : "The server has closed the session; a new one has begun, with its settings.");
  return {};
}

Result<SqlStatement> StatementRunner::start(const std::string& text) {
  Result<SqlStatement> statement = client_.start(text, kShortWaitMs);
  if (statement.status().code() != StatusCode::kNotFound) return statement;
  const bool lost = transaction_ != "none";
  DF_RETURN_IF_ERROR(open_again());
  if (!lost) return client_.start(text, kShortWaitMs);
  SqlStatement failed;
  failed.state = "failed";
  failed.error = SqlError{"the transaction that it belongs to was rolled back", 0, 0};
  return failed;
}

Result<Outcome> StatementRunner::run(const std::string& text, const ScriptPlace& place) {
  stopped_ = false;
  if (const size_t bad = first_not_utf8(text); bad != std::string::npos) {
    return fail(not_utf8(text, bad), place);
  }
  const int64_t began = now_ms();
  session_.out().flush();
  DF_ASSIGN_OR_RETURN(SqlStatement statement, start(text));
  const std::string id = statement.id;
  client_.wake_on(terminal_ != nullptr && terminal_->raw() ? 0 : -1);
  const Result<Outcome> outcome = follow_to_end(std::move(statement), place);
  client_.wake_on(-1);
  client_.release(id);
  if (!outcome.ok()) return outcome;
  const std::string word = first_word(text);
  const bool sets = word == "RESET" || (word == "SET" && text.find('=') != std::string::npos);
  if (sets && *outcome == Outcome::kDone) set_since_.push_back(text);
  const bool transacts = transaction_ != "none" || word == "BEGIN" || word == "START";
  if (transacts) {
    const Result<std::string> state = client_.transaction();
    if (state.ok()) transaction_ = *state;
  }
  if (look_.timing) session_.note("Time: " + std::to_string(now_ms() - began) + " ms");
  return outcome;
}

Result<Outcome> StatementRunner::follow_to_end(SqlStatement statement, const ScriptPlace& place) {
  Running running{std::move(statement), place, now_ms(), 0, ProgressLine(!session_.quiet())};
  if (running.statement.error) return fail(*running.statement.error, place);
  if (!running.statement.columns) return wait_for_end(running);
  const bool live = running.statement.following && look_.format == SqlFormat::kTable &&
                    terminal_ != nullptr && stdout_is_terminal();
  if (live) return watch_rows(running);
  return print_rows(running);
}

void StatementRunner::warn(const Running& running) {
  for (const std::string& words : running.statement.warnings) {
    session_.note(coloured_err(Colour::kYellow, "warning: ") + words);
  }
}

Outcome StatementRunner::fail(const SqlError& error, const ScriptPlace& place) {
  session_.out().flush();
  say(coloured_err(Colour::kRed, "error: ") + in_script(error, place));
  return Outcome::kFailed;
}

bool StatementRunner::wants_end(std::string_view keys) {
  if (interrupted()) return true;
  return terminal_ != nullptr && terminal_->raw() && terminal_->pressed_meanwhile(keys);
}

void StatementRunner::show_progress(Running& running) {
  const int64_t ms = now_ms() - running.began_ms;
  if (ms < 1000 || !running.progress.due()) return;
  if (now_ms() - running.asked_ms >= 1000) {
    running.asked_ms = now_ms();
    const Result<SqlStatement> now = client_.status(running.statement.id, 0);
    if (now.ok()) {
      running.statement.rows_read = now->rows_read;
      running.statement.rows_written = now->rows_written;
    }
  }
  std::string words = "running for " + human_duration(ms / 1000 * 1000);
  if (running.statement.rows_read >= 0) {
    words += ", " + plural(running.statement.rows_read, "row") + " read";
  }
  if (running.statement.rows_written > 0) {
    words += ", " + std::to_string(running.statement.rows_written) + " written";
  }
  running.progress.show(words + " (Ctrl-C cancels)");
}

Result<Outcome> StatementRunner::wait_for_end(Running& running) {
  while (running.statement.running()) {
    Result<SqlStatement> now = client_.status(running.statement.id, kWaitMs);
    if (now.status().code() == StatusCode::kCancelled) {
      if (wants_end("")) return cancel(running);
      continue;
    }
    DF_RETURN_IF_ERROR(now.status());
    if (interrupted()) return cancel(running);
    running.statement = std::move(*now);
    show_progress(running);
  }
  running.progress.clear();
  warn(running);
  if (running.statement.error) return fail(*running.statement.error, running.place);
  if (running.statement.state == "cancelled") {
    return fail({"the statement was cancelled", 0, 0}, running.place);
  }
  // For programs only rows are data.
  if (session_.quiet() || running.statement.tag.empty()) return Outcome::kDone;
  if (look_.format == SqlFormat::kTable) {
    session_.out().write(running.statement.tag + "\n");
    session_.out().flush();
  } else {
    session_.note(running.statement.tag);
  }
  return Outcome::kDone;
}

// The session takes the next one when this one has ended.
Result<SqlStatement> StatementRunner::end_now(const std::string& id) {
  client_.wake_on(-1);
  Result<SqlStatement> now = client_.cancel(id);
  for (int i = 0; i < kWaitsForEnd && now.ok() && now->running(); ++i) {
    now = client_.status(id, kWaitMs);
  }
  return now;
}

Result<Outcome> StatementRunner::cancel(Running& running) {
  running.progress.clear();
  const Result<SqlStatement> now = end_now(running.statement.id);
  session_.out().flush();
  DF_RETURN_IF_ERROR(check_interrupt());
  DF_RETURN_IF_ERROR(now.status());
  session_.note(now->running() ? "The statement was told to end, and has not done so yet."
                               : "cancelled");
  return Outcome::kCancelled;
}

RowLook StatementRunner::row_look(bool endless) const {
  RowLook look;
  look.expanded = look_.expanded;
  look.endless = endless;
  if (stdout_is_terminal()) {
    look.coloured = coloured_out(Colour::kDim, "x") != "x";
    if (!look_.wide) look.width = screen_size().columns;
  }
  return look;
}

bool StatementRunner::ask_for_more(size_t& lines_left) {
  session_.out().write("-- Space: next page  Enter: next line  a: all  q: enough --");
  session_.out().flush();
  while (true) {
    char key = 0;
    const RawTerminal::Read read = terminal_->read(key, -1);
    if (read == RawTerminal::Read::kNothing) continue;
    if (read == RawTerminal::Read::kEnd || key == '\x03') key = 'q';
    if (key != ' ' && key != '\r' && key != '\n' && key != 'a' && key != 'q') continue;
    session_.out().write("\r\x1b[K");
    lines_left = key == ' ' ? screen_size().rows - 1 : key == 'a' ? SIZE_MAX : 1;
    return key != 'q';
  }
}

TextSink StatementRunner::paged_sink() {
  const bool paged = look_.pager && look_.format == SqlFormat::kTable && terminal_ != nullptr &&
                     terminal_->raw() && stdout_is_terminal();
  if (!paged) return [this](std::string_view text) { session_.out().write(text); };
  auto left = std::make_shared<size_t>(screen_size().rows - 1);
  return [this, left](std::string_view text) {
    while (!text.empty() && !stopped_) {
      if (*left == 0 && !ask_for_more(*left)) {
        stopped_ = true;
        return;
      }
      const size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
      session_.out().write(text.substr(0, end));
      text.remove_prefix(end);
      if (*left != SIZE_MAX) --*left;
    }
  };
}

void StatementRunner::show(const std::vector<SqlColumn>& columns,
                           const std::vector<std::vector<Document>>& rows) {
  stopped_ = false;
  const auto writer = make_row_writer(look_.format, row_look(false), paged_sink());
  writer->begin(columns);
  for (const std::vector<Document>& row : rows) writer->row(row);
  writer->end();
  session_.out().flush();
}

Result<Outcome> StatementRunner::print_rows(Running& running) {
  const bool changes = running.statement.following;
  std::vector<SqlColumn> columns = *running.statement.columns;
  if (changes) columns.insert(columns.begin(), {"op", "STRING", false});
  const auto writer = make_row_writer(look_.format, row_look(changes), paged_sink());
  bool begun = false;
  for (std::optional<int64_t> number = 0; number && !stopped_ && !session_.out().closed();) {
    Result<SqlPage> page = client_.page(running.statement.id, *number, kWaitMs, kRowsAPage);
    if (page.status().code() == StatusCode::kCancelled || interrupted()) {
      if (wants_end("")) return cancel(running);
      continue;
    }
    DF_RETURN_IF_ERROR(page.status());
    if (page->error) {
      running.progress.clear();
      return fail(*page->error, running.place);
    }
    number = page->next;
    if (page->rows.empty() && number && !begun) {
      show_progress(running);
      continue;
    }
    running.progress.clear();
    if (!begun) writer->begin(columns);
    begun = true;
    for (size_t i = 0; i < page->rows.size() && !stopped_; ++i) {
      std::vector<Document>& row = page->rows[i];
      if (changes)
        row.insert(row.begin(), Document(i < page->changes.size() ? page->changes[i] : ""));
      writer->row(row);
    }
    writer->flush();
    if (changes || !page->next) session_.out().flush();
  }
  if (begun) writer->end();
  session_.out().flush();
  const bool told = !running.statement.running();  // of one that had ended all is known
  if (stopped_ || !told) {
    const Result<SqlStatement> ended =
        stopped_ ? end_now(running.statement.id) : client_.status(running.statement.id, 0);
    if (ended.ok()) running.statement.warnings = ended->warnings;
    if (ended.ok() && ended->error && !stopped_) {
      warn(running);
      return fail(*ended->error, running.place);
    }
  }
  warn(running);
  return Outcome::kDone;
}

Result<Outcome> StatementRunner::watch_rows(Running& running) {
  warn(running);
  const bool was_raw = terminal_->raw();
  terminal_->begin();
  client_.wake_on(0);
  terminal_->write("\x1b[?25l");
  const Result<Outcome> outcome = watch_until_ended(running);
  terminal_->write("\x1b[?25h");
  if (!was_raw) terminal_->end();
  return outcome;
}

Result<Outcome> StatementRunner::watch_until_ended(Running& running) {
  LiveView view(*terminal_, *running.statement.columns, row_look(true).coloured);
  int64_t drawn = 0;
  bool changed = true;
  const auto draw = [&](const std::string& words) {
    view.draw(", " + human_duration((now_ms() - running.began_ms) / 1000 * 1000) + words);
    drawn = now_ms();
    changed = false;
  };
  for (std::optional<int64_t> number = 0; number;) {
    const int64_t since = now_ms() - drawn;
    if (since >= (changed ? kDrawMs : 1000)) draw(" (q or Ctrl-C ends)");
    Result<SqlPage> page =
        client_.page(running.statement.id, *number, changed ? kDrawMs : kWaitMs, kRowsAPage);
    if (page.status().code() == StatusCode::kCancelled || interrupted()) {
      if (wants_end("qQ\x04")) break;
      continue;
    }
    DF_RETURN_IF_ERROR(page.status());
    if (page->error) {
      draw("");
      return fail(*page->error, running.place);
    }
    number = page->next;
    changed = changed || !page->rows.empty();
    view.apply(*page);
  }
  draw("");
  DF_RETURN_IF_ERROR(end_now(running.statement.id).status());
  DF_RETURN_IF_ERROR(check_interrupt());
  return Outcome::kDone;
}

}  // namespace dataflow::cli
