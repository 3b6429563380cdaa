#include "row_key.h"

#include <algorithm>

namespace dataflow::sql {
namespace {

using Key = std::optional<std::vector<std::string>>;

Key of_project(const Rel& rel, const ProjectRel& project) {
  Key key = row_key(*rel.input());
  if (!key) return key;
  for (std::string& name : *key) {
    const auto kept = std::ranges::find_if(project.columns, [&](const plan::NamedExpression& each) {
      return each.expression->kind == expr::Kind::kColumn && each.expression->name == name;
    });
    if (kept == project.columns.end()) return std::nullopt;
    name = kept->name;
  }
  return key;
}

// Behind the columns of the window stand those of the keys, under names that may be other ones.
Key of_aggregate(const Rel& rel, const AggregateRel& aggregate) {
  std::vector<std::string> key;
  size_t at = 0;
  if (aggregate.by_window) {
    key = {rel.window->start, rel.window->end};
    at = 3;
  }
  for (size_t i = 0; i < aggregate.keys.size(); ++i) key.push_back((*rel.schema)[at + i].name);
  return key;
}

bool all_in(const std::vector<std::string>& names, const std::vector<std::string>& all) {
  return std::ranges::all_of(
      names, [&](const std::string& name) { return std::ranges::find(all, name) != all.end(); });
}

bool has_never_null(const Rel& rel, const std::vector<std::string>& key) {
  return std::ranges::any_of(key, [&](const std::string& name) {
    return !(*rel.schema)[*rel.schema->find(name)].nullable;
  });
}

Key of_join(const Rel& rel, const JoinRel& join) {
  using plan::JoinKind;
  Key key = row_key(*join.left);
  if (std::holds_alternative<plan::TemporalJoinSpec>(join.spec)) return key;
  if (join.kind == JoinKind::kSemi || join.kind == JoinKind::kAnti) return key;
  const Key right = row_key(*join.right);
  const auto* spec = std::get_if<plan::JoinSpec>(&join.spec);
  // Each row of one side meets one row of the other at most: its own key is enough.
  const bool one_right = spec != nullptr && right && all_in(*right, spec->right_keys);
  const bool one_left = spec != nullptr && key && all_in(*key, spec->left_keys);
  const bool keeps_left = join.kind == JoinKind::kInner || join.kind == JoinKind::kLeft;
  const bool keeps_right = join.kind == JoinKind::kInner || join.kind == JoinKind::kRight;
  if (key && one_right && keeps_left) return key;
  if (right && one_left && keeps_right) return right;
  if (!key || !right) return std::nullopt;
  // Where both may be missing, what is NULL on one side must tell the sides apart.
  if (join.kind == JoinKind::kFull && !has_never_null(*join.left, *key) &&
      !has_never_null(*join.right, *right)) {
    return std::nullopt;
  }
  key->insert(key->end(), right->begin(), right->end());
  const bool all = std::ranges::all_of(
      *key, [&](const std::string& name) { return rel.schema->find(name).has_value(); });
  return all ? key : std::nullopt;
}

Key of_rank(const Rel& rel, const RankRel& rank) {
  if (rank.once) return rank.once->keys;
  const bool one_each = rank.spec.first == rank.spec.last;
  if (one_each && rank.spec.keys.empty()) return rank.spec.keys;
  Key key = row_key(*rel.input());
  if (key) return key;
  if (one_each) return rank.spec.keys;
  if (rank.spec.number.empty()) return key;
  key = rank.spec.keys;
  key->push_back(rank.spec.number);
  return key;
}

}  // namespace

std::optional<std::vector<std::string>> row_key(const Rel& rel) {
  if (const auto* project = rel.as<ProjectRel>()) return of_project(rel, *project);
  if (const auto* aggregate = rel.as<AggregateRel>()) return of_aggregate(rel, *aggregate);
  if (const auto* join = rel.as<JoinRel>()) return of_join(rel, *join);
  if (const auto* rank = rel.as<RankRel>()) return of_rank(rel, *rank);
  if (rel.as<FilterRel>() != nullptr || rel.as<OverRel>() != nullptr) return row_key(*rel.input());
  if (const auto* values = rel.as<ValuesRel>(); values != nullptr && values->rows.size() <= 1) {
    return std::vector<std::string>();
  }
  if (const auto* upsert = rel.as<UpsertRel>()) {
    if (upsert->one_row) return std::vector<std::string>();
    return rel.input()->as<ScanRel>()->spec.upsert_keys;
  }
  return std::nullopt;
}

}  // namespace dataflow::sql
