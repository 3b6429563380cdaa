// What defining statements are held to, in scripts and on a server.
#pragma once

#include <string>

#include "sql/catalog.h"
#include "sql/settings.h"

namespace dataflow::jobs {

// Of CREATE TABLE … AS: the table that its query's columns make, without the query.
Result<sql::CreateTable> table_of_query(const sql::CreateTable& create, const sql::Catalog& catalog,
                                        const sql::Settings& settings, const std::string& script);
// Whether the query of a plain view can be read, and has as many columns as the view names.
Status check_view(const sql::CreateView& create, const sql::Catalog& catalog,
                  const sql::Settings& settings, const std::string& script);
// The one catalog, or the one database in it, that there is: its name.
Result<std::string> used_name(const sql::Use& use, const std::string& script);

}  // namespace dataflow::jobs
