// Columns are asked for from the sinks down: all that read a Rel are asked before it asks its
// inputs. Then the Rels are made again from the sources up.
#include "prune.h"

#include <algorithm>
#include <map>

namespace dataflow::sql {
namespace {

using Columns = std::set<std::string>;

void add(Columns& to, const ExpressionPtr& expression) {
  if (expression == nullptr) return;
  for (std::string& name : expr::columns_of(*expression)) to.insert(std::move(name));
}

void add(Columns& to, const std::vector<std::string>& names) {
  to.insert(names.begin(), names.end());
}

void add(Columns& to, const std::vector<plan::Aggregate>& aggregates) {
  for (const plan::Aggregate& aggregate : aggregates) {
    add(to, aggregate.argument);
    add(to, aggregate.filter);
  }
}

void add(Columns& to, const std::vector<plan::OrderColumn>& order) {
  for (const plan::OrderColumn& by : order) to.insert(by.column);
}

// Event time and windows go on with the rows.
void add_times(Columns& to, const Rel& rel) {
  if (rel.event_time) to.insert(*rel.event_time);
  if (!rel.window) return;
  for (const std::string& name : {rel.window->start, rel.window->end, rel.window->time}) {
    if (!name.empty()) to.insert(name);
  }
}

template <class Spec>
void add_keys(Columns& to, const Spec& spec, size_t side) {
  add(to, side == 0 ? spec.left_keys : spec.right_keys);
}

// Of a side of a join.
struct ReadOfSide {
  Columns& to;
  size_t side;

  void operator()(const plan::JoinSpec& spec) const {
    add_keys(to, spec, side);
    add(to, spec.condition);
  }
  void operator()(const plan::WindowJoinSpec& spec) const {
    add_keys(to, spec, side);
    to.insert(side == 0 ? spec.left_time : spec.right_time);
  }
  void operator()(const plan::IntervalJoinSpec& spec) const {
    add_keys(to, spec, side);
    add(to, spec.condition);
    to.insert(side == 0 ? spec.left_time : spec.right_time);
  }
  void operator()(const plan::TemporalJoinSpec& spec) const {
    add_keys(to, spec, side);
    add(to, spec.condition);
    const std::string& time = side == 0 ? spec.left_time : spec.right_time;
    if (!time.empty()) to.insert(time);
  }
  template <class Spec>
  void operator()(const Spec&) const {}
};

// Of its output only, with its times; one at least.
std::vector<plan::NamedExpression> kept_columns(const Rel& rel, const ProjectRel& project,
                                                Columns of_output) {
  add_times(of_output, rel);
  std::vector<plan::NamedExpression> kept;
  for (const plan::NamedExpression& column : project.columns) {
    if (of_output.contains(column.name)) kept.push_back(column);
  }
  if (kept.empty()) kept.push_back(project.columns[0]);
  return kept;
}

// What a regular join and a rank of all rows keep has no time any more.
bool drops_times(const Rel& rel) {
  if (const auto* join = rel.as<JoinRel>()) {
    return std::holds_alternative<plan::JoinSpec>(join->spec);
  }
  const auto* rank = rel.as<RankRel>();
  return rank != nullptr && !rank->spec.by_window && !rank->once;
}

// Columns of input `i` that the Rel reads, given those of its own that are read. Names that are
// none of the input's mean nothing.
Columns read_of_input(const Rel& rel, size_t i, const Columns& of_output) {
  Columns read;
  if (const auto* project = rel.as<ProjectRel>()) {
    for (const plan::NamedExpression& column : kept_columns(rel, *project, of_output)) {
      add(read, column.expression);
    }
  } else if (const auto* group = rel.as<AggregateRel>()) {
    add(read, group->keys);
    add(read, group->aggregates);
  } else if (rel.as<UnionRel>() != nullptr) {
    for (const Field& field : rel.input(i)->schema->fields()) read.insert(field.name);
  } else {
    read = of_output;
  }
  if (const auto* filter = rel.as<FilterRel>()) add(read, filter->condition);
  if (const auto* unnest = rel.as<UnnestRel>()) add(read, unnest->collection);
  if (const auto* table = rel.as<WindowTableRel>()) {
    add(read, table->partition_by);
    if (!table->time_column.empty()) read.insert(table->time_column);
  }
  if (const auto* join = rel.as<JoinRel>()) std::visit(ReadOfSide{read, i}, join->spec);
  if (const auto* rank = rel.as<RankRel>()) {
    add(read, rank->spec.keys);
    add(read, rank->spec.order);
    if (rank->once && !rank->once->time_column.empty()) read.insert(rank->once->time_column);
  }
  if (const auto* over = rel.as<OverRel>()) {
    add(read, over->spec.keys);
    add(read, over->spec.order);
    add(read, over->spec.aggregates);
  }
  if (!drops_times(rel)) add_times(read, *rel.input(i));
  return read;
}

class Pruning {
 public:
  void run(std::vector<ReadRel>& queries) {
    for (const ReadRel& query : queries) put_in_order(query.rel);
    for (const ReadRel& query : queries) {
      Columns& wanted = wanted_[query.rel.get()];
      for (const plan::NamedExpression& column : query.columns) add(wanted, column.expression);
    }
    // Who reads stands behind what is read.
    for (auto rel = order_.rbegin(); rel != order_.rend(); ++rel) {
      for (size_t i = 0; i < (*rel)->inputs.size(); ++i) {
        const Columns read = read_of_input(**rel, i, wanted_[rel->get()]);
        wanted_[(*rel)->input(i).get()].insert(read.begin(), read.end());
      }
    }
    for (const RelPtr& rel : order_) made_[rel.get()] = made_again(rel);
    for (ReadRel& query : queries) query.rel = made_.at(query.rel.get());
  }

