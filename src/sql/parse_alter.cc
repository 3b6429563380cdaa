// StatementParser: DROP and ALTER.
#include "base/edit_distance.h"
#include "statement_parser.h"

namespace dataflow::sql {

Result<Drop> StatementParser::parse_drop() {
  Drop drop;
  take();
  drop.temporary = take_word("TEMPORARY");
  if (drop.temporary && peek().is_word("SYSTEM") && peek(1).is_word("FUNCTION")) take();
  const Token& what = peek();
  if (take_word("TABLE")) {
    drop.kind = ObjectKind::kTable;
  } else if (take_word("VIEW")) {
    drop.kind = ObjectKind::kView;
  } else if (take_words("MATERIALIZED VIEW")) {
    drop.kind = ObjectKind::kMaterializedView;
  } else if (take_word("FUNCTION")) {
    drop.kind = ObjectKind::kFunction;
  } else if (take_word("TEST")) {
    drop.kind = ObjectKind::kTest;
  } else {
    for (const char* known : {"CATALOG", "DATABASE", "SCHEMA", "MODEL", "CONNECTION", "INDEX"}) {
      if (what.is_word(known)) return unsupported(what, "DROP " + what.upper);
    }
    static const std::vector<std::string> kKinds = {"TABLE", "VIEW", "MATERIALIZED", "FUNCTION",
                                                    "TEST"};
    return expected("TABLE, VIEW, MATERIALIZED VIEW, FUNCTION or TEST",
                    suggestion(what.upper, kKinds));
  }
  drop.if_exists = take_words("IF EXISTS");
  DF_ASSIGN_OR_RETURN(drop.name, parse_qualified("the name of what to drop"));
  drop.cascade = take_word("CASCADE");
  if (!drop.cascade) take_word("RESTRICT");
  return drop;
}

Result<AlterTable> StatementParser::parse_alter() {
  AlterTable alter;
  take();
  const Token& what = peek();
  if (take_word("VIEW")) {
    alter.view = true;
  } else if (!take_word("TABLE")) {
    for (const char* known : {"CATALOG", "DATABASE", "FUNCTION", "MATERIALIZED", "MODEL"}) {
      if (what.is_word(known)) return unsupported(what, "ALTER " + what.upper);
    }
    return expected("TABLE or VIEW");
  }
  alter.if_exists = take_words("IF EXISTS");
  DF_ASSIGN_OR_RETURN(alter.name,
                      parse_qualified(alter.view ? "the name of a view" : "the name of a table"));
  DF_RETURN_IF_ERROR(parse_alter_action(alter));
  return alter;
}

Status StatementParser::parse_alter_action(AlterTable& alter) {
  const Token& what = peek();
  if (take_word("RENAME")) return parse_alter_rename(alter);
  if (alter.view) {
    if (!take_word("AS")) return expected("RENAME TO or AS");
    const size_t from = position();
    DF_ASSIGN_OR_RETURN(alter.as, parse_query());
    alter.as_text = text_between(from, position());
    return {};
  }
  if (take_word("SET")) {
    DF_ASSIGN_OR_RETURN(alter.set, parse_options());
    return {};
  }
  if (take_word("RESET")) {
    DF_RETURN_IF_ERROR(expect_symbol("("));
    do {
      DF_ASSIGN_OR_RETURN(std::string key, parse_option_key());
      alter.reset.push_back(std::move(key));
    } while (take_symbol(","));
    return expect_symbol(")");
  }
  if (take_word("ADD")) return parse_alter_add(alter);
  if (take_word("DROP")) return parse_alter_drop(alter);
  if (take_word("MODIFY")) {
    const bool list = take_symbol("(");
    if (!at_words("WATERMARK FOR")) {
      return unsupported(peek(), "ALTER TABLE … MODIFY of anything but the WATERMARK");
    }
    DF_ASSIGN_OR_RETURN(alter.watermark, parse_watermark());
    return list ? expect_symbol(")") : Status();
  }
  static const std::vector<std::string> kWords = {"RENAME", "SET",  "RESET",
                                                  "ADD",    "DROP", "MODIFY"};
  return expected("RENAME, SET, RESET, ADD, DROP or MODIFY", suggestion(what.upper, kWords));
}

// RENAME TO x | RENAME a TO b
Status StatementParser::parse_alter_rename(AlterTable& alter) {
  if (take_word("TO")) {
    DF_ASSIGN_OR_RETURN(Name name, parse_qualified("the new name"));
    alter.rename_to = name.last();
    return {};
  }
  if (alter.view) return expected("TO");
  if (peek().is_word("COLUMN") && !peek(1).is_word("TO")) take();
  DF_ASSIGN_OR_RETURN(Name column, parse_qualified("the name of a column"));
  DF_RETURN_IF_ERROR(expect_word("TO"));
  DF_ASSIGN_OR_RETURN(std::string name, parse_name("the new name"));
  alter.rename_columns.emplace_back(std::move(column), std::move(name));
  return {};
}

// ADD a INT | ADD (a INT, WATERMARK FOR …)
Status StatementParser::parse_alter_add(AlterTable& alter) {
  const bool list = take_symbol("(");
  do {
    const Token& at = peek();
    if (at_words("WATERMARK FOR")) {
      if (alter.watermark) return fail(at, "a table has one WATERMARK");
      DF_ASSIGN_OR_RETURN(alter.watermark, parse_watermark());
      continue;
    }
    for (const char* words : {"PRIMARY KEY", "CONSTRAINT", "UNIQUE", "PARTITION", "DISTRIBUTION"}) {
      if (at_words(words)) return unsupported(at, std::string("ALTER TABLE … ADD ") + words);
    }
    if (at.is_word("COLUMN") && at_name(1) && (at_name(2) || peek(2).is_word("AS"))) take();
    DF_RETURN_IF_ERROR(count_column(at, alter.add.size()));
    DF_ASSIGN_OR_RETURN(ColumnDefinition column, parse_column_definition());
    if (column.kind != ColumnKind::kComputed && column.type.id() == TypeId::kNull) {
      return expected("a type");
    }
    if (peek().is_word("FIRST") || peek().is_word("AFTER")) {
      return unsupported(peek(), "a place for the new column");
    }
    alter.add.push_back(std::move(column));
  } while (list && take_symbol(","));
  return list ? expect_symbol(")") : Status();
}

// DROP a | DROP (a, b) | DROP WATERMARK
Status StatementParser::parse_alter_drop(AlterTable& alter) {
  const Token& at = peek();
  if (take_word("WATERMARK")) {
    alter.drop_watermark = true;
    return {};
  }
  for (const char* words : {"PRIMARY KEY", "CONSTRAINT", "PARTITION", "DISTRIBUTION"}) {
    if (at_words(words)) return unsupported(at, std::string("ALTER TABLE … DROP ") + words);
  }
  if (at.is_symbol("(")) {
    DF_ASSIGN_OR_RETURN(alter.drop_columns, parse_names("the name of a column"));
    return {};
  }
  if (at.is_word("COLUMN") && at_name(1)) take();
  DF_ASSIGN_OR_RETURN(Name column, parse_qualified("the name of a column"));
  alter.drop_columns.push_back(std::move(column));
  return {};
}

}  // namespace dataflow::sql
