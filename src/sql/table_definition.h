// CREATE TABLE becomes a Table: LIKE is resolved, every name is checked.
#pragma once

#include <string>

#include "sql/catalog.h"

namespace dataflow::sql {

// `base`: the table that LIKE names, null without LIKE. kInvalid with the place in the script.
Result<Table> define_table(const CreateTable& statement, const Table* base,
                           const std::string& script);

// What must hold of any table, also of one that was altered: names that are there once, keys,
// watermark and partitions over columns that there are.
Status check_table(const Table& table, Place place, const std::string& script);

// The column of that name: in the same case, else the only one without regard to it.
const ColumnDefinition* find_column(const Table& table, std::string_view name);
// "there is no column `x`; did you mean "y"?"
std::string no_column(const Table& table, const std::string& name);

// The place, or the statement's where it is none of this script.
Status wrong_at(const std::string& script, Place place, const std::string& what,
                StatusCode code = StatusCode::kInvalid);

}  // namespace dataflow::sql
