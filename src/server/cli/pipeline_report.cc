#include "cli/pipeline_report.h"

#include <cmath>
#include <utility>

#include "base/units.h"
#include "cli/exit_codes.h"
#include "cli/http_get.h"

namespace dataflow::cli {
namespace {

Status status_of(int http, const std::string& words) {
  switch (http) {
    case 400:
    case 413: return Status::invalid(words);
    case 404: return Status::not_found(words);
    case 409: return Status::conflict(words);
    case 503: return Status::unavailable(words);
    case 504: return Status::timed_out(words);
    default: return Status::internal(words);
  }
}

Document cell(const Document& row, const std::string& name) {
  const Document* value = row.find(name);
  return value == nullptr ? Document() : *value;
}

// The page's list of that name.
Document list_of(const Document& page, const std::string& name) {
  const Document* list = page.find(name);
  return list == nullptr ? Document::array() : *list;
}

// The members named, of a list of objects.
std::string table_of(const Document& list, const std::vector<Column>& columns, bool wide) {
  Listing listing(columns);
  for (const Document& item : list.items()) {
    std::vector<Document> row;
    for (const Column& column : columns) row.push_back(cell(item, column.key));
    listing.add(std::move(row));
  }
  return listing.to_table(wide);
}

const std::vector<Column>& summary_columns() {
  static const std::vector<Column> columns = {{"name"},
                                              {"state"},
                                              {"rows_read", CellKind::kNumber},
                                              {"rows_written", CellKind::kNumber},
                                              {"rows_dead", CellKind::kNumber},
                                              {"restarts", CellKind::kNumber},
                                              {"desired", CellKind::kText, true},
                                              {"id", CellKind::kText, true}};
  return columns;
}

// Shares of the time, unless they are there already: of the last second, where rates are.
Document with_shares(const Document& operators) {
  Document out = Document::array();
  for (const Document& one : operators.items()) {
    Document row = one;
    for (const std::string name : {"busy", "blocked", "idle"}) {
      const Document* ratio = one.find(name + "_ratio");
      if (one.find(name) != nullptr || ratio == nullptr) continue;
      const Result<double> share = parse_double(ratio->to_cell());
      if (share.ok()) row.put(name, std::to_string(std::lround(100 * *share)) + " %");
    }
    out.push(std::move(row));
  }
  return out;
}

std::vector<Column> operator_columns(bool rates) {
  std::vector<Column> columns = {{"id"},
                                 {"kind"},
                                 {"tasks", CellKind::kNumber},
                                 {"rows_in", CellKind::kNumber},
                                 {"rows_out", CellKind::kNumber}};
  if (rates) {
    columns.push_back({"rows_per_second", CellKind::kNumber});
  }
  for (const char* name : {"busy", "blocked", "idle"}) columns.push_back({name});
  for (const Column& column :
       std::initializer_list<Column>{{"late_rows", CellKind::kNumber},
                                     {"dead_rows", CellKind::kNumber},
                                     {"watermark_ms", CellKind::kTime},
                                     {"state_rows", CellKind::kNumber, true},
                                     {"state_bytes", CellKind::kBytes, true},
                                     {"busy_seconds", CellKind::kText, true},
                                     {"blocked_seconds", CellKind::kText, true},
                                     {"idle_seconds", CellKind::kText, true}}) {
    columns.push_back(column);
  }
  return columns;
}

}  // namespace

Result<Document> ask_pipelines(Session& session, const std::string& method, const std::string& path,
                               const std::string& body) {
  DF_ASSIGN_OR_RETURN(HttpEndpoint http, find_http_endpoint(session.endpoint()));
  Result<HttpAnswer> answer = http_request(http.address, method, path, body, session.timeout_ms());
  if (answer.status().code() == StatusCode::kTimedOut) {
    return Status::timed_out("the server at " + http.address.to_string() +
                             " has not answered yet (" + answer.status().message() +
                             "); what was asked for may still be under way");
  }
  if (!answer.ok()) return no_answer(http, answer.status());
  Result<Document> page = parse_json(answer->body);
  if (!page.ok() || !page->is_object()) {
    return cannot_connect("what answers at " + http.address.to_string() +
                          " is no DataFlow server with pipelines (HTTP " +
                          std::to_string(answer->status) + ")");
  }
  if (answer->status < 300) return page;
  const Document* detail = page->find("detail");
  const std::string* words = detail == nullptr ? nullptr : detail->text();
  return status_of(answer->status, words != nullptr ? *words : page->to_json());
}

void print_pipelines(Session& session, const Document& page) {
  const Document rows = list_of(page, "pipelines");
  if (session.structured()) {
    print_document(session.out(), session.format(), rows);
  } else {
    session.out().write(table_of(rows, summary_columns(), session.wide()));
  }
}

void print_events(Session& session, const Document& page) {
  const Document rows = list_of(page, "events");
  if (session.structured()) {
    print_document(session.out(), session.format(), rows);
  } else {
    session.out().write(
        table_of(rows, {{"time_ms", CellKind::kTime}, {"event"}, {"message"}}, session.wide()));
  }
}

void print_state(Session& session, const Document& page) {
  const Document operators = list_of(page, "state");
  if (session.structured()) {
    print_document(session.out(), session.format(), operators);
    return;
  }
  Document rows = Document::array();
  for (const Document& one : operators.items()) {
    // Of the operator, in the line of its first table.
    Document row = Document::object();
    row.put("operator", cell(one, "operator"));
    row.put("index_bytes", cell(one, "index_bytes"));
    row.put("oldest_ms", cell(one, "oldest_ms"));
    row.put("newest_ms", cell(one, "newest_ms"));
    row.put("warning", cell(one, "warning"));
    const Document* tables = one.find("tables");
    if (tables == nullptr || tables->items().empty()) {
      rows.push(std::move(row));
      continue;
    }
    for (const Document& table : tables->items()) {
      for (const char* name : {"table", "rows", "bytes", "stored_bytes"}) {
        row.put(name, cell(table, name));
      }
      rows.push(std::exchange(row, Document::object()));
      row.put("operator", cell(one, "operator"));
    }
  }
  session.out().write(table_of(rows,
                               {{"operator"},
                                {"table"},
                                {"rows", CellKind::kNumber},
                                {"bytes", CellKind::kBytes},
                                {"index_bytes", CellKind::kBytes},
                                {"stored_bytes", CellKind::kBytes},
                                {"oldest_ms", CellKind::kTime},
                                {"newest_ms", CellKind::kTime, true},
                                {"warning"}},
                               session.wide()));
}

void print_windows(Session& session, const Document& page) {
  const Document operators = list_of(page, "windows");
  if (session.structured()) {
    print_document(session.out(), session.format(), operators);
    return;
  }
  Document rows = Document::array();
  for (const Document& one : operators.items()) {
    Document row = one;
    if (const Document* oldest = one.find("oldest")) {
      row.put("oldest_start", cell(*oldest, "start_ms"));
      row.put("oldest_end", cell(*oldest, "end_ms"));
      row.put("oldest_rows", cell(*oldest, "rows"));
      row.put("why", cell(*oldest, "why"));
    }
    rows.push(std::move(row));
  }
  session.out().write(table_of(rows,
                               {{"operator"},
                                {"open", CellKind::kNumber},
                                {"watermark_ms", CellKind::kTime},
                                {"oldest_start", CellKind::kTime},
                                {"oldest_end", CellKind::kTime},
                                {"oldest_rows", CellKind::kNumber},
                                {"late_rows", CellKind::kNumber, true},
                                {"why"}},
                               session.wide()));
}

void print_savepoints(Session& session, const Document& page) {
  const Document rows = list_of(page, "savepoints");
  if (session.structured()) {
    print_document(session.out(), session.format(), rows);
    return;
  }
  session.out().write(table_of(rows,
                               {{"savepoint"},
                                {"taken_ms", CellKind::kTime},
                                {"checkpoint", CellKind::kNumber},
                                {"bytes", CellKind::kBytes},
                                {"problem"},
                                {"folder", CellKind::kText, true}},
                               session.wide()));
}

void print_pipeline(Session& session, const Document& page) {
  if (session.structured()) {
    print_document(session.out(), session.format(), page);
    return;
  }
  Facts facts;
  std::string tables;
  for (const auto& [name, value] : page.members()) {
    if (name == "source" || name == "plan" || name == "explain") continue;
    if (name == "operators" && !value.items().empty()) {
      const bool rates = value.items().front().find("rows_per_second") != nullptr;
      tables += "\n" + table_of(with_shares(value), operator_columns(rates), session.wide());
    } else if (name == "splits" && !value.items().empty()) {
      tables += "\n" + table_of(value,
                                {{"source"},
                                 {"split"},
                                 {"position"},
                                 {"lag", CellKind::kNumber},
                                 {"rows", CellKind::kNumber},
                                 {"watermark_ms", CellKind::kTime},
                                 {"idle", CellKind::kText, true},
                                 {"ended", CellKind::kText, true}},
                                session.wide());
    } else if (!value.is_array() && !(name == "pipeline" && page.find("explain") != nullptr)) {
      const bool time = name == "created_ms" || name == "updated_ms" || name == "taken_ms";
      facts.add(name, value, time ? CellKind::kTime : CellKind::kText);
    }
  }
  session.out().write(facts.to_table(session.wide()) + tables);
  const Document* explain = page.find("explain");
  if (explain != nullptr && explain->text() != nullptr) {
    session.out().write("\n" + *explain->text());
  }
}

}  // namespace dataflow::cli
