// StatementParser: CREATE TABLE.
#include <limits>

#include "base/edit_distance.h"
#include "base/units.h"
#include "statement_parser.h"

namespace dataflow::sql {

// From behind CREATE [TEMPORARY] TABLE.
Result<CreateTable> StatementParser::parse_create_table(CreateTable table) {
  table.if_not_exists = take_words("IF NOT EXISTS");
  DF_ASSIGN_OR_RETURN(table.name, parse_qualified("the name of a table"));
  if (peek().is_symbol("(")) DF_RETURN_IF_ERROR(parse_table_elements(table));
  DF_RETURN_IF_ERROR(parse_table_clauses(table));
  if (table.as != nullptr) return table;
  for (const ColumnDefinition& column : table.columns) {
    if (column.kind == ColumnKind::kComputed || column.type.id() != TypeId::kNull) continue;
    return error_at(std::string(text()), column.place,
                    "the column \"" + column.name + "\" has no type");
  }
  return table;
}

Status StatementParser::parse_table_elements(CreateTable& table) {
  DF_RETURN_IF_ERROR(expect_symbol("("));
  if (take_symbol(")")) return {};
  do {
    DF_RETURN_IF_ERROR(count_column(peek(), table.columns.size()));
    DF_RETURN_IF_ERROR(parse_table_element(table));
  } while (take_symbol(","));
  if (take_symbol(")")) return {};
  return expected("`,` or `)`");
}

Status StatementParser::parse_table_element(CreateTable& table) {
  const Token& at = peek();
  if (at_words("WATERMARK FOR")) {
    if (table.watermark) return fail(at, "a table has one WATERMARK");
    DF_ASSIGN_OR_RETURN(table.watermark, parse_watermark());
    return {};
  }
  const bool named = at.is_word("CONSTRAINT") && at_name(1) &&
                     (peek(2).is_word("PRIMARY") || peek(2).is_word("UNIQUE"));
  if (named || at_words("PRIMARY KEY")) {
    if (table.primary_key) return fail(at, "a table has one PRIMARY KEY");
    DF_ASSIGN_OR_RETURN(table.primary_key, parse_primary_key());
    return {};
  }
  if (at.is_word("UNIQUE") && peek(1).is_symbol("(")) {  // nobody holds it to that
    take();
    DF_RETURN_IF_ERROR(parse_names("the name of a column").status());
    return parse_enforced().status();
  }
  if (at_words("PERIOD FOR")) return unsupported(at, "PERIOD FOR");
  DF_ASSIGN_OR_RETURN(ColumnDefinition column, parse_column_definition());
  table.columns.push_back(std::move(column));
  return {};
}

// Of VARCHAR(n) and the like; 0: none, or as much as there may be.
int64_t StatementParser::length_ahead() {
  const size_t at = peek(1).is_word("VARYING") ? 2 : 1;
  if (!peek(at).is_symbol("(")) return 0;
  const Result<int64_t> length = parse_int(peek(at + 1).text);
  return length.ok() && *length < std::numeric_limits<int32_t>::max() ? *length : 0;
}

// name type …, name AS expression, name type METADATA …; of CREATE TABLE … AS also a name alone.
Result<ColumnDefinition> StatementParser::parse_column_definition() {
  ColumnDefinition column;
  column.place = peek().place;
  DF_ASSIGN_OR_RETURN(column.name, parse_name("the name of a column"));
  if (take_word("AS")) {
    column.kind = ColumnKind::kComputed;
    DF_ASSIGN_OR_RETURN(column.computed, parse_expression());
    if (take_word("COMMENT")) {
      DF_ASSIGN_OR_RETURN(column.comment, parse_string("a comment in quotes"));
    }
    return column;
  }
  if (peek().is_symbol(",") || peek().is_symbol(")")) return column;
  const int64_t length = length_ahead();
  DF_ASSIGN_OR_RETURN(column.type, parse_column_type());
  if (column.type.id() == TypeId::kString) column.length = length;
  DF_RETURN_IF_ERROR(parse_column_constraints(column));
  return column;
}

Status StatementParser::parse_column_constraints(ColumnDefinition& column) {
  while (true) {
    const Token& at = peek();
    if (take_words("NOT NULL")) {
      column.nullable = false;
    } else if (take_word("NULL")) {
      column.nullable = true;
    } else if (take_word("METADATA")) {
      column.kind = ColumnKind::kMetadata;
      if (take_word("FROM")) {
        DF_ASSIGN_OR_RETURN(column.metadata, parse_string("the key of the metadata in quotes"));
      }
      column.is_virtual = take_word("VIRTUAL");
    } else if (at_words("PRIMARY KEY") || at.is_word("CONSTRAINT")) {
      if (take_word("CONSTRAINT")) {
        DF_RETURN_IF_ERROR(parse_name("the name of the constraint").status());
      }
      DF_RETURN_IF_ERROR(expect_words("PRIMARY KEY"));
      DF_RETURN_IF_ERROR(parse_enforced().status());
      column.primary_key = true;
    } else if (take_word("COMMENT")) {
      DF_ASSIGN_OR_RETURN(column.comment, parse_string("a comment in quotes"));
    } else if (take_word("UNIQUE")) {  // nobody holds it to that
      DF_RETURN_IF_ERROR(parse_enforced().status());
    } else if (at.is_word("DEFAULT") || at.is_word("CHECK") || at.is_word("REFERENCES") ||
               at.is_word("GENERATED")) {
      return unsupported(at, at.upper);
    } else {
      return {};
    }
  }
}

Result<WatermarkDefinition> StatementParser::parse_watermark() {
  WatermarkDefinition watermark;
  watermark.place = peek().place;
  take_words("WATERMARK FOR");
  DF_ASSIGN_OR_RETURN(watermark.column, parse_qualified("the name of a column"));
  DF_RETURN_IF_ERROR(expect_word("AS"));
  DF_ASSIGN_OR_RETURN(watermark.expression, parse_expression());
  return watermark;
}

// Whether it is; a key is unless NOT ENFORCED says otherwise.
Result<bool> StatementParser::parse_enforced() {
  if (take_words("NOT ENFORCED")) return false;
  if (peek().is_word("NOT") && !peek(1).is_word("NULL")) {
    take();
    return expected("ENFORCED");
  }
  take_word("ENFORCED");
  return true;
}

Result<PrimaryKey> StatementParser::parse_primary_key() {
  PrimaryKey key;
  key.place = peek().place;
  if (take_word("CONSTRAINT")) take();
  if (peek().is_word("UNIQUE")) return unsupported(peek(), "UNIQUE");
  DF_RETURN_IF_ERROR(expect_words("PRIMARY KEY"));
  DF_ASSIGN_OR_RETURN(key.columns, parse_names("the name of a column"));
  DF_ASSIGN_OR_RETURN(key.enforced, parse_enforced());
  return key;
}

// [BY [HASH | RANGE] (a, …)] INTO n BUCKETS: how others lay out files. Our rows are the same.
Status StatementParser::parse_distribution() {
  if (take_word("BY")) {
    if (!take_word("HASH")) take_word("RANGE");
    DF_RETURN_IF_ERROR(parse_names("the name of a column").status());
    if (!peek().is_word("INTO")) return {};
  }
  DF_RETURN_IF_ERROR(expect_word("INTO"));
  if (peek().kind != TokenKind::kInteger) return expected("the number of buckets");
  take();
  return expect_word("BUCKETS");
}

Status StatementParser::parse_table_clauses(CreateTable& table) {
  if (take_word("COMMENT")) {
    DF_ASSIGN_OR_RETURN(table.comment, parse_string("a comment in quotes"));
  }
  if (take_word("DISTRIBUTED")) DF_RETURN_IF_ERROR(parse_distribution());
  if (take_words("PARTITIONED BY")) {
    DF_ASSIGN_OR_RETURN(table.partitioned_by, parse_names("the name of a column"));
  }
  if (take_word("WITH")) {
    table.has_options = true;
    DF_ASSIGN_OR_RETURN(table.options, parse_options());
  }
  if (peek().is_word("LIKE")) {
    DF_ASSIGN_OR_RETURN(table.like, parse_like());
  }
  if (take_word("AS")) {
    DF_ASSIGN_OR_RETURN(table.as, parse_query());
  }
  return {};
}

Result<LikeClause> StatementParser::parse_like() {
  LikeClause like;
  take();
  DF_ASSIGN_OR_RETURN(like.table, parse_qualified("the name of a table"));
  if (!take_symbol("(")) return like;
  while (!take_symbol(")")) {
    std::string verb;
    for (const char* word : {"INCLUDING", "EXCLUDING", "OVERWRITING"}) {
      if (peek().is_word(word)) verb = take().upper;
    }
    if (verb.empty()) return expected("INCLUDING, EXCLUDING, OVERWRITING or `)`");
    std::string what;
    static const std::vector<std::string> kWhat = {"ALL",        "CONSTRAINTS", "DISTRIBUTION",
                                                   "GENERATED",  "METADATA",    "OPTIONS",
                                                   "PARTITIONS", "WATERMARKS"};
    for (const std::string& word : kWhat) {
      if (peek().is_word(word)) what = word;
    }
    if (what.empty()) {
      return expected(
          "ALL, CONSTRAINTS, DISTRIBUTION, GENERATED, METADATA, OPTIONS, PARTITIONS or "
          "WATERMARKS",
          suggestion(peek().upper, kWhat));
    }
    take();
    like.choices.emplace_back(std::move(verb), std::move(what));
  }
  return like;
}

}  // namespace dataflow::sql
