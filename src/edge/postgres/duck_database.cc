#include "duck_database.h"

#include <array>
#include <utility>

namespace dataflow::postgres {
namespace {

// A step of DuckDB's is some hundred thousand rows of one operator.
constexpr int kMostSteps = 4096;
constexpr size_t kMostValues = 4'000'000;

// Nothing of this can be changed by a statement: the last one locks it.
constexpr std::array<std::pair<const char*, const char*>, 10> kSettings = {{
    {"threads", "1"},
    {"memory_limit", "256MB"},
    {"temp_directory", ""},
    {"max_temp_directory_size", "0B"},
    {"enable_external_access", "false"},
    {"autoinstall_known_extensions", "false"},
    {"autoload_known_extensions", "false"},
    {"allow_community_extensions", "false"},
    {"default_null_order", "postgres"},
    {"integer_division", "true"},
}};

std::string text_of(const char* text) { return text == nullptr ? "unknown" : text; }

// DuckDB's message without the picture of the statement, which is one that the client did not
// write.
Status refused(const char* words) {
  std::string text = text_of(words);
  if (const size_t picture = text.find("\n\nLINE "); picture != std::string::npos) {
    text.resize(picture);
  }
  if (text.starts_with("Out of Memory Error")) {
    return Status::too_large("the question about the catalog takes too much memory");
  }
  return Status::invalid(std::move(text));
}

}  // namespace

Result<std::unique_ptr<DuckDatabase>> DuckDatabase::open() {
  DF_ASSIGN_OR_RETURN(const DuckLibrary* duck, duck_library());
  std::unique_ptr<DuckDatabase> out(new DuckDatabase(*duck));
  duckdb_config config = nullptr;
  if (duck->create_config(&config) != DuckDBSuccess) {
    return Status::internal("DuckDB makes no configuration");
  }
  const char* wrong = nullptr;
  for (const auto& [name, value] : kSettings) {
    if (duck->set_config(config, name, value) != DuckDBSuccess) wrong = name;
  }
  char* error = nullptr;
  const bool opened = wrong == nullptr &&
                      duck->open_ext(":memory:", &out->database_, config, &error) == DuckDBSuccess;
  duck->destroy_config(&config);
  if (wrong != nullptr) return Status::internal("DuckDB has no setting " + std::string(wrong));
  if (!opened) {
    Status status = Status::internal("opening DuckDB: " + text_of(error));
    if (error != nullptr) duck->free(error);
    return status;
  }
  if (duck->connect(out->database_, &out->connection_) != DuckDBSuccess) {
    return Status::internal("DuckDB gives no connection");
  }
  return out;
}

DuckDatabase::~DuckDatabase() {
  if (connection_ != nullptr) duck_.disconnect(&connection_);
  if (database_ != nullptr) duck_.close(&database_);
}

Status DuckDatabase::run(const std::string& statements) {
  duckdb_result result;
  const bool done = duck_.query(connection_, statements.c_str(), &result) == DuckDBSuccess;
  Status status;
  if (!done) status = Status::internal("the catalog: " + text_of(duck_.result_error(&result)));
  duck_.destroy_result(&result);
  return status;
}

Status DuckDatabase::append(const char* schema, const char* table,
                            const std::vector<std::vector<Cell>>& rows) {
  duckdb_appender appender = nullptr;
  bool good = duck_.appender_create(connection_, schema, table, &appender) == DuckDBSuccess;
  for (size_t row = 0; good && row < rows.size(); ++row) {
    for (const Cell& cell : rows[row]) {
      switch (cell.kind) {
        case Cell::Kind::kNull: duck_.append_null(appender); break;
        case Cell::Kind::kBool: duck_.append_bool(appender, cell.integer != 0); break;
        case Cell::Kind::kInteger: duck_.append_int64(appender, cell.integer); break;
        case Cell::Kind::kText:
          duck_.append_varchar_length(appender, cell.text.data(), cell.text.size());
          break;
      }
    }
    good = duck_.appender_end_row(appender) == DuckDBSuccess;
  }
  good = good && duck_.appender_close(appender) == DuckDBSuccess;
  Status status;
  if (!good) {
    status = Status::internal("filling the catalog's " + std::string(table) + ": " +
                              text_of(duck_.appender_error(appender)));
  }
  duck_.appender_destroy(&appender);
  return status;
}

Result<DuckDatabase::Rows> DuckDatabase::select(const std::string& statement) {
  duckdb_prepared_statement prepared = nullptr;
  const bool good = duck_.prepare(connection_, statement.c_str(), &prepared) == DuckDBSuccess;
  Result<Rows> out = Rows();
  if (!good) {
    out = refused(duck_.prepare_error(prepared));
  } else if (duck_.prepared_statement_type(prepared) != DUCKDB_STATEMENT_TYPE_SELECT) {
    out = Status::invalid("the catalog takes SELECT alone");
  } else {
    out = execute(prepared);
  }
  duck_.destroy_prepare(&prepared);
  return out;
}

Result<DuckDatabase::Rows> DuckDatabase::execute(duckdb_prepared_statement statement) {
  duckdb_pending_result pending = nullptr;
  Status status;
  duckdb_result result = {};
  if (duck_.pending_prepared(statement, &pending) != DuckDBSuccess) {
    status = refused(duck_.pending_error(pending));
  } else {
    duckdb_pending_state state = DUCKDB_PENDING_RESULT_NOT_READY;
    for (int step = 0; !duck_.pending_execution_is_finished(state); ++step) {
      if (step == kMostSteps) {
        status = Status::too_large("the question about the catalog takes too many steps");
        break;
      }
      state = duck_.pending_execute_task(pending);
    }
    if (status.ok() && state == DUCKDB_PENDING_ERROR)
      status = refused(duck_.pending_error(pending));
    if (status.ok() && duck_.execute_pending(pending, &result) != DuckDBSuccess) {
      status = refused(duck_.result_error(&result));
    }
  }
  duck_.destroy_pending(&pending);

  Rows out;
  const uint64_t columns = status.ok() ? duck_.column_count(&result) : 0;
  for (uint64_t i = 0; status.ok() && i < columns; ++i) {
    duckdb_logical_type type = duck_.column_logical_type(&result, i);
    Result<DuckType> known = duck_type(duck_, type);
    duck_.destroy_logical_type(&type);
    status = known.status();
    if (!status.ok()) break;
    out.names.emplace_back(duck_.column_name(&result, i));
    out.types.push_back(std::move(*known));
  }
  while (status.ok()) {
    duckdb_data_chunk chunk = duck_.fetch_chunk(result);
    if (chunk == nullptr) break;
    append_rows(duck_, out.types, chunk, out.rows);
    duck_.destroy_data_chunk(&chunk);
    if (out.rows.size() * columns > kMostValues) {
      status = Status::too_large("the answer of the catalog is too large");
    }
  }
  duck_.destroy_result(&result);
  if (!status.ok()) return status;
  return out;
}

}  // namespace dataflow::postgres
