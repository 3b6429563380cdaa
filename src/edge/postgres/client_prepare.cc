// Client: what a text becomes.
#include <algorithm>
#include <utility>
#include <variant>

#include "cast_oids.h"
#include "client.h"
#include "jobs/rows_at_hand.h"
#include "read_value.h"
#include "result_names.h"
#include "type_map.h"
#include "write_value.h"

namespace dataflow::postgres {
namespace {

size_t characters_in(std::string_view text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<uint8_t>(c) & 0xC0) != 0x80; }));
}

// What PostgreSQL's clients ask of a server begins like a query.
bool may_ask_catalog(std::string_view query) {
  const WordScanner words(query);
  for (const char* begin : {"SELECT", "WITH", "VALUES", "TABLE"}) {
    if (words.peek().is(begin)) return true;
  }
  return words.peek().is_symbol('(');
}

// Those whose tag has no number of rows.
bool only_tells(const sql::StatementAst& ast) {
  return std::holds_alternative<sql::Show>(ast.what) ||
         std::holds_alternative<sql::Describe>(ast.what) ||
         std::holds_alternative<sql::Explain>(ast.what) ||
         std::holds_alternative<sql::Set>(ast.what);
}

std::vector<std::optional<Type>> types_of(const std::vector<uint32_t>& oids) {
  std::vector<std::optional<Type>> types;
  types.reserve(oids.size());
  for (const uint32_t oid : oids) types.push_back(type_of_oid(oid));
  return types;
}

std::vector<std::optional<std::string>> texts_of(const std::vector<Value>& values) {
  std::vector<std::optional<std::string>> texts(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    if (!values[i].is_null()) write_text(values[i], texts[i].emplace());
  }
  return texts;
}

// What was said with NULLs for parameters holds for the rows: a NULL has no type, so that another
// one may have been told.
Status as_described(const std::vector<sql::OutputColumn>& columns, CatalogQueries::Answer& told) {
  for (size_t i = 0; i < std::min(columns.size(), told.columns.size()); ++i) {
    const Type& type = columns[i].type;
    if (told.columns[i].type == type) continue;
    for (jobs::Row& row : told.rows) {
      std::string text;
      if (!row[i].is_null()) write_text(row[i], text);
      DF_ASSIGN_OR_RETURN(row[i], row[i].is_null() ? Result<Value>(Value::null(type))
                                                   : read_value_text(type, text));
    }
  }
  return {};
}

}  // namespace

Status Client::read(std::string_view sent, Span span, ReadStatement& out) {
  const std::string_view text = sent.substr(span.from, span.to - span.from);
  DF_ASSIGN_OR_RETURN(out.own, read_own_statement(text));
  if (out.own && !out.own->inner) {
    out.query = out.own->table;
    if (out.query.empty()) return {};
  } else {
    const Span part = out.own ? *out.own->inner : Span{0, text.size()};
    out.query = text.substr(part.from, part.to - part.from);
    out.before = characters_in(sent.substr(0, span.from + part.from));
  }
  out.catalog = around_.catalog != nullptr && may_ask_catalog(out.query) &&
                around_.catalog->answers(out.query);
  if (out.catalog) return {};
  DF_ASSIGN_OR_RETURN(std::vector<sql::StatementAst> statements, session_->parse(out.query));
  if (statements.size() != 1) {
    return sql_error(SqlState::kSyntax, "one statement was expected here");
  }
  out.ast = std::move(statements.front());
  return {};
}

Result<std::shared_ptr<Statement>> Client::prepare(const ReadStatement& read,
                                                   const std::vector<uint32_t>& given_oids,
                                                   bool once) {
  auto statement = std::make_shared<Statement>();
  const std::vector<uint32_t> oids = with_casts(read.query, given_oids);
  // What a failed transaction does not take is not even looked at.
  statement->ends_transaction =
      read.ast && !read.own && std::holds_alternative<sql::Transaction>(read.ast->what);
  if (failed() && !statement->ends_transaction) {
    return in_failed_transaction();
  }
  DF_RETURN_IF_ERROR(read.own ? prepare_own(read, oids, once, *statement)
                              : prepare_query(read, oids, once, *statement));
  const std::vector<Type>& types = statement->prepared->parameters();
  for (size_t i = 0; i < types.size(); ++i) {
    const uint32_t given = i < oids.size() ? oids[i] : 0;
    statement->parameter_oids.push_back(given == 0 || given == oid::kUnknown ? oid_of(types[i])
                                                                             : given);
  }
  const auto& columns = statement->prepared->columns();
  if (columns && columns->size() > UINT16_MAX) {
    return sql_error(SqlState::kTooManyColumns, "a result has at most 65535 columns");
  }
  return statement;
}

