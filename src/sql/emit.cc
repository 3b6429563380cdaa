#include "emit.h"

#include <algorithm>

namespace dataflow::sql {
namespace {

// Rows that change go through it as changes.
bool takes_changes(const Rel& rel) {
  if (rel.as<FilterRel>() != nullptr || rel.as<ProjectRel>() != nullptr) return true;
  if (rel.as<UnionRel>() != nullptr || rel.as<UnnestRel>() != nullptr) return true;
  if (const auto* aggregate = rel.as<AggregateRel>()) return !aggregate->by_window;
  if (const auto* rank = rel.as<RankRel>()) return !rank->spec.by_window && !rank->once;
  const auto* join = rel.as<JoinRel>();
  return join != nullptr && std::holds_alternative<plan::JoinSpec>(join->spec);
}

bool is_of_one_input(const Rel& rel) {
  return rel.as<FilterRel>() != nullptr || rel.as<ProjectRel>() != nullptr ||
         rel.as<UnionRel>() != nullptr || rel.as<UnnestRel>() != nullptr;
}

}  // namespace

RelPtr emitting_changes(const RelPtr& rel) {
  const auto* const aggregate = rel->as<AggregateRel>();
  const bool window = aggregate != nullptr && aggregate->by_window;
  if (!window && !takes_changes(*rel)) return rel;
  auto made = std::make_shared<Rel>(*rel);
  if (window) {
    std::get<AggregateRel>(made->what).emit_changes = true;
    return made;
  }
  bool same = true;
  for (RelPtr& input : made->inputs) {
    RelPtr with = emitting_changes(input);
    same &= with == input;
    input = std::move(with);
  }
  if (auto* join = std::get_if<JoinRel>(&made->what)) {
    RelPtr left = emitting_changes(join->left);
    RelPtr right = emitting_changes(join->right);
    same &= left == join->left && right == join->right;
    join->left = std::move(left);
    join->right = std::move(right);
  }
  return same ? rel : made;
}

bool leaves_on_close(const Rel& rel) {
  if (is_of_one_input(rel)) {
    return std::ranges::all_of(rel.inputs,
                               [](const RelPtr& input) { return leaves_on_close(*input); });
  }
  if (const auto* aggregate = rel.as<AggregateRel>()) {
    return aggregate->by_window && !aggregate->emit_changes;
  }
  if (const auto* rank = rel.as<RankRel>()) return rank->spec.by_window;
  const auto* join = rel.as<JoinRel>();
  return join != nullptr && std::holds_alternative<plan::WindowJoinSpec>(join->spec);
}

}  // namespace dataflow::sql
