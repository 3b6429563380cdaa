#include "explain_analyze.h"

#include <cstdio>
#include <map>

#include "plan/explain_notes.h"
#include "sql/parser.h"

namespace dataflow::jobs {
namespace {

std::string seconds_text(double seconds) {
  char words[32];
  std::snprintf(words, sizeof words, seconds < 1 ? "%.1f ms" : "%.2f s",
                seconds < 1 ? seconds * 1000 : seconds);
  return words;
}

std::string counted(uint64_t count, const char* what) { return std::to_string(count) + " " + what; }

// "300 rows in, 12 out; busy 2.1 ms, …".
std::string note_of(const plan::Node& node, const engine::OperatorStats& stats) {
  const bool source = std::holds_alternative<plan::SourceSpec>(node.spec);
  const bool sink = std::holds_alternative<plan::SinkSpec>(node.spec);
  std::string text =
      source ? counted(stats.rows_out, "rows out")
      : sink ? counted(stats.rows_in, "rows in")
             : counted(stats.rows_in, "rows in") + ", " + counted(stats.rows_out, "out");
  if (stats.late_rows > 0) text += ", " + counted(stats.late_rows, "late");
  if (stats.dead_rows > 0) text += ", " + counted(stats.dead_rows, "dead letters");
  // Nodes that one task runs together are counted where that task is led.
  if (stats.busy_seconds > 0) text += "; busy " + seconds_text(stats.busy_seconds);
  if (stats.blocked_seconds > 0.0005) {
    text += ", waited " + seconds_text(stats.blocked_seconds) + " as an output was full";
  }
  if (stats.state_bytes > 0) {
    text += "; state " + counted(stats.state_rows, "rows, ") + counted(stats.state_bytes, "bytes");
  }
  if (stats.tasks > 1) text += "; " + counted(static_cast<uint64_t>(stats.tasks), "tasks");
  return text;
}

}  // namespace

Status can_be_analyzed(const sql::StatementAst& statement, const std::string& script) {
  const bool runs = std::holds_alternative<sql::SelectStatement>(statement.what) ||
                    std::holds_alternative<sql::Insert>(statement.what) ||
                    std::holds_alternative<sql::StatementSet>(statement.what);
  if (runs) return {};
  return sql::error_at(
      script, statement.place,
      "EXPLAIN ANALYZE runs the statement to its end: it takes SELECT, INSERT or a "
      "statement set");
}

std::string analyzed_text(const plan::Plan& plan, const RunReport& report, double seconds) {
  std::map<std::string, std::string> notes;
  for (const engine::OperatorStats& stats : report.last.operators) {
    const plan::Node* const node = plan.find(stats.id);
    if (node != nullptr) notes[stats.id] = note_of(*node, stats);
  }
  std::string text = plan::explain(plan, notes);
  text += "ran in " + seconds_text(seconds) + ": " + counted(report.rows_read, "rows read, ") +
          counted(report.rows_written, "written");
  if (report.rows_dead > 0) text += ", " + counted(report.rows_dead, "dead letters");
  for (const auto& [reason, count] : report.last.dead_letters) {
    text += "\n  " + counted(count, "dead letters: ") + reason;
  }
  return text + "\n";
}

}  // namespace dataflow::jobs