Status Client::prepare_query(const ReadStatement& read, const std::vector<uint32_t>& oids,
                             bool once, Statement& out) {
  if (read.catalog) return prepare_catalog(read, oids, once, out);
  out.follows = std::holds_alternative<sql::Subscribe>(read.ast->what);
  out.counts = !only_tells(*read.ast);
  DF_ASSIGN_OR_RETURN(out.prepared, session_->prepare(*read.ast, read.query, types_of(oids)));
  if (out.prepared->columns()) {
    out.column_names = result_names(*read.ast, *out.prepared->columns());
  }
  return {};
}

// The catalogue says with an answer what its columns are: it is asked with NULLs for them. Of a
// statement that is executed at once that answer is the one that is wanted.
Status Client::prepare_catalog(const ReadStatement& read, const std::vector<uint32_t>& oids,
                               bool once, Statement& out) {
  const size_t count = std::max(parameters_of(read.query), oids.size());
  CatalogSession session = catalog_session();
  // Nothing is set by those that are only described.
  const auto set = once ? session.set : std::exchange(session.set, nullptr);
  const auto advisory = once ? session.advisory : std::exchange(session.advisory, nullptr);
  DF_ASSIGN_OR_RETURN(
      CatalogQueries::Answer first,
      around_.catalog->ask(read.query, std::vector<std::optional<std::string>>(count), session));
  session.set = set;
  session.advisory = advisory;
  std::vector<Type> types(count, Type::string());
  for (size_t i = 0; i < oids.size(); ++i) types[i] = type_of_oid(oids[i]).value_or(types[i]);
  out.counts = true;
  out.column_oids = first.oids;
  std::vector<sql::OutputColumn> columns = std::move(first.columns);
  std::shared_ptr<std::vector<jobs::Row>> ready;
  if (once) ready = std::make_shared<std::vector<jobs::Row>>(std::move(first.rows));
  const auto run = [catalog = around_.catalog, query = read.query, ready, session, columns](
                       const std::vector<Value>& parameters) -> Result<jobs::StatementAnswer> {
    jobs::StatementAnswer answer;
    answer.tag = "SELECT";
    if (ready) {
      answer.rows = jobs::rows_at_hand(std::move(*ready));
      return answer;
    }
    DF_ASSIGN_OR_RETURN(CatalogQueries::Answer told,
                        catalog->ask(query, texts_of(parameters), session));
    DF_RETURN_IF_ERROR(as_described(columns, told));
    answer.rows = jobs::rows_at_hand(std::move(told.rows));
    return answer;
  };
  out.prepared = std::make_unique<OwnPrepared>(run, std::move(columns), std::move(types));
  return {};
}

CatalogSession Client::catalog_session() {
  CatalogSession session;
  session.process = process_;
  session.setting = [this](const std::string& name) { return setting(name); };
  session.set = [this](const std::string& name, const std::string& value, bool local) {
    OwnStatement own;
    own.name = name;
    own.value = value;
    own.local = local;
    jobs::StatementAnswer unused;
    return set(own, unused);
  };
  session.advisory = [this](const std::string& function,
                            const std::vector<std::string>& arguments) {
    return advisory(function, arguments);
  };
  return session;
}

Status Client::prepare_own(const ReadStatement& read, const std::vector<uint32_t>& oids, bool once,
                           Statement& out) {
  const OwnStatement& own = *read.own;
  switch (own.kind) {
    case OwnKind::kCopyOut:
      DF_RETURN_IF_ERROR(prepare_query(read, oids, once, out));
      if (!out.prepared->columns()) {
        return sql_error(SqlState::kUnsupported, "COPY query must return rows");
      }
      out.copy = own.copy;
      return {};
    case OwnKind::kCopyIn: return prepare_copy_in(read, out);
    case OwnKind::kIndex:
      // What it names is there.
      if (read.ast) DF_RETURN_IF_ERROR(prepare_query(read, oids, once, out));
      break;
    case OwnKind::kPrepare: return prepare_prepare(read, out);
    case OwnKind::kExecute: return prepare_execute(own, out);
    case OwnKind::kDeclare: return prepare_declare(read, oids, out);
    case OwnKind::kFetch: return prepare_fetch(own, out);
    default: break;
  }
  std::optional<std::vector<sql::OutputColumn>> columns;
  if (own.kind == OwnKind::kShow) {
    columns.emplace();
    if (own.name.empty()) {
      for (const char* name : {"name", "setting"})
        columns->push_back({name, Type::string(), false});
    } else {
      columns->push_back({ClientSettings::spelled(own.name), Type::string(), false});
    }
  }
  const auto run = [this, own](const std::vector<Value>&) { return run_own(own); };
  out.prepared = std::make_unique<OwnPrepared>(run, std::move(columns));
  return {};
}

Status Client::run_in_session(const std::string& text) {
  DF_ASSIGN_OR_RETURN(const std::vector<sql::StatementAst> statements, session_->parse(text));
  for (const sql::StatementAst& statement : statements) {
    DF_ASSIGN_OR_RETURN(const auto prepared, session_->prepare(statement, text, {}));
    DF_RETURN_IF_ERROR(prepared->execute({}).status());
  }
  return {};
}

}  // namespace dataflow::postgres
