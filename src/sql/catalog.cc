#include "sql/catalog.h"

#include <algorithm>
#include <set>

#include "base/edit_distance.h"
#include "catalog_words.h"
#include "named_in_query.h"
#include "same_name.h"
#include "table_definition.h"

namespace dataflow::sql {
namespace {

constexpr const char* kCatalogName = "default_catalog";
constexpr const char* kDatabaseName = "default_database";

const char* kind_words(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::kTable: return "table";
    case ObjectKind::kView: return "view";
    case ObjectKind::kMaterializedView: return "materialized view";
    case ObjectKind::kFunction: return "function";
    case ObjectKind::kTest: return "test";
  }
  return "object";
}

template <class Thing>
std::vector<std::string> names_of(const std::map<std::string, Thing>& things) {
  std::vector<std::string> names;
  for (const auto& [name, thing] : things) names.push_back(name);
  return names;
}

}  // namespace

std::string list_of_names(const std::vector<std::string>& names) {
  std::string words;
  for (const std::string& name : names) words += (words.empty() ? "`" : ", `") + name + "`";
  return words;
}

const std::string& or_text(const std::string& script, const std::string& text) {
  return script.empty() ? text : script;
}

Status exists_already(const std::string& script, const Name& name, const std::string& what) {
  return wrong_at(script, name.place, what, StatusCode::kAlreadyExists);
}

Result<std::string> Catalog::plain_name(const Name& name, const std::string& script) {
  if (name.empty()) return Status::invalid("a name is missing");
  const size_t parts = name.parts.size();
  const auto there_is = [&](const char* kind, const std::string& given, const char* known) {
    return wrong_at(
        script, name.place,
        std::string("there is no ") + kind + " `" + given + "`; there is `" + known + "`",
        StatusCode::kNotFound);
  };
  if (parts > 3) {
    return wrong_at(script, name.place,
                    "a name has at most three parts: catalog, database and name");
  }
  // PostgreSQL's clients call it "public", as its catalog does.
  if (parts > 1 && !same_name(name.parts[parts - 2], kDatabaseName) &&
      !same_name(name.parts[parts - 2], "public")) {
    return there_is("database", name.parts[parts - 2], kDatabaseName);
  }
  if (parts > 2 && !same_name(name.parts[0], kCatalogName)) {
    return there_is("catalog", name.parts[0], kCatalogName);
  }
  return name.last();
}

const Table* Catalog::find_table(std::string_view name) const { return find_named(tables_, name); }
const View* Catalog::find_view(std::string_view name) const { return find_named(views_, name); }
// A name in the same case is meant before one in another.
bool Catalog::is_read_by_name(const std::string& thing, const std::string& written) const {
  if (thing == written) return true;
  return same_name(thing, written) && !tables_.contains(written) && !views_.contains(written);
}

const Function* Catalog::find_function(std::string_view name) const {
  return find_named(functions_, name);
}

std::vector<std::string> Catalog::relation_names() const {
  std::vector<std::string> names = names_of(tables_);
  for (const auto& [name, view] : views_) names.push_back(name);
  return names;
}

Status Catalog::create(const CreateTable& statement, const std::string& text,
                       const std::string& script) {
  const std::string& places = or_text(script, text);
  DF_ASSIGN_OR_RETURN(const std::string name, plain_name(statement.name, places));
  if (views_.contains(name)) {
    return exists_already(places, statement.name, "there is a view `" + name + "` already");
  }
  if (tables_.contains(name) && !statement.or_replace) {
    if (statement.if_not_exists) return {};
    return exists_already(places, statement.name,
                          "there is a table `" + name +
                              "` already; CREATE TABLE IF NOT EXISTS leaves it as it is, CREATE OR "
                              "REPLACE TABLE makes it anew");
  }
  const Table* base = nullptr;
  if (statement.like) {
    DF_ASSIGN_OR_RETURN(const std::string like, plain_name(statement.like->table, places));
    base = find_table(like);
    if (base == nullptr) {
      return wrong_at(
          places, statement.like->table.place,
          "LIKE: there is no table `" + like + "`" + suggestion(like, names_of(tables_)),
          StatusCode::kNotFound);
    }
  }
  DF_ASSIGN_OR_RETURN(Table table, define_table(statement, base, places));
  table.text = text;
  tables_[name] = std::move(table);
  return {};
}

