#include "keyed_sink.h"

#include <algorithm>
#include <set>

#include "plan/analyze.h"

namespace dataflow::sql {
namespace {

using Columns = std::set<std::string>;

bool all_in(const std::vector<std::string>& keys, const Columns& columns) {
  return std::ranges::all_of(keys, [&](const std::string& key) { return columns.contains(key); });
}

// Under the names of the projection's input; what is computed there is none of them.
Columns before(const plan::ProjectSpec& project, const Columns& columns) {
  Columns found;
  for (const plan::NamedExpression& column : project.columns) {
    if (!columns.contains(column.name)) continue;
    if (column.expression->kind == expr::Kind::kColumn) found.insert(column.expression->name);
  }
  return found;
}

// Whether the node's changes of one value of these columns come in order, whatever came before it:
// a group says what stands, in one task. What lets changes through as they come (joins, ranks) is
// in order only where its own inputs bring new rows alone.
struct InOrder {
  const plan::Plan& plan;
  const plan::Node& node;
  const Columns& columns;

  bool operator()(const plan::GroupSpec& spec) const { return all_in(spec.keys, columns); }
  bool operator()(const plan::UpsertSpec& spec) const { return all_in(spec.keys, columns); }
  bool operator()(const plan::DeduplicateSpec& spec) const {
    return only_new() && all_in(spec.keys, columns);
  }
  bool operator()(const plan::WindowSpec& spec) const {
    return only_new() && all_in(spec.keys, columns);
  }
  // Places are told one by one: a row is at its new one before it has left the old one.
  bool operator()(const plan::RankSpec& spec) const {
    const bool by_place = spec.number.empty() || columns.contains(spec.number);
    return only_new() && by_place && all_in(spec.keys, columns);
  }
  // A row without a partner is in the task of its own side's key.
  bool operator()(const plan::JoinSpec& spec) const {
    using plan::JoinKind;
    const bool left = all_in(spec.left_keys, columns) && spec.kind != JoinKind::kRight &&
                      spec.kind != JoinKind::kFull;
    const bool right = all_in(spec.right_keys, columns) &&
                       (spec.kind == JoinKind::kInner || spec.kind == JoinKind::kRight);
    return only_new() && (left || right);
  }
  template <class Spec>
  bool operator()(const Spec&) const {
    return false;
  }

 private:
  bool only_new() const {
    return std::ranges::all_of(node.inputs, [&](const plan::Input& input) {
      return plan::origin_of_updates(plan, input) == nullptr;
    });
  }
};

}  // namespace

bool travels_by(const plan::Plan& plan, const std::string& node,
                const std::vector<std::string>& keys) {
  Columns columns(keys.begin(), keys.end());
  const plan::Node* at = plan.find(node);
  while (at != nullptr) {
    if (const auto* project = std::get_if<plan::ProjectSpec>(&at->spec)) {
      columns = before(*project, columns);
    } else if (!std::holds_alternative<plan::FilterSpec>(at->spec)) {
      return std::visit(InOrder{plan, *at, columns}, at->spec);
    }
    at = at->inputs.empty() ? nullptr : plan.find(at->inputs.front().node);
  }
  return false;
}

}  // namespace dataflow::sql
