#include "cli/run_report.h"

namespace dataflow::cli {

void RunProgress::show(const plan::Plan& plan, const engine::JobStatus& status) {
  if (!line_.due()) return;
  jobs::RunReport report;
  report.last = status;
  jobs::count_rows(plan, report);
  std::string text = std::string(engine::job_state_name(status.state)) + "  " +
                     grouped(static_cast<int64_t>(report.rows_read)) + " read  " +
                     grouped(static_cast<int64_t>(report.rows_written)) + " written";
  if (report.rows_dead > 0) {
    text += "  " + grouped(static_cast<int64_t>(report.rows_dead)) + " dead letters";
  }
  const auto rate = static_cast<int64_t>(static_cast<double>(report.rows_read) / seconds());
  line_.show(text + "  " + grouped(rate) + " rows/s");
}

Status prepare_run(Session& session, RunDir& dir, const plan::Plan& plan) {
  DF_ASSIGN_OR_RETURN(const RunDir::Begin begin, dir.prepare(plan));
  if (begin == RunDir::Begin::kGoesOn) {
    session.note(plan.name + ": going on from the last checkpoint");
  } else if (begin == RunDir::Begin::kAnew) {
    session.note(plan.name + ": the last run had finished; beginning anew");
  }
  return {};
}

std::string run_words(const plan::Plan& plan, const jobs::RunReport& report, double seconds) {
  std::string words = plan.name + ": " + std::string(engine::job_state_name(report.state)) +
                      " after " + human_duration(static_cast<int64_t>(seconds * 1000)) + ", " +
                      plural(static_cast<int64_t>(report.rows_read), "row") + " read, " +
                      grouped(static_cast<int64_t>(report.rows_written)) + " written";
  if (report.rows_dead > 0) {
    words += ", " + plural(static_cast<int64_t>(report.rows_dead), "dead letter");
  }
  return words;
}

Document run_document(const plan::Plan& plan, const jobs::RunReport& report, double seconds) {
  Document page = Document::object();
  page.put("pipeline", plan.name);
  page.put("state", std::string(engine::job_state_name(report.state)));
  page.put("interrupted", report.interrupted);
  page.put("seconds", seconds);
  page.put("rows_read", report.rows_read);
  page.put("rows_written", report.rows_written);
  page.put("rows_dead", report.rows_dead);
  Document reasons = Document::object();
  for (const auto& [reason, count] : report.last.dead_letters) reasons.put(reason, count);
  page.put("dead_letters", std::move(reasons));
  page.put("restarts", report.last.restarts);
  page.put("checkpoint", report.last.last_checkpoint.value());
  return page;
}

void print_run(Session& session, const plan::Plan& plan, const jobs::RunReport& report,
               double seconds) {
  if (!session.structured()) {
    session.note(run_words(plan, report, seconds));
  } else {
    print_document(session.out(), session.format(), run_document(plan, report, seconds));
  }
}

}  // namespace dataflow::cli
