#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <optional>

#include "cannot_fail.h"
#include "expr/bound.h"
#include "plan/analyze.h"
#include "plan/rewrite.h"

namespace dataflow::plan {
namespace {

using expr::Expression;
using expr::ExpressionPtr;
using expr::Kind;

// What stands for each column of a node's output in front of that node: a column or a literal.
using Meanings = std::map<std::string, ExpressionPtr>;

// Null if something has no meaning.
ExpressionPtr rewritten(const ExpressionPtr& expression, const Schema& schema,
                        const Meanings& meanings) {
  if (expression->kind == Kind::kColumn) {
    const auto found = meanings.find(schema[*schema.find(expression->name)].name);
    return found == meanings.end() ? nullptr : found->second;
  }
  auto copy = std::make_shared<Expression>(*expression);
  for (ExpressionPtr& argument : copy->arguments) {
    argument = rewritten(argument, schema, meanings);
    if (argument == nullptr) return nullptr;
  }
  return copy;
}

bool may_be_null(const ExpressionPtr& condition, const Schema& schema) {
  const Result<expr::BoundPtr> bound = expr::bind(condition, schema);
  return !bound.ok() || (*bound)->nullable();
}

// One of those of a filter's condition that all must be true.
struct Part {
  ExpressionPtr here;   // as the filter says it
  ExpressionPtr there;  // where it may be tested instead; null: it stays
};

// What stands behind a part that may fail is tested only where that part lets it: it stays. And
// behind a part that is FALSE nothing is tested, but behind one that is NULL the rest is, and may
// fail: such a part stays too, if anything behind it may.
std::vector<Part> parts_of(const ExpressionPtr& condition, const Schema& schema) {
  std::vector<Part> parts;
  bool all_safe = true;
  for (const ExpressionPtr& part : conjuncts(condition)) {
    all_safe &= cannot_fail(*part, schema);
    parts.push_back({part, all_safe ? part : nullptr});
  }
  if (all_safe) return parts;
  for (Part& part : parts) {
    if (part.there != nullptr && may_be_null(part.here, schema)) part.there = nullptr;
  }
  return parts;
}

struct JoinSides {
  JoinKind kind;
  size_t first;  // where the left columns stand in the output
  const std::string* times[2];
  const ExpressionPtr* condition;  // over pairs; null: there can be none
};

std::optional<JoinSides> join_sides(const Spec& spec) {
  if (const auto* join = std::get_if<WindowJoinSpec>(&spec)) {
    constexpr size_t kWindowColumns = 3;
    return JoinSides{join->kind, kWindowColumns, {&join->left_time, &join->right_time}, nullptr};
  }
  if (const auto* join = std::get_if<IntervalJoinSpec>(&spec)) {
    return JoinSides{join->kind, 0, {&join->left_time, &join->right_time}, &join->condition};
  }
  return std::nullopt;
}

// Whether a row of that side that is left out takes nothing with it but rows of the output that
// have it.
bool lets_through(JoinKind kind, size_t side) {
  switch (kind) {
    case JoinKind::kInner: return true;
    case JoinKind::kLeft:
    case JoinKind::kSemi:
    case JoinKind::kAnti: return side == 0;
    case JoinKind::kRight: return side == 1;
    case JoinKind::kFull: break;
  }
  return false;
}

struct OneSide {
  size_t side;
  ExpressionPtr condition;  // over that input
};

// If the condition over the join's output is about one input, and may be tested there.
std::optional<OneSide> one_side(const Plan& plan, const Node& join,
                                const ExpressionPtr& condition) {
  const JoinSides sides = *join_sides(join.spec);
  const Schema& output = *join.schema;
  const Schema& left = *schema_of(plan, join.inputs[0]);
  const Schema& right = *schema_of(plan, join.inputs[1]);
  std::optional<size_t> of;
  Meanings meanings;
  for (const std::string& name : expr::columns_of(*condition)) {
    const size_t place = *output.find(name);
    if (place < sides.first) return std::nullopt;
    const size_t column = place - sides.first;
    const size_t side = column < left.size() ? 0 : 1;
    if (of.value_or(side) != side) return std::nullopt;
    of = side;
    const Field& field = side == 0 ? left[column] : right[column - left.size()];
    meanings[output[place].name] = expr::column(field.name);
  }
  if (!of || !lets_through(sides.kind, *of)) return std::nullopt;
  return OneSide{*of, rewritten(condition, output, meanings)};
}

class Mover {
 public:
  explicit Mover(Plan plan) : plan_(std::move(plan)) {}

