#include "cli/pipeline_watch.h"

#include <algorithm>
#include <cmath>

#include "base/env.h"
#include "base/units.h"
#include "cli/interrupt.h"
#include "cli/pipeline_report.h"

namespace dataflow::cli {
namespace {

constexpr int64_t kSecondNanos = 1'000'000'000;
// To the upper left, and nothing below.
constexpr std::string_view kNewScreen = "\x1b[H\x1b[J";

double number_of(const Document& row, const std::string& name) {
  const Document* value = row.find(name);
  if (value == nullptr) return 0;
  const Result<double> number = parse_double(value->to_cell());
  return number.ok() ? *number : 0;
}

const Document* row_named(const Document* list, const Document& id) {
  if (list == nullptr || !list->is_array() || id.text() == nullptr) return nullptr;
  for (const Document& row : list->items()) {
    const Document* other = row.find("id");
    if (other != nullptr && other->text() != nullptr && *other->text() == *id.text()) return &row;
  }
  return nullptr;
}

Document rated(const Document& row, const Document& before, double seconds) {
  Document out = row;
  // A source's rows are counted where they leave it, a sink's where they come in.
  const double rows = std::max(number_of(row, "rows_out") - number_of(before, "rows_out"),
                               number_of(row, "rows_in") - number_of(before, "rows_in"));
  const double tasks = std::max(1.0, number_of(row, "tasks"));
  out.put("rows_per_second", static_cast<int64_t>(std::llround(std::max(0.0, rows) / seconds)));
  const Document* leads = row.find("busy_ratio");
  if (leads == nullptr || !parse_double(leads->to_cell()).ok()) return out;
  for (const std::string name : {"busy", "blocked", "idle"}) {
    const double spent = number_of(row, name + "_seconds") - number_of(before, name + "_seconds");
    const double share = std::max(0.0, spent) / seconds / tasks;
    out.put(name, std::to_string(std::lround(100 * share)) + " %");
  }
  return out;
}

}  // namespace

Document with_rates(const Document& page, const Document& before, double seconds) {
  Document out = Document::object();
  for (const auto& [name, value] : page.members()) {
    if (name != "operators" || !value.is_array() || seconds <= 0) {
      out.put(name, value);
      continue;
    }
    Document rows = Document::array();
    for (const Document& row : value.items()) {
      const Document* id = row.find("id");
      const Document* old = id == nullptr ? nullptr : row_named(before.find("operators"), *id);
      rows.push(old == nullptr ? row : rated(row, *old, seconds));
    }
    out.put(name, std::move(rows));
  }
  return out;
}

Status watch_stats(Session& session, const std::string& path) {
  catch_interrupts();
  Document before = Document::object();
  int64_t asked = 0;
  while (!interrupted() && !session.out().closed()) {
    DF_ASSIGN_OR_RETURN(const Document page, ask_pipelines(session, "GET", path));
    const int64_t now = posix_env().monotonic_nanos();
    const double seconds = asked == 0 ? 0 : static_cast<double>(now - asked) / kSecondNanos;
    session.out().write(kNewScreen);
    print_pipeline(session, with_rates(page, before, seconds));
    session.out().flush();
    before = page;
    asked = now;
    pause_for(kSecondNanos);
  }
  return {};
}

}  // namespace dataflow::cli
