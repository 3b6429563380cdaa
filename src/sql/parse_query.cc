// StatementParser: WITH, set operations, VALUES, ORDER BY, LIMIT, EMIT.
#include <algorithm>

#include "statement_parser.h"

namespace dataflow::sql {

namespace {

bool has_tail(const Query& query) {
  return !query.with.empty() || !query.order_by.empty() || query.limit != nullptr ||
         query.offset != nullptr || query.emit != Emit::kUsual;
}

// Binds tighter: 2.
int strength(const Token& token) {
  if (token.is_word("INTERSECT")) return 2;
  const bool loose = token.is_word("UNION") || token.is_word("EXCEPT") || token.is_word("MINUS");
  return loose ? 1 : 0;
}

SetKind set_kind(const Token& token) {
  if (token.is_word("UNION")) return SetKind::kUnion;
  return token.is_word("INTERSECT") ? SetKind::kIntersect : SetKind::kExcept;
}

ExpressionPtr star_at(Place place) {
  auto star = std::make_shared<expr::Expression>();
  star->kind = expr::Kind::kExtension;
  star->name = "*";
  star->extension = std::make_shared<Star>();
  star->place = place;
  return star;
}

Select all_from(TableRef ref) {
  Select select;
  select.items.push_back({star_at(ref.place), ""});
  select.from = std::make_shared<const TableRef>(std::move(ref));
  return select;
}

// (SELECT … LIMIT 1) LIMIT 2: the query within becomes a table.
Query around(Query inner) {
  Query outer;
  outer.place = inner.place;
  TableRef ref;
  ref.place = inner.place;
  ref.what = DerivedTable{std::make_shared<const Query>(std::move(inner)), false};
  outer.body = all_from(std::move(ref));
  return outer;
}

}  // namespace

QueryPtr StatementParser::all_of(const Name& name) const {
  auto query = std::make_shared<Query>();
  query->place = name.place;
  TableRef ref;
  ref.place = name.place;
  NamedTable table;
  table.name = name;
  ref.what = std::move(table);
  query->body = all_from(std::move(ref));
  return query;
}

Result<QueryPtr> StatementParser::parse_query() {
  const Token& at = peek();
  if (++queries_ > kMaxQueries) {
    return fail(at, "queries nest deeper than " + std::to_string(kMaxQueries) + " levels");
  }
  const int outside = std::exchange(deepest_, 0);
  DF_ASSIGN_OR_RETURN(Query query, parse_query_body());
  const int inside = std::exchange(deepest_, outside);
  DF_RETURN_IF_ERROR(deepen(at, inside + 1));
  --queries_;
  return std::make_shared<const Query>(std::move(query));
}

Result<Query> StatementParser::parse_query_body() {
  const Token& at = peek();
  Query head;
  DF_RETURN_IF_ERROR(parse_with(head));
  DF_ASSIGN_OR_RETURN(Query query, parse_set_operations(1));
  Query tail;
  DF_RETURN_IF_ERROR(parse_tail(tail));
  if (has_tail(query) && (has_tail(tail) || !head.with.empty())) query = around(std::move(query));
  query.place = at.place;
  if (!head.with.empty()) query.with = std::move(head.with);
  if (!has_tail(tail)) return query;
  query.order_by = std::move(tail.order_by);
  if (auto* select = std::get_if<Select>(&query.body)) {
    DF_RETURN_IF_ERROR(spell_order(*select, query.order_by));
  }
  query.limit = std::move(tail.limit);
  query.offset = std::move(tail.offset);
  query.emit = tail.emit;
  return query;
}

Status StatementParser::parse_with(Query& query) {
  if (!peek().is_word("WITH")) return {};
  take();
  if (peek().is_word("RECURSIVE") && is_name(peek(1)) && !peek(1).is_symbol("(")) {
    return unsupported(peek(), "WITH RECURSIVE");
  }
  do {
    CommonTable table;
    table.place = peek().place;
    DF_ASSIGN_OR_RETURN(table.name, parse_name("the name of a query"));
    if (peek().is_symbol("(")) {
      DF_ASSIGN_OR_RETURN(table.columns, parse_plain_names("the name of a column"));
    }
    DF_RETURN_IF_ERROR(expect_word("AS"));
    // PostgreSQL's advice: here the rows are made once for each place that reads them.
    if (!take_words("NOT MATERIALIZED")) take_word("MATERIALIZED");
    DF_RETURN_IF_ERROR(expect_symbol("("));
    DF_ASSIGN_OR_RETURN(table.query, parse_query());
    if (!take_symbol(")")) return expected("`)` at the end of the query in parentheses");
    query.with.push_back(std::move(table));
  } while (take_symbol(","));
  return {};
}

// UNION and EXCEPT bind as 1, INTERSECT as 2; each is taken from the left.
Result<Query> StatementParser::parse_set_operations(int least) {
  const int outside = std::exchange(deepest_, 0);
  Result<Query> first = least == 2 ? parse_query_term() : parse_set_operations(2);
  if (!first.ok()) return first.status();
  Query left = std::move(first).value();
  while (strength(peek()) == least) {
    const Token& word = take();
    SetOperation operation;
    operation.kind = set_kind(word);
    operation.all = take_word("ALL");
    if (!operation.all) take_word("DISTINCT");
    Result<Query> second = least == 2 ? parse_query_term() : parse_set_operations(2);
    if (!second.ok()) return second.status();
    DF_RETURN_IF_ERROR(deepen(word, deepest_ + 1));
    Query both;
    both.place = left.place;
    operation.left = std::make_shared<const Query>(std::move(left));
    operation.right = std::make_shared<const Query>(std::move(second).value());
    both.body = std::move(operation);
    left = std::move(both);
  }
  deepest_ = std::max(deepest_, outside);
  return left;
}

Result<Query> StatementParser::parse_query_term() {
  Query query;
  query.place = peek().place;
  const Token& at = peek();
  if (at.is_symbol("(")) {
    take();
    DF_ASSIGN_OR_RETURN(QueryPtr inner, parse_query());
    if (!take_symbol(")")) return expected("`)` at the end of the query in parentheses");
    return *inner;
  }
  if (at.is_word("VALUES")) {
    DF_ASSIGN_OR_RETURN(query.body, parse_values());
    return query;
  }
  if (at.is_word("TABLE")) {
    take();
    DF_ASSIGN_OR_RETURN(Name name, parse_qualified("the name of a table"));
    return *all_of(name);
  }
  if (!at.is_word("SELECT")) return expected("SELECT, VALUES or a query in parentheses");
  DF_ASSIGN_OR_RETURN(query.body, parse_select());
  return query;
}

Result<Values> StatementParser::parse_values() {
  DF_RETURN_IF_ERROR(expect_word("VALUES"));
  Values values;
  DF_ASSIGN_OR_RETURN(values.rows, parse_rows());
  return values;
}

// (1, 'a'), ROW(2, 'b'), and of one column also 3, 4.
Result<std::vector<std::vector<ExpressionPtr>>> StatementParser::parse_rows() {
  std::vector<std::vector<ExpressionPtr>> rows;
  do {
    const Token& at = peek();
    std::vector<ExpressionPtr> row;
    const bool named = at.is_word("ROW") && peek(1).is_symbol("(");
    if (named || (at.is_symbol("(") && !opens_query(0))) {
      if (named) take();
      take();
      DF_ASSIGN_OR_RETURN(row, parse_expressions());
      if (!take_symbol(")")) return expected("`,` or `)`");
    } else {
      DF_ASSIGN_OR_RETURN(ExpressionPtr one, parse_expression());
      row.push_back(std::move(one));
    }
    if (!rows.empty() && rows[0].size() != row.size()) {
      return fail(at, "this row has " + std::to_string(row.size()) + " values, the first one has " +
                          std::to_string(rows[0].size()));
    }
    rows.push_back(std::move(row));
  } while (take_symbol(","));
  return rows;
}

Status StatementParser::parse_tail(Query& query) {
  if (at_words("ORDER BY ALL")) {
    DF_RETURN_IF_ERROR(parse_order_by_all(query));
  } else if (at_words("ORDER BY")) {
    DF_ASSIGN_OR_RETURN(query.order_by, parse_order_by());
  }
  while (true) {
    const Token& at = peek();
    if (at.is_word("LIMIT") && query.limit == nullptr) {
      take();
      if (take_word("ALL")) continue;
      DF_ASSIGN_OR_RETURN(query.limit, parse_expression());
      if (query.offset == nullptr && take_symbol(",")) {  // LIMIT start, count
        query.offset = std::move(query.limit);
        DF_ASSIGN_OR_RETURN(query.limit, parse_expression());
      }
    } else if (at.is_word("OFFSET") && query.offset == nullptr) {
      take();
      DF_ASSIGN_OR_RETURN(query.offset, parse_expression());
      if (!take_word("ROW")) take_word("ROWS");
    } else if (at.is_word("FETCH") && query.limit == nullptr) {
      take();
      if (!take_word("FIRST") && !take_word("NEXT")) return expected("FIRST or NEXT");
      DF_ASSIGN_OR_RETURN(query.limit, parse_expression());
      if (!take_word("ROW") && !take_word("ROWS")) return expected("ROWS");
      DF_RETURN_IF_ERROR(expect_word("ONLY"));
    } else if (at_words("EMIT ON") || at_words("EMIT CHANGES")) {
      DF_RETURN_IF_ERROR(parse_emit(query));
    } else {
      return {};
    }
  }
}

// By all columns of the list, from the left; how many these are is known when `*` is.
Status StatementParser::parse_order_by_all(Query& query) {
  const Place place = peek().place;
  take_words("ORDER BY ALL");
  OrderItem item;
  item.expression = star_at(place);
  DF_RETURN_IF_ERROR(parse_direction(item));
  query.order_by.push_back(std::move(item));
  return {};
}

Status StatementParser::parse_emit(Query& query) {
  if (query.emit != Emit::kUsual) return fail(peek(), "EMIT stands here a second time");
  take();
  if (take_word("CHANGES")) {
    query.emit = Emit::kChanges;
    return {};
  }
  DF_RETURN_IF_ERROR(expect_words("ON WINDOW CLOSE"));
  query.emit = Emit::kOnWindowClose;
  return {};
}

}  // namespace dataflow::sql