 private:
  void put_in_order(const RelPtr& rel) {
    if (!seen_.insert(rel.get()).second) return;
    for (const RelPtr& input : rel->inputs) put_in_order(input);
    order_.push_back(rel);
  }

  // Those of the names that the schema has; one at least.
  static Columns kept_of(const Schema& schema, const Columns& names) {
    Columns kept;
    for (const Field& field : schema.fields()) {
      if (names.contains(field.name)) kept.insert(field.name);
    }
    if (kept.empty()) kept.insert(schema[0].name);
    return kept;
  }

  // The Rel's rows with these columns only.
  static void keep(Rel& rel, const Columns& names) {
    std::vector<Field> fields;
    for (const Field& field : rel.schema->fields()) {
      if (names.contains(field.name)) fields.push_back(field);
    }
    rel.schema = std::make_shared<const Schema>(std::move(fields));
    if (rel.event_time && !names.contains(*rel.event_time)) rel.event_time.reset();
    // Rows that differ in nothing else are told apart no more.
    if (!std::ranges::all_of(rel.key, [&](const auto& name) { return names.contains(name); })) {
      rel.key.clear();
    }
    std::erase_if(rel.processing_times,
                  [&](const std::string& name) { return !names.contains(name); });
    if (!rel.window) return;
    for (std::string* name : {&rel.window->start, &rel.window->end, &rel.window->time}) {
      if (!names.contains(*name)) name->clear();
    }
    if (rel.window->start.empty() && rel.window->end.empty()) rel.window.reset();
  }

  RelPtr projected(const RelPtr& input, const Columns& names) {
    const Columns kept = kept_of(*input->schema, names);
    if (kept.size() == input->schema->size()) return input;
    RelPtr& known = projections_[{input.get(), kept}];
    if (known != nullptr) return known;
    Rel rel = *input;
    keep(rel, kept);
    rel.inputs = {input};
    rel.what = ProjectRel{all_columns(*rel.schema)};
    known = std::make_shared<const Rel>(std::move(rel));
    return known;
  }

  RelPtr made_again(const RelPtr& old) {
    if (old->inputs.empty()) return old;
    const Columns& wanted = wanted_[old.get()];
    Rel rel = *old;
    Columns given;
    const bool keeps_rows = old->as<JoinRel>() != nullptr || old->as<RankRel>() != nullptr ||
                            old->as<OverRel>() != nullptr;
    for (size_t i = 0; i < rel.inputs.size(); ++i) {
      rel.inputs[i] = made_.at(old->input(i).get());
      if (keeps_rows) rel.inputs[i] = projected(rel.inputs[i], read_of_input(*old, i, wanted));
      for (const Field& field : rel.inputs[i]->schema->fields()) given.insert(field.name);
    }
    if (const auto* project = old->as<ProjectRel>()) {
      Columns kept;
      ProjectRel narrow{kept_columns(*old, *project, wanted)};
      for (const plan::NamedExpression& column : narrow.columns) kept.insert(column.name);
      rel.what = std::move(narrow);
      keep(rel, kept);
    } else if (old->as<AggregateRel>() == nullptr && old->as<UnionRel>() == nullptr) {
      // Its own columns, and what it lets through.
      Columns kept = given;
      if (old->as<UnnestRel>() != nullptr) {
        kept = wanted;
        add_times(kept, *old);
      }
      Columns of_inputs;
      for (const RelPtr& input : old->inputs) {
        for (const Field& field : input->schema->fields()) of_inputs.insert(field.name);
      }
      for (const Field& field : old->schema->fields()) {
        if (!of_inputs.contains(field.name)) kept.insert(field.name);
      }
      keep(rel, kept);
    }
    return std::make_shared<const Rel>(std::move(rel));
  }

  std::set<const Rel*> seen_;
  std::vector<RelPtr> order_;  // inputs first
  std::map<const Rel*, Columns> wanted_;
  std::map<const Rel*, RelPtr> made_;
  std::map<std::pair<const Rel*, Columns>, RelPtr> projections_;
};

}  // namespace

void prune(std::vector<ReadRel>& queries) { Pruning().run(queries); }

}  // namespace dataflow::sql
