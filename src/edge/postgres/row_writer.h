// Rows as messages: RowDescription, DataRow, and COPY's lines.
#pragma once

#include <string>

#include "statement.h"

namespace dataflow::postgres {

// What the rows of the statement look like; the portal, if there is one, says in which formats.
void write_row_description(const Statement& statement, const Portal* portal, std::string& out);
void write_data_row(const Portal& portal, const jobs::Row& row, std::string& out);

// In the binary format the first message with contents has the header, too: clients want both in
// one. `first`: no row has been sent.
void write_copy_begin(const Statement& statement, std::string& out);
void write_copy_row(const Statement& statement, const jobs::Row& row, bool first, std::string& out);
void write_copy_end(const Statement& statement, bool first, std::string& out);

}  // namespace dataflow::postgres
