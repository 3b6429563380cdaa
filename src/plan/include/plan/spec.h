// What the nodes of a plan do: one spec a kind of node.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "expr/expression.h"
#include "types/schema.h"

namespace dataflow::plan {

using Options = std::map<std::string, std::string>;

// How event time is read from rows. Absent: the rows have none.
struct WatermarkSpec {
  std::string column;    // a timestamp
  int64_t delay_ms = 0;  // bounded disorder; 0 with ascending times
  int64_t idle_timeout_ms =
      5000;  // at its end and nothing came for so long: the split holds nobody
  int64_t max_future_skew_ms = 24LL * 3600 * 1000;  // 0: off
};

// A column that the source fills itself.
enum class Metadata : uint8_t { kOffset, kPartition, kTimestamp, kKey, kHeaders, kFile };
struct MetadataColumn {
  std::string column;
  Metadata what;
};

struct NamedExpression {
  std::string name;
  expr::ExpressionPtr expression;
};

struct SourceSpec {
  std::string connector;  // "log", "file", "generator"
  Options options;
  std::string format;  // "json", "csv", "raw"
  Options format_options;
  SchemaPtr schema;  // of the payload, and the metadata columns behind it
  std::vector<MetadataColumn> metadata;
  // Columns behind those of `schema`, computed of these before event time is read: the watermark's
  // column may be one.
  std::vector<NamedExpression> computed;
  std::optional<WatermarkSpec> watermark;
  bool decode_all = false;  // also columns that nobody reads, which are then checked like others
  // Columns of the payload by which rows replace each other: a row is what its key's row is now
  // (+I), or says that there is none any more (-D; only these columns are filled then). An upsert
  // must stand behind. None: rows are only added.
  std::vector<std::string> upsert_keys;
  std::string key_format;  // of a log record's key; empty: "raw" for one column, else `format`
  Options key_format_options;
  // What the source gives where it is less than the schema, in the schema's order. A rewrite sets
  // it (plan/rewrite.h); no user does, and it is no part of the JSON form.
  std::optional<std::vector<std::string>> read;
};
// Whether the source gives that column of its schema, and the schema of all that it gives.
bool is_read(const SourceSpec& spec, const std::string& column);
SchemaPtr schema_read(const SourceSpec& spec);

struct FilterSpec {
  expr::ExpressionPtr condition;
};

struct ProjectSpec {
  std::vector<NamedExpression> columns;
};

enum class WindowKind : uint8_t { kTumbling, kHopping, kSession, kCumulative, kCount };
enum class TimeKind : uint8_t { kEvent, kProcessing };

struct ValueOrder {
  bool descending = false, nulls_first = false;
};

struct Aggregate {
  std::string function;  // "COUNT", "SUM", "AVG", "MIN", "MAX", "FIRST_VALUE", "LAST_VALUE", …
  expr::ExpressionPtr argument;  // null: COUNT(*)
  bool distinct = false;
  expr::ExpressionPtr filter;  // null: all rows
  std::string name;            // of the output column
  // What functions of several arguments take behind the first; literals.
  std::vector<expr::ExpressionPtr> parameters;
  // Of lists: their argument is ROW(value, key, …) then, values stand in the order of so many keys,
  // and of arrival. None: of arrival alone.
  std::vector<ValueOrder> order;
};

// Aggregates per key over all rows, for as long as they come. Output: the keys, then the
// aggregates; no event time. What a row adds to (or takes back from) its group leaves as a change
// of the group's row: +I, then -U and +U, -D where all of a group's rows were taken back. In a
// bounded job each group leaves once, at the end; without keys there is one group then, also of no
// rows.
struct GroupSpec {
  std::vector<std::string> keys;
  std::vector<Aggregate> aggregates;  // none: the keys, each once
  int64_t ttl_ms = 0;                 // how long a group that nothing changes is kept; 0: for ever
};

// Aggregates per key and window. Output: window_start, window_end and window_time, each
// TIMESTAMP(3) NOT NULL, then keys, then aggregates; of count windows only keys and aggregates.
// window_time is window_end - 1 ms, the latest time that a row of the window can have, and the
// event time of the output of event-time windows; TIMESTAMP_LTZ(3) where the time column is zoned:
// then it is the moment at which the zone's clocks show window_end - 1 ms for the last time.
struct WindowSpec {
  WindowKind kind = WindowKind::kTumbling;
  TimeKind time = TimeKind::kEvent;
  std::string time_column;  // event time; empty: the input's
  int64_t size_ms = 0;      // tumbling, hopping, cumulative (the largest)
  int64_t slide_ms = 0;     // hopping; cumulative's step
  int64_t gap_ms = 0;       // session
  int64_t count = 0;        // count windows, and
  int64_t count_slide = 0;  // how many rows apart they begin; 0: `count`
  int64_t offset_ms = 0;
  // By whose clocks windows of zoned time, and of processing time, begin and end; empty: UTC's.
  std::string time_zone;
  int64_t allowed_lateness_ms = 0;
  std::vector<std::string> keys;  // columns; none: one group
  std::vector<Aggregate> aggregates;
  bool late_output = false;  // rows too late leave by output "late" instead of to the dead letters
  // Results leave with each row that changes them (-U, +U; sessions that grow -D, +I), not when
  // their window closes. Not of count windows, nor in bounded jobs.
  bool emit_changes = false;
};

enum class JoinKind : uint8_t { kInner, kLeft, kRight, kFull, kSemi, kAnti };

// Rows of both inputs with equal keys in the same tumbling window. Output: window_start,
// window_end, window_time (as of WindowSpec), the left columns, the right columns (not of semi and
// anti joins). A name that is taken gets the first free number behind it, as in Flink: `id`, `id0`.
struct WindowJoinSpec {
  JoinKind kind = JoinKind::kInner;
  std::vector<std::string> left_keys, right_keys;
  std::string left_time, right_time;  // event time; empty: the inputs'
  int64_t size_ms = 0;
  int64_t allowed_lateness_ms = 0;
};

// Rows with equal keys where right_time is within left_time + [lower_ms, upper_ms]. Output: the
// left columns, the right columns (not of semi and anti joins), named as in WindowJoinSpec. The
// event time is left_time; of right joins right_time; full joins have none.
struct IntervalJoinSpec {
  JoinKind kind = JoinKind::kInner;
  std::vector<std::string> left_keys, right_keys;
  std::string left_time, right_time;  // as in WindowJoinSpec
  int64_t lower_ms = 0, upper_ms = 0;
  expr::ExpressionPtr condition;  // over the columns of both; may be null
};

// Rows of both inputs with equal keys, whenever they come: both sides are kept. Output: the left
// columns, the right columns (not of semi and anti joins), named as in WindowJoinSpec; no event
// time. Both inputs may bring updates. Rows of outer and anti joins that had no partner are taken
// back when one comes; in a bounded job they leave at the end.
struct JoinSpec {
  JoinKind kind = JoinKind::kInner;
  std::vector<std::string> left_keys, right_keys;  // none: each row meets each, in one task
  expr::ExpressionPtr condition;                   // over the columns of both; may be null
  bool nulls_match = false;                        // NULL keys are equal: of INTERSECT and the like
  int64_t left_ttl_ms = 0, right_ttl_ms = 0;       // how long rows are kept; 0: for ever
};

// Each left row with the right row of its keys that stood at the left row's time: of those with
// right_time <= left_time the latest. The right input may bring updates: then a key's row stands
// until it is replaced, or taken back. A left row leaves when the watermark of both sides has
// reached its time; in processing time at once, but not before the right side has given all that it
// had when the job began, or has ended. Output: as of JoinSpec; event time left_time.
struct TemporalJoinSpec {
  JoinKind kind = JoinKind::kInner;  // or kLeft
  std::vector<std::string> left_keys, right_keys;
  std::string left_time, right_time;  // event time; empty: the inputs'
  TimeKind time = TimeKind::kEvent;   // kProcessing: left rows meet what stands when they leave
  bool strictly_before = false;       // right_time < left_time
  expr::ExpressionPtr condition;      // over the columns of both; may be null
};

struct OrderColumn {
  std::string column;
  bool descending = false;
  bool nulls_first = false;
};

// The rows of each partition that stand at the places `first` to `last` in an order; of equals the
// one that came earlier stands first. A row that is pushed out is taken back. In a bounded job rows
// leave at the end.
struct RankSpec {
  std::vector<std::string> keys;  // none: one partition
  std::vector<OrderColumn> order;
  int64_t first = 1, last = 0;  // counted from 1; last 0: no end
  std::string number;           // a BIGINT column behind the others with the place; empty: none
  // The keys hold the window that rows are in, and event time is its window_time: what stands
  // leaves when the watermark reaches it, and is never taken back.
  bool by_window = false;
  int64_t ttl_ms = 0;  // how long a partition that nothing changes is kept; 0: for ever
};

inline constexpr int64_t kWithoutBound = -1;
enum class FrameUnit : uint8_t { kRows, kRange };

// Each row with aggregates over the rows of its partition that stand around it in an order. Output:
// the input's columns, then the aggregates. In a job that is not bounded the order is the event
// time, rising, and frames end with the current row: a row leaves when the watermark reaches its
// time. In processing time it is the order in which rows come, and they leave at once; those that
// come together have one time, of which frames of rows know nothing.
struct OverSpec {
  std::vector<std::string> keys;   // none: one partition
  std::vector<OrderColumn> order;  // none in processing time
  TimeKind time = TimeKind::kEvent;
  FrameUnit unit = FrameUnit::kRange;  // of range, rows with the same order are all in the frame
  // Rows, or of range milliseconds, back from the current one, and ahead.
  int64_t preceding = kWithoutBound, following = 0;
  // In bounded jobs: `preceding` goes ahead, `following` back. The current row is in no such frame.
  bool begins_ahead = false, ends_before = false;
  // Of a range over numbers: how far, in place of `preceding` and `following`, which are 0 then.
  expr::ExpressionPtr preceding_value, following_value;
  std::vector<Aggregate> aggregates;  // also ROW_NUMBER, RANK, LAG, … of the whole partition
};

// Each row once for each window that it is in. Output: the input's columns, then window_start,
// window_end and window_time (as of WindowSpec), the event time.
struct WindowTableSpec {
  WindowKind kind = WindowKind::kTumbling;  // kHopping, kCumulative
  std::string time_column;                  // event time; empty: the input's
  int64_t size_ms = 0, slide_ms = 0, offset_ms = 0;
  std::string time_zone;  // as of WindowSpec
};

// Each row once for each element of a collection that it holds. Output: those of the input's
// columns that are kept, then the element (of a map key and value, of rows their fields), then its
// place. Event time stays where its column is kept.
struct UnnestSpec {
  expr::ExpressionPtr collection;    // an ARRAY or a MAP; NULL has no elements
  std::vector<std::string> kept;     // of the input's columns
  std::vector<std::string> columns;  // what the element's are called
  std::string ordinality;            // an INT column that counts from 1; empty: none
  bool keep_empty = false;           // rows without elements stay, with NULLs
};

struct DeduplicateSpec {
  std::vector<std::string> keys;
  std::string time_column;  // event time; empty: processing time
  bool keep_last = false;
  int64_t ttl_ms = 0;  // how long a key is remembered; 0: for ever
};

// The rows of a source with the same keys, as changes of one row: +I, -U and +U, -D; what changes
// nothing is left out, unless rows are forgotten. In a bounded job the rows that stand leave at the
// end.
struct UpsertSpec {
  std::vector<std::string> keys;  // the source's
  int64_t ttl_ms = 0;             // how long a row that nothing changes is kept; 0: for ever
  bool versions = false;          // changes leave in a bounded job too: for joins as of a time
};

struct UnionSpec {};

// A row leaves by the first branch whose condition is true, else by "default". Who reads a split
// names one of these. Rows of a branch that nobody reads end there, as in a filter.
struct SplitSpec {
  struct Branch {
    std::string name;
    expr::ExpressionPtr condition;
  };
  std::vector<Branch> branches;
};

// An operator of a plug-in. What it makes of its input is asked of the plug-in when the plan is
// compiled, and kept here.
struct CustomSpec {
  std::string name;
  Options options;
  std::vector<std::string> keys;  // rows with equal ones reach one task; none: any task
  SchemaPtr schema;               // of what leaves it; null: not asked yet
  std::string event_time;         // the column that carries it; empty: none
  bool makes_updates = false;     // -U, +U, -D may leave it
  bool takes_updates = false;     // and may come
};

enum class Guarantee : uint8_t { kAtLeastOnce, kExactlyOnce };

struct SinkSpec {
  std::string connector;  // "log", "file", "console", "http", "metrics", "blackhole"
  Options options;
  std::string format;
  Options format_options;
  std::vector<std::string> key_columns;  // of a log record's key; none: null keys
  std::string key_format;                // empty: "raw" for one column, else `format`
  Options key_format_options;
  std::optional<Guarantee> guarantee;  // asked for; absent: the best that the sink can give
};

using Spec =
    std::variant<SourceSpec, FilterSpec, ProjectSpec, WindowSpec, WindowJoinSpec, IntervalJoinSpec,
                 DeduplicateSpec, UnionSpec, SplitSpec, SinkSpec, CustomSpec, GroupSpec, JoinSpec,
                 TemporalJoinSpec, RankSpec, OverSpec, WindowTableSpec, UpsertSpec, UnnestSpec>;

}  // namespace dataflow::plan
