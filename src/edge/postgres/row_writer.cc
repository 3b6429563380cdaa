#include "row_writer.h"

#include <vector>

#include "backend.h"
#include "base/bytes.h"
#include "type_map.h"
#include "write_value.h"

namespace dataflow::postgres {
namespace {

constexpr std::string_view kBinaryCopyHeader("PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0", 19);

// A length, then the value.
void write_cell(const Value& value, WireFormat format, uint32_t oid, std::string& out) {
  if (value.is_null()) return append_be32(out, UINT32_MAX);
  const size_t at = out.size();
  append_be32(out, 0);
  if (format == WireFormat::kBinary) {
    write_binary(value, oid, out);
  } else {
    write_text(value, out);
  }
  store_be32(out.data() + at, static_cast<uint32_t>(out.size() - at - 4));
}

void write_copy_text(const std::string& cell, char delimiter, std::string& out) {
  constexpr std::string_view kLetters = "\b\f\n\r\t\v";
  constexpr std::string_view kNames = "bfnrtv";
  for (const char c : cell) {
    const size_t at = kLetters.find(c);
    if (at != std::string_view::npos) {
      out += '\\';
      out += kNames[at];
    } else {
      if (c == '\\' || c == delimiter) out += '\\';
      out += c;
    }
  }
}

void write_copy_csv(const std::string& cell, const CopyOptions& copy, bool alone, bool always,
                    std::string& out) {
  const char specials[] = {copy.delimiter, copy.quote, '\n', '\r'};
  const bool quoted = always || cell == copy.null ||
                      cell.find_first_of(specials, 0, sizeof specials) != std::string::npos ||
                      (alone && cell == "\\.");
  if (!quoted) {
    out += cell;
    return;
  }
  out += copy.quote;
  for (const char c : cell) {
    if (c == copy.quote || c == copy.escape) out += copy.escape;
    out += c;
  }
  out += copy.quote;
}

void write_copy_cell(const std::string& cell, const CopyOptions& copy, bool alone, bool always,
                     std::string& out) {
  if (copy.format == CopyFormat::kCsv) {
    write_copy_csv(cell, copy, alone, always, out);
  } else {
    write_copy_text(cell, copy.delimiter, out);
  }
}

}  // namespace

void write_row_description(const Statement& statement, const Portal* portal, std::string& out) {
  const std::vector<sql::OutputColumn>& columns = *statement.columns();
  std::vector<ColumnDescription> described;
  described.reserve(columns.size());
  for (size_t i = 0; i < columns.size(); ++i) {
    ColumnDescription column;
    column.name = statement.name_of_column(i);
    column.oid = statement.oid_of_column(i);
    column.size = size_of(column.oid);
    if (column.oid == oid_of(columns[i].type)) column.modifier = modifier_of(columns[i].type);
    if (portal != nullptr) column.format = portal->format_of(i);
    described.push_back(column);
  }
  BackendWriter(out).row_description(described);
}

void write_data_row(const Portal& portal, const jobs::Row& row, std::string& out) {
  BackendWriter writer(out);
  const size_t at = writer.begin('D');
  append_be16(out, static_cast<uint16_t>(row.size()));
  for (size_t i = 0; i < row.size(); ++i) {
    const WireFormat format = portal.format_of(i);
    const bool binary = format == WireFormat::kBinary;
    write_cell(row[i], format, binary ? portal.statement->oid_of_column(i) : 0, out);
  }
  writer.end(at);
}

void write_copy_begin(const Statement& statement, std::string& out) {
  const std::vector<sql::OutputColumn>& columns = *statement.prepared->columns();
  const CopyOptions& copy = *statement.copy;
  BackendWriter writer(out);
  const bool binary = copy.format == CopyFormat::kBinary;
  writer.copy_out(binary ? WireFormat::kBinary : WireFormat::kText, columns.size());
  if (binary || !copy.header) return;
  const size_t at = writer.begin('d');
  for (size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) out += copy.delimiter;
    write_copy_cell(statement.name_of_column(i), copy, columns.size() == 1, false, out);
  }
  out += '\n';
  writer.end(at);
}

void write_copy_row(const Statement& statement, const jobs::Row& row, bool first,
                    std::string& out) {
  const CopyOptions& copy = *statement.copy;
  const std::vector<sql::OutputColumn>& columns = *statement.prepared->columns();
  BackendWriter writer(out);
  const size_t at = writer.begin('d');
  if (copy.format == CopyFormat::kBinary) {
    if (first) out += kBinaryCopyHeader;
    append_be16(out, static_cast<uint16_t>(row.size()));
    for (size_t i = 0; i < row.size(); ++i) {
      write_cell(row[i], WireFormat::kBinary, statement.oid_of_column(i), out);
    }
    return writer.end(at);
  }
  std::string cell;
  for (size_t i = 0; i < row.size(); ++i) {
    if (i > 0) out += copy.delimiter;
    if (row[i].is_null()) {
      out += copy.null;
      continue;
    }
    cell.clear();
    write_text(row[i], cell);
    write_copy_cell(cell, copy, row.size() == 1, copy.quotes(columns[i].name), out);
  }
  out += '\n';
  writer.end(at);
}

void write_copy_end(const Statement& statement, bool first, std::string& out) {
  BackendWriter writer(out);
  if (statement.copy->format == CopyFormat::kBinary) {
    const size_t at = writer.begin('d');
    if (first) out += kBinaryCopyHeader;
    append_be16(out, UINT16_MAX);  // no more rows
    writer.end(at);
  }
  writer.copy_done();
}

}  // namespace dataflow::postgres
