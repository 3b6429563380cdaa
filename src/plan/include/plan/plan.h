// Plan: what a pipeline does, as a graph of typed nodes. Every door (YAML, SQL, Python) makes one,
// every engine runs one, and its JSON form (version kPlanVersion, see plan/json.h) is what a job
// stores: a restart never plans again.
//
// Nodes stand in an order in which each comes behind its inputs. Ids are the user's where given
// (step names in YAML); state belongs to an id, so a changed plan keeps the state of the ids it
// keeps.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "expr/expression.h"
#include "plan/spec.h"
#include "types/schema.h"

namespace dataflow::plan {

inline constexpr int kPlanVersion = 1;

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