Status Catalog::create(const CreateView& statement, const std::string& text,
                       const std::string& script) {
  const std::string& places = or_text(script, text);
  DF_ASSIGN_OR_RETURN(const std::string name, plain_name(statement.name, places));
  if (tables_.contains(name)) {
    return exists_already(places, statement.name, "there is a table `" + name + "` already");
  }
  if (views_.contains(name) && !statement.or_replace) {
    if (statement.if_not_exists) return {};
    return exists_already(places, statement.name,
                          "there is a view `" + name +
                              "` already; CREATE VIEW IF NOT EXISTS leaves it as it is, CREATE OR "
                              "REPLACE VIEW makes it anew");
  }
  std::set<std::string> columns;
  for (const std::string& column : statement.columns) {
    if (!columns.insert(column).second) {
      return wrong_at(places, statement.name.place, "column `" + column + "` is there twice");
    }
  }
  const std::vector<std::string> readers = dependents_of(name, false);
  const NamedThings named = statement.query ? named_in(*statement.query) : NamedThings();
  for (const std::string& read : named.tables) {
    const bool itself = is_read_by_name(name, read);
    if (itself || std::any_of(readers.begin(), readers.end(), [&](const std::string& reader) {
          return is_read_by_name(reader, read);
        })) {
      return wrong_at(places, statement.name.place,
                      "view `" + name + "` would read itself" +
                          (itself ? std::string() : ", by view `" + read + "`"));
    }
  }
  views_[name] = {name,
                  statement.materialized,
                  statement.columns,
                  statement.query,
                  statement.query_text,
                  statement.comment,
                  nullptr,
                  {}};
  return {};
}

void Catalog::keep(const std::string& view, Table table,
                   std::map<std::string, std::string> settings) {
  View& kept = views_.at(view);
  kept.kept = std::make_shared<const Table>(std::move(table));
  kept.settings = std::move(settings);
}

std::vector<std::string> Catalog::dependents_of(const std::string& name, bool function) const {
  std::vector<std::string> found;
  std::vector<std::pair<std::string, bool>> wanted = {{name, function}};
  if (function) {
    for (const std::string& caller : callers_of(name)) wanted.emplace_back(caller, true);
  }
  while (!wanted.empty()) {
    const std::string each = wanted.back().first;
    const bool is_function = wanted.back().second;
    wanted.pop_back();
    for (const auto& [view_name, view] : views_) {
      if (!view.query || std::find(found.begin(), found.end(), view_name) != found.end()) continue;
      const NamedThings named = named_in(*view.query);
      const std::set<std::string>& names = is_function ? named.functions : named.tables;
      const bool reads = std::any_of(names.begin(), names.end(), [&](const std::string& read) {
        return is_function ? same_name(read, each) : is_read_by_name(each, read);
      });
      if (!reads || view_name == name) continue;
      found.push_back(view_name);
      wanted.emplace_back(view_name, false);
    }
  }
  return found;
}

Status Catalog::drop(const Drop& statement, const std::string& script) {
  DF_ASSIGN_OR_RETURN(const std::string given, plain_name(statement.name, script));
  const bool function = statement.kind == ObjectKind::kFunction;
  const View* const view = find_view(given);
  const Table* const table = find_table(given);
  std::string name;
  std::vector<std::string> known;
  if (statement.kind == ObjectKind::kTable) {
    if (table != nullptr) name = table->name;
    known = names_of(tables_);
  } else if (function) {
    if (const Function* found = find_function(given)) name = found->name;
    known = names_of(functions_);
  } else {
    const bool materialized = statement.kind == ObjectKind::kMaterializedView;
    if (view != nullptr && view->materialized == materialized) name = view->name;
    for (const auto& [each, other] : views_) {
      if (other.materialized == materialized) known.push_back(each);
    }
  }
  if (name.empty()) {
    if (statement.if_exists) return {};
    std::string hint = suggestion(given, known);
    if (statement.kind == ObjectKind::kTable && view != nullptr) {
      hint = std::string("; it is a ") + (view->materialized ? "materialized view" : "view");
    } else if (!function && table != nullptr) {
      hint = "; it is a table";
    } else if (!function && view != nullptr) {
      hint = std::string("; it is a ") + (view->materialized ? "materialized view" : "view");
    }
    return wrong_at(
        script, statement.name.place,
        std::string("there is no ") + kind_words(statement.kind) + " `" + given + "`" + hint,
        StatusCode::kNotFound);
  }
  const std::vector<std::string> dependents = dependents_of(name, function);
  const std::vector<std::string> callers = function ? callers_of(name) : std::vector<std::string>();
  if (function) DF_RETURN_IF_ERROR(no_table_computes_with(name, callers, statement.name, script));
  if ((!dependents.empty() || !callers.empty()) && !statement.cascade) {
    std::vector<std::string> readers = dependents;
    readers.insert(readers.begin(), callers.begin(), callers.end());
    return wrong_at(script, statement.name.place,
                    std::string(kind_words(statement.kind)) + " `" + name + "` is " +
                        (function ? "called" : "read") + " by " + list_of_names(readers) +
                        "; drop them first, or write CASCADE",
                    StatusCode::kConflict);
  }
  for (const std::string& each : dependents) views_.erase(each);
  for (const std::string& each : callers) functions_.erase(each);
  if (statement.kind == ObjectKind::kTable)
    tables_.erase(name);
  else if (function)
    functions_.erase(name);
  else
    views_.erase(name);
  return {};
}

}  // namespace dataflow::sql
