#include "sql_objects.h"

#include <algorithm>

#include "meta/codec.h"
#include "script_answers.h"
#include "sql/parser.h"

namespace dataflow::jobs {
namespace {

constexpr uint8_t kVersion = 2;
constexpr uint8_t kWithSettings = 2;

using Setting = std::pair<std::string, std::string>;

Result<SqlObject> decode(std::string_view row) {
  DF_ASSIGN_OR_RETURN(meta::RowReader reader, meta::RowReader::open(row, kVersion, "SQL object"));
  SqlObject object;
  DF_ASSIGN_OR_RETURN(object.name, reader.string());
  DF_ASSIGN_OR_RETURN(object.number, reader.i64());
  DF_ASSIGN_OR_RETURN(const uint8_t kind, reader.u8());
  object.kind = static_cast<SqlKind>(kind);
  DF_ASSIGN_OR_RETURN(object.dropping, reader.boolean());
  DF_ASSIGN_OR_RETURN(object.statement, reader.string());
  DF_ASSIGN_OR_RETURN(object.kept, reader.string());
  if (reader.version() < kWithSettings) return object;
  DF_ASSIGN_OR_RETURN(const auto settings,
                      reader.vector<Setting>([](meta::RowReader& row) -> Result<Setting> {
                        Setting setting;
                        DF_ASSIGN_OR_RETURN(setting.first, row.string());
                        DF_ASSIGN_OR_RETURN(setting.second, row.string());
                        return setting;
                      }));
  object.settings.insert(settings.begin(), settings.end());
  DF_ASSIGN_OR_RETURN(object.anew, reader.boolean());
  return object;
}

Result<sql::Table> table_of(const std::string& statement) {
  DF_ASSIGN_OR_RETURN(const sql::StatementAst parsed, sql::parse_statement(statement));
  sql::Catalog alone;
  const auto& create = std::get<sql::CreateTable>(parsed.what);
  DF_RETURN_IF_ERROR(alone.create(create, statement));
  sql::Table table = alone.tables().begin()->second;
  // Of a view a key may be NULL; a table that somebody defines has none.
  for (size_t i = 0; i < table.columns.size(); ++i) {
    table.columns[i].nullable = create.columns[i].nullable;
  }
  table.one_row = table.columns.front().name == sql::kOneRowColumn;
  return table;
}

}  // namespace

std::string sql_object_key(SqlKind kind, const std::string& name) {
  return meta::KeyWriter().string(kind == SqlKind::kFunction ? "f" : "r").string(name).bytes();
}

void put_sql_object(meta::WriteBatch& batch, const SqlObject& object) {
  meta::RowWriter writer(kVersion);
  writer.string(object.name)
      .i64(object.number)
      .u8(static_cast<uint8_t>(object.kind))
      .boolean(object.dropping)
      .string(object.statement)
      .string(object.kept)
      .vector(std::vector<Setting>(object.settings.begin(), object.settings.end()),
              [](meta::RowWriter& row, const Setting& setting) {
                row.string(setting.first).string(setting.second);
              })
      .boolean(object.anew);
  batch.put(kSqlObjectsTable, sql_object_key(object.kind, object.name), writer.bytes());
}

void remove_sql_object(meta::WriteBatch& batch, const SqlObject& object) {
  batch.remove(kSqlObjectsTable, sql_object_key(object.kind, object.name));
}

Result<std::vector<SqlObject>> read_sql_objects(meta::Store& store) {
  std::vector<SqlObject> objects;
  Status bad;
  DF_RETURN_IF_ERROR(store.scan(kSqlObjectsTable, "", [&](std::string_view, std::string_view row) {
    Result<SqlObject> object = decode(row);
    if (object.ok()) {
      objects.push_back(std::move(*object));
    } else {
      bad = object.status();
    }
    return bad.ok();
  }));
  DF_RETURN_IF_ERROR(bad);
  std::ranges::sort(objects, {}, &SqlObject::number);
  return objects;
}

SqlObject object_of(const sql::Table& table) {
  SqlObject object;
  object.name = table.name;
  object.statement = create_text(table);
  return object;
}

SqlObject object_of(const sql::View& view) {
  SqlObject object;
  object.name = view.name;
  object.kind = view.materialized ? SqlKind::kMaterializedView : SqlKind::kView;
  object.statement = create_text(view);
  if (view.kept != nullptr) object.kept = create_text(*view.kept);
  object.settings = view.settings;
  return object;
}

SqlObject object_of(const sql::Function& function) {
  SqlObject object;
  object.name = function.name;
  object.kind = SqlKind::kFunction;
  object.statement = function.text;
  return object;
}

Status make_again(const SqlObject& object, sql::Catalog& catalog) {
  DF_ASSIGN_OR_RETURN(const sql::StatementAst parsed, sql::parse_statement(object.statement));
  if (const auto* table = std::get_if<sql::CreateTable>(&parsed.what)) {
    return catalog.create(*table, object.statement);
  }
  if (const auto* view = std::get_if<sql::CreateView>(&parsed.what)) {
    DF_RETURN_IF_ERROR(catalog.create(*view, object.statement));
    if (object.kept.empty()) return {};
    DF_ASSIGN_OR_RETURN(sql::Table kept, table_of(object.kept));
    catalog.keep(object.name, std::move(kept), object.settings);
    return {};
  }
  if (const auto* function = std::get_if<sql::CreateFunction>(&parsed.what)) {
    return catalog.create(*function, object.statement);
  }
  return Status::corrupt("the catalog has a statement for `" + object.name +
                         "` that makes nothing");
}

}  // namespace dataflow::jobs
