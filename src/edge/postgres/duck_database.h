// A DuckDB in memory that reads no files, loads no extensions and takes a bounded part of memory.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "duck_library.h"
#include "duck_values.h"
#include "jobs/collect.h"

namespace dataflow::postgres {

// Used by one thread at a time.
class DuckDatabase {
 public:
  static Result<std::unique_ptr<DuckDatabase>> open();
  ~DuckDatabase();
  DuckDatabase(const DuckDatabase&) = delete;
  DuckDatabase& operator=(const DuckDatabase&) = delete;

  // Statements of ours, separated by `;`.
  Status run(const std::string& statements);

  struct Cell {
    enum class Kind : uint8_t { kNull, kBool, kInteger, kText };
    Kind kind = Kind::kNull;
    int64_t integer = 0;
    std::string text;

    static Cell boolean(bool value) { return {Kind::kBool, value ? 1 : 0, {}}; }
    static Cell number(int64_t value) { return {Kind::kInteger, value, {}}; }
    static Cell of(std::string value) { return {Kind::kText, 0, std::move(value)}; }
  };
  Status append(const char* schema, const char* table, const std::vector<std::vector<Cell>>& rows);

  struct Rows {
    std::vector<std::string> names;
    std::vector<DuckType> types;
    std::vector<jobs::Row> rows;
  };
  // One SELECT, whoever wrote it. kInvalid in DuckDB's words; kTooLarge for what takes more steps,
  // rows or memory than a question about a catalog may.
  Result<Rows> select(const std::string& statement);

 private:
  explicit DuckDatabase(const DuckLibrary& duck) : duck_(duck) {}
  Result<Rows> execute(duckdb_prepared_statement statement);

  const DuckLibrary& duck_;
  duckdb_database database_ = nullptr;
  duckdb_connection connection_ = nullptr;
};

}  // namespace dataflow::postgres
