// Rel: what a query computes, as a tree that is typed as it grows (docs/design/2026-11-22-sql.md).
// Immutable; a rewrite makes new ones. Names of a Rel's columns are there once, whatever the user
// called them.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "expr/with_columns.h"
#include "plan/plan.h"
#include "sql/ast.h"

namespace dataflow::sql {

struct Rel;
using RelPtr = std::shared_ptr<const Rel>;

// A table's source. All readers of one table share one.
struct ScanRel {
  std::string table;
  plan::SourceSpec spec;
};

// The rows of a scan whose spec has upsert_keys, as changes.
struct UpsertRel {
  // In batch mode all versions of rows, not the last ones: for joins as of a time.
  bool versions = false;
  bool one_row = false;  // there is one row at most
};

struct ValuesRel {
  std::vector<std::vector<Value>> rows;
};

struct FilterRel {
  ExpressionPtr condition;
};

struct ProjectRel {
  std::vector<plan::NamedExpression> columns;
};

// Each row once for each window that it is in, with the window's columns behind its own.
struct WindowTableRel {
  plan::WindowKind kind = plan::WindowKind::kTumbling;
  plan::TimeKind time = plan::TimeKind::kEvent;
  std::string time_column;  // of event time
  int64_t size_ms = 0;      // of sessions: the gap
  int64_t slide_ms = 0;
  int64_t offset_ms = 0;
  std::string time_zone;                  // by whose clocks they begin; empty: UTC's
  std::vector<std::string> partition_by;  // of sessions
};

// Each row once for each element of a collection, with the element's columns behind its own.
struct UnnestRel {
  ExpressionPtr collection;
  std::vector<std::string> columns;
  std::string ordinality;  // empty: none
  bool keep_empty = false;
};

// One row for each group: the window's columns (if it is one by windows), the keys, the aggregates.
struct AggregateRel {
  bool by_window = false;
  std::vector<std::string> keys;  // without the window's columns
  std::vector<plan::Aggregate> aggregates;
  Place place;                // of what is grouped by, or of an aggregate
  bool emit_changes = false;  // of windows: they tell what they hold before they close
};

// Inputs with the same types in the same order.
struct UnionRel {};

// Rows of two inputs. What kind of a join of the plan it is follows from `on` (join_shape.h): the
// inputs are `left` and `right` with what is compared in columns of their own behind the others.
struct JoinRel {
  plan::JoinKind kind = plan::JoinKind::kInner;
  RelPtr left, right;  // no two of their columns have one name
  ExpressionPtr on;    // over the columns of both; null: each row meets each
  plan::Spec spec;
};

// The rows at some places of an order; its number, if it has one, stands last.
struct RankRel {
  plan::RankSpec spec;
  // The first row, or the last one, of each key by time: the same, for less.
  std::optional<plan::DeduplicateSpec> once;
};

// Each row with aggregates over the rows around it, behind its columns.
struct OverRel {
  plan::OverSpec spec;
};

// The window that each row carries.
struct WindowColumns {
  std::string start, end;
  std::string time;  // of event time, the last moment of the window; empty: it was left out
  // The rows have been through an aggregation of it or the like: they are in this window only.
  bool closed = false;

  bool has(std::string_view name) const { return name == start || name == end || name == time; }
};

struct Rel {
  std::variant<ScanRel, ValuesRel, FilterRel, ProjectRel, WindowTableRel, UnnestRel, AggregateRel,
               UnionRel, JoinRel, RankRel, OverRel, UpsertRel>
      what;
  std::vector<RelPtr> inputs;
  SchemaPtr schema;
  std::optional<std::string> event_time;
  std::set<std::string> processing_times;  // columns that are PROCTIME()
  std::optional<WindowColumns> window;
  // By which rows replace each other: of those that stand no two have equal ones. None: not known.
  std::vector<std::string> key;
  Place place;

  const RelPtr& input(size_t i = 0) const { return inputs[i]; }
  template <class What>
  const What* as() const {
    return std::get_if<What>(&what);
  }
};

// The column that carries event time where the user has selected it away.
inline constexpr std::string_view kHiddenTime = "$rowtime";

RelPtr make_scan(std::string table, plan::SourceSpec spec, Place place);
// What a scan gives where rows replace each other by key.
RelPtr make_upsert(RelPtr scan, bool one_row = false);
// The same rows, but all of their versions also in batch mode, if it is such a scan behind filters
// and projections.
RelPtr with_versions(const RelPtr& rel);
RelPtr make_values(SchemaPtr schema, std::vector<std::vector<Value>> rows);
// Errors are expr::bind()'s, with places.
Result<RelPtr> make_filter(RelPtr input, ExpressionPtr condition);
// Event time stays, if need be as a column of its own (kHiddenTime) behind the others.
Result<RelPtr> make_project(RelPtr input, std::vector<plan::NamedExpression> columns);
Result<RelPtr> make_window_table(RelPtr input, WindowTableRel window);
// What an element of the collection is made of, under the names that it has by itself.
Result<std::vector<Field>> element_fields(const Schema& schema, const ExpressionPtr& collection);
// Its columns are as many, under names that the input has not.
Result<RelPtr> make_unnest(RelPtr input, UnnestRel unnest, Place place);
Result<RelPtr> make_aggregate(RelPtr input, AggregateRel aggregate);
Result<RelPtr> make_union(std::vector<RelPtr> inputs);
// A window, interval or regular one, as `on` says (rel_join.cc).
Result<RelPtr> make_join(RelPtr left, RelPtr right, plan::JoinKind kind, ExpressionPtr on,
                         Place place);
// Keys, times and kind are the spec's; `on` says what must be equal, and what else.
Result<RelPtr> make_temporal_join(RelPtr left, RelPtr right, plan::TemporalJoinSpec spec,
                                  const ExpressionPtr& on, Place place);
// The left rows to which the right side has an equal one, or has none: NULL is equal to NULL.
Result<RelPtr> make_same_rows(RelPtr left, RelPtr right, bool keep_equal, Place place);
// The rows at which all these are true (filtered.cc).
Result<RelPtr> filtered(RelPtr rel, std::vector<ExpressionPtr> conditions);
Result<RelPtr> make_rank(RelPtr input, plan::RankSpec spec, Place place);
Result<RelPtr> make_over(RelPtr input, plan::OverSpec spec, Place place);

// What an aggregate's column looks like, also one that stands only in OVER.
Result<Field> aggregate_field(const Schema& schema, const plan::Aggregate& aggregate);
// All columns under their own names, for what is put behind them.
std::vector<plan::NamedExpression> all_columns(const Schema& schema);
// `left AND right`; either may be null.
ExpressionPtr both(ExpressionPtr left, ExpressionPtr right);
// What stands between its ANDs.
std::vector<ExpressionPtr> conjuncts_of(const ExpressionPtr& condition);

// Whether the column is a bare NULL, which was given a type for want of one.
bool is_null_literal(const Rel& rel, const std::string& column);
// Whether it is of texts that stand in VALUES.
bool is_text_literal(const Rel& rel, const std::string& column);

// `name`, or with the first free number behind it.
std::string free_name(const std::string& name, const std::set<std::string>& taken);

using expr::with_columns;

}  // namespace dataflow::sql
