#include "cli/sql/sql_client.h"

#include <charconv>

#include "cli/escaped_path.h"
#include "cli/exit_codes.h"
#include "cli/sql/exact_json.h"

namespace dataflow::cli {
namespace {

constexpr const char* kSql = "/api/v1/sql";
constexpr size_t kMostPageBytes = 512 << 20;

std::string text_of(const Document& object, std::string_view name) {
  const Document* member = object.find(name);
  const std::string* text = member == nullptr ? nullptr : member->text();
  return text == nullptr ? std::string() : *text;
}

int64_t number_of(const Document& object, std::string_view name, int64_t none) {
  const Document* member = object.find(name);
  const int64_t* number = member == nullptr ? nullptr : member->integer();
  return number == nullptr ? none : *number;
}

bool is_true(const Document& object, std::string_view name) {
  const Document* member = object.find(name);
  return member != nullptr && member->to_json() == "true";
}

std::vector<std::string> texts_of(const Document& object, std::string_view name) {
  std::vector<std::string> texts;
  const Document* member = object.find(name);
  if (member == nullptr || !member->is_array()) return texts;
  for (const Document& item : member->items()) texts.push_back(item.to_cell());
  return texts;
}

std::vector<SqlColumn> columns_of(const Document& list) {
  std::vector<SqlColumn> columns;
  if (!list.is_array()) return columns;
  for (const Document& item : list.items()) {
    const Document* nullable = item.find("nullable");
    columns.push_back({text_of(item, "name"), text_of(item, "type"),
                       nullable == nullptr || nullable->to_json() != "false"});
  }
  return columns;
}

SqlError error_of(const Document& error) {
  SqlError out;
  out.message = text_of(error, "message");
  if (out.message.empty()) out.message = text_of(error, "detail");
  if (out.message.empty()) out.message = error.to_json();
  out.line = static_cast<size_t>(number_of(error, "line", 0));
  out.column = static_cast<size_t>(number_of(error, "column", 0));
  return out;
}

SqlStatement statement_of(const Document& page) {
  SqlStatement out;
  out.id = text_of(page, "statement");
  out.state = text_of(page, "state");
  out.tag = text_of(page, "tag");
  if (const Document* columns = page.find("columns"); columns != nullptr && columns->is_array()) {
    out.columns = columns_of(*columns);
  }
  out.warnings = texts_of(page, "warnings");
  if (const Document* error = page.find("error"); error != nullptr && error->is_object()) {
    out.error = error_of(*error);
  }
  out.following = is_true(page, "following");
  if (const Document* progress = page.find("progress")) {
    out.rows_read = number_of(*progress, "rows_read", -1);
    out.rows_written = number_of(*progress, "rows_written", -1);
  }
  return out;
}

// The page's number is the last part of its address.
std::optional<int64_t> next_of(const Document& page) {
  std::string next = text_of(page, "next");
  next = next.substr(0, next.find('?'));
  const size_t slash = next.rfind('/');
  if (slash == std::string::npos) return std::nullopt;
  int64_t number = 0;
  const auto [end, error] =
      std::from_chars(next.data() + slash + 1, next.data() + next.size(), number);
  if (error != std::errc() || end != next.data() + next.size()) return std::nullopt;
  return number;
}

Status refused(int status, const Document& body) {
  const std::string words = error_of(body).message;
  switch (status) {
    case 404: return Status::not_found(words);
    case 409: return Status::conflict(words);
    case 400: return Status::invalid(words);
    default: return Status::unavailable(words);
  }
}

}  // namespace

bool SqlColumn::numeric() const {
  for (const std::string_view kind :
       {"TINYINT", "SMALLINT", "INT", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL"}) {
    if (!type.starts_with(kind)) continue;
    const char behind = type.size() > kind.size() ? type[kind.size()] : ' ';
    if (behind == ' ' || behind == '(') return true;
  }
  return type.starts_with("INTEGER");
}

std::string SqlClient::session_path() const {
  return std::string(kSql) + "/sessions/" + escaped(session_);
}

std::string SqlClient::statement_path(const std::string& id) const {
  return session_path() + "/statements/" + escaped(id);
}

Result<SqlClient::Answer> SqlClient::ask(HttpCall call) {
  call.timeout_ms += timeout_ms_;
  call.most_bytes = kMostPageBytes;
  Result<HttpAnswer> answer = http_call(http_.address, call);
  if (answer.status().code() == StatusCode::kCancelled) return answer.status();
  if (answer.status().code() == StatusCode::kTimedOut) {
    return Status::timed_out(
        "the server at " + http_.address.to_string() +
        " has not answered in time; what was asked for may still be under way");
  }
  if (!answer.ok()) return no_answer(http_, answer.status());
  if (answer->status == 204 || answer->body.empty()) return Answer{answer->status, {}};
  Result<Document> body = parse_exact_json(answer->body);
  if (!body.ok()) {
    return cannot_connect("what answers at " + http_.address.to_string() + " (from " +
                          http_.origin + ") is no DataFlow server that takes SQL (HTTP " +
                          std::to_string(answer->status) + ")");
  }
  return Answer{answer->status, std::move(*body)};
}

Status SqlClient::open(const Settings& settings) {
  Document given = Document::object();
  for (const auto& [key, value] : settings) given.put(key, value);
  Document body = Document::object();
  body.put("settings", std::move(given));
  HttpCall call;
  call.method = "POST";
  call.path = std::string(kSql) + "/sessions";
  call.body = body.to_json();
  call.timeout_ms = 0;
  DF_ASSIGN_OR_RETURN(const Answer answer, ask(std::move(call)));
  session_ = text_of(answer.body, "session");
  if (answer.status < 300 && !session_.empty()) return {};
  if (answer.status == 404) {
    return cannot_connect("the server at " + http_.address.to_string() + " (from " + http_.origin +
                          ") takes no SQL over HTTP");
  }
  return with_exit_code(refused(answer.status, answer.body), ExitCode::kFailed);
}

void SqlClient::close() {
  if (session_.empty()) return;
  HttpCall call;
  call.method = "DELETE";
  call.path = session_path();
  call.timeout_ms = 0;
  (void)ask(std::move(call));
  session_.clear();
}

Result<std::string> SqlClient::transaction() {
  HttpCall call;
  call.path = session_path();
  call.timeout_ms = 0;
  DF_ASSIGN_OR_RETURN(const Answer answer, ask(std::move(call)));
  if (answer.status >= 300) return refused(answer.status, answer.body);
  return text_of(answer.body, "transaction");
}

Result<SqlStatement> SqlClient::start(const std::string& text, int64_t wait_ms) {
  Document body = Document::object();
  body.put("statement", text);
  HttpCall call;
  call.method = "POST";
  call.path = session_path() + "/statements?wait=" + std::to_string(wait_ms);
  call.body = body.to_json();
  call.timeout_ms = wait_ms;
  DF_ASSIGN_OR_RETURN(const Answer answer, ask(std::move(call)));
  if (answer.status < 300) return statement_of(answer.body);
  if (answer.status == 404 || answer.status == 410 || answer.status >= 500) {
    const bool gone = answer.status < 500;
    return gone ? Status::not_found(error_of(answer.body).message)
                : refused(answer.status, answer.body);
  }
  SqlStatement failed;
  failed.state = "failed";
  failed.error = error_of(answer.body);
  return failed;
}

Result<SqlStatement> SqlClient::status(const std::string& id, int64_t wait_ms) {
  HttpCall call;
  call.path = statement_path(id) + "?wait=" + std::to_string(wait_ms);
  call.timeout_ms = wait_ms;
  call.wake_fd = wake_fd_;
  call.until_interrupt = true;
  DF_ASSIGN_OR_RETURN(const Answer answer, ask(std::move(call)));
  if (answer.status >= 300) return refused(answer.status, answer.body);
  return statement_of(answer.body);
}

Result<SqlPage> SqlClient::page(const std::string& id, int64_t number, int64_t wait_ms,
                                int64_t most) {
  HttpCall call;
  call.path = statement_path(id) + "/result/" + std::to_string(number) +
              "?wait=" + std::to_string(wait_ms) + "&max_rows=" + std::to_string(most);
  call.timeout_ms = wait_ms;
  call.wake_fd = wake_fd_;
  call.until_interrupt = true;
  DF_ASSIGN_OR_RETURN(Answer answer, ask(std::move(call)));
  SqlPage page;
  if (answer.status >= 300) {
    page.state = "failed";
    page.error = error_of(answer.body);
    return page;
  }
  if (const Document* columns = answer.body.find("columns")) page.columns = columns_of(*columns);
  if (const Document* rows = answer.body.find("rows"); rows != nullptr && rows->is_array()) {
    for (const Document& row : rows->items()) {
      if (row.is_array()) page.rows.push_back(row.items());
    }
  }
  page.changes = texts_of(answer.body, "changes");
  page.next = next_of(answer.body);
  page.state = text_of(answer.body, "state");
  if (const Document* error = answer.body.find("error"); error != nullptr && error->is_object()) {
    page.error = error_of(*error);
  }
  return page;
}

Result<SqlStatement> SqlClient::cancel(const std::string& id) {
  HttpCall call;
  call.method = "POST";
  call.path = statement_path(id) + "/cancel";
  call.timeout_ms = 0;
  DF_ASSIGN_OR_RETURN(const Answer answer, ask(std::move(call)));
  if (answer.status >= 300) return refused(answer.status, answer.body);
  return statement_of(answer.body);
}

void SqlClient::release(const std::string& id) {
  if (id.empty()) return;
  HttpCall call;
  call.method = "DELETE";
  call.path = statement_path(id);
  call.timeout_ms = 0;
  (void)ask(std::move(call));
}

Result<std::vector<SqlRelation>> SqlClient::relations(int64_t timeout_ms) {
  HttpCall call;
  call.path = std::string(kSql) + "/relations";
  call.timeout_ms = timeout_ms - timeout_ms_;
  DF_ASSIGN_OR_RETURN(const Answer answer, ask(std::move(call)));
  if (answer.status >= 300) return refused(answer.status, answer.body);
  std::vector<SqlRelation> relations;
  const Document* list = answer.body.is_array() ? &answer.body : answer.body.find("relations");
  if (list == nullptr || !list->is_array()) return relations;
  for (const Document& item : list->items()) {
    SqlRelation relation;
    relation.name = text_of(item, "name");
    relation.kind = text_of(item, "kind");
    if (const Document* columns = item.find("columns")) relation.columns = columns_of(*columns);
    relation.primary_key = texts_of(item, "primary_key");
    relation.comment = text_of(item, "comment");
    relations.push_back(std::move(relation));
  }
  return relations;
}

}  // namespace dataflow::cli
