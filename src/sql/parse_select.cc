// StatementParser: SELECT and its clauses.
#include "statement_parser.h"

namespace dataflow::sql {

using expr::Expression;
using expr::Kind;

Result<Select> StatementParser::parse_select() {
  Select select;
  DF_RETURN_IF_ERROR(expect_word("SELECT"));
  select.distinct = take_word("DISTINCT");
  if (!select.distinct) take_word("ALL");
  DF_ASSIGN_OR_RETURN(select.items, parse_items());
  if (take_word("FROM")) {
    DF_ASSIGN_OR_RETURN(select.from, parse_from());
  }
  if (take_word("WHERE")) {
    DF_ASSIGN_OR_RETURN(select.where, parse_expression());
  }
  if (at_words("GROUP BY")) DF_RETURN_IF_ERROR(parse_group_by(select));
  if (take_word("HAVING")) {
    DF_ASSIGN_OR_RETURN(select.having, parse_expression());
  }
  if (peek().is_word("WINDOW")) DF_RETURN_IF_ERROR(parse_named_windows(select));
  if (take_word("QUALIFY")) {
    DF_ASSIGN_OR_RETURN(select.qualify, parse_expression());
  }
  return select;
}

Result<std::vector<SelectItem>> StatementParser::parse_items() {
  std::vector<SelectItem> items;
  do {
    DF_RETURN_IF_ERROR(count_column(peek(), items.size()));
    DF_ASSIGN_OR_RETURN(SelectItem item, parse_item());
    items.push_back(std::move(item));
  } while (take_symbol(","));
  return items;
}

// `*`, `t.*`, `db.t.*`
bool StatementParser::at_star() const {
  size_t ahead = 0;
  while ((peek(ahead).kind == TokenKind::kWord || peek(ahead).kind == TokenKind::kQuoted) &&
         peek(ahead + 1).is_symbol(".")) {
    ahead += 2;
  }
  return peek(ahead).is_symbol("*");
}

Result<SelectItem> StatementParser::parse_item() {
  SelectItem item;
  if (!at_star()) {
    DF_ASSIGN_OR_RETURN(item.expression, parse_expression());
    DF_ASSIGN_OR_RETURN(item.alias, parse_alias());
    return item;
  }
  auto star = std::make_shared<Star>();
  auto made = std::make_shared<Expression>();
  made->kind = Kind::kExtension;
  made->name = std::string(1, '*');
  made->place = star->qualifier.place = peek().place;
  while (!peek().is_symbol("*")) {
    star->qualifier.parts.push_back(take().text);
    take();
  }
  take();
  made->extension = std::move(star);
  item.expression = std::move(made);
  return item;
}

Status StatementParser::parse_group_by(Select& select) {
  take_words("GROUP BY");
  select.has_group_by = true;
  if (!take_word("DISTINCT")) take_word("ALL");
  do {
    const Token& at = peek();
    if (at_words("GROUPING SETS")) return unsupported(at, "GROUPING SETS");
    for (const char* word : {"CUBE", "ROLLUP"}) {
      if (at.is_word(word) && peek(1).is_symbol("(")) return unsupported(at, word);
    }
    if (at.is_symbol("(") && peek(1).is_symbol(")")) {
      take();
      take();
      continue;
    }
    DF_RETURN_IF_ERROR(count_column(at, select.group_by.size()));
    DF_ASSIGN_OR_RETURN(ExpressionPtr key, parse_expression());
    // (a, b) is two keys.
    if (at.is_symbol("(") && key->kind == Kind::kCall && key->name == "ROW") {
      for (const ExpressionPtr& part : key->arguments) select.group_by.push_back(part);
    } else {
      select.group_by.push_back(std::move(key));
    }
  } while (take_symbol(","));
  return {};
}

Status StatementParser::parse_named_windows(Select& select) {
  take();
  do {
    DF_ASSIGN_OR_RETURN(std::string name, parse_name("the name of a window"));
    DF_RETURN_IF_ERROR(expect_word("AS"));
    DF_RETURN_IF_ERROR(expect_symbol("("));
    DF_ASSIGN_OR_RETURN(WindowDefinition window, parse_window());
    select.windows.emplace_back(std::move(name), std::move(window));
  } while (take_symbol(","));
  return {};
}

}  // namespace dataflow::sql
