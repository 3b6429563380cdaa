// Plan: what a pipeline does, as a graph of typed nodes. Every door (YAML, SQL, Python) makes one,
// every engine runs one, and its JSON form (version kPlanVersion, see plan/json.h) is what a job
// stores: a restart never plans again.
//
// Nodes stand in an order in which each comes behind its inputs. Ids are the user's where given
// (step names in YAML); state belongs to an id, so a changed plan keeps the state of the ids it
// keeps.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "expr/expression.h"
#include "types/schema.h"

namespace dataflow::plan {

inline constexpr int kPlanVersion = 1;

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

struct Aggregate {
  std::string function;  // "COUNT", "SUM", "AVG", "MIN", "MAX", "FIRST_VALUE", "LAST_VALUE", …
  expr::ExpressionPtr argument;  // null: COUNT(*)
  bool distinct = false;
  expr::ExpressionPtr filter;  // null: all rows
  std::string name;            // of the output column
};

// Aggregates per key and window. Output: window_start, window_end and window_time, each
// TIMESTAMP(3) NOT NULL, then keys, then aggregates; of count windows only keys and aggregates.
// window_time is window_end - 1 ms, the latest time that a row of the window can have, and the
// event time of the output of event-time windows; TIMESTAMP_LTZ(3) where the time column is zoned.
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
  int64_t allowed_lateness_ms = 0;
  std::vector<std::string> keys;  // columns; none: one group
  std::vector<Aggregate> aggregates;
  bool late_output = false;  // rows too late leave by output "late" instead of to the dead letters
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

struct DeduplicateSpec {
  std::vector<std::string> keys;
  std::string time_column;  // event time; empty: processing time
  bool keep_last = false;
  int64_t ttl_ms = 0;  // how long a key is remembered; 0: for ever
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
  std::optional<Guarantee> guarantee;    // asked for; absent: the best that the sink can give
};

using Spec =
    std::variant<SourceSpec, FilterSpec, ProjectSpec, WindowSpec, WindowJoinSpec, IntervalJoinSpec,
                 DeduplicateSpec, UnionSpec, SplitSpec, SinkSpec, CustomSpec>;

struct Input {
  std::string node;
  std::string output;  // empty: the main one; else "late" (the window's input rows as they came),
                       // or a split's branch
};

struct Node {
  std::string id;
  std::vector<Input> inputs;
  Spec spec;
  SchemaPtr schema;                       // of what leaves it; set by validate()
  std::optional<std::string> event_time;  // the column that carries it; set by validate()
  std::optional<int> parallelism;         // absent: the job's
  expr::Place place;                      // in the user's file
  // Of a node that a rewrite put in: whose work it does. Empty: the node is the user's. Not stored.
  std::string part_of;

  // As its user knows it.
  const std::string& shown_id() const { return part_of.empty() ? id : part_of; }
};

enum class ErrorPolicy : uint8_t { kDeadLetter, kFail };

struct RestartSpec {
  int max_attempts = 10;  // within `window_ms`
  int64_t window_ms = 600000;
  int64_t backoff_ms = 200;  // doubled each time up to
  int64_t max_backoff_ms = 30000;
};

struct JobOptions {
  int parallelism = 0;                  // 0: the machine's cores
  int64_t checkpoint_interval_ms = 50;  // 1000 by default where no sink is exactly-once
  int64_t queue_rows = 0;               // between two tasks; 0: by time
  ErrorPolicy on_error = ErrorPolicy::kDeadLetter;
  std::optional<SinkSpec> dead_letters;  // absent: counted, logged and shown, kept nowhere else
  RestartSpec restart;
  bool bounded = false;  // batch mode: no watermarks before the end, no lateness
};

struct Plan {
  std::string name;
  std::vector<Node> nodes;
  JobOptions job;

  const Node* find(std::string_view id) const;
};

// Who knows the operators of plug-ins.
class CustomOperators {
 public:
  virtual ~CustomOperators() = default;
  // Fills in what is kept of the operator, for rows of this schema. kInvalid, with the nearest name
  // where there is none of that name.
  virtual Status describe_operator(CustomSpec& spec, const Schema& input) = 0;
};

// Takes the nodes in any order and sorts them, binds every expression, sets each node's schema and
// event time, spells names of columns and functions as they are declared, and refuses what cannot
// run: unknown columns, types that do not fit, cycles, an event-time window without a watermark (in
// a bounded job any timestamp will do), outputs that nobody gives. kInvalid carries "line L, column
// C" where the node has a place (the caller puts the file in front), node and nearest valid choice.
//
// Without `custom`, operators of plug-ins are taken as they were described before; kUnsupported if
// one never was.
Status validate(Plan& plan, CustomOperators* custom = nullptr);

// "source", "filter", …: what the JSON form and messages call it.
std::string_view kind_name(const Spec& spec);
// The schema of what the input brings: the node's, but of "late" rows that of the window's input.
// Of a validated plan.
SchemaPtr schema_of(const Plan& plan, const Input& input);

std::string to_json(const Plan& plan);
// kUnsupported for a newer version; kInvalid names the path in the document. Not yet validated.
Result<Plan> plan_from_json(const std::string& json);

// A tree for people: one line a node.
std::string explain(const Plan& plan);

}  // namespace dataflow::plan
