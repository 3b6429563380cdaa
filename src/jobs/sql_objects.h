// What a server's catalog is made of, as rows in meta: a row for each table, view and function,
// with the statement that makes it.
//
//   sql_objects   key: name  row: version 2, number (they are made again in this order), kind,
//                 whether it is being dropped, statement, and of a materialized view the statement
//                 that makes the table of its rows; from version 2 on, of the view, the settings
//                 of the session that made it, and whether its rows are to be made anew
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "meta/store.h"
#include "sql/catalog.h"
#include "sql/settings.h"

namespace dataflow::jobs {

inline constexpr meta::Table kSqlObjectsTable{43, "sql_objects"};

enum class SqlKind : uint8_t { kTable, kView, kMaterializedView, kFunction };

struct SqlObject {
  std::string name;
  int64_t number = 0;
  SqlKind kind = SqlKind::kTable;
  // Its pipeline and topic may be gone already: they go for good before it is forgotten.
  bool dropping = false;
  std::string statement;
  std::string kept;
  std::map<std::string, std::string> settings;
  // Its query is another one than before: pipeline and topic are those of the old one, or gone.
  bool anew = false;
};

// A function may have the name of a table.
std::string sql_object_key(SqlKind kind, const std::string& name);
void put_sql_object(meta::WriteBatch& batch, const SqlObject& object);
void remove_sql_object(meta::WriteBatch& batch, const SqlObject& object);
// In the order in which they were made.
Result<std::vector<SqlObject>> read_sql_objects(meta::Store& store);

// The statements that make them again.
SqlObject object_of(const sql::Table& table);
SqlObject object_of(const sql::View& view);
SqlObject object_of(const sql::Function& function);
// Statements that made what the catalog holds have no settings of a session, and their places tell
// a user nothing.
inline const sql::Settings kPlainSettings;
inline sql::Name named(const std::string& name) { return {{name}, {1, 1}}; }
inline std::string first_line(const std::string& message) {
  return message.substr(0, message.find('\n'));
}
// What was there and is not any more.
template <class Things>
void add_gone(const Things& before, const Things& after, std::vector<SqlObject>& gone) {
  for (const auto& [name, thing] : before) {
    if (!after.contains(name)) gone.push_back(object_of(thing));
  }
}
// Makes it in the catalog, which has what it reads.
Status make_again(const SqlObject& object, sql::Catalog& catalog);

}  // namespace dataflow::jobs