  Result<Plan> move() {
    for (const Node& node : plan_.nodes) {
      if (std::holds_alternative<FilterSpec>(node.spec)) waiting_.push_back(node.id);
    }
    while (!waiting_.empty()) {
      const std::string id = std::move(waiting_.front());
      waiting_.pop_front();
      DF_RETURN_IF_ERROR(move(id));
    }
    return std::move(plan_);
  }

 private:
  Node& at(std::string_view id) { return const_cast<Node&>(*plan_.find(id)); }
  Status move(const std::string& id);
  // The node in front of which a filter may be tested; the parts are over its output then. Empty:
  // there is none.
  std::string target_of(const Node& filter, std::vector<Part>& parts) const;
  const Node* only_reader(const std::string& id) const;
  bool can_pass_into(const Node& node) const;
  bool is_event_time(const Input& input, const std::string& column) const;
  bool move_into_union(const std::string& node, const std::string& filter,
                       const std::vector<Part>& parts);
  bool move_into_join(const std::string& node, const std::string& filter,
                      const std::vector<Part>& parts);
  void put_in_front(const std::string& node, size_t input, const std::string& filter,
                    ExpressionPtr condition);
  void remove(const std::string& id);

  Plan plan_;
  std::deque<std::string> waiting_;
  std::map<std::string, int> numbers_;  // of the nodes that were put in
};

// Null if there are several, of whatever output.
const Node* Mover::only_reader(const std::string& id) const {
  const Node* reader = nullptr;
  for (const Node& node : plan_.nodes) {
    for (const Input& input : node.inputs) {
      if (input.node != id) continue;
      if (reader != nullptr) return nullptr;
      reader = &node;
    }
  }
  return reader;
}

// Then no row has NULL there: a source's have none. Of a plug-in's operator nobody knows.
bool Mover::is_event_time(const Input& input, const std::string& column) const {
  return plan_.find(input.node)->event_time == column &&
         std::ranges::none_of(plan_.nodes, [](const Node& node) {
           return std::holds_alternative<CustomSpec>(node.spec);
         });
}

bool Mover::can_pass_into(const Node& node) const {
  if (std::holds_alternative<UnionSpec>(node.spec)) return true;
  const std::optional<JoinSides> join = join_sides(node.spec);
  if (!join || !plan_.job.bounded) return false;
  // A pair at which the condition fails is a dead letter, and so is a row without a time.
  if (join->condition != nullptr && *join->condition != nullptr) {
    const SchemaPtr both =
        pair_schema(*schema_of(plan_, node.inputs[0]), *schema_of(plan_, node.inputs[1]));
    if (!cannot_fail(**join->condition, *both)) return false;
  }
  for (size_t side = 0; side < 2; ++side) {
    const Schema& schema = *schema_of(plan_, node.inputs[side]);
    const auto time = schema.find(*join->times[side]);
    if (!time) return false;
    if (schema[*time].nullable && !is_event_time(node.inputs[side], schema[*time].name)) {
      return false;
    }
  }
  return true;
}

// Goes back over nodes that nobody else reads and at which no row can fail.
std::string Mover::target_of(const Node& filter, std::vector<Part>& parts) const {
  Input input = filter.inputs[0];
  while (input.output.empty() && only_reader(input.node) != nullptr) {
    const Node& node = *plan_.find(input.node);
    if (can_pass_into(node)) return node.id;
    if (node.inputs.empty()) return {};
    const Schema& schema = *schema_of(plan_, node.inputs[0]);
    if (const auto* other = std::get_if<FilterSpec>(&node.spec)) {
      if (!cannot_fail(*other->condition, schema)) return {};
    } else if (const auto* project = std::get_if<ProjectSpec>(&node.spec)) {
      Meanings meanings;
      for (const NamedExpression& column : project->columns) {
        if (!cannot_fail(*column.expression, schema)) return {};
        if (column.expression->kind != Kind::kCall) meanings[column.name] = column.expression;
      }
      for (Part& part : parts) {
        if (part.there != nullptr) part.there = rewritten(part.there, *node.schema, meanings);
      }
    } else {
      return {};
    }
    input = node.inputs[0];
  }
  return {};
}

void Mover::put_in_front(const std::string& node, size_t input, const std::string& filter,
                         ExpressionPtr condition) {
  const std::string shown = at(filter).shown_id();
  Node made;
  do {
    made.id = shown + "#" + std::to_string(++numbers_[shown]);
  } while (plan_.find(made.id) != nullptr);
  made.inputs = {at(node).inputs[input]};
  made.spec = FilterSpec{std::move(condition)};
  made.schema = schema_of(plan_, made.inputs[0]);
  made.part_of = shown;
  at(node).inputs[input] = {made.id, ""};
  waiting_.push_back(made.id);
  plan_.nodes.push_back(std::move(made));
}

void Mover::remove(const std::string& id) {
  const Input before = at(id).inputs[0];
  for (Node& node : plan_.nodes) {
    for (Input& input : node.inputs) {
      if (input.node == id) input = before;
    }
  }
  std::erase_if(plan_.nodes, [&](const Node& node) { return node.id == id; });
}

// In part it would be tested twice for each row.
bool Mover::move_into_union(const std::string& node, const std::string& filter,
                            const std::vector<Part>& parts) {
  std::vector<ExpressionPtr> conditions;
  for (const Part& part : parts) {
    if (part.there == nullptr) return false;
    conditions.push_back(part.there);
  }
  for (size_t i = 0; i < at(node).inputs.size(); ++i) {
    put_in_front(node, i, filter, all_of(conditions));
  }
  remove(filter);
  return true;
}

bool Mover::move_into_join(const std::string& node, const std::string& filter,
                           const std::vector<Part>& parts) {
  std::array<std::vector<ExpressionPtr>, 2> moved;
  std::vector<ExpressionPtr> stay;
  for (const Part& part : parts) {
    std::optional<OneSide> one;
    if (part.there != nullptr) one = one_side(plan_, at(node), part.there);
    if (one) {
      moved[one->side].push_back(std::move(one->condition));
    } else {
      stay.push_back(part.here);
    }
  }
  if (stay.size() == parts.size()) return false;
  for (size_t side = 0; side < 2; ++side) {
    if (!moved[side].empty()) put_in_front(node, side, filter, all_of(moved[side]));
  }
  if (stay.empty()) {
    remove(filter);
  } else {
    std::get<FilterSpec>(at(filter).spec).condition = all_of(stay);
  }
  return true;
}

Status Mover::move(const std::string& id) {
  const Node& filter = at(id);
  std::vector<Part> parts =
      parts_of(std::get<FilterSpec>(filter.spec).condition, *schema_of(plan_, filter.inputs[0]));
  const std::string target = target_of(filter, parts);
  if (target.empty()) return {};
  const bool is_union = std::holds_alternative<UnionSpec>(at(target).spec);
  const bool moved =
      is_union ? move_into_union(target, id, parts) : move_into_join(target, id, parts);
  if (!moved) return {};
  // Those that were put in have schemas again, and all stand in order.
  return validate(plan_).with_context("the plan with its filters moved");
}

}  // namespace

Result<Plan> with_moved_filters(const Plan& plan) { return Mover(plan).move(); }

}  // namespace dataflow::plan
